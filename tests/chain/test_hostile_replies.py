"""Whatever a node answers: each call ends in one of our own errors, asks once, keeps its key."""

import asyncio
import copy
import gzip
import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from landfall import observe
from landfall.chain import jsonrpc
from landfall.core.errors import OutcomeUnknown, Unavailable
from tests.chain.calls import CALLS, GOOD, READS, SEND, SIGNATURE
from tests.chain.conftest import Ask
from tests.chain.node import KEY, Behaviour, Exchange, body, error, http, raw, reset, running_node
from tests.chain.node import result as result_of

CAP = 64 * 1024
DEEP = "[" * 20_000 + "]" * 20_000


async def reset_after_reading(exchange: Exchange) -> None:
    reset(exchange.writer)


async def close_after_reading(exchange: Exchange) -> None:
    exchange.writer.close()


async def break_off_in_the_body(exchange: Exchange) -> None:
    exchange.writer.write(http(json.dumps({"id": exchange.request_id, "result": 1}).encode())[:-4])
    exchange.writer.close()


async def drip(exchange: Exchange) -> None:
    """One byte at a time: never silent for long, and never done."""
    exchange.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        exchange.writer.write(b" ")
        await exchange.writer.drain()
        await asyncio.sleep(0.005)


async def say_nothing(exchange: Exchange) -> None:
    await asyncio.sleep(3600)


async def chunked_rubbish(exchange: Exchange) -> None:
    exchange.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")


# What may have been passed on, for all this answer tells.
UNKNOWN: dict[str, Behaviour] = {
    "another id": body('{"jsonrpc":"2.0","id":ID000,"result":"x"}'),
    "another id, with an error": body('{"id":ID000,"error":{"code":-32005,"message":"no"}}'),
    "no id": body('{"jsonrpc":"2.0","result":"x"}'),
    "null id": body('{"jsonrpc":"2.0","id":null,"result":"x"}'),
    "id as text": body('{"jsonrpc":"2.0","id":"ID","result":"x"}'),
    "id as a fraction": body('{"jsonrpc":"2.0","id":ID.0,"result":"x"}'),
    "id beyond 64 bits": body('{"id":99999999999999999999999999,"result":"x"}'),
    "no result": body('{"jsonrpc":"2.0","id":ID}'),
    "a number as result": body('{"jsonrpc":"2.0","id":ID,"result":7}'),
    "a huge number as result": body('{"id":ID,"result":' + "9" * 6000 + "}"),
    "true as result": body('{"jsonrpc":"2.0","id":ID,"result":true}'),
    "NaN as result": body('{"jsonrpc":"2.0","id":ID,"result":NaN}'),
    "no fields in the result": body('{"jsonrpc":"2.0","id":ID,"result":{}}'),
    "result and error": body('{"id":ID,"result":"x","error":{"code":-32005,"message":"no"}}'),
    "an error without a code": body('{"id":ID,"error":{"message":"no"}}'),
    "an error that is text": body('{"id":ID,"error":"no"}'),
    "an error of the inside": error(-32603, "Internal error"),
    "an error of nobody's": error(-32000, "upstream request timeout"),
    "an error of 503": error(503, "no backend"),
    "a failed preflight": error(-32002, "already processed", {"err": "AlreadyProcessed"}),
    "duplicate keys": body('{"id":1,"id":ID,"result":"x","result":[[]]}'),
    "an array": body('[{"id":ID,"result":"x"}]'),
    "text": body('"x"'),
    "garbage": body(bytes(range(256))),
    "half of a JSON": body('{"jsonrpc":"2.0","id":ID,"resu'),
    "HTML": body("<html><body>Welcome</body></html>"),
    "nothing": body(""),
    "invalid UTF-8": body(b'{"id":ID,"result":"\xff\xfe"}'),
    "half a surrogate": body('{"id":ID,"result":"\\ud800"}'),
    "deep nesting": body('{"id":ID,"result":' + DEEP + "}"),
    "deep nesting in a field nobody reads": body('{"id":ID,"x":' + DEEP + ',"result":[[]]}'),
    "a byte order mark": body(b'\xef\xbb\xbf{"id":ID,"result":"x"}'),
    "more than we read": body('{"id":ID,"result":"' + "x" * CAP + '"}'),
    "a gzip bomb": raw(http(gzip.compress(b" " * 2**24), "200 OK", "Content-Encoding: gzip")),
    "gzip that is none": raw(http(b"plain", "200 OK", "Content-Encoding: gzip")),
    "HTTP 204": raw(http(b"", "204 No Content")),
    "HTTP 302": raw(http(b"", "302 Found", "Location: http://127.0.0.1:9/")),
    "HTTP 408": raw(http(b"", "408 Request Timeout")),
    "HTTP 500": raw(http(b"", "500 Internal Server Error")),
    "HTTP 502": raw(http(b"", "502 Bad Gateway")),
    "HTTP 503": raw(http(b"", "503 Service Unavailable", "Retry-After: 0")),
    "HTTP 504": raw(http(b"", "504 Gateway Timeout")),
    "no HTTP": raw(b"\x15\x03\x01\x00\x02\x02\x50"),
    "two lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
    "a negative length": raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"),
    "a length too short": raw(b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{"id":1}'),
    "a length too long": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"),
    "endless headers": raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000),
    "chunks that are none": chunked_rubbish,
    "a reset after the request": reset_after_reading,
    "an end after the request": close_after_reading,
    "an end inside the body": break_off_in_the_body,
}

# What tells that nobody passed the request on.
REFUSED: dict[str, Behaviour] = {
    "HTTP 400": raw(http(b"", "400 Bad Request")),
    "HTTP 401": raw(http(b"", "401 Unauthorized")),
    "HTTP 403": raw(http(b"", "403 Forbidden")),
    "HTTP 413": raw(http(b"", "413 Content Too Large")),
    "HTTP 429": raw(http(b"", "429 Too Many Requests", "Retry-After: 0")),
    "an error of 429": error(429, "Too many requests"),
    "an error of 429 without an id": body('{"id":null,"error":{"code":429,"message":"slower"}}'),
    "an unhealthy node": error(-32005, "Node is behind by 42 slots", {"numSlotsBehind": 42}),
    "an unhealthy node of few words": error(-32005, "Node is unhealthy"),
    "a node behind": error(-32016, "Minimum context slot has not been reached"),
    "a node behind, in detail": error(-32016, "not reached", {"contextSlot": 2**70}),
    "a method it does not know": error(-32601, "Method not found"),
    "params it does not take": error(-32602, "invalid transaction"),
    "an error with a null result": body(
        '{"id":ID,"result":null,"error":{"code":429,"message":"no"}}'
    ),
}

GOOD_AFTER_ALL = {
    ("a number as result", method) for method in ("getSlot", "getFirstAvailableBlock")
}

SILENT: dict[str, Behaviour] = {"a drip": drip, "silence": say_nothing}


@pytest.fixture(autouse=True)
def _small_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonrpc, "REPLY_BYTES_MAX", CAP)


class Leaks:
    """Everything that was written or raised, to be searched for the key."""

    def __init__(self, capsys: pytest.CaptureFixture[str], logs: pytest.LogCaptureFixture) -> None:
        self._capsys, self._logs = capsys, logs
        self.logged = ""

    def assert_none_in(self, raised: BaseException) -> None:
        written = self._capsys.readouterr()
        self.logged = written.out + written.err + self._logs.text
        told = [str(raised), repr(raised), *traceback.format_exception(raised), self.logged]
        assert KEY not in "\n".join(told)


@pytest.fixture
def leaks(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Leaks:
    caplog.set_level(logging.DEBUG)
    return Leaks(capsys, caplog)


@pytest.mark.parametrize("method", CALLS)
async def test_a_real_answer_is_taken(ask: Ask, method: str):
    async with running_node(result_of(GOOD[method])) as node:
        await CALLS[method](ask(node.url))
        assert [request["method"] for request in node.requests] == [method]


@pytest.mark.parametrize("name", [*UNKNOWN, *REFUSED])
async def test_a_bad_answer_is_our_own_error_and_asked_for_once(ask: Ask, name: str, leaks: Leaks):
    sent = OutcomeUnknown if name in UNKNOWN else Unavailable
    async with running_node({**UNKNOWN, **REFUSED}[name]) as node:
        calls = {each: CALLS[each] for each in CALLS if (name, each) not in GOOD_AFTER_ALL}
        for asked, (method, call) in enumerate(calls.items(), start=1):
            with pytest.raises((Unavailable, OutcomeUnknown)) as raised:
                await call(ask(node.url))
            expected = Unavailable if method in READS else sent
            assert isinstance(raised.value, expected), f"{method}: {raised.value!r}"
            assert len(node.requests) == asked
            leaks.assert_none_in(raised.value)
        assert "rpc_failed" in leaks.logged


@pytest.mark.parametrize("name", SILENT)
async def test_an_answer_that_does_not_end_is_not_waited_for(ask: Ask, name: str, leaks: Leaks):
    async with running_node(SILENT[name]) as node:
        for asked, (method, call) in enumerate(CALLS.items(), start=1):
            expected = Unavailable if method in READS else OutcomeUnknown
            with pytest.raises(expected) as raised:
                await call(ask(node.url, timeout_ms=50))
            assert len(node.requests) == asked
            leaks.assert_none_in(raised.value)


@pytest.mark.parametrize("method", CALLS)
async def test_a_good_answer_of_more_than_we_read_is_not_read(ask: Ask, method: str):
    async def good_and_endless(exchange: Exchange) -> None:
        reply = {"id": exchange.request_id, "result": GOOD[method]}
        exchange.writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        exchange.writer.write(json.dumps(reply).encode())
        while True:
            exchange.writer.write(b" " * 1024)
            await exchange.writer.drain()

    async with running_node(good_and_endless) as node:
        with pytest.raises((Unavailable, OutcomeUnknown), match="exceeds"):
            await CALLS[method](ask(node.url))


@pytest.mark.parametrize("method", CALLS)
async def test_a_null_result_is_an_answer_only_where_nothing_can_be_found(ask: Ask, method: str):
    async with running_node(result_of(None)) as node:
        if method == "getTransaction":
            assert await CALLS[method](ask(node.url)) is None
        else:
            expected = Unavailable if method in READS else OutcomeUnknown
            with pytest.raises(expected):
                await CALLS[method](ask(node.url))


async def test_a_connection_reset_before_the_request_is_read_may_have_delivered_it(ask: Ask):
    async with running_node(say_nothing, reads=False) as node:
        for asked, (method, call) in enumerate(CALLS.items(), start=1):
            expected = Unavailable if method in READS else OutcomeUnknown
            with pytest.raises(expected):
                await call(ask(node.url))
            assert node.connections == asked


async def test_where_nobody_listens_nothing_arrived(ask: Ask, leaks: Leaks):
    async with running_node(say_nothing) as node:
        url = node.url
    for call in CALLS.values():
        with pytest.raises(Unavailable) as raised:
            await call(ask(url))
        leaks.assert_none_in(raised.value)


async def test_a_redirect_takes_nothing_to_another_host(ask: Ask):
    for status in ("301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"):
        async with running_node(result_of("x")) as other:
            async with running_node(raw(http(b"", status, f"Location: {other.url}"))) as node:
                for call in CALLS.values():
                    with pytest.raises((Unavailable, OutcomeUnknown)):
                        await call(ask(node.url))
            assert other.connections == 0


async def test_a_kept_connection_that_ends_under_a_send_is_not_replaced_by_a_second_send(ask: Ask):
    async with running_node(result_of(str(SIGNATURE))) as node:
        chain = ask(node.url)
        await SEND(chain)
        node.behaviour = close_after_reading
        with pytest.raises(OutcomeUnknown):
            await SEND(chain)
        assert (len(node.requests), node.connections) == (2, 1)


async def test_a_node_that_repeats_the_key_does_not_get_it_into_our_words(ask: Ask, leaks: Leaks):
    told = f"key {KEY}-query of {KEY}-user:{KEY}-word may not POST /v2/{KEY}-path, come later"
    async with running_node(error(-32601, told)) as node:
        for call in CALLS.values():
            with pytest.raises(Unavailable, match="may not POST /v2/…, come later") as raised:
                await call(ask(node.url))
            leaks.assert_none_in(raised.value)


async def test_another_signature_than_ours_proves_nothing(ask: Ask):
    for answered in (str(SIGNATURE)[:-1] + "1", "", "1" * 64):
        async with running_node(result_of(answered)) as node:
            with pytest.raises(OutcomeUnknown, match="another signature"):
                await SEND(ask(node.url))


HOSTILE_VALUES = [
    *(None, True, -1, 2**63, 2**64, 10**30, 1.5, 1e300, float("nan"), "", "x", "é", "\0"),
    *("9" * 5000, "18446744073709551616", "-1", [], [[]], {}, {"": None}, {"Custom": 2**70}),
    [0, {"Custom": -1}],
]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inside:
        yield (*path, key)
        if isinstance(each, dict | list):
            yield from leaves(each, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    changed = copy.deepcopy(value)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = by
    return changed


def without(value: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(value)
    place = changed
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return changed


@pytest.mark.parametrize(
    "method", [method for method in READS if isinstance(GOOD[method], list | dict)]
)
async def test_no_field_of_an_answer_can_raise_what_is_not_ours(ask: Ask, method: str):
    good = GOOD[method]
    answers = [replaced(good, path, value) for path in leaves(good) for value in HOSTILE_VALUES]
    answers += [without(good, path) for path in leaves(good)]
    refused = 0
    async with running_node(result_of(good)) as node:
        chain = ask(node.url)
        for answer in answers:
            node.behaviour = result_of(answer)
            try:
                await READS[method](chain)
            except Unavailable:
                refused += 1
        assert len(node.requests) == len(answers)
    assert refused > len(answers) // 4


NUMBERS = {
    "getMultipleAccounts": [("context", "slot"), ("value", 0, "lamports")],
    "getLatestBlockhash": [("context", "slot"), ("value", "lastValidBlockHeight")],
    "simulateTransaction": [("context", "slot"), ("value", "unitsConsumed")],
    "getEpochInfo": [("absoluteSlot",), ("blockHeight",)],
    "getRecentPrioritizationFees": [(0, "prioritizationFee")],
    "getSignatureStatuses": [("context", "slot"), ("value", 0, "slot")],
    "getTransaction": [
        ("slot",),
        ("meta", "fee"),
        ("meta", "preBalances", 0),
        ("meta", "postBalances", 1),
        ("meta", "preTokenBalances", 0, "accountIndex"),
        ("meta", "err", "InstructionError", 0),
        ("meta", "err", "InstructionError", 1, "Custom"),
    ],
}


@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for method, paths in NUMBERS.items() for path in paths],
    ids=lambda part: part if isinstance(part, str) else ".".join(map(str, part)),
)
async def test_numbers_that_no_cluster_has_are_not_believed(ask: Ask, method: str, path: tuple):
    async with running_node(result_of(GOOD[method])) as node:
        chain = ask(node.url)
        for number in (-1, 2**64, 10**30, 1.0, "1", None):
            if number is None and path[-1] == "unitsConsumed":
                continue
            node.behaviour = result_of(replaced(GOOD[method], path, number))
            with pytest.raises(Unavailable):
                await READS[method](chain)


@pytest.mark.parametrize("amount", ["-1", "1.5", "", "١", str(2**64), "9" * 5000])
async def test_token_amounts_are_64_bit_numbers(ask: Ask, amount: str):
    path = ("meta", "postTokenBalances", 0, "uiTokenAmount", "amount")
    async with running_node(result_of(replaced(GOOD["getTransaction"], path, amount))) as node:
        with pytest.raises(Unavailable):
            await READS["getTransaction"](ask(node.url))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("getSignatureStatuses", ("value", 0, "err")),
        ("simulateTransaction", ("value", "err")),
        ("getTransaction", ("meta", "err")),
    ],
)
async def test_a_transaction_whose_error_is_left_out_has_not_succeeded(
    ask: Ask, method: str, path: tuple
):
    async with running_node(result_of(without(GOOD[method], path))) as node:
        with pytest.raises(Unavailable):
            await READS[method](ask(node.url))


@pytest.mark.parametrize("signatures", [[], ["1" * 64], ["1" * 64, str(SIGNATURE)]])
async def test_another_transaction_than_the_one_asked_for_is_refused(ask: Ask, signatures: list):
    answer = replaced(GOOD["getTransaction"], ("transaction", "signatures"), signatures)
    async with running_node(result_of(answer)) as node:
        with pytest.raises(Unavailable, match="another transaction"):
            await READS["getTransaction"](ask(node.url))


async def test_a_hash_is_a_hash(ask: Ask):
    for text in ("", "x", "0" * 44, "1" * 64, "a hash"):
        async with running_node(result_of(text)) as node:
            with pytest.raises(Unavailable, match="hash"):
                await READS["getGenesisHash"](ask(node.url))


async def test_a_call_that_its_caller_lets_go_is_not_counted_as_answered(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
):
    outcomes: list[str] = []
    monkeypatch.setattr(
        observe, "rpc_call", lambda method, url, elapsed_ms, outcome: outcomes.append(outcome)
    )
    async with running_node(say_nothing) as node:
        asking = asyncio.ensure_future(READS["getEpochInfo"](ask(node.url)))
        while not node.requests:
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    async with running_node(result_of(GOOD["getEpochInfo"])) as node:
        await READS["getEpochInfo"](ask(node.url))
    assert outcomes == ["abandoned", "ok"]
