"""Clients that stop reading: they delay nobody, hold nothing for ever, and can go on later."""

import asyncio
import base64
import gc
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, suppress
from uuid import UUID

import pytest
from websockets.asyncio.client import connect

from landfall.api import protocols
from landfall.api.app import ApiConfig
from landfall.core.errors import FailureReason
from landfall.core.events import AttemptFailed, Event, RetryScheduled, RoutingStarted
from landfall.core.values import Slot
from tests.api.engine import Engine, engine_on
from tests.api.stories import quote

STALLED = 20
ATTEMPTS = 30


@pytest.fixture
async def engine(pool, dsn) -> AsyncIterator[Engine]:
    async with engine_on(pool, dsn, ApiConfig(send_timeout_ms=1_000)) as engine:
        yield engine


def long_story() -> list[list[Event]]:
    """Attempts that come to nothing, each telling of many quotes."""
    many = tuple(quote(pool % 255 + 1, 1) for pool in range(100))
    story: list[list[Event]] = []
    for attempt in range(1, ATTEMPTS + 1):
        story += [
            [RoutingStarted(attempt=attempt, quotes=many, refused=(), context_slot=Slot(1))],
            [
                AttemptFailed(attempt=attempt, reason=FailureReason.STALE_QUOTE, detail="old"),
                RetryScheduled(next_attempt=attempt + 1, delay_ms=1),
            ],
        ]
    return story


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


async def stalled(engine: Engine, closing: ExitStack) -> socket.socket:
    """A WebSocket to all orders whose client reads the handshake's answer and nothing more."""
    narrow = closing.enter_context(socket.socket())
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    loop = asyncio.get_running_loop()
    host, port = engine.http.base_url.host, engine.http.base_url.port
    await loop.sock_connect(narrow, (host, port))
    key = base64.b64encode(bytes(16)).decode()
    handshake = (
        f"GET /api/orders/ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    )
    await loop.sock_sendall(narrow, handshake.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += await loop.sock_recv(narrow, 1)
    assert b" 101 " in answer
    return narrow


async def rest_of(narrow: socket.socket) -> bytes:
    """Everything that was sent, until its close frame or until the other side hangs up."""
    loop, found = asyncio.get_running_loop(), b""
    async with asyncio.timeout(20):
        while b"too slow" not in found and (data := await loop.sock_recv(narrow, 65_536)):
            found += data
    return found


class IncompleteStream(Exception):
    """There is no close frame."""


def frames_in(data: bytes) -> tuple[list[dict], int, str]:
    """The messages, and the close frame's code and reason."""
    messages: list[dict] = []
    while data:
        opcode, length, start = data[0] & 15, data[1], 2
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start + length:
            break
        payload, data = data[start : start + length], data[start + length :]
        if opcode == 8:
            return messages, int.from_bytes(payload[:2], "big"), payload[2:].decode()
        messages.append(json.loads(payload))
    raise IncompleteStream


async def open_sockets(engine: Engine) -> int:
    answer = await engine.http.get("/api/orders/stats")
    return answer.json()["websocket"]["connections"]


async def until_open(engine: Engine, count: int) -> None:
    async with asyncio.timeout(20):
        while await open_sockets(engine) != count:
            await asyncio.sleep(0.05)


async def heard(engine: Engine, order_id: UUID) -> None:
    """Follow an order's whole long story over a socket that reads."""
    async with asyncio.timeout(20), connect(f"{engine.ws}/api/orders/ws") as socket:
        story = asyncio.create_task(engine.play(order_id, long_story()))
        versions = [json.loads(await socket.recv())["version"] for _ in range(2 * ATTEMPTS)]
        await story
    assert versions == sorted(set(versions))
    assert versions[-1] == 3 * ATTEMPTS


async def test_sockets_that_stall_delay_nobody_and_are_told_where_to_go_on(
    engine: Engine, closing: ExitStack
):
    order_id = await engine.place()
    sockets = [await stalled(engine, closing) for _ in range(STALLED)]
    await heard(engine, order_id)
    await until_open(engine, 0)
    for data in await asyncio.gather(*(rest_of(narrow) for narrow in sockets)):
        messages, code, reason = frames_in(data)
        assert code == 1013
        assert 0 < len(messages) < 2 * ATTEMPTS
        assert reason == f"too slow; resume with after={messages[-1]['cursor']}"
    missed = 2 * ATTEMPTS - len(messages)
    async with connect(f"{engine.ws}/api/orders/ws?after={messages[-1]['cursor']}") as socket:
        async with asyncio.timeout(20):
            versions = [json.loads(await socket.recv())["version"] for _ in range(missed)]
    assert versions[0] > messages[-1]["version"]
    assert versions[-1] == 3 * ATTEMPTS


async def test_a_socket_that_never_reads_again_is_cut_off(
    engine: Engine, closing: ExitStack, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(protocols, "CLOSING_SECONDS_MAX", 0.2)
    order_id = await engine.place()
    narrow = await stalled(engine, closing)
    await heard(engine, order_id)
    await until_open(engine, 0)
    await asyncio.sleep(0.5)
    with pytest.raises(IncompleteStream):
        frames_in(await rest_of(narrow))


async def test_a_request_that_is_never_whole_is_cut_off(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(protocols, "REQUEST_SECONDS_MAX", 0.3)
    base = engine.http.base_url
    for sent in (b"", b"GET /health HT", b"POST /api/orders/execute HTTP/1.1\r\nHost: "):
        reader, writer = await asyncio.open_connection(base.host, base.port)
        writer.write(sent)
        async with asyncio.timeout(5):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()


async def test_a_connection_in_use_is_kept(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(protocols, "REQUEST_SECONDS_MAX", 0.3)
    base = engine.http.base_url
    reader, writer = await asyncio.open_connection(base.host, base.port)
    for _ in range(5):
        writer.write(f"GET /health HTTP/1.1\r\nHost: {base.host}:{base.port}\r\n\r\n".encode())
        async with asyncio.timeout(5):
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
            await reader.readuntil(b"}")
        await asyncio.sleep(0.15)
    writer.close()


@pytest.mark.parametrize("parting", [b"\x88\x80\0\0\0\0", None])
async def test_a_socket_that_is_gone_leaves_nothing_to_collect(
    engine: Engine, closing: ExitStack, parting: bytes | None
):
    await until_open(engine, 0)
    gc.collect()
    gc.disable()
    closing.callback(gc.enable)
    for _ in range(5):
        leaving = await stalled(engine, closing)
        if parting is not None:
            await asyncio.get_running_loop().sock_sendall(leaving, parting)
        leaving.close()
    await until_open(engine, 0)
    await asyncio.sleep(0.2)
    left = [each for each in gc.get_objects() if isinstance(each, protocols.EndsInTime)]
    assert left == []
