"""Raydium CPMM: the swap instruction, and what the program's refusals mean for an order.

Both instructions take the same 13 accounts, ordered by the direction of the swap. The bound comes
second in `swap_base_input` but first in `swap_base_output`.
Source: raydium-io/raydium-cp-swap 609780f (2025-12), programs/cp-swap/src/instructions/
swap_base_{input,output}.rs, error.rs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from solders.instruction import Instruction

from landfall.core.anchor import ProgramFault, explained
from landfall.core.errors import FailureReason
from landfall.core.instructions import read, signed, u64_bytes, written
from landfall.core.quote import Leg
from landfall.core.values import SwapMode
from landfall.core.venue import ProgramError, Trader
from landfall.core.venues.raydium_cpmm import faults
from landfall.core.venues.raydium_cpmm.layout import Pool, Program

SWAP_BASE_INPUT = bytes.fromhex("8fbe5adac41e33de")
SWAP_BASE_OUTPUT = bytes.fromhex("37d96256a34ab4ad")

REASONS: Mapping[ProgramFault, FailureReason] = MappingProxyType(
    {
        faults.EXCEEDED_SLIPPAGE: FailureReason.SLIPPAGE_EXCEEDED,
        faults.NOT_APPROVED: FailureReason.POOL_CLOSED,
    }
)
"""What the program's own refusals mean, where they mean more than a refusal."""


def swap(program: Program, pool: Pool, leg: Leg, trader: Trader) -> Instruction:
    """The instruction that makes this swap, bounded by the leg's threshold."""
    request = leg.quote.request
    side_in, side_out = (
        pool.sides if request.in_mint == pool.mints[0] else (pool.sides[1], pool.sides[0])
    )
    if request.mode is SwapMode.EXACT_IN:
        data = SWAP_BASE_INPUT + u64_bytes(request.amount) + u64_bytes(leg.threshold)
    else:
        data = SWAP_BASE_OUTPUT + u64_bytes(leg.threshold) + u64_bytes(request.amount)
    return Instruction(
        program.address,
        data,
        [
            signed(trader.wallet),
            read(program.authority),
            read(pool.config),
            written(pool.address),
            written(trader.in_account),
            written(trader.out_account),
            written(side_in.vault),
            written(side_out.vault),
            read(side_in.program),
            read(side_out.program),
            read(side_in.mint),
            read(side_out.mint),
            written(pool.observation),
        ],
    )


def explain(program: Program, error: ProgramError) -> FailureReason:
    """What an error during this swap means for the order."""
    return explained(error, program.address, REASONS)
