"""A stream of account changes over a node's WebSocket, for as long as there is one.

One connection at a time, over the URLs in turn. Whatever does not look like an honest node's answer
ends the connection, and so may the listener; the next one subscribes to everything again. A URL may
hold an API key, so none is ever put into a message.
Source: the Solana PubSub reference (solana.com/docs/rpc/websocket), as served by Agave 2 and 3.
"""

import asyncio
import math
import time
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import msgspec

from landfall import observe
from landfall.chain.jsonrpc import RpcError
from landfall.chain.wire import WireAccount, WireContext, read_account
from landfall.core.errors import LandfallError, Unavailable
from landfall.core.values import Account, Pubkey, Slot

FRAME_BYTES_MAX = 16 * 1024 * 1024
CONNECT_SECONDS = 10
PING_SECONDS = 20
ANSWER_SECONDS = 30
"""A subscription that was asked for so long ago will not be answered any more."""
BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
_FRAMES_PER_TURN = 64
_STRANGE_FRAMES_MAX = 10_000


def streams_of(rpc_url: str) -> tuple[str, ...]:
    """Where the PubSub of an RPC is: at its address; with a port of its own also at the next one.

    >>> streams_of("http://127.0.0.1:8899/")
    ('ws://127.0.0.1:8899/', 'ws://127.0.0.1:8900/')
    """
    parts = urlsplit(rpc_url)
    parts = parts._replace(scheme="wss" if parts.scheme == "https" else "ws")
    if parts.port is None:
        return (urlunsplit(parts),)
    where, _, _ = parts.netloc.rpartition(":")
    beside = parts._replace(netloc=f"{where}:{parts.port + 1}")
    return urlunsplit(parts), urlunsplit(beside)


class Listener(Protocol):
    """Whom the stream tells. None of these may wait.

    Any of them may raise StreamEnded, which ends the connection.
    """

    def connected(self) -> None: ...

    def subscribed(self, address: Pubkey) -> None: ...

    def told(self, address: Pubkey, account: Account | None, slot: Slot) -> None: ...

    def disconnected(self) -> None: ...


class StreamEnded(LandfallError):
    """The connection is of no more use; `reason` is a word for the metrics."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Result(msgspec.Struct, frozen=True):
    context: WireContext
    value: WireAccount


class _Params(msgspec.Struct, frozen=True):
    subscription: int
    result: msgspec.Raw


class _Frame(msgspec.Struct, frozen=True):
    id: int | None = None
    result: int | bool | None = None
    error: RpcError | None = None
    method: str | None = None
    params: _Params | None = None


_FRAMES = msgspec.json.Decoder(_Frame)
_RESULTS = msgspec.json.Decoder(_Result)


class PubSub:
    """Subscribes to accounts at `confirmed` and passes on what comes.

    Args:
        session: connections are its business.
        urls: WebSocket addresses, tried in turn. They may hold secrets.
        listener: is told everything, in the order in which it comes.
    """

    def __init__(
        self, session: aiohttp.ClientSession, urls: Sequence[str], listener: Listener
    ) -> None:
        self._session = session
        self._urls = tuple(urls)
        self._listener = listener
        self._wanted: set[Pubkey] = set()
        self._connection: _Connection | None = None

    def follow(self, addresses: Iterable[Pubkey]) -> None:
        """Subscribe to these, on this connection and all to come."""
        self._wanted.update(addresses)
        if self._connection is not None:
            self._connection.changed.set()

    def unfollow(self, addresses: Iterable[Pubkey]) -> None:
        """Subscribe to these no longer."""
        self._wanted.difference_update(addresses)
        if self._connection is not None:
            self._connection.changed.set()

    def renew(self, addresses: Iterable[Pubkey]) -> None:
        """Subscribe to these anew: the stream has missed a change of theirs."""
        if self._connection is not None:
            self._connection.renew(addresses)

    def end(self, reason: str) -> None:
        """Give this connection up and make another."""
        if self._connection is not None:
            self._connection.ending = reason
            self._connection.changed.set()

    async def run(self) -> None:
        """Connect, again and again; it ends only by being cancelled."""
        failures = 0
        for turn in count():
            url = self._urls[turn % len(self._urls)]
            told = 0
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    socket = await self._session.ws_connect(
                        url, heartbeat=PING_SECONDS, max_msg_size=FRAME_BYTES_MAX
                    )
                reason, told = await self._listen(socket)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
                reason = "unreachable"
            observe.stream_ended(url, reason)
            failures = 0 if told else failures + 1
            await asyncio.sleep(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)])

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> tuple[str, int]:
        """Until the connection is of no more use: why, and how much it has told."""
        connection = _Connection(socket, self._wanted, self._listener)
        self._connection = connection
        self._listener.connected()
        ways = [asyncio.create_task(connection.ask()), asyncio.create_task(connection.hear())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._connection = None
            self._listener.disconnected()
            for way in ways:
                way.cancel()
            ends = await asyncio.gather(*ways, return_exceptions=True)
            await socket.close()
        for end in ends:
            if isinstance(end, StreamEnded):
                return end.reason, connection.told
            if isinstance(end, Exception) and not isinstance(end, OSError | aiohttp.ClientError):
                raise end
        return "closed", connection.told


class _Connection:
    """One connection: what was asked on it, and what each subscription's number stands for."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, wanted: set[Pubkey], listener: Listener
    ) -> None:
        self._socket = socket
        self._wanted = wanted
        self._listener = listener
        self._ids = count(1)
        self._asked: dict[int, tuple[Pubkey, float]] = {}
        self._numbers: dict[int, Pubkey] = {}
        # None where there is no number yet, or never will be.
        self._subscriptions: dict[Pubkey, int | None] = {}
        self._unwanted: list[int] = []
        self._strange = 0
        self.changed = asyncio.Event()
        self.changed.set()
        self.ending: str | None = None
        self.told = 0

    def renew(self, addresses: Iterable[Pubkey]) -> None:
        """Forget the subscriptions to these, so that there will be others."""
        for address in addresses:
            self._let_go(address)
        self.changed.set()

    async def ask(self) -> None:
        """Keep what is subscribed to and what is wanted the same.

        Raises:
            StreamEnded: somebody wants it to.
        """
        while True:
            await self.changed.wait()
            self.changed.clear()
            if self.ending is not None:
                raise StreamEnded(self.ending)
            for address in self._subscriptions.keys() - self._wanted:
                self._let_go(address)
            while self._unwanted:
                await self._send("accountUnsubscribe", [self._unwanted.pop()])
            for address in self._wanted - self._subscriptions.keys():
                self._subscriptions[address] = None
                config = {"encoding": "base64", "commitment": "confirmed"}
                request = next(self._ids)
                self._asked[request] = (address, time.monotonic())
                await self._send("accountSubscribe", [str(address), config], request)

    async def hear(self) -> None:
        """Read what comes.

        Raises:
            StreamEnded: it closed, or makes no sense.
        """
        for frame in count(1):
            message = await self._socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise StreamEnded("closed")
            try:
                self._frame(message.data)
            except (msgspec.MsgspecError, RecursionError, UnicodeError, Unavailable):
                raise StreamEnded("nonsense") from None
            _, since = next(iter(self._asked.values()), (None, math.inf))
            if time.monotonic() - since > ANSWER_SECONDS:
                raise StreamEnded("unanswered")
            # A flood must not keep everybody else from the loop.
            if frame % _FRAMES_PER_TURN == 0:
                await asyncio.sleep(0)

    async def _send(self, method: str, params: list[Any], request: int | None = None) -> None:
        number = next(self._ids) if request is None else request
        frame = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        await self._socket.send_str(msgspec.json.encode(frame).decode())

    def _frame(self, text: str) -> None:
        frame = _FRAMES.decode(text)
        if frame.method == "accountNotification" and frame.params is not None:
            address = self._numbers.get(frame.params.subscription)
            if address is None:
                # Late, after we unsubscribed; a node that sends nothing else is none to listen to.
                self._strange += 1
                if self._strange > _STRANGE_FRAMES_MAX:
                    raise StreamEnded("nonsense")
                return
            result = _RESULTS.decode(frame.params.result)
            # A removed account is told as an empty one.
            account = read_account(result.value) if result.value.lamports else None
            self.told += 1
            self._listener.told(address, account, Slot(result.context.slot))
        elif frame.id in self._asked:
            self._answered(self._asked.pop(frame.id)[0], frame)

    def _answered(self, address: Pubkey, frame: _Frame) -> None:
        if frame.error is not None:
            # Too many, mostly. Its pools are then read whenever they are asked for.
            observe.subscription_refused(frame.error.code)
            return
        number = frame.result
        if number is None or isinstance(number, bool) or number in self._numbers:
            raise StreamEnded("nonsense")
        if address not in self._subscriptions or self._subscriptions[address] is not None:
            self._unwanted.append(number)
            self.changed.set()
            return
        self._numbers[number] = address
        self._subscriptions[address] = number
        self._listener.subscribed(address)

    def _let_go(self, address: Pubkey) -> None:
        number = self._subscriptions.pop(address, None)
        if number is not None:
            del self._numbers[number]
            self._unwanted.append(number)
