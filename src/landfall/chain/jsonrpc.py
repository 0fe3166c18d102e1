"""One JSON-RPC call to one node: our own thin client, because a library's retries would be our
second sends.

Nothing is retried here. Every answer is bounded in time and size, its id must be ours, and whatever
else comes back (another status, another shape, an error object, a broken connection) is one of two
classes: it surely did not arrive, or it may have. A node that told us to slow down is not asked
before its time. URLs carry API keys, so none is ever put into a message, nor what a node says of
one.
"""

import re
import time
from itertools import count
from typing import Any, TypeVar

import aiohttp
import msgspec

from landfall import observe
from landfall.chain.health import Health
from landfall.core.errors import LandfallError, OutcomeUnknown, Unavailable

REPLY_BYTES_MAX = 32 * 1024 * 1024
_KEY_CHARACTERS_MIN = 8
_REQUEST_TIMEOUT = 408
_TOO_MANY = 429
_LIMITED = frozenset({429, -32429, -32097})
_UNHEALTHY = -32005
T = TypeVar("T")


class RpcError(msgspec.Struct, frozen=True):
    """The error object of a reply.

    Numbers below -32000 are the node's own; see the Solana RPC reference.
    """

    code: int
    message: str


class _Reply(msgspec.Struct, frozen=True):
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: RpcError | None = None


class RpcRefused(Unavailable):
    """The node answered, with an error object."""

    def __init__(self, method: str, error: RpcError, retry_after: str | None = None) -> None:
        super().__init__(f"{method}: the node answers {error.code}: {error.message[:200]}")
        self.error = error
        self.retry_after = retry_after


class Limited(Unavailable):
    """The node told us to slow down, now or a while ago; nothing was asked."""


class HttpRefused(Unavailable):
    """The node would not take the request; it answers with an HTTP status of its own."""

    def __init__(self, method: str, status: int, retry_after: str | None = None) -> None:
        super().__init__(f"{method}: the node answers HTTP {status}")
        self.status = status
        self.retry_after = retry_after


class JsonRpc:
    """A node at one URL.

    Args:
        session: connections are its business; it must not follow redirects to other hosts.
        url: where the node listens. It may hold a secret.
        timeout_ms: total, from connecting to the last byte.
        health: is told how each call went, and says when none may be made.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        timeout_ms: int,
        health: Health | None = None,
    ) -> None:
        self.health = health
        self._session = session
        self._url = url
        # Whatever in the URL is long enough to be a key; the host may be among it, which does no
        # harm.
        parts = re.split(r"[/?&=:@#]+", url.partition("://")[2])
        self._keys = tuple(part for part in parts if len(part) >= _KEY_CHARACTERS_MIN)
        self._timeout = aiohttp.ClientTimeout(total=timeout_ms / 1000)
        self._ids = count(1)

    @property
    def name(self) -> str:
        """What the node may be called where people read it: at most its scheme, host and port."""
        return observe.endpoint(self._url) if self.health is None else self.health.name

    async def call(self, method: str, params: list[Any], shape: type[T]) -> T:
        """The result of one call, decoded as `shape`.

        Raises:
            Unavailable: the request did not arrive, was not made (Limited), or the node refused it
            (RpcRefused).
            OutcomeUnknown: it may have arrived, and what came back, if anything, does not say.
        """
        if self.health is not None and self.health.pause_left_ms:
            raise Limited(f"{method}: the node has told us to slow down")
        request_id = next(self._ids)
        body = msgspec.json.encode(
            {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        )
        began = time.perf_counter()
        error: LandfallError | None = None
        outcome = "abandoned"
        try:
            text, retry_after = await self._post(method, body)
            reply = _decode(method, text, _Reply)
            raw = self._result(method, request_id, reply, retry_after)
            result = _decode(method, raw, shape)
            outcome = "ok"
            return result
        except LandfallError as raised:
            error = raised
            outcome = type(raised).__name__
            raise
        finally:
            elapsed_ms = (time.perf_counter() - began) * 1000
            observe.rpc_call(method, self._url, elapsed_ms, outcome)
            if outcome != "abandoned":
                self._tell_health(error, round(elapsed_ms))

    def _tell_health(self, error: LandfallError | None, elapsed_ms: int) -> None:
        if self.health is None:
            return
        match error:
            case None:
                self.health.answered(elapsed_ms)
            case HttpRefused(status=status, retry_after=retry_after) if status == _TOO_MANY:
                self.health.limited(retry_after)
            case RpcRefused(error=RpcError(code=code), retry_after=told) if code in _LIMITED:
                self.health.limited(told)
            case RpcRefused(error=RpcError(code=code)) if code != _UNHEALTHY:
                self.health.answered(elapsed_ms)
            case _:
                self.health.failed()

    def _result(
        self, method: str, request_id: int, reply: _Reply, retry_after: str | None
    ) -> msgspec.Raw:
        error = reply.error
        # A node that could not read the id of a request refuses it with none.
        if reply.id != request_id and not (reply.id is None and error is not None):
            raise OutcomeUnknown(f"{method}: the node answered another request")
        if error is None:
            return reply.result
        if bytes(reply.result) not in (b"", b"null"):
            raise OutcomeUnknown(f"{method}: the node answers with a result and an error")
        message = error.message
        for key in self._keys:
            message = message.replace(key, "…")
        raise RpcRefused(method, RpcError(error.code, message), retry_after)

    async def _post(self, method: str, body: bytes) -> tuple[bytes, str | None]:
        """The reply, and its Retry-After: some limit us in a good HTTP response."""
        try:
            async with self._session.post(
                self._url,
                data=body,
                headers={"Content-Type": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                retry_after = response.headers.get("Retry-After")
                if response.status != 200:
                    raise _refused(method, response.status, retry_after)
                return await _whole(method, response), retry_after
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL):
            raise Unavailable(f"{method}: the node cannot be reached") from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise OutcomeUnknown(f"{method}: {type(error).__name__} before an answer") from None


async def get(session: aiohttp.ClientSession, url: str, timeout_ms: int, shape: type[T]) -> T:
    """What is to be read at a URL that is no JSON-RPC, decoded as `shape`.

    Raises:
        Unavailable: whatever went wrong.
    """
    where = observe.endpoint(url)
    timeout = aiohttp.ClientTimeout(total=timeout_ms / 1000)
    try:
        async with session.get(url, timeout=timeout, allow_redirects=False) as response:
            if response.status != 200:
                raise Unavailable(f"{where} answers HTTP {response.status}")
            return _decode(where, await _whole(where, response), shape)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, OutcomeUnknown) as error:
        raise Unavailable(f"{where}: {type(error).__name__}") from None


async def _whole(method: str, response: aiohttp.ClientResponse) -> bytes:
    reply = await response.content.read(REPLY_BYTES_MAX + 1)
    while not response.content.at_eof() and len(reply) <= REPLY_BYTES_MAX:
        reply += await response.content.read(REPLY_BYTES_MAX)
    if len(reply) > REPLY_BYTES_MAX:
        raise OutcomeUnknown(f"{method}: the node's reply exceeds {REPLY_BYTES_MAX} bytes")
    return reply


def _decode(method: str, text: bytes | msgspec.Raw, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise OutcomeUnknown(f"{method}: the node's reply makes no sense: {error}") from None


def _refused(method: str, status: int, retry_after: str | None) -> Unavailable | OutcomeUnknown:
    """4xx means the node would not take the request; anything else may come from behind it, and so
    may a time-out.
    """
    if 400 <= status < 500 and status != _REQUEST_TIMEOUT:
        return HttpRefused(method, status, retry_after)
    return OutcomeUnknown(f"{method}: the node answers HTTP {status}")
