"""Raydium CLMM: the ways it refuses a swap.

The numbers are those of the source below. Builds of before 2026-07 give most of these names other
numbers, and some of these numbers other names; a name in a log is therefore believed first.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/error.rs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from landfall.core.anchor import PANIC, REQUIRE_GT_VIOLATED, ProgramFault, fitting
from landfall.core.values import U64_MAX, U128_MAX

NOT_APPROVED = ProgramFault(6000, "NotApproved", "Not approved")
INVALID_TICK_ARRAY = ProgramFault(6009, "InvalidTickArray", "Invalid tick array account")
PRICE_LIMIT_OVERFLOW = ProgramFault(
    6011, "SqrtPriceLimitOverflow", "Square root price limit overflow"
)
PRICE_OUT_OF_RANGE = ProgramFault(6012, "SqrtPriceX64", "sqrt_price_x64 out of range")
LIQUIDITY_INSUFFICIENT = ProgramFault(6016, "LiquidityInsufficient", "Liquidity insufficient")
TOO_LITTLE_OUTPUT = ProgramFault(6018, "TooLittleOutputReceived", "Too little output received")
TOO_MUCH_INPUT = ProgramFault(6019, "TooMuchInputPaid", "Too much input paid")
ZERO_AMOUNT = ProgramFault(6020, "ZeroAmountSpecified", "Swap special amount can not be zero")
INVALID_VAULT = ProgramFault(6021, "InvalidInputPoolVault", "Input pool vault is invalid")
TOO_SMALL = ProgramFault(
    6022, "TooSmallInputOrOutputAmount", "Swap input or output amount is too small"
)
NOT_ENOUGH_ARRAYS = ProgramFault(6023, "NotEnoughTickArrayAccount", "Not enough tick array account")
INVALID_FIRST_ARRAY = ProgramFault(
    6024, "InvalidFirstTickArrayAccount", "Invalid first tick array account"
)
MISSING_EXTENSION = ProgramFault(
    6035,
    "MissingTickArrayBitmapExtensionAccount",
    "Missing tickarray bitmap extension account",
)
NO_LIQUIDITY_THIS_WAY = ProgramFault(
    6036, "InsufficientLiquidityForDirection", "Insufficient liquidity for this direction"
)
MAX_TOKEN_OVERFLOW = ProgramFault(6037, "MaxTokenOverflow", "Max token overflow")
CALCULATE_OVERFLOW = ProgramFault(6038, "CalculateOverflow", "Calculate overflow")
TRANSFER_FEE_MISMATCH = ProgramFault(
    6039, "TransferFeeCalculateNotMatch", "TransferFee calculate not match"
)
ZERO_LIQUIDITY = ProgramFault(6047, "ZeroLiquidity", "liquidity must be greater than 0")
INVALID_EXTENSION = ProgramFault(
    6051,
    "InvalidTickArrayBitmapExtensionAccount",
    "TickArrayBitmapExtension account does not belong to this pool",
)
PARTIAL_FILL = ProgramFault(2501, "RequireEqViolated", "A require_eq expression was violated")
KEYS_DIFFER = ProgramFault(
    2502, "RequireKeysEqViolated", "A require_keys_eq expression was violated"
)
PRICE_MOVED_THE_WRONG_WAY = ProgramFault(
    2506, "RequireGteViolated", "A require_gte expression was violated"
)
VAULT_EMPTY = ProgramFault(1, "InsufficientFunds", "insufficient funds")
"""The token program's, when the pool owes more than its vault holds."""
TOO_MANY_STEPS = ProgramFault(None, "ComputationalBudgetExceeded", "Computational budget exceeded")

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        NOT_APPROVED.name: "The pool has swaps switched off.",
        REQUIRE_GT_VIOLATED.name: "The pool has not opened yet.",
        INVALID_TICK_ARRAY.name: "The pool's ticks contradict its map of them.",
        PRICE_LIMIT_OVERFLOW.name: "The pool's price is at the end of its range.",
        PRICE_OUT_OF_RANGE.name: "The swap would leave the range of prices.",
        LIQUIDITY_INSUFFICIENT.name: "The pool does not hold that much.",
        NO_LIQUIDITY_THIS_WAY.name: "The pool has no liquidity in this direction.",
        ZERO_AMOUNT.name: "The amount is zero, or its transfer fee leaves nothing of it.",
        TOO_SMALL.name: "The amount is too small: nothing is left to trade or receive.",
        NOT_ENOUGH_ARRAYS.name: "The swap would reach further than the ticks one swap may name.",
        INVALID_FIRST_ARRAY.name: "The ticks around the pool's price are not on the chain.",
        MISSING_EXTENSION.name: "The pool's map of ticks is incomplete where the swap would go.",
        MAX_TOKEN_OVERFLOW.name: "The pool cannot price this amount: it exceeds 64 bits.",
        CALCULATE_OVERFLOW.name: "The pool cannot price this: it is more than the pool holds.",
        TRANSFER_FEE_MISMATCH.name: "The token's transfer fee permits no exact delivery of this.",
        ZERO_LIQUIDITY.name: "The pool has no liquidity at its price.",
        PARTIAL_FILL.name: "The pool can fill only a part of this amount.",
        PRICE_MOVED_THE_WRONG_WAY.name: "The pool's ticks contradict its price.",
        VAULT_EMPTY.name: "The pool's vault holds less than the swap would pay.",
        TOO_MANY_STEPS.name: "The swap would cross more prices than one transaction can.",
        PANIC.name: "The pool cannot price this amount: a number exceeds its width.",
    }
)

checked_u64 = fitting(U64_MAX, CALCULATE_OVERFLOW)
checked_u128 = fitting(U128_MAX, CALCULATE_OVERFLOW)
