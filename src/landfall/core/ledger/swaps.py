"""A route's swaps as its venues write them, one instruction for each leg, in the route's order.

What a program wants besides the pool's own accounts (memo, oracle, tick or bin arrays, fee vaults)
is in its venue's instruction; here each leg only learns which of the wallet's accounts it trades
between.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Protocol

from solders.instruction import Instruction
from solders.message import Message, MessageV0, MessageV1

from landfall.core.ledger.token_accounts import associated_address
from landfall.core.quote import Route
from landfall.core.token import Token
from landfall.core.values import Pubkey
from landfall.core.venue import AnyVenue, Pool, Trader


class Traded(Protocol):
    """A pool, and the venue that understands it."""

    @property
    def venue(self) -> AnyVenue: ...

    @property
    def pool(self) -> Pool: ...


def swaps(
    route: Route, pools: Mapping[Pubkey, Traded], tokens: Sequence[Token], wallet: Pubkey
) -> tuple[Instruction, ...]:
    """The swap of each leg.

    Args:
        pools: those of the route, by address.
        tokens: what the route goes through, in the order of its `mints`.
    """
    accounts = {token.mint: associated_address(wallet, token) for token in tokens}
    written = []
    for leg in route.legs:
        asked, traded = leg.quote.request, pools[leg.quote.pool]
        trader = Trader(wallet, accounts[asked.in_mint], accounts[asked.out_mint])
        written.append(traded.venue.swap(traded.pool, leg, trader))
    return tuple(written)


def pools_by_instruction(
    message: Message | MessageV0 | MessageV1, route: Route, programs: Container[Pubkey]
) -> dict[int, Pubkey]:
    """Which pool each of the message's instructions trades on, for those that are a leg's swap.

    Args:
        programs: those that legs call; a message calls them for nothing else.
    """
    keys = message.account_keys
    swaps = [
        index
        for index, step in enumerate(message.instructions)
        if keys[step.program_id_index] in programs
    ]
    return {index: leg.quote.pool for index, leg in zip(swaps, route.legs, strict=False)}
