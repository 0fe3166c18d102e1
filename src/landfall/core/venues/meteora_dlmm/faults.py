"""Meteora DLMM: the ways it refuses a swap.

Source: MeteoraAg/dlmm-sdk fb02e51, idls/dlmm.json (program 0.12.0).
"""

from collections.abc import Mapping
from types import MappingProxyType

from landfall.core.anchor import (
    ACCOUNT_NOT_ENOUGH_KEYS,
    INSUFFICIENT_FUNDS,
    ProgramFault,
    fitting,
)
from landfall.core.values import U64_MAX

INVALID_INPUT = ProgramFault(6002, "InvalidInput", "Invalid input data")
EXCEEDED_SLIPPAGE = ProgramFault(
    6003, "ExceededAmountSlippageTolerance", "Exceeded amount slippage tolerance"
)
INSUFFICIENT_LIQUIDITY = ProgramFault(
    6012, "PairInsufficientLiquidity", "Pair insufficient liquidity"
)
MATH_OVERFLOW = ProgramFault(6018, "MathOverflow", "Math operation overflow")
EXTENSION_NOT_PROVIDED = ProgramFault(
    6036, "BitmapExtensionAccountIsNotProvided", "Bitmap extension account is not provided"
)
NO_FURTHER_ARRAY = ProgramFault(
    6037, "CannotFindNonZeroLiquidityBinArrayId", "Cannot find non-zero liquidity binArrayId"
)
INSUFFICIENT_OUT = ProgramFault(
    6039, "InsufficientOutAmount", "Insufficient amount in for minimum out"
)
POOL_DISABLED = ProgramFault(6042, "PoolDisabled", "Pool disabled")
UNDETERMINED_ERROR = ProgramFault(6085, "UndeterminedError", "Undetermined error")
INSUFFICIENT_IN = ProgramFault(6104, "InsufficientInAmount", "Insufficient in amount")
SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        INSUFFICIENT_FUNDS.name: "The pool owes more than its vault holds.",
        INVALID_INPUT.name: "The amount is zero.",
        INSUFFICIENT_LIQUIDITY.name: "The swap would leave the price range of the pool.",
        MATH_OVERFLOW.name: "The pool cannot price this amount: a number exceeds its width.",
        EXTENSION_NOT_PROVIDED.name: "The pool does not hold enough on this side of its price.",
        NO_FURTHER_ARRAY.name: "The pool does not hold enough on this side of its price.",
        INSUFFICIENT_OUT.name: "The amount is too small to buy anything here.",
        POOL_DISABLED.name: "The pool has swaps switched off, or has not opened yet.",
        UNDETERMINED_ERROR.name: "No input delivers exactly this output.",
        ACCOUNT_NOT_ENOUGH_KEYS.name: "The swap crosses more bin arrays than it can name.",
    }
)

checked_u64 = fitting(U64_MAX, MATH_OVERFLOW)
