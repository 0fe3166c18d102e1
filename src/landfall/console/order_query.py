"""Which orders to list, and the pages of the list: found by cursor, so that each costs the same."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from landfall.client import AsyncClient, Order, OrderPage

EXPORT_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuery:
    """What is asked for; an empty text asks for all."""

    status: str = ""
    order_type: str = ""
    user_id: str = ""
    search: str = ""
    cursor: str = ""
    limit: int = 100

    async def page(self, client: AsyncClient) -> OrderPage:
        """One page, newest first."""
        return await client.orders(
            status=self.status or None,
            order_type=self.order_type or None,
            user_id=self.user_id or None,
            search=self.search or None,
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
