"""The asynchronous client.

Submitting is safe to repeat: every order goes out with a client order id, so after a lost answer
the same request is sent again and names the same order. Following survives broken connections: the
client knows the last version it was given and resumes after it, so each change is seen once.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Self, TypeVar
from urllib.parse import quote as url_quoted
from urllib.parse import urlsplit, urlunsplit
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
from landfall.client.engine_answers import (
    Cluster,
    Market,
    Queue,
    TokenList,
    TokenRisks,
    Wallet,
    Workers,
)
from landfall.client.errors import ApiError, Unreachable
from landfall.client.request import OrderForm

DEFAULT_URL = "http://127.0.0.1:3000"
TRIES_MAX = 4
WAIT_FIRST_SECONDS = 0.25
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NORMAL_CLOSE = 1000

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
        self._headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        # A proxy meant for the internet must not be asked for this machine.
        self._direct = urlsplit(self.base_url).hostname in _LOOPBACK
        self._http = httpx.AsyncClient(
            base_url=self.base_url,
            timeout=timeout_s,
            headers=self._headers,
            trust_env=not self._direct,
        )

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
            ApiError: refused, and nothing was stored.
            Unreachable: no answer after several tries; the order may have been taken.
        """
        body = form.body()
        for tried in range(TRIES_MAX):
            try:
                return await self._ask("POST", "/api/orders/execute", Accepted, json=body)
            except (ApiError, Unreachable) as error:
                if tried == TRIES_MAX - 1 or not _may_pass(error):
                    raise
            await asyncio.sleep(WAIT_FIRST_SECONDS * 2**tried)
        raise AssertionError("the last try returns or raises")

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
        return await self._ask("POST", f"/api/orders/{order_id}/cancel", Order)

    async def orders(
        self,
        *,
        status: str | None = None,
        order_type: str | None = None,
        user_id: str | None = None,
        search: str | None = None,
        limit: int = 50,
        offset: int = 0,
        cursor: str | None = None,
    ) -> OrderPage:
        """Orders, newest first.

        `search` is an order's id, its client order id, or the signature of one of its transactions.
        """
        wanted = {
            "status": status,
            "type": order_type,
            "userId": user_id,
            "search": search,
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
            raise _error(response.status_code, response.content)
        return msgspec.json.decode(response.content, type=Health)

    async def queue(self) -> Queue:
        """How the work stands."""
        return await self._ask("GET", "/api/queue/stats", Queue)

    async def workers(self) -> Workers:
        """Who carries the orders, and how close they are to their limits."""
        return await self._ask("GET", "/api/workers", Workers)

    async def market(self) -> Market:
        """How venues did lately, and how far exchanges were apart."""
        return await self._ask("GET", "/api/metrics", Market)

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

    async def follow(self, order_id: UUID | str, after: int = -1) -> AsyncGenerator[Update, None]:
        """The order's changes above version `after`, past ones first, until it has ended.

        Raises:
            ApiError: there is no such order.
            Unreachable: the connection was lost and could not be made again.
        """
        # Imported here: whoever only submits should not pay for loading it.
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

        failures = 0
        while True:
            url = f"{self._socket_url}/api/orders/{order_id}/ws?after={after}"
            last_words: bytes | None = None
            try:
                async with connect(url, **self._socket_options) as socket:
                    async for message in socket:
                        update = _update(message)
                        if update is None:
                            last_words = message if isinstance(message, bytes) else message.encode()
                            continue
                        failures = 0
                        after = update.version
                        yield update
                        if update.ends_the_order:
                            return
                code = socket.close_code
            except ConnectionClosed as closed:
                code = None if closed.rcvd is None else closed.rcvd.code
            except InvalidStatus as refused:
                if refused.response.status_code < 500:
                    raise _error(refused.response.status_code, refused.response.body) from None
                code = None
            except (OSError, TimeoutError, WebSocketException):
                code = None
            if code == _NORMAL_CLOSE:
                return
            if code is not None and 4400 <= code < 4500 and last_words is not None:
                raise _error(code - 4000, last_words)
            failures += 1
            if failures >= TRIES_MAX:
                raise Unreachable(self.base_url)
            await asyncio.sleep(WAIT_FIRST_SECONDS * 2 ** (failures - 1))

    async def updates(self, after: str | None = None) -> AsyncGenerator[Update, None]:
        """Every order's changes, from now on or behind the cursor of an earlier one, until the
        connection breaks. Resume with the last `cursor`.

        Raises:
            ApiError: the engine does not let this client listen.
            Unreachable: the connection could not be made, or broke.
        """
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidStatus, WebSocketException

        query = "" if after is None else f"?after={url_quoted(after, safe='')}"
        url = f"{self._socket_url}/api/orders/ws{query}"
        try:
            async with connect(url, **self._socket_options) as socket:
                async for message in socket:
                    update = _update(message)
                    if update is not None:
                        yield update
        except InvalidStatus as refused:
            raise _error(refused.response.status_code, refused.response.body) from None
        except (OSError, TimeoutError, WebSocketException):
            pass
        raise Unreachable(self.base_url)

    @property
    def _socket_options(self) -> dict[str, Any]:
        return {
            "proxy": None if self._direct else True,
            "additional_headers": self._headers,
        }

    @property
    def _socket_url(self) -> str:
        parts = urlsplit(self.base_url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        return urlunsplit(parts._replace(scheme=scheme))

    async def _ask(self, method: str, path: str, kind: type[Kind], **rest: Any) -> Kind:
        response = await self._send(method, path, **rest)
        if not response.is_success:
            raise _error(response.status_code, response.content)
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError:
            raise Unreachable(self.base_url) from None

    async def _send(self, method: str, path: str, **rest: Any) -> httpx.Response:
        try:
            return await self._http.request(method, path, **rest)
        except httpx.TransportError:
            raise Unreachable(self.base_url) from None


def _may_pass(error: ApiError | Unreachable) -> bool:
    return isinstance(error, Unreachable) or error.status == 503


def _update(message: str | bytes) -> Update | None:
    try:
        return msgspec.json.decode(message, type=Update)
    except msgspec.DecodeError:
        return None


def _error(status: int, body: bytes | bytearray) -> ApiError:
    try:
        told = msgspec.json.decode(body)["error"]
        return ApiError(status, told["code"], told["message"], told["field"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return ApiError(status, "not_landfall", "The answer is not one of a Landfall engine.", None)
