"""The asynchronous client; the synchronous one is generated from this module.

Submitting is safe to repeat: every order goes out with a client order id, so after a lost answer
the same request is sent again and names the same order. Streams survive broken connections: the
client knows the place of the last change it was given and resumes behind it, so each is seen once.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from datetime import datetime
from typing import Any, Self, TypeVar
from urllib.parse import quote as url_quoted
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec

from landfall.client.answers import (
    Accepted,
    Health,
    Order,
    OrderDetail,
    OrderPage,
    Preview,
    Update,
)
from landfall.client.asynchronous_streams import AsyncStreams
from landfall.client.decoding import REPLAYED_HEADER, error_of
from landfall.client.engine_answers import (
    Cluster,
    Market,
    Queue,
    Ticket,
    TokenList,
    TokenRisks,
    Wallet,
    Workers,
)
from landfall.client.errors import ApiError, Unreachable
from landfall.client.patience import TRIES_MAX, pause_s
from landfall.client.request import OrderForm

DEFAULT_URL = "http://127.0.0.1:3000"
KEPT_SECONDS = 4.0
"""How long an idle connection is used again. The engine closes it after five, and a request that
crosses with that is lost."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Kind = TypeVar("Kind")


class AsyncClient:
    """A connection to one engine; an asynchronous context manager.

    Args:
        base_url: where the engine's API is.
        timeout_s: how long one request may take, in seconds.
        api_key: sent as a header with every request, never in a URL.
    """

    def __init__(
        self, base_url: str = DEFAULT_URL, timeout_s: float = 10.0, api_key: str | None = None
    ) -> None:
        self.base_url = base_url.rstrip("/")
        headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        # A proxy meant for the internet must not be asked for this machine.
        is_direct = urlsplit(self.base_url).hostname in _LOOPBACK
        self._http = httpx.AsyncClient(
            base_url=self.base_url,
            timeout=timeout_s,
            headers=headers,
            limits=httpx.Limits(keepalive_expiry=KEPT_SECONDS),
            trust_env=not is_direct,
        )
        self._streams = AsyncStreams(self.base_url, headers, is_direct)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def submit(self, form: OrderForm) -> Accepted:
        """Place an order; it is durable when this returns.

        Raises:
            ApiError: refused, and nothing was stored; or, at 503, nobody knows yet.
            Unreachable: no answer after several tries; the order may have been taken.
        """
        # Made once: all tries carry the same client order id.
        body = form.body()
        response = await self._insist("POST", "/api/orders/execute", json=body)
        accepted = self._read(response, Accepted)
        return msgspec.structs.replace(accepted, replayed=REPLAYED_HEADER in response.headers)

    async def quote(self, form: OrderForm) -> Preview:
        """What the order would get now; nothing is placed."""
        return await self._ask("POST", "/api/orders/quote", Preview, json=form.body())

    async def order(self, order_id: UUID | str) -> OrderDetail:
        """An order with its attempts and its log."""
        return await self._ask("GET", f"/api/orders/{order_id}", OrderDetail)

    async def cancel(self, order_id: UUID | str) -> Order:
        """Withdraw an order; cancelling twice is cancelling once.

        Raises:
            ApiError: there is no such order, or something of it may be in flight.
        """
        response = await self._insist("POST", f"/api/orders/{order_id}/cancel")
        return self._read(response, Order)

    async def orders(
        self,
        *,
        status: str | None = None,
        order_type: str | None = None,
        user_id: str | None = None,
        token: str | None = None,
        token_in: str | None = None,
        token_out: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        search: str | None = None,
        oldest_first: bool = False,
        limit: int = 50,
        offset: int = 0,
        cursor: str | None = None,
    ) -> OrderPage:
        """Orders, newest first unless it is to be `oldest_first`.

        Tokens go by symbol or mint; `token` is on either side. Orders were accepted from `since` on
        and before `until`. `search` is an order's id, its client order id, or the signature of one
        of its transactions.
        """
        wanted = {
            "status": status,
            "type": order_type,
            "userId": user_id,
            "token": token,
            "tokenIn": token_in,
            "tokenOut": token_out,
            "since": since and since.isoformat(),
            "until": until and until.isoformat(),
            "search": search,
            "sort": "oldest" if oldest_first else None,
            "limit": limit,
            "offset": offset,
            "cursor": cursor,
        }
        asked = {name: value for name, value in wanted.items() if value is not None}
        return await self._ask("GET", "/api/orders", OrderPage, params=asked)

    async def health(self) -> Health:
        """How every part of the engine is; an unwell engine is an answer, not an error."""
        response = await self._send("GET", "/api/health/detailed")
        if response.status_code not in (200, 503):
            raise error_of(response.status_code, response.content, response.headers)
        return self._read(response, Health)

    async def queue(self) -> Queue:
        """How the work stands."""
        return await self._ask("GET", "/api/queue/stats", Queue)

    async def workers(self) -> Workers:
        """Who carries the orders, and how close they are to their limits."""
        return await self._ask("GET", "/api/workers", Workers)

    async def market(self) -> Market:
        """How venues did lately, and how far exchanges were apart."""
        return await self._ask("GET", "/api/metrics", Market)

    async def metrics(self) -> str:
        """All metrics in Prometheus's text format."""
        return (await self._checked("GET", "/metrics")).text

    async def cluster(self) -> Cluster:
        """The chain behind the engine, and its slot."""
        return await self._ask("GET", "/api/cluster", Cluster)

    async def wallet(self) -> Wallet:
        """What the wallet holds, and what open orders may still take of it."""
        return await self._ask("GET", "/api/wallet", Wallet)

    async def tokens(self) -> TokenList:
        """The tokens that go by a symbol."""
        return await self._ask("GET", "/api/tokens", TokenList)

    async def token(self, text: str) -> TokenRisks:
        """The token by this symbol or mint address, and what its issuer can do to its holders."""
        return await self._ask("GET", f"/api/tokens/{url_quoted(text, safe='')}", TokenRisks)

    async def ticket(self) -> Ticket:
        """A ticket for one WebSocket, to hand to a browser, which can send no key with it."""
        return await self._ask("POST", "/api/ws-ticket", Ticket)

    async def follow(self, order_id: UUID | str, after: int = -1) -> AsyncGenerator[Update, None]:
        """The order's changes above version `after`, past ones first, until it has ended.

        Raises:
            ApiError: there is no such order.
            Unreachable: the connection was lost and could not be made again.
        """
        path = f"/api/orders/{order_id}/ws"
        stream = self._streams.updates(path, str(after), lambda each: str(each.version))
        async with aclosing(stream):
            async for update in stream:
                yield update
                if update.ends_the_order:
                    return

    async def updates(
        self,
        after: str | None = None,
        only: Collection[UUID] | None = None,
        every_ms: int | None = None,
    ) -> AsyncGenerator[Update, None]:
        """Every order's changes without end, from now on or behind the cursor of an earlier one.

        Each carries the `cursor` to resume behind it, over restarts of either side. `only` narrows
        the stream to some orders. With `every_ms` they come together, so many milliseconds apart,
        which costs both sides much less where there are many. The engine says first where the
        stream begins, so that nothing after that is missed, whenever the connection breaks.

        Raises:
            ApiError: the engine does not let this client listen, or does not know the cursor.
            Unreachable: the connection could not be made, or broke and could not be made again.
        """
        wish = None if only is None else msgspec.json.encode({"subscribe": [*only]}).decode()
        stream = self._streams.updates(
            "/api/orders/ws", after or "now", lambda each: each.cursor, wish, every_ms
        )
        async with aclosing(stream):
            async for update in stream:
                # Until the engine has read the wish, it tells of everything.
                if only is None or update.order_id in only:
                    yield update

    async def _ask(self, method: str, path: str, kind: type[Kind], **rest: Any) -> Kind:
        return self._read(await self._checked(method, path, **rest), kind)

    async def _insist(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """Ask for something that may be asked for again, until there is an answer."""
        tries = 0
        while True:
            try:
                return await self._checked(method, path, **rest)
            except (ApiError, Unreachable) as error:
                tries += 1
                wait_s = pause_s(error, tries, TRIES_MAX)
                if wait_s is None:
                    raise
            await asyncio.sleep(wait_s)

    async def _checked(self, method: str, path: str, **rest: Any) -> httpx.Response:
        response = await self._send(method, path, **rest)
        if not response.is_success:
            raise error_of(response.status_code, response.content, response.headers)
        return response

    async def _send(self, method: str, path: str, **rest: Any) -> httpx.Response:
        try:
            return await self._http.request(method, path, **rest)
        except httpx.TransportError:
            raise Unreachable(self.base_url) from None

    def _read(self, response: httpx.Response, kind: type[Kind]) -> Kind:
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError:
            raise Unreachable(self.base_url) from None
