"""Submitting, pricing, looking up and listing over real HTTP."""

from dataclasses import replace
from uuid import UUID, uuid4

from landfall.core.errors import OutcomeUnknown
from landfall.core.events import OrderAccepted
from tests.api.serving import Running
from tests.api.stories import confirmed, order, reverted_then_failed

BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1.5", "slippage": 0.01}


async def test_an_order_is_durable_before_it_is_answered(api: Running):
    answer = await api.http.post("/api/orders/execute", json=BODY)
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"orderId", "status", "timestamp"}
    assert body["status"] == "pending"
    assert body["timestamp"] == "2023-11-14T22:13:20.000Z"
    assert UUID(body["orderId"]) in api.desk.logs


async def test_the_same_client_order_id_is_the_same_order(api: Running):
    body = BODY | {"clientOrderId": "mine-1"}
    first = await api.http.post("/api/orders/execute", json=body)
    again = await api.http.post("/api/orders/execute", json=body)
    other = await api.http.post("/api/orders/execute", json=body | {"amountIn": "2"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.json()["orderId"] == again.json()["orderId"]
    assert other.json()["error"]["code"] == "idempotency_conflict"
    assert len(api.desk.logs) == 1
    assert first.headers["cache-control"] == "no-store"


async def test_an_order_is_shown_with_its_whole_story(api: Running, order_id: UUID):
    await api.desk.play(order_id, confirmed(order_id))
    body = (await api.http.get(f"/api/orders/{order_id}")).json()
    assert body["status"] == "confirmed"
    assert (body["tokenIn"], body["tokenOut"]) == ("SOL", "USDC")
    assert (body["amountIn"], body["amountOut"]) == ("1.5", "225.000001")
    assert body["executedPrice"] == "150.000000666666667"
    assert body["finalizedSlot"] == 112
    attempt = body["attempts"][0]
    assert [each["amountOut"] for each in attempt["quotes"]] == ["225.000001", "224"]
    assert [each["behindBps"] for each in attempt["quotes"]] == [0, 45]
    assert attempt["quotes"][0]["fee"] == "0.00375"
    assert attempt["quotes"][0]["priceImpact"] == "0.0012"
    assert attempt["refused"][0]["error"] == "PairDisabled"
    assert attempt["route"]["minOut"] == "222.750001"
    assert attempt["fill"]["fee"] == "0.000005"
    assert [each["type"] for each in body["events"]][-1] == "TransactionFinalized"


async def test_a_failed_order_tells_why_each_attempt_failed(api: Running, order_id: UUID):
    await api.desk.play(order_id, reverted_then_failed(order_id))
    body = (await api.http.get(f"/api/orders/{order_id}")).json()
    assert body["status"] == "failed"
    assert body["failure"]["code"] == "no_route"
    codes = [attempt["failure"]["code"] for attempt in body["attempts"]]
    assert codes == ["slippage_exceeded", "blockhash_expired", "no_route"]
    assert body["attempts"][0]["failure"]["programError"] == "ExceededSlippage"
    assert body["amountOut"] is None


async def test_anothers_order_looks_like_no_order(api: Running, order_id: UUID):
    mine = replace(order(order_id), account="somebody-else")
    await api.desk.play(order_id, [[OrderAccepted(order=mine)]])
    answer = await api.http.get(f"/api/orders/{order_id}")
    unknown = await api.http.get(f"/api/orders/{uuid4()}")
    assert (answer.status_code, answer.json()) == (404, unknown.json())


async def test_an_unknown_or_malformed_id_is_not_found(api: Running):
    for path in (str(uuid4()), "not-an-id", "%00", "1" * 500):
        answer = await api.http.get(f"/api/orders/{path}")
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] in ("order_not_found", "not_found")


async def test_the_list_is_newest_first_and_filtered(api: Running):
    first, second = uuid4(), uuid4()
    await api.desk.play(first, confirmed(first))
    await api.desk.play(second, reverted_then_failed(second))
    listed = (await api.http.get("/api/orders")).json()
    assert [each["orderId"] for each in listed["orders"]] == [str(second), str(first)]
    failed = (await api.http.get("/api/orders?status=failed&limit=50&offset=0")).json()
    assert [each["orderId"] for each in failed["orders"]] == [str(second)]
    assert failed["nextCursor"] is None


async def test_list_parameters_are_checked(api: Running):
    for query in ("status=done", "limit=0", "limit=501", "offset=-1", "type=twap", "stauts=failed"):
        answer = await api.http.get(f"/api/orders?{query}")
        assert answer.status_code == 400, query
        assert answer.json()["error"]["field"] == query.partition("=")[0]


async def test_a_quote_places_no_order(api: Running):
    answer = await api.http.post("/api/orders/quote", json=BODY)
    assert answer.status_code == 200
    body = answer.json()
    assert body["route"] is None
    assert body["reason"].startswith("No pool trades this pair")
    assert body["amount"] == "1.5"
    assert not api.desk.logs


async def test_a_database_that_is_down_is_a_503_with_a_time_to_return(api: Running):
    api.desk.down = True
    for answer in (
        await api.http.post("/api/orders/execute", json=BODY),
        await api.http.get(f"/api/orders/{uuid4()}"),
        await api.http.get("/api/orders"),
        await api.http.get("/api/queue/stats"),
    ):
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "unavailable"
        assert int(answer.headers["retry-after"]) > 0


async def test_an_unknown_outcome_tells_how_to_find_out(api: Running, monkeypatch):
    async def lost(order: object) -> None:
        raise OutcomeUnknown("the commit may have happened")

    monkeypatch.setattr(api.desk, "accept", lost)
    answer = await api.http.post("/api/orders/execute", json=BODY)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "outcome_unknown"
    assert "clientOrderId" in answer.json()["error"]["message"]


async def test_a_fault_of_ours_says_nothing_of_our_insides(api: Running, monkeypatch):
    async def broken(order: object) -> None:
        raise RuntimeError("secret-connection-string")

    monkeypatch.setattr(api.desk, "accept", broken)
    answer = await api.http.post("/api/orders/execute", json=BODY)
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "secret" not in answer.text


async def test_an_idempotency_key_is_the_same_order_and_the_same_answer_for_ever(api: Running):
    async def place(key: str | None, **changes: object):
        headers = {} if key is None else {"Idempotency-Key": key}
        return await api.http.post("/api/orders/execute", json=BODY | changes, headers=headers)

    first = await place("k-1")
    order_id = UUID(first.json()["orderId"])
    await api.desk.play(order_id, confirmed(order_id)[1:])
    again = await place("k-1")
    assert (again.status_code, again.text) == (201, first.text)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    in_body = await place(None, clientOrderId="k-1")
    both = await place("k-1", clientOrderId="k-1")
    assert in_body.text == both.text == first.text
    other = await place("k-1", amountIn="2")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")
    assert (await place("k-2")).json()["orderId"] != first.json()["orderId"]
    assert (await place("k-1", clientOrderId="k-3")).json()["error"]["code"] == "duplicate_field"
    assert len(api.desk.logs) == 2


async def test_an_odd_idempotency_key_is_the_clients_fault(api: Running):
    for odd in ("", "x" * 129, "clé"):
        headers = [("Idempotency-Key", odd.encode())]
        answer = await api.http.post("/api/orders/execute", json=BODY, headers=headers)
        assert answer.status_code in (400, 422), odd
    twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await api.http.post("/api/orders/execute", json=BODY, headers=twice)
    assert answer.status_code == 400
    assert not api.desk.logs
