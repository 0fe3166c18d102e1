"""Following an order over a real WebSocket."""

import asyncio
import json
import socket
from dataclasses import replace
from uuid import UUID

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from landfall.api.app import ApiConfig
from landfall.core.errors import FailureReason
from landfall.core.events import AttemptFailed, Event, OrderAccepted, RetryScheduled, RoutingStarted
from landfall.core.values import Slot
from tests.api.desk import Desk
from tests.api.serving import Running, serving
from tests.api.stories import confirmed, order, quote, reverted_then_failed

BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 1.5}


async def read_all(socket: ClientConnection) -> tuple[list[dict], int, str]:
    """Every message until the close, its code and its reason."""
    messages = []
    try:
        while True:
            messages.append(json.loads(await asyncio.wait_for(socket.recv(), 5)))
    except ConnectionClosed as closed:
        close = closed.rcvd
    assert close is not None
    return messages, close.code, close.reason


@pytest.mark.parametrize("path", ["/api/orders/{}/ws", "/api/orders/execute?orderId={}"])
async def test_a_finished_order_is_told_from_the_start_and_closed(
    api: Running, order_id: UUID, path: str
):
    await api.desk.play(order_id, confirmed(order_id))
    async with connect(api.ws(path.format(order_id))) as socket:
        frames, code, _ = await read_all(socket)
    statuses = [frame["status"] for frame in frames]
    assert statuses == ["pending", "routing", "building", "submitted", "confirmed"]
    assert code == 1000
    for frame in frames:
        assert set(frame) == {"orderId", "status", "version", "timestamp", "data"}
        assert frame["orderId"] == str(order_id)
    routing, building, submitted, done = (frame["data"] for frame in frames[1:])
    assert routing["quotes"][0]["dex"] == "raydium"
    assert {"pool", "price", "fee", "priceImpact", "amountOut"} <= set(routing["quotes"][0])
    assert building["selectedDex"] == "raydium"
    assert building["minOut"] == "222.750001"
    assert submitted["txHash"] == done["txHash"]
    assert (done["amountOut"], done["dex"], done["slot"]) == ("225.000001", "raydium", 80)


async def test_live_commits_follow_the_history_once_each(api: Running, order_id: UUID):
    story = confirmed(order_id)
    await api.desk.play(order_id, story[:2])
    async with connect(api.ws(f"/api/orders/{order_id}/ws")) as socket:
        first = [json.loads(await socket.recv()) for _ in range(2)]
        for commit in story[2:]:
            await api.desk.play(order_id, [commit])
        rest, code, _ = await read_all(socket)
    assert [frame["version"] for frame in first + rest] == [0, 1, 2, 3, 4]
    assert code == 1000


async def test_a_reader_resumes_after_the_version_it_has(api: Running, order_id: UUID):
    await api.desk.play(order_id, confirmed(order_id))
    async with connect(api.ws(f"/api/orders/{order_id}/ws?after=2")) as socket:
        frames, code, _ = await read_all(socket)
    assert [frame["version"] for frame in frames] == [3, 4]
    assert code == 1000


async def test_an_order_that_fails_never_flickers_through_pending(api: Running, order_id: UUID):
    await api.desk.play(order_id, reverted_then_failed(order_id))
    async with connect(api.ws(f"/api/orders/{order_id}/ws")) as socket:
        frames, _, _ = await read_all(socket)
    statuses = [frame["status"] for frame in frames]
    assert statuses == [
        *["pending", "routing", "building", "submitted"],
        *["pending", "routing", "building", "submitted"],
        *["pending", "routing", "failed"],
    ]
    retry = frames[4]["data"]
    assert (retry["attempt"], retry["retryInMs"], retry["code"]) == (1, 1000, "slippage_exceeded")
    failed = frames[-1]["data"]
    assert failed["code"] == "no_route"
    assert failed["attempts"] == 3
    assert failed["error"] == "no pool trades it"


@pytest.mark.parametrize(
    "path", [f"/api/orders/{UUID(int=1)}/ws", "/api/orders/execute?orderId=no"]
)
async def test_an_unknown_order_is_told_and_closed(api: Running, path: str):
    async with connect(api.ws(path)) as socket:
        messages, code, reason = await read_all(socket)
    assert messages[0]["error"]["code"] == "order_not_found"
    assert (code, reason) == (4404, "order_not_found")


async def test_anothers_order_cannot_be_followed(api: Running, order_id: UUID):
    theirs = replace(order(order_id), account="somebody-else")
    await api.desk.play(order_id, [[OrderAccepted(order=theirs)]])
    async with connect(api.ws(f"/api/orders/{order_id}/ws")) as socket:
        messages, code, _ = await read_all(socket)
    assert (messages[0]["error"]["code"], code) == ("order_not_found", 4404)


async def test_a_socket_to_nowhere_is_refused(api: Running):
    for path in ("/nowhere", "/health", "/api/orders"):
        with pytest.raises(InvalidStatus) as refused:
            await connect(api.ws(path))
        assert 400 <= refused.value.response.status_code < 500


@pytest.mark.parametrize("after", ["x", "1.5", "²", "-", "99999999999999999999"])
async def test_a_version_to_resume_from_must_be_a_number(api: Running, order_id: UUID, after: str):
    await api.desk.play(order_id, confirmed(order_id))
    async with connect(api.ws(f"/api/orders/{order_id}/ws?after={after}")) as socket:
        messages, code, _ = await read_all(socket)
    assert messages[0]["error"]["field"] == "after"
    assert code == 4400


async def test_an_order_may_be_the_first_message(api: Running):
    async with connect(api.ws("/api/orders/execute")) as socket:
        await socket.send(json.dumps(BODY))
        reply = json.loads(await socket.recv())
        assert set(reply) == {"orderId", "status", "timestamp"}
        assert reply["status"] == "pending"
        order_id = UUID(reply["orderId"])
        await api.desk.play(order_id, confirmed(order_id)[1:])
        frames, code, _ = await read_all(socket)
    assert [frame["status"] for frame in frames] == [
        "routing",
        "building",
        "submitted",
        "confirmed",
    ]
    assert code == 1000


@pytest.mark.parametrize(
    ("message", "code", "close"),
    [
        ("{", "malformed_body", 4400),
        ('"\\ud800"', "malformed_body", 4400),
        ('{"tokenIn":"SOL","tokenOut":"USDC","amountIn":0}', "amount_not_positive", 4422),
    ],
)
async def test_a_bad_first_message_is_told_and_closed(
    api: Running, message: str, code: str, close: int
):
    async with connect(api.ws("/api/orders/execute")) as socket:
        await socket.send(message)
        messages, closed, _ = await read_all(socket)
    assert (messages[0]["error"]["code"], closed) == (code, close)
    assert not api.desk.logs


async def test_a_socket_that_never_sends_its_order_is_closed(api: Running):
    async with connect(api.ws("/api/orders/execute")) as socket:
        messages, code, _ = await read_all(socket)
    assert (messages[0]["error"]["code"], code) == ("no_order", 4408)


async def test_a_binary_first_message_is_not_our_fault(api: Running):
    async with connect(api.ws("/api/orders/execute")) as socket:
        await socket.send(b"\xff\x00")
        messages, code, _ = await read_all(socket)
    assert (messages[0]["error"]["code"], code) == ("malformed_body", 4400)


async def test_a_client_that_leaves_is_forgotten(api: Running, order_id: UUID):
    await api.desk.play(order_id, confirmed(order_id)[:1])
    async with connect(api.ws(f"/api/orders/{order_id}/ws")) as socket:
        await socket.recv()
        assert (await api.http.get("/api/orders/stats")).json()["websocket"]["connections"] == 1
        assert api.desk.following == 1
    async with asyncio.timeout(5):
        await api.desk.nobody_follows.wait()
    assert (await api.http.get("/api/queue/stats")).json()["webSocketConnections"] == 0


async def test_a_database_that_is_down_is_told_and_closed(api: Running, order_id: UUID):
    api.desk.down = True
    async with connect(api.ws(f"/api/orders/{order_id}/ws")) as socket:
        messages, code, _ = await read_all(socket)
    assert (messages[0]["error"]["code"], code) == ("unavailable", 4503)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://127.0.0.1:1"],
)
async def test_a_page_of_another_site_cannot_open_a_socket(api: Running, origin: str):
    with pytest.raises(InvalidStatus) as refused:
        await connect(api.ws("/api/orders/execute"), additional_headers={"Origin": origin})
    assert refused.value.response.status_code == 403


async def test_a_page_of_this_host_may_open_a_socket(api: Running):
    headers = {"Origin": f"http://localhost:{api.port}"}
    async with connect(api.ws("/api/orders/execute"), additional_headers=headers) as socket:
        await socket.send("{}")
        messages, _, _ = await read_all(socket)
    assert messages[0]["error"]["code"] == "missing_field"


async def test_a_slow_reader_is_closed_with_the_version_to_resume_from(order_id: UUID):
    many = [quote(pool % 255 + 1, 1) for pool in range(3000)]
    started = confirmed(order_id)[:1]
    cycles: list[list[Event]] = []
    for attempt in range(1, 9):
        cycles += [
            [RoutingStarted(attempt=attempt, quotes=(*many,), refused=(), context_slot=Slot(1))],
            [
                AttemptFailed(attempt=attempt, reason=FailureReason.STALE_QUOTE, detail="old"),
                RetryScheduled(next_attempt=attempt + 1, delay_ms=1),
            ],
        ]
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    async with serving(Desk(), ApiConfig(send_timeout_ms=1000)) as api:
        await api.desk.play(order_id, started)
        narrow.connect(("127.0.0.1", api.port))
        url = api.ws(f"/api/orders/{order_id}/ws")
        async with connect(url, sock=narrow, max_queue=1, max_size=None) as slow:
            while not api.desk.following:
                await asyncio.sleep(0.01)
            await api.desk.play(order_id, cycles)
            await api.desk.nobody_follows.wait()
            frames, code, reason = await read_all(slow)
        assert code == 1013
        last = frames[-1]["version"]
        assert [frame["version"] for frame in frames] == sorted(
            {recorded.version for recorded in api.desk.logs[order_id] if recorded.ends_commit}
        )[: len(frames)]
        resume = int(reason.rpartition("after=")[2])
        assert resume == last
        assert len(frames) < 17
