"""HTTP and WebSocket for one node, as a plain ASGI application: one path, two protocols.

POST is JSON-RPC; a WebSocket is JSON-RPC plus subscriptions. The block engine beside the node has a
path of its own. Any path /node/NAME is one more door to the same chain, by a name that fault rules
can tell from others. Frames for a reader that does not read pile up to FRAMES_MAX, then the
connection is closed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import msgspec

from landfall.core.values import Commitment
from landfall.localnet.block_engine import BUNDLES_PATH, TIP_FLOOR_PATH, BlockEngine
from landfall.localnet.faults.admin import admin_methods
from landfall.localnet.faults.calls import FaultyCalls, Reply
from landfall.localnet.faults.faults import Faults
from landfall.localnet.faults.intake import Intake
from landfall.localnet.faults.notices import FaultyNotices
from landfall.localnet.faults.weather import Weather
from landfall.localnet.node import Node
from landfall.localnet.params import Params, RpcError
from landfall.localnet.pubsub import KINDS, Connection, Hub
from landfall.localnet.rpc import METHODS, answer, answer_one, encode, failure, read_call
from landfall.localnet.wire import Json

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BODY_BYTES_MAX = 1 << 20
FRAMES_MAX = 4_096
NODE_PATH = "/node/"
LOOPBACK = ("127.0.0.1", "::1")
TOO_SLOW = (1013, "reading too slowly")
AT_FAULT = (1011, "internal error")

Address = tuple[str, int]
Frame = bytes | tuple[int, str]
"""What is sent next on a WebSocket: a text, or the code and reason it is closed with."""

log = logging.getLogger(__name__)


class App:
    """The application. One instance serves every port of the node.

    `cut` resets the connection of a client, told by its address.
    """

    def __init__(
        self,
        node: Node,
        faults: Faults | None = None,
        cut: Callable[[Address], None] = lambda client: None,
    ) -> None:
        self._node = node
        self._hub = Hub(node)
        self._engine = BlockEngine(node)
        self._faults = faults or Faults()
        self._cut = cut
        self._stopping = asyncio.Event()
        self._calls = FaultyCalls(node, self._faults)
        intake = Intake(node, self._faults)
        self._admin = {**METHODS, **admin_methods(self._faults, intake, list(METHODS))}
        node.door, node.weather = intake.take, Weather(self._faults)
        node.listeners += [self._hub, intake]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request or one WebSocket."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)

    def stop(self) -> None:
        """Keep no client waiting any longer that was to wait for ever."""
        self._stopping.set()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            await self._get(scope["path"], send)
            return
        if scope["method"] != "POST":
            await _respond(send, 405, b"Used HTTP Method is not allowed. POST is required\n")
            return
        body = await _body(receive)
        if body is None:
            await _respond(send, 413, b"the request body is too large")
            return
        if scope["path"].rstrip("/") == BUNDLES_PATH:
            await _respond(send, 200, self._engine.answer(body))
            return
        methods = self._admin if scope["client"] and scope["client"][0] in LOOPBACK else METHODS
        if not self._faults.rules:
            await _respond(send, 200, answer(self._node, body, methods))
            return
        reply = self._calls.answer(body, methods, _node_name(scope["path"]))
        await self._reply(reply, scope, receive, send)

    async def _reply(self, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        match reply.lost:
            case "hang":
                await self._until_given_up(receive)
                self._cut(tuple(scope["client"]))
                await _disconnected(receive)
            case "reset":
                self._cut(tuple(scope["client"]))
                await _disconnected(receive)
            case _:
                after = reply.retry_after
                extra = [] if after is None else [(b"retry-after", str(after).encode())]
                await _respond(send, reply.status, reply.body, headers=extra)

    async def _until_given_up(self, receive: Receive) -> None:
        gone = asyncio.create_task(_disconnected(receive))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({gone, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            stopping.cancel()

    async def _get(self, path: str, send: Send) -> None:
        match path:
            case "/health":
                await _respond(send, 200, b"ok", b"text/plain")
            case _ if path == TIP_FLOOR_PATH:
                await _respond(send, 200, self._engine.tip_floor())
            case _:
                await _respond(send, 404, b"", b"text/plain")

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        frames: asyncio.Queue[Frame] = asyncio.Queue()

        def put(frame: bytes) -> None:
            if frames.qsize() < FRAMES_MAX:
                frames.put_nowait(frame)
            elif frames.qsize() == FRAMES_MAX:
                frames.put_nowait(TOO_SLOW)

        notices = FaultyNotices(
            faults=self._faults,
            node=_node_name(scope["path"]),
            put=put,
            close=lambda: frames.put_nowait(AT_FAULT),
            abort=lambda: self._cut(tuple(scope["client"])),
            slot=lambda: self._node.cluster.block(Commitment.PROCESSED).slot,
        )
        connection = Connection(put, notices.tell)
        writer = asyncio.create_task(_write(frames, send))
        try:
            while not writer.done():
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    break
                text = message.get("text")
                self._frame(connection, (message.get("bytes") or b"") if text is None else text)
        finally:
            self._hub.disconnect(connection)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    def _frame(self, connection: Connection, frame: bytes | str) -> None:
        try:
            request = msgspec.json.decode(frame)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            connection.send(encode(failure(None, RpcError(-32700, "Parse error"))))
            return
        if isinstance(request, list):
            replies = [self._call(connection, each) for each in request[:1_000]]
            connection.send(encode([reply for reply, _ in replies if reply is not None]))
        else:
            replies = [self._call(connection, request)]
            if replies[0][0] is not None:
                connection.send(encode(replies[0][0]))
        for _, number in replies:
            if number is not None:
                self._hub.subscribed(number)

    def _call(self, connection: Connection, request: Any) -> tuple[Json | None, int | None]:
        """The reply, and the number of the subscription it made."""
        method = request.get("method") if isinstance(request, dict) else None
        kind, verb = _kind_and_verb(method)
        if kind is None:
            return answer_one(self._node, request), None
        try:
            _, values, identity = read_call(request)
        except RpcError as error:
            return failure(request.get("id"), error), None
        try:
            if verb == "subscribe":
                number = self._hub.subscribe(connection, kind, Params(values))
                return _result(number, identity), number
            known = self._hub.unsubscribe(connection, Params(values).number(0))
            if not known:
                raise RpcError(-32602, "Invalid subscription id.")
            return _result(True, identity), None
        except RpcError as error:
            return failure(identity, error), None
        except Exception:
            log.exception("localnet failed to answer %s", method)
            return failure(identity, RpcError(-32603, "Internal error")), None


def _kind_and_verb(method: Any) -> tuple[str | None, str]:
    if isinstance(method, str):
        for ending, verb in (("Unsubscribe", "unsubscribe"), ("Subscribe", "subscribe")):
            kind = method.removesuffix(ending)
            if kind != method and kind in KINDS:
                return kind, verb
    return None, ""


def _result(value: Json, identity: Json) -> Json:
    return {"jsonrpc": "2.0", "result": value, "id": identity}


def _node_name(path: str) -> str:
    return path[len(NODE_PATH) :].rstrip("/") if path.startswith(NODE_PATH) else ""


async def _write(frames: "asyncio.Queue[Frame]", send: Send) -> None:
    while True:
        frame = await frames.get()
        if not isinstance(frame, bytes):
            code, reason = frame
            await send({"type": "websocket.close", "code": code, "reason": reason})
            return
        await send({"type": "websocket.send", "text": frame.decode()})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes | None:
    parts = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES_MAX:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _respond(
    send: Send,
    status: int,
    body: bytes,
    content_type: bytes = b"application/json; charset=utf-8",
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type),
                (b"content-length", str(len(body)).encode()),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
