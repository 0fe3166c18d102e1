"""Meteora DAMM v2: the swap instruction, and what the program's refusals mean for an order.

Always `swap2`: it does both modes with one layout, where the older `swap` knows exact-in only,
takes the same accounts and is handled by the same code. No referral is passed: the program's own
id stands in its place, read-only.

A pool with a rate limiter gets the instructions sysvar as well: without it a swap inside the
limiter's window is refused, outside it is ignored, and whether the window is open is only known
when the transaction lands.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/instructions/swap/ix_swap.rs,
error.rs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from solders.instruction import AccountMeta, Instruction

from landfall.core.anchor import ProgramFault, explained
from landfall.core.errors import FailureReason
from landfall.core.fee_schedules import RateLimiter
from landfall.core.quote import Leg
from landfall.core.values import Pubkey, SwapMode
from landfall.core.venue import ProgramError, Trader
from landfall.core.venues.meteora_damm_v2 import faults
from landfall.core.venues.meteora_damm_v2.layout import (
    AUTHORITY,
    EVENT_AUTHORITY,
    PROGRAM_ID,
    Pool,
)

SWAP = bytes.fromhex("f8c69e91e17587c8")
SWAP2 = bytes.fromhex("414b3f4ceb5b5b88")
MODE_EXACT_IN, MODE_PARTIAL_FILL, MODE_EXACT_OUT = 0, 1, 2
INSTRUCTIONS_SYSVAR = Pubkey.from_string("Sysvar1nstructions1111111111111111111111111")

REASONS: Mapping[ProgramFault, FailureReason] = MappingProxyType(
    {
        faults.EXCEEDED_SLIPPAGE: FailureReason.SLIPPAGE_EXCEEDED,
        faults.POOL_DISABLED: FailureReason.POOL_CLOSED,
    }
)
"""What the program's own refusals mean, where they mean more than a refusal."""


def swap(pool: Pool, leg: Leg, trader: Trader) -> Instruction:
    """The instruction that makes this swap, bounded by the leg's threshold."""
    request = leg.quote.request
    side_a, side_b = pool.sides
    mode = MODE_EXACT_IN if request.mode is SwapMode.EXACT_IN else MODE_EXACT_OUT
    data = SWAP2 + _u64(request.amount) + _u64(leg.threshold) + bytes([mode])
    accounts = [
        AccountMeta(AUTHORITY, is_signer=False, is_writable=False),
        AccountMeta(pool.address, is_signer=False, is_writable=True),
        AccountMeta(trader.in_account, is_signer=False, is_writable=True),
        AccountMeta(trader.out_account, is_signer=False, is_writable=True),
        AccountMeta(side_a.vault, is_signer=False, is_writable=True),
        AccountMeta(side_b.vault, is_signer=False, is_writable=True),
        AccountMeta(side_a.mint, is_signer=False, is_writable=False),
        AccountMeta(side_b.mint, is_signer=False, is_writable=False),
        AccountMeta(trader.wallet, is_signer=True, is_writable=False),
        AccountMeta(side_a.program, is_signer=False, is_writable=False),
        AccountMeta(side_b.program, is_signer=False, is_writable=False),
        AccountMeta(PROGRAM_ID, is_signer=False, is_writable=False),
        AccountMeta(EVENT_AUTHORITY, is_signer=False, is_writable=False),
        AccountMeta(PROGRAM_ID, is_signer=False, is_writable=False),
    ]
    if isinstance(pool.base_fee, RateLimiter):
        accounts.append(AccountMeta(INSTRUCTIONS_SYSVAR, is_signer=False, is_writable=False))
    return Instruction(PROGRAM_ID, data, accounts)


def explain(error: ProgramError) -> FailureReason:
    """What an error during this swap means for the order."""
    return explained(error, PROGRAM_ID, REASONS)


def _u64(amount: int) -> bytes:
    return amount.to_bytes(8, "little")
