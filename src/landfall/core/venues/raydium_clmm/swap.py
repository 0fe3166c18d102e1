"""Raydium CLMM: the swap instruction, and what the program's refusals mean for an order.

Always `swap_v2`, all or nothing: it takes both token programs, where the older `swap` takes the
first one only. After the 13 fixed accounts comes the bitmap's extension, if the pool has one, and
then the tick arrays nearest first. A packet has little room, so only the arrays this swap gets to
are named, and one more for a price that moves until it lands.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/instructions/swap_v2.rs,
error.rs.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from solders.instruction import Instruction

from landfall.core.anchor import ProgramFault, SwapRefused, explained
from landfall.core.errors import FailureReason
from landfall.core.instructions import read, signed, u64_bytes, written
from landfall.core.quote import Leg
from landfall.core.token import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from landfall.core.values import Pubkey, SwapMode
from landfall.core.venue import ProgramError, Trader
from landfall.core.venues.raydium_clmm import faults
from landfall.core.venues.raydium_clmm.layout import Pool, Program
from landfall.core.venues.raydium_clmm.tick_array import TickArray
from landfall.core.venues.raydium_clmm.tick_math import MAX_SQRT_PRICE, MIN_SQRT_PRICE
from landfall.core.venues.raydium_clmm.walk import walk

SWAP = bytes.fromhex("f8c69e91e17587c8")
SWAP_V2 = bytes.fromhex("2b04ed0b1ac91e62")
MEMO_PROGRAM = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
SPARE_ARRAYS = 1

REASONS: Mapping[ProgramFault, FailureReason] = MappingProxyType(
    {
        faults.TOO_LITTLE_OUTPUT: FailureReason.SLIPPAGE_EXCEEDED,
        faults.TOO_MUCH_INPUT: FailureReason.SLIPPAGE_EXCEEDED,
        faults.NOT_APPROVED: FailureReason.POOL_CLOSED,
    }
)
"""What the program's own refusals mean, where they mean more than a refusal."""


def swap(program: Program, pool: Pool, leg: Leg, trader: Trader) -> Instruction:
    """The instruction that makes this swap, bounded by the leg's threshold."""
    request = leg.quote.request
    zero_for_one = request.in_mint == pool.mints[0]
    side_in, side_out = pool.sides if zero_for_one else pool.sides[::-1]
    exact_in = request.mode is SwapMode.EXACT_IN
    data = (
        SWAP_V2
        + u64_bytes(request.amount)
        + u64_bytes(leg.threshold)
        + bytes(16)
        + bytes([exact_in])
    )
    arrays = _arrays_for(pool, zero_for_one, exact_in, request.amount)
    further = [array.address for array in arrays]
    if pool.extension is not None:
        further.insert(0, pool.extension)
    return Instruction(
        program.address,
        data,
        [
            signed(trader.wallet),
            read(pool.config),
            written(pool.address),
            written(trader.in_account),
            written(trader.out_account),
            written(side_in.vault),
            written(side_out.vault),
            written(pool.observation),
            read(TOKEN_PROGRAM),
            read(TOKEN_2022_PROGRAM),
            read(MEMO_PROGRAM),
            read(side_in.mint),
            read(side_out.mint),
            *(written(key) for key in further),
        ],
    )


def explain(program: Program, error: ProgramError) -> FailureReason:
    """What an error during this swap means for the order."""
    return explained(error, program.address, REASONS)


def _arrays_for(pool: Pool, zero_for_one: bool, exact_in: bool, amount: int) -> Sequence[TickArray]:
    """The arrays this swap gets to and a spare one; all of them where it cannot be told.

    Transfer fees are left aside, which makes an exact input reach further than it will; an exact
    output with one may need the spare.
    """
    arrays = pool.below if zero_for_one else pool.above
    if len(arrays) <= 1 + SPARE_ARRAYS:
        return arrays
    fee = pool.dynamic_fee
    try:
        walked = walk(
            pool,
            arrays,
            zero_for_one=zero_for_one,
            exact_in=exact_in,
            amount=amount,
            price_limit=MIN_SQRT_PRICE + 1 if zero_for_one else MAX_SQRT_PRICE - 1,
            now=0 if fee is None else fee.updated_at,
        )
    except SwapRefused:
        return arrays
    return arrays[: walked.array_at + 1 + SPARE_ARRAYS]
