"""Meteora DBC: the ways it refuses a swap.

Source: MeteoraAg/dynamic-bonding-curve b4f9547 (0.1.10), programs/dynamic-bonding-curve/src/
error.rs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from landfall.core.anchor import INSUFFICIENT_FUNDS, PANIC, ProgramFault, fitting
from landfall.core.fee_schedules import FeeFaults
from landfall.core.values import U64_MAX, U128_MAX

MATH_OVERFLOW = ProgramFault(6000, "MathOverflow", "Math operation overflow")
EXCEEDED_SLIPPAGE = ProgramFault(6002, "ExceededSlippage", "Exceeded slippage tolerance")
AMOUNT_IS_ZERO = ProgramFault(6005, "AmountIsZero", "Amount is zero")
TYPE_CAST_FAILED = ProgramFault(6006, "TypeCastFailed", "Type cast error")
INVALID_ACTIVATION_TYPE = ProgramFault(6007, "InvalidActivationType", "Invalid activation type")
INVALID_QUOTE_MINT = ProgramFault(6008, "InvalidQuoteMint", "Invalid quote mint")
INVALID_COLLECT_FEE_MODE = ProgramFault(6009, "InvalidCollectFeeMode", "Invalid collect fee mode")
POOL_IS_COMPLETED = ProgramFault(6013, "PoolIsCompleted", "Pool is completed")
TOO_LITTLE_TO_MIGRATE = ProgramFault(
    6029, "InsufficientLiquidityForMigration", "Insufficient liquidity for migration"
)
INSUFFICIENT_LIQUIDITY = ProgramFault(
    6033, "InsufficientLiquidity", "Liquidity in bonding curve is insufficient"
)
INVALID_BASE_FEE_MODE = ProgramFault(6041, "InvalidBaseFeeMode", "Invalid base fee mode")
SINGLE_SWAP_UNPROVEN = ProgramFault(
    6043,
    "FailToValidateSingleSwapInstruction",
    "Fail to validate single swap instruction in rate limiter",
)
UNDETERMINED_ERROR = ProgramFault(6045, "UndeterminedError", "Undertermined error")
AMOUNT_LEFT_IS_NOT_ZERO = ProgramFault(6047, "AmountLeftIsNotZero", "Amount left is not zero")
FEE_FAULTS = FeeFaults(
    overflow=MATH_OVERFLOW,
    cast_failed=TYPE_CAST_FAILED,
    undetermined=UNDETERMINED_ERROR,
    square_overflow=MATH_OVERFLOW,
)

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        INSUFFICIENT_FUNDS.name: "The pool owes more than its vault holds.",
        MATH_OVERFLOW.name: "The pool cannot price this amount: it is more than the curve holds.",
        AMOUNT_IS_ZERO.name: "The amount is zero.",
        TYPE_CAST_FAILED.name: "The pool cannot price this amount: a number exceeds its width.",
        INVALID_ACTIVATION_TYPE.name: "The pool runs by a clock this program does not know.",
        INVALID_QUOTE_MINT.name: "The pool sells its token for another token than this.",
        INVALID_COLLECT_FEE_MODE.name: "The pool takes its fee in a way that is not known.",
        POOL_IS_COMPLETED.name: "The curve is sold out; the token now trades in another pool.",
        TOO_LITTLE_TO_MIGRATE.name: "The swap would end the curve with too little left to migrate.",
        INSUFFICIENT_LIQUIDITY.name: "The swap would go beyond the end of the curve.",
        INVALID_BASE_FEE_MODE.name: "The pool's base fee is of a kind this program does not know.",
        UNDETERMINED_ERROR.name: "The pool's rate limiter cannot price this amount.",
        AMOUNT_LEFT_IS_NOT_ZERO.name: "The curve does not hold as much as this.",
        PANIC.name: "The curve has no liquidity, or a limiter without a reference.",
    }
)

checked_u64 = fitting(U64_MAX, MATH_OVERFLOW)
cast_u128 = fitting(U128_MAX, TYPE_CAST_FAILED)
cast_u64 = fitting(U64_MAX, TYPE_CAST_FAILED)
