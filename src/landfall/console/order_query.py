"""Which orders to list, and the pages of the list: found by cursor, so that each costs the same."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

from landfall.client import AsyncClient, Order, OrderPage

EXPORT_PAGE = 500
_BETWEEN_TOKENS = re.compile(r"[\s/→>,]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuery:
    """What is asked for; an empty text asks for all.

    `tokens` is one, on either side, or a pair: what is paid, then what is bought.
    """

    status: str = ""
    user_id: str = ""
    tokens: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    search: str = ""
    oldest_first: bool = False
    cursor: str = ""
    limit: int = 100

    async def page(self, client: AsyncClient) -> OrderPage:
        """One page, newest first unless the oldest are to be."""
        token, (pays, gets) = None, (*self.tokens, None, None)[:2]
        if gets is None:
            token, pays = pays, None
        return await client.orders(
            status=self.status or None,
            user_id=self.user_id or None,
            token=token,
            token_in=pays,
            token_out=gets,
            since=self.since,
            until=self.until,
            search=self.search or None,
            oldest_first=self.oldest_first,
            cursor=self.cursor or None,
            limit=self.limit,
        )

    async def all(self, client: AsyncClient) -> AsyncIterator[Order]:
        """Every order that is asked for, page by page, as far as somebody takes them."""
        query: OrderQuery | None = replace(self, limit=EXPORT_PAGE)
        while query is not None:
            page = await query.page(client)
            for order in page.orders:
                yield order
            query = replace(query, cursor=page.next_cursor) if page.next_cursor else None


def tokens_in(text: str) -> tuple[str, ...]:
    """The token, or the pair of tokens, that was typed.

    >>> tokens_in(" SOL "), tokens_in("SOL/USDC"), tokens_in("SOL → USDC"), tokens_in("")
    (('SOL',), ('SOL', 'USDC'), ('SOL', 'USDC'), ())
    """
    return tuple(word for word in _BETWEEN_TOKENS.split(text) if word)[:2]
