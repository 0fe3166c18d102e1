"""Meteora DAMM v2: the ways it refuses a swap, and the widths beyond which it gives up.

A number too wide is refused in two ways: where the program casts, as a failed cast, and where it
computes, as an overflow.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/error.rs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from landfall.core.anchor import INSUFFICIENT_FUNDS, PANIC, ProgramFault, fitting
from landfall.core.fee_schedules import FeeFaults
from landfall.core.values import U64_MAX, U128_MAX

MATH_OVERFLOW = ProgramFault(6000, "MathOverflow", "Math operation overflow")
EXCEEDED_SLIPPAGE = ProgramFault(6002, "ExceededSlippage", "Exceeded slippage tolerance")
POOL_DISABLED = ProgramFault(6003, "PoolDisabled", "Pool disabled")
AMOUNT_IS_ZERO = ProgramFault(6006, "AmountIsZero", "Amount is zero")
TYPE_CAST_FAILED = ProgramFault(6007, "TypeCastFailed", "Type cast error")
INVALID_ACTIVATION_TYPE = ProgramFault(6010, "InvalidActivationType", "Invalid activation type")
PRICE_RANGE_VIOLATION = ProgramFault(6015, "PriceRangeViolation", "Trade is over price range")
INVALID_INPUT = ProgramFault(6018, "InvalidInput", "Invalid input")
FEE_INVERSE_INCORRECT = ProgramFault(6038, "FeeInverseIsIncorrect", "Fee inverse is incorrect")
INVALID_BASE_FEE_MODE = ProgramFault(6047, "InvalidBaseFeeMode", "Invalid base fee mode")
SINGLE_SWAP_UNPROVEN = ProgramFault(
    6049,
    "FailToValidateSingleSwapInstruction",
    "Fail to validate single swap instruction in rate limiter",
)
UNDETERMINED_ERROR = ProgramFault(6051, "UndeterminedError", "Undetermined error")
INVALID_POOL_VERSION = ProgramFault(6052, "InvalidPoolVersion", "Invalid pool version")
FEE_FAULTS = FeeFaults(
    overflow=MATH_OVERFLOW,
    cast_failed=TYPE_CAST_FAILED,
    undetermined=UNDETERMINED_ERROR,
    square_overflow=TYPE_CAST_FAILED,
)

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        INSUFFICIENT_FUNDS.name: "The pool owes more than its vault holds.",
        MATH_OVERFLOW.name: "The pool cannot price this amount: it is more than the pool holds.",
        POOL_DISABLED.name: "The pool has swaps switched off, or has not opened yet.",
        AMOUNT_IS_ZERO.name: "The amount is zero, or its transfer fee leaves nothing of it.",
        TYPE_CAST_FAILED.name: "The pool cannot price this amount: a number exceeds its width.",
        INVALID_ACTIVATION_TYPE.name: "The pool opens by a clock this program does not know.",
        PRICE_RANGE_VIOLATION.name: "The swap would leave the price range of the pool.",
        FEE_INVERSE_INCORRECT.name: "The token's transfer fee permits no exact delivery of this.",
        INVALID_BASE_FEE_MODE.name: "The pool's base fee is of a kind this program does not know.",
        UNDETERMINED_ERROR.name: "The pool's rate limiter cannot price this amount.",
        INVALID_POOL_VERSION.name: "The pool's fee version is one this program does not know.",
        PANIC.name: "The pool has no liquidity, or a limiter without a reference.",
    }
)

cast_u64 = fitting(U64_MAX, TYPE_CAST_FAILED)
cast_u128 = fitting(U128_MAX, TYPE_CAST_FAILED)
checked_u64 = fitting(U64_MAX, MATH_OVERFLOW)
