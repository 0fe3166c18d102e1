"""Who gets in: keys, scopes, tickets, revocation, and whose orders are whose."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from landfall.access import Presented, Scope, new_key
from landfall.api import access as api_access
from landfall.api.app import ROUTES, ApiConfig
from landfall.api.guard import OPEN_PATHS
from landfall.core.events import OrderAccepted
from tests.api.desk import Desk
from tests.api.keys import bearer, give_key, revoke
from tests.api.serving import Running, serving
from tests.api.stories import STARTED_MS, confirmed, order

BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1.5"}
EVERY_SCOPE = frozenset(Scope)
NEEDED = {
    ("POST", "/api/orders/execute"): Scope.TRADE,
    ("POST", "/api/orders/quote"): Scope.READ,
    ("POST", "/api/orders/{order_id}/cancel"): Scope.CANCEL,
    ("DELETE", "/api/orders/{order_id}"): Scope.CANCEL,
}
"""Everything else that is not open needs to read."""


@pytest.fixture
async def closed() -> AsyncIterator[Running]:
    """An API where every caller needs a key."""
    config = ApiConfig(anonymous=None, recheck_ms=50, first_message_timeout_ms=300)
    async with serving(Desk(), config) as running:
        yield running


def http_routes() -> list[tuple[str, str]]:
    """Method and path of every HTTP handler, parameters in braces."""
    found = []
    for handler in ROUTES:
        for method in getattr(handler, "http_methods", ()):
            for path in handler.paths:
                found.append((str(method), re.sub(r":\w+}", "}", path)))
    return sorted(pair for pair in found if pair[0] != "OPTIONS")


def socket_routes() -> list[str]:
    return sorted(
        re.sub(r"{\w+:\w+}", "00000000-0000-0000-0000-000000000001", path)
        for handler in ROUTES
        if not hasattr(handler, "http_methods")
        for path in handler.paths
    )


async def test_without_a_key_nothing_but_the_open_paths_answers(closed: Running):
    for method, path in http_routes():
        answer = await closed.http.request(method, path.format(order_id=UUID(int=1), text="SOL"))
        if path in OPEN_PATHS:
            assert answer.status_code == 200, path
            continue
        assert answer.status_code == 401, path
        assert answer.json()["error"]["code"] == "key_needed"
        assert answer.headers["www-authenticate"] == "Bearer"
    for path in socket_routes():
        with pytest.raises(InvalidStatus) as refused:
            await connect(closed.ws(path))
        assert refused.value.response.status_code == 401, path


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.ADMIN])
async def test_every_route_takes_its_own_scope_and_no_other(closed: Running, scope: Scope):
    lacking = give_key(closed.desk, *(EVERY_SCOPE - {scope, Scope.ADMIN}))
    having = give_key(closed.desk, scope)
    for method, path in http_routes():
        if path in OPEN_PATHS or NEEDED.get((method, path), Scope.READ) is not scope:
            continue
        url = path.format(order_id=UUID(int=1), text="SOL")
        refused = await closed.http.request(method, url, headers=bearer(lacking))
        assert refused.status_code == 403, (method, path)
        assert refused.json()["error"]["code"] == "scope_missing"
        taken = await closed.http.request(method, url, headers=bearer(having))
        assert taken.status_code not in (401, 403), (method, path)


async def test_a_key_comes_as_bearer_or_as_x_api_key_and_once(closed: Running):
    key = give_key(closed.desk, Scope.READ)
    for headers in (bearer(key), {"x-api-key": key.text}, {"authorization": f"bearer {key.text}"}):
        assert (await closed.http.get("/api/orders", headers=headers)).status_code == 200
    both = {**bearer(key), "x-api-key": key.text}
    assert (await closed.http.get("/api/orders", headers=both)).status_code == 401
    in_url = await closed.http.get(f"/api/orders?key={key.text}")
    assert in_url.status_code == 401


def spoilt(key: Presented) -> list[str]:
    other = "A" if key.secret[-1] != "A" else "B"
    return [
        f"Bearer {key.key_id}",
        f"Bearer {key.key_id}.",
        f"Bearer {key.text[:-1]}{other}",
        f"Bearer {key.text}x",
        f"Bearer {key.key_id}.{new_key().secret}",
        f"Bearer {new_key().text}",
        f"Basic {key.text}",
        "Bearer",
        "Bearer " + "A" * 4000,
    ]


async def test_a_key_that_is_not_whole_opens_nothing(closed: Running):
    key = give_key(closed.desk, Scope.READ)
    for header in spoilt(key):
        answer = await closed.http.get("/api/orders", headers={"authorization": header})
        assert answer.status_code == 401, header
        assert answer.json()["error"]["code"] == "invalid_key"
    assert closed.desk.uses == []


async def test_a_key_that_is_wrong_opens_nothing_where_none_is_needed(api: Running):
    wrong = await api.http.get("/api/orders", headers=bearer(new_key()))
    assert wrong.status_code == 401
    assert (await api.http.get("/api/orders")).status_code == 200


async def test_an_expired_and_a_revoked_key_look_alike(closed: Running):
    expired = give_key(closed.desk, Scope.READ, expires_at_ms=STARTED_MS)
    revoked = give_key(closed.desk, Scope.READ)
    revoke(closed.desk, revoked)
    answers = [
        await closed.http.get("/api/orders", headers=bearer(key))
        for key in (expired, revoked, new_key())
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert len({answer.text for answer in answers}) == 1


async def test_use_is_noted_and_looked_up_once_in_a_while(closed: Running):
    key = give_key(closed.desk, Scope.READ)
    for _ in range(5):
        await closed.http.get("/api/orders", headers=bearer(key))
    assert closed.desk.uses == [key.key_id]


async def test_guessing_at_one_key_costs_one_look_up(
    closed: Running, monkeypatch: pytest.MonkeyPatch
):
    looked_up: list[str] = []
    find = closed.desk.find

    async def watched(key_id: str):
        looked_up.append(key_id)
        return await find(key_id)

    monkeypatch.setattr(closed.desk, "find", watched)
    guessed = new_key()
    for _ in range(5):
        answer = await closed.http.get("/api/orders", headers=bearer(guessed))
        assert answer.status_code == 401
    assert looked_up == [guessed.key_id]


async def test_orders_are_seen_by_their_account_alone_and_by_an_admin(closed: Running):
    mine = give_key(closed.desk, Scope.READ, Scope.TRADE, Scope.CANCEL, account="one")
    same = give_key(closed.desk, Scope.READ, account="one")
    theirs = give_key(closed.desk, *(EVERY_SCOPE - {Scope.ADMIN}), account="two")
    admin = give_key(closed.desk, Scope.ADMIN, account="three")
    placed = await closed.http.post("/api/orders/execute", json=BODY, headers=bearer(mine))
    url = f"/api/orders/{placed.json()['orderId']}"
    unknown = await closed.http.get(f"/api/orders/{UUID(int=9)}", headers=bearer(theirs))
    for method, path in (("GET", url), ("POST", f"{url}/cancel"), ("DELETE", url)):
        answer = await closed.http.request(method, path, headers=bearer(theirs))
        assert (answer.status_code, answer.json()) == (404, unknown.json())
    for key, count in ((mine, 1), (same, 1), (theirs, 0), (admin, 1)):
        listed = await closed.http.get("/api/orders", headers=bearer(key))
        assert len(listed.json()["orders"]) == count
    for key in (same, admin):
        assert (await closed.http.get(url, headers=bearer(key))).status_code == 200
    async with connect(closed.ws(f"{url}/ws"), additional_headers=bearer(theirs)) as socket:
        assert json.loads(await socket.recv())["error"]["code"] == "order_not_found"


async def test_two_accounts_may_use_the_same_idempotency_key(closed: Running):
    keys = [give_key(closed.desk, Scope.TRADE, account=account) for account in ("one", "two")]
    answers = [
        await closed.http.post(
            "/api/orders/execute", json=BODY, headers={**bearer(key), "idempotency-key": "k"}
        )
        for key in keys
    ]
    assert len({answer.json()["orderId"] for answer in answers}) == 2


async def ticket(api: Running, key: Presented | None = None) -> str:
    answer = await api.http.post("/api/ws-ticket", headers={} if key is None else bearer(key))
    assert answer.status_code == 201
    assert answer.json()["expiresAt"] == "2023-11-14T22:13:50.000Z"
    return str(answer.json()["ticket"])


async def test_a_ticket_opens_one_socket_as_its_key(closed: Running, order_id: UUID):
    story = confirmed(order_id)
    story[0] = [OrderAccepted(order=replace(order(order_id), account="desk-1"))]
    await closed.desk.play(order_id, story)
    key = give_key(closed.desk, Scope.READ)
    opened = closed.ws(f"/api/orders/{order_id}/ws?ticket={await ticket(closed, key)}")
    async with connect(opened) as socket:
        assert json.loads(await socket.recv())["status"] == "pending"
    with pytest.raises(InvalidStatus) as again:
        await connect(opened)
    assert again.value.response.status_code == 401


@pytest.mark.parametrize("made_up", ["", "x", "A" * 43, "A" * 5000, "%00"])
async def test_a_made_up_ticket_opens_nothing(closed: Running, made_up: str):
    with pytest.raises(InvalidStatus) as refused:
        await connect(closed.ws(f"/api/orders/ws?ticket={made_up}"))
    assert refused.value.response.status_code == 401


async def test_a_ticket_of_a_key_that_was_revoked_since_opens_nothing(closed: Running):
    key = give_key(closed.desk, Scope.READ)
    spared = await ticket(closed, key)
    closed.desk.keys.pop(key.key_id)
    async with serving(closed.desk, ApiConfig(anonymous=None)) as other_process:
        with pytest.raises(InvalidStatus) as refused:
            await connect(other_process.ws(f"/api/orders/ws?ticket={spared}"))
        assert refused.value.response.status_code == 401


async def test_a_ticket_is_no_key_for_http(closed: Running):
    given = await ticket(closed, give_key(closed.desk, Scope.READ))
    for headers in ({"authorization": f"Bearer {given}"}, {"x-api-key": given}):
        assert (await closed.http.get("/api/orders", headers=headers)).status_code == 401
    assert (await closed.http.get(f"/api/orders?ticket={given}")).status_code == 401


async def test_where_no_key_is_needed_a_page_gets_a_ticket_too(api: Running, order_id: UUID):
    await api.desk.play(order_id, confirmed(order_id))
    path = f"/api/orders/{order_id}/ws?ticket={await ticket(api)}"
    async with connect(api.ws(path)) as socket:
        assert json.loads(await socket.recv())["status"] == "pending"


async def test_an_open_socket_is_closed_when_its_key_is_revoked(
    closed: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(api_access, "REMEMBERED_MS", 0)
    key = give_key(closed.desk, Scope.READ)
    async with connect(closed.ws("/api/orders/ws"), additional_headers=bearer(key)) as socket:
        await asyncio.sleep(0.2)
        revoke(closed.desk, key)
        async with asyncio.timeout(5):
            told = json.loads(await socket.recv())
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        assert (told["error"]["code"], socket.close_code) == ("invalid_key", 4401)


async def test_placing_over_a_socket_needs_the_scope_to_trade(closed: Running):
    key = give_key(closed.desk, Scope.READ)
    async with connect(closed.ws("/api/orders/execute"), additional_headers=bearer(key)) as socket:
        assert json.loads(await socket.recv())["error"]["code"] == "scope_missing"
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4403
    assert not closed.desk.logs


async def test_a_key_that_may_only_trade_follows_what_it_places(closed: Running):
    key = give_key(closed.desk, Scope.TRADE)
    async with connect(closed.ws("/api/orders/execute"), additional_headers=bearer(key)) as socket:
        await socket.send(json.dumps(BODY))
        assert json.loads(await socket.recv())["status"] == "pending"


async def test_no_answer_asks_for_or_sets_a_cookie(closed: Running):
    key = give_key(closed.desk, Scope.READ)
    answer = await closed.http.get("/api/orders", headers={**bearer(key), "cookie": "session=1"})
    assert "set-cookie" not in answer.headers
    only_cookie = await closed.http.get("/api/orders", headers={"cookie": f"key={key.text}"})
    assert only_cookie.status_code == 401


async def test_a_database_that_is_down_is_no_wrong_key(closed: Running):
    key = give_key(closed.desk, Scope.READ)
    closed.desk.down = True
    answer = await closed.http.get("/api/orders", headers=bearer(key))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_a_named_origin_may_use_the_api_from_its_page():
    config = ApiConfig(allowed_origins=frozenset({"https://app.example"}))
    async with serving(Desk(), config) as api:
        ours, evil = {"origin": "https://app.example"}, {"origin": "https://evil.example"}
        asking = {"access-control-request-method": "POST"}
        preflight = await api.http.options("/api/orders/execute", headers={**ours, **asking})
        assert preflight.headers["access-control-allow-origin"] == "https://app.example"
        placed = await api.http.post("/api/orders/execute", json=BODY, headers=ours)
        assert placed.status_code == 201
        assert placed.headers["access-control-allow-origin"] == "https://app.example"
        refused = await api.http.post("/api/orders/execute", json=BODY, headers=evil)
        assert refused.status_code == 403
        read = await api.http.get("/api/orders", headers=evil)
        assert "access-control-allow-origin" not in read.headers


def test_no_text_form_of_a_key_shows_its_secret():
    key = new_key()
    for text in (repr(key), str(key), f"{[key]}"):
        assert key.secret not in text
    assert len({new_key().secret for _ in range(100)}) == 100
