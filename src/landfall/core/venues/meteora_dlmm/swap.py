"""Meteora DLMM: the swap instruction, and what the program's refusals mean for an order.

Always the second form (`swap2`, `swap_exact_out2`): it is for every token program, where the older
one is for classic tokens only, and does the same. No host is passed: the program's own id stands
in its place, and for a bitmap extension that does not exist. After the named accounts come those
of transfer hooks, which the data counts token by token, and the bin arrays that were read in the
direction of the swap, so the price may move within them meanwhile.
Source: MeteoraAg/dlmm-sdk fb02e51, idls/dlmm.json (program 0.12.0).
"""

from collections.abc import Mapping
from types import MappingProxyType

from solders.instruction import AccountMeta, Instruction

from landfall.core.anchor import ProgramFault, explained
from landfall.core.errors import FailureReason
from landfall.core.instructions import read, signed, u64_bytes, written
from landfall.core.quote import Leg
from landfall.core.values import Pubkey, SwapMode
from landfall.core.venue import ProgramError, Trader
from landfall.core.venues.meteora_dlmm import faults
from landfall.core.venues.meteora_dlmm.arrays import PROGRAM_ID
from landfall.core.venues.meteora_dlmm.layout import EVENT_AUTHORITY, Pool

SWAP2 = bytes.fromhex("414b3f4ceb5b5b88")
SWAP_EXACT_OUT2 = bytes.fromhex("2bd7f784893cf351")
MEMO_PROGRAM = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
HOOK_OF_X, HOOK_OF_Y = 0, 1
"""Whose transfer hook a slice of the further accounts is for."""

REASONS: Mapping[ProgramFault, FailureReason] = MappingProxyType(
    {
        faults.EXCEEDED_SLIPPAGE: FailureReason.SLIPPAGE_EXCEEDED,
        faults.INSUFFICIENT_IN: FailureReason.SLIPPAGE_EXCEEDED,
        faults.POOL_DISABLED: FailureReason.POOL_CLOSED,
    }
)
"""What the program's own refusals mean, where they mean more than a refusal."""


def swap(pool: Pool, leg: Leg, trader: Trader) -> Instruction:
    """The instruction that makes this swap, bounded by the leg's threshold."""
    request = leg.quote.request
    side_x, side_y = pool.sides
    if request.mode is SwapMode.EXACT_IN:
        data = SWAP2 + u64_bytes(request.amount) + u64_bytes(leg.threshold)
    else:
        data = SWAP_EXACT_OUT2 + u64_bytes(leg.threshold) + u64_bytes(request.amount)
    path = pool.below if request.in_mint == pool.mints[0] else pool.above
    slices, hook_accounts = _for_hooks(pool, request.in_mint, trader)
    accounts = [
        written(pool.address),
        read(PROGRAM_ID) if pool.extension is None else written(pool.extension),
        written(side_x.vault),
        written(side_y.vault),
        written(trader.in_account),
        written(trader.out_account),
        read(side_x.mint),
        read(side_y.mint),
        written(pool.oracle),
        read(PROGRAM_ID),
        signed(trader.wallet),
        read(side_x.program),
        read(side_y.program),
        read(MEMO_PROGRAM),
        read(EVENT_AUTHORITY),
        read(PROGRAM_ID),
        *hook_accounts,
        *(written(array.address) for array in path.arrays),
    ]
    return Instruction(PROGRAM_ID, data + slices, accounts)


def explain(error: ProgramError) -> FailureReason:
    """What an error during this swap means for the order."""
    return explained(error, PROGRAM_ID, REASONS)


def _for_hooks(
    pool: Pool, in_mint: Pubkey, trader: Trader
) -> tuple[bytes, tuple[AccountMeta, ...]]:
    """The slices, each a kind and a length and all of them counted, and the accounts in them."""
    slices: list[bytes] = []
    accounts: list[AccountMeta] = []
    for kind, side in ((HOOK_OF_X, pool.sides[0]), (HOOK_OF_Y, pool.sides[1])):
        if side.hook is None:
            continue
        if side.mint == in_mint:
            wanted = side.hook.accounts(trader.in_account, side.vault, trader.wallet)
        else:
            wanted = side.hook.accounts(side.vault, trader.out_account, pool.address)
        slices.append(bytes([kind, len(wanted)]))
        accounts += wanted
    return len(slices).to_bytes(4, "little") + b"".join(slices), tuple(accounts)
