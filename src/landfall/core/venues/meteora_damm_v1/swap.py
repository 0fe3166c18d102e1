"""Meteora DAMM v1: the swap instruction, and what refusals of pool and vault mean for an order.

Accounts are in the pool's order whatever the direction; only the protocol's fee account is the
input token's. A depeg pool gets its stake pool as well.
Source: MeteoraAg/damm-v1-sdk, programs/dynamic-amm/src/instructions/swap.rs, error.rs.
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
from landfall.core.venues.meteora_damm_v1 import faults
from landfall.core.venues.meteora_damm_v1.layout import PROGRAM_ID, Pool
from landfall.core.venues.meteora_damm_v1.vaults import VAULT_PROGRAM_ID

SWAP = bytes.fromhex("f8c69e91e17587c8")

REASONS: Mapping[ProgramFault, FailureReason] = MappingProxyType(
    {
        faults.EXCEEDED_SLIPPAGE: FailureReason.SLIPPAGE_EXCEEDED,
        faults.POOL_DISABLED: FailureReason.POOL_CLOSED,
    }
)
"""What the pool's own refusals mean, where they mean more than a refusal."""

VAULT_REASONS: Mapping[ProgramFault, FailureReason] = MappingProxyType(
    {faults.VAULT_IS_DISABLED: FailureReason.POOL_CLOSED}
)
"""The same for the vaults, whose numbers are others."""


def swap(pool: Pool, leg: Leg, trader: Trader) -> Instruction:
    """The instruction that makes this swap, bounded by the leg's threshold."""
    request = leg.quote.request
    assert request.mode is SwapMode.EXACT_IN, "the program has no exact output"
    fee_account = pool.protocol_fee_accounts[0 if request.in_mint == pool.mints[0] else 1]
    (side_a, side_b), (stake_a, stake_b) = pool.sides, pool.stakes
    changed = (
        pool.address,
        trader.in_account,
        trader.out_account,
        stake_a.vault,
        stake_b.vault,
        side_a.vault,
        side_b.vault,
        stake_a.lp_mint,
        stake_b.lp_mint,
        stake_a.pool_lp,
        stake_b.pool_lp,
        fee_account,
    )
    accounts = [
        *(written(key) for key in changed),
        signed(trader.wallet),
        read(VAULT_PROGRAM_ID),
        read(TOKEN_PROGRAM),
    ]
    if pool.curve is not None and pool.curve.stake_pool is not None:
        accounts.append(read(pool.curve.stake_pool))
    return Instruction(
        PROGRAM_ID, SWAP + u64_bytes(request.amount) + u64_bytes(leg.threshold), accounts
    )


def explain(error: ProgramError) -> FailureReason:
    """What an error during this swap means for the order."""
    if error.program_id == VAULT_PROGRAM_ID or error.name == faults.VAULT_IS_DISABLED.name:
        return explained(error, VAULT_PROGRAM_ID, VAULT_REASONS)
    return explained(error, PROGRAM_ID, REASONS)
