"""The swap instruction of Meteora's two newer pool programs: one name, one layout, two owners.

Always `swap2`: it does both modes with one layout, where the older `swap` knows exact-in only,
takes the same accounts and is handled by the same code. No referral is passed: the program's own
id stands in its place, read-only.

A pool with a rate limiter gets the instructions sysvar as well: without it a swap inside the
limiter's window is refused, outside it is ignored, and whether the window is open is only known
when the transaction lands.

Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/instructions/swap/ix_swap.rs;
MeteoraAg/dynamic-bonding-curve b4f9547 (0.1.10), programs/dynamic-bonding-curve/src/instructions/
swap/ix_swap.rs.
"""

from dataclasses import dataclass

from solders.instruction import Instruction

from landfall.core.instructions import read, signed, u64_bytes, written
from landfall.core.quote import Leg
from landfall.core.values import Pubkey, SwapMode
from landfall.core.vault import PoolSide
from landfall.core.venue import Trader

SWAP = bytes.fromhex("f8c69e91e17587c8")
SWAP2 = bytes.fromhex("414b3f4ceb5b5b88")
MODE_EXACT_IN, MODE_PARTIAL_FILL, MODE_EXACT_OUT = MODES = 0, 1, 2
INSTRUCTIONS_SYSVAR = Pubkey.from_string("Sysvar1nstructions1111111111111111111111111")


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap2Accounts:
    """What the instruction names besides the trader's accounts.

    `read_first` are those before the pool, read-only: the authority and, where pools share one, the
    configuration. `sides` are in the pool's order.
    """

    program_id: Pubkey
    event_authority: Pubkey
    read_first: tuple[Pubkey, ...]
    pool: Pubkey
    sides: tuple[PoolSide, PoolSide]
    has_limiter: bool


def swap2(named: Swap2Accounts, leg: Leg, trader: Trader) -> Instruction:
    """The instruction that makes this swap, bounded by the leg's threshold."""
    request = leg.quote.request
    mode = MODE_EXACT_IN if request.mode is SwapMode.EXACT_IN else MODE_EXACT_OUT
    amounts = u64_bytes(request.amount) + u64_bytes(leg.threshold)
    first, second = named.sides
    accounts = [
        *(read(key) for key in named.read_first),
        written(named.pool),
        written(trader.in_account),
        written(trader.out_account),
        written(first.vault),
        written(second.vault),
        read(first.mint),
        read(second.mint),
        signed(trader.wallet),
        read(first.program),
        read(second.program),
        read(named.program_id),
        read(named.event_authority),
        read(named.program_id),
    ]
    if named.has_limiter:
        accounts.append(read(INSTRUCTIONS_SYSVAR))
    return Instruction(named.program_id, SWAP2 + amounts + bytes([mode]), accounts)
