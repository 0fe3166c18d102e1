"""The same client without `await`, for scripts and notebooks: each call runs the asynchronous one.

It keeps an event loop of its own, so it cannot be used inside a running one.
"""

import asyncio
from collections.abc import Iterator
from typing import Any, Self
from uuid import UUID

from landfall.client.answers import Accepted, Health, OrderDetail, OrderPage, Preview, Update
from landfall.client.asynchronous import DEFAULT_URL, AsyncClient
from landfall.client.request import OrderForm


class Client:
    """A connection to one engine; a context manager. Methods do what `AsyncClient`'s do."""

    def __init__(self, base_url: str = DEFAULT_URL, timeout_s: float = 10.0) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(base_url, timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections and the loop."""
        self._runner.run(self._client.close())
        self._runner.close()

    def submit(self, form: OrderForm) -> Accepted:
        """Place an order."""
        return self._runner.run(self._client.submit(form))

    def quote(self, form: OrderForm) -> Preview:
        """What the order would get now."""
        return self._runner.run(self._client.quote(form))

    def order(self, order_id: UUID | str) -> OrderDetail:
        """An order with its attempts and its log."""
        return self._runner.run(self._client.order(order_id))

    def orders(self, **wanted: Any) -> OrderPage:
        """Orders, newest first; arguments as in `AsyncClient.orders`."""
        return self._runner.run(self._client.orders(**wanted))

    def health(self) -> Health:
        """How every part of the engine is."""
        return self._runner.run(self._client.health())

    def follow(self, order_id: UUID | str, after: int = -1) -> Iterator[Update]:
        """The order's changes until it has ended."""
        updates = self._client.follow(order_id, after)

        async def following() -> Update | None:
            return await anext(updates, None)

        try:
            while (update := self._runner.run(following())) is not None:
                yield update
        finally:
            self._runner.run(updates.aclose())
