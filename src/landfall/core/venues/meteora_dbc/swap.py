"""Meteora DBC: the swap instruction, and what the program's refusals mean for an order.

Source: MeteoraAg/dynamic-bonding-curve b4f9547 (0.1.10), programs/dynamic-bonding-curve/src/
error.rs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from solders.instruction import Instruction

from landfall.core.anchor import ProgramFault, explained
from landfall.core.errors import FailureReason
from landfall.core.fee_schedules import RateLimiter
from landfall.core.quote import Leg
from landfall.core.swap2 import Swap2Accounts, swap2
from landfall.core.venue import ProgramError, Trader
from landfall.core.venues.meteora_dbc import faults
from landfall.core.venues.meteora_dbc.layout import AUTHORITY, EVENT_AUTHORITY, PROGRAM_ID, Pool

REASONS: Mapping[ProgramFault, FailureReason] = MappingProxyType(
    {
        faults.EXCEEDED_SLIPPAGE: FailureReason.SLIPPAGE_EXCEEDED,
        faults.POOL_IS_COMPLETED: FailureReason.POOL_CLOSED,
    }
)
"""What the program's own refusals mean, where they mean more than a refusal."""


def swap(pool: Pool, leg: Leg, trader: Trader) -> Instruction:
    """The instruction that makes this swap, bounded by the leg's threshold."""
    named = Swap2Accounts(
        program_id=PROGRAM_ID,
        event_authority=EVENT_AUTHORITY,
        read_first=(AUTHORITY, pool.config),
        pool=pool.address,
        sides=pool.sides,
        has_limiter=isinstance(pool.base_fee, RateLimiter),
    )
    return swap2(named, leg, trader)


def explain(error: ProgramError) -> FailureReason:
    """What an error during this swap means for the order."""
    return explained(error, PROGRAM_ID, REASONS)
