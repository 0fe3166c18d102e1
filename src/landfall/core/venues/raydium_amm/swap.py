"""Raydium AMM v4: the swap instruction, and what the program's refusals mean for an order.

The older instructions, tags 9 and 11, also name nine or ten accounts of an order book that the
program no longer looks at. Tags 16 and 17 do the same swap with the eight that matter: nothing of
the market has to be read, and the transaction is some 300 bytes shorter. The vaults stay in the
pool's order; the mints of the trader's accounts give the direction.
Source: raydium-io/raydium-amm 27f461d (2026-07), program/src/{instruction,processor}.rs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from solders.instruction import Instruction

from landfall.core.anchor import ProgramFault, explained
from landfall.core.errors import FailureReason
from landfall.core.instructions import read, signed, u64_bytes, written
from landfall.core.quote import Leg
from landfall.core.token import TOKEN_PROGRAM
from landfall.core.values import SwapMode
from landfall.core.venue import ProgramError, Trader
from landfall.core.venues.raydium_amm import faults
from landfall.core.venues.raydium_amm.layout import Pool, Program

SWAP_BASE_IN, SWAP_BASE_OUT = bytes([9]), bytes([11])
SWAP_BASE_IN_V2, SWAP_BASE_OUT_V2 = bytes([16]), bytes([17])

REASONS: Mapping[ProgramFault, FailureReason] = MappingProxyType(
    {
        faults.EXCEEDED_SLIPPAGE: FailureReason.SLIPPAGE_EXCEEDED,
        faults.INVALID_STATUS: FailureReason.POOL_CLOSED,
        faults.INSUFFICIENT_FUNDS: FailureReason.INSUFFICIENT_FUNDS,
    }
)
"""What the program's own refusals mean, where they mean more than a refusal."""


def swap(program: Program, pool: Pool, leg: Leg, trader: Trader) -> Instruction:
    """The instruction that makes this swap, bounded by the leg's threshold."""
    request = leg.quote.request
    if request.mode is SwapMode.EXACT_IN:
        data = SWAP_BASE_IN_V2 + u64_bytes(request.amount) + u64_bytes(leg.threshold)
    else:
        data = SWAP_BASE_OUT_V2 + u64_bytes(leg.threshold) + u64_bytes(request.amount)
    return Instruction(
        program.address,
        data,
        [
            read(TOKEN_PROGRAM),
            written(pool.address),
            read(program.authority),
            written(pool.sides[0].vault),
            written(pool.sides[1].vault),
            written(trader.in_account),
            written(trader.out_account),
            signed(trader.wallet),
        ],
    )


def explain(program: Program, error: ProgramError) -> FailureReason:
    """What an error during this swap means for the order."""
    return explained(error, program.address, REASONS)
