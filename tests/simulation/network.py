"""The way to the nodes, in the shape of an aiohttp session, so that the real RPC client uses it.

One URL is a provider, and a load balancer: each request may reach another node. Of several
providers one may lie. Requests and replies are lost apart
from one another, and what a request does at the node happens whether or not anybody still listens.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp
import msgspec

from tests.simulation.ledger import Ledger
from tests.simulation.lies import APART, lie
from tests.simulation.node import Node, RpcFailure
from tests.simulation.virtual_time import VirtualLoop, current_process
from tests.simulation.weather import Weather

_OUTSIDE = Context()
_DELAY_MIN_S, _DELAY_MAX_S = 0.005, 0.045
_MUCH_LATER_S = 1.0
_HISTORY = frozenset({"getSignatureStatuses", "getTransaction", "getFirstAvailableBlock"})


class _Request(msgspec.Struct, frozen=True):
    id: int
    method: str
    params: list[Any]


class Response:
    """An HTTP response: the part of aiohttp's that the RPC client reads."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.status = status
        self.headers = headers
        self.content = self
        self._body: bytes | None = body

    async def read(self, _: int = -1) -> bytes:
        body, self._body = self._body or b"", None
        return body

    def at_eof(self) -> bool:
        return self._body is None


@dataclass
class _Provider:
    """Nodes behind one URL. While `archive` is behind, it is what answers about the past."""

    nodes: list[Node]
    archive: Node
    down_until_ms: int = 0
    no_statuses_until_ms: int = 0
    said_before: dict[str, Any] = field(default_factory=dict)

    def forget(self, before_slot: int) -> None:
        """All its nodes were made anew, from a snapshot of this slot."""
        for node in (*self.nodes, self.archive):
            node.first_slot = max(node.first_slot, before_slot)


class Network:
    """Every node, and how to reach one: by `urls`, one per provider.

    Args:
        watch: told of each request on its way, before anything can happen to it.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        chance: Random,
        weather: Weather,
        ledger: Ledger,
        watch: Callable[[str, list[Any]], None],
    ) -> None:
        self._loop = loop
        self._chance = chance
        self._weather = weather
        self._ledger = ledger
        self._watch = watch
        self._providers = [
            _Provider(self._some_nodes(), Node(ledger, weather, lag_slots=0))
            for _ in range(chance.choice((1, 1, 2, 3)))
        ]
        self.urls = tuple(f"http://{index}.rpc.test" for index in range(len(self._providers)))
        # One alone could not be found out, so it is honest. The first is asked the most.
        anyone = chance.randrange(len(self._providers))
        self._liar = None if len(self._providers) == 1 else chance.choice((0, anyone))
        self._apart = chance.choice(APART)

    def _some_nodes(self) -> list[Node]:
        lags = self._chance.choice(((0,), (0, 1), (0, 1, 2)))
        return [Node(self._ledger, self._weather, lag_slots=lag) for lag in lags]

    def session(self) -> "Session":
        """A session of the process that asks."""
        return Session(self)

    async def exchange(self, url: str, body: bytes, timeout_s: float) -> Response:
        """One request and its response, or what aiohttp raises instead."""
        request = msgspec.json.decode(body, type=_Request)
        process = current_process()
        assert process is not None
        if self._weather.strikes("killed before an effect"):
            await process.die()
        if self._weather.strikes("frozen at an effect"):
            process.freeze_for(self._chance.uniform(6.0, 20.0))
        self._watch(request.method, request.params)
        self._strike_down()
        if self._weather.strikes("request refused"):
            await asyncio.sleep(self._delay_s())
            raise aiohttp.ClientConnectorError(None, OSError(111, "refused"))  # type: ignore[arg-type]
        if self._weather.strikes("request swallowed"):
            # No other answer takes so long, so nothing else needs a time-out.
            assert timeout_s > 2 * _DELAY_MAX_S
            await asyncio.sleep(timeout_s)
            raise TimeoutError
        answered: asyncio.Future[Response] = self._loop.create_future()
        self._loop.call_later(
            self._delay_s(), self._arrive, self.urls.index(url), request, answered, context=_OUTSIDE
        )
        response = await answered
        if self._weather.strikes("killed after an effect"):
            await process.die()
        return response

    def _strike_down(self) -> None:
        chance, now_ms = self._chance, self._now_ms()
        if self._weather.strikes("all providers down for a while"):
            for each in self._providers:
                each.down_until_ms = now_ms + chance.randint(1_000, 45_000)
        if self._weather.strikes("provider down for a while"):
            self._one().down_until_ms = now_ms + chance.randint(1_000, 40_000)
        if self._weather.strikes("node down for a while"):
            node = chance.choice(self._one().nodes)
            node.down_until_ms = now_ms + chance.randint(1_000, 30_000)
        if self._weather.strikes("history falls behind"):
            until_ms = now_ms + chance.randint(1_000, 70_000)
            self._one().archive.fall_behind(chance.choice((20, 60, 250)), until_ms)
        if self._weather.strikes("statuses out for a while"):
            self._one().no_statuses_until_ms = now_ms + chance.randint(1_000, 70_000)
        if self._weather.strikes("history forgotten"):
            self._one().forget(self._ledger.slot - chance.randint(0, 20))
        if self._weather.strikes("nodes fall behind"):
            until_ms = now_ms + chance.randint(1_000, 60_000)
            nodes = self._one().nodes
            for each in chance.sample(nodes, max(1, len(nodes) - 1)):
                each.fall_behind(chance.choice((5, 20, 60, 250)), until_ms)

    def _one(self) -> _Provider:
        return self._chance.choice(self._providers)

    def _arrive(
        self, provider_index: int, request: _Request, answered: "asyncio.Future[Response]"
    ) -> None:
        """The request reaches a node, or something before it."""
        weather, now_ms = self._weather, self._now_ms()
        provider = self._providers[provider_index]
        node = self._chance.choice(provider.nodes)
        provider.archive.look_up(now_ms)
        if request.method in _HISTORY and provider.archive.is_behind:
            node = provider.archive
        down = max(node.down_until_ms, provider.down_until_ms) > now_ms and not weather.is_calm
        if down or weather.strikes("request lost"):
            return self._later(answered, aiohttp.ServerDisconnectedError())
        no_statuses = provider.no_statuses_until_ms > now_ms and not weather.is_calm
        if no_statuses and request.method == "getSignatureStatuses":
            return self._later(answered, Response(503, b"", {}))
        if weather.strikes("HTTP 429"):
            return self._later(answered, Response(429, b"", {"Retry-After": "1"}))
        if weather.strikes("429 within HTTP 200"):
            return self._later(answered, _error(request.id, 429, "Too many requests"))
        self._ledger.catch_up(now_ms)
        node.look_up(now_ms)
        try:
            result = node.answer(request.method, request.params)
            if provider_index == self._liar:
                result = lie(weather, self._chance, request.method, result, self._apart)
            request_id = request.id
            if weather.strikes("reply of another request"):
                result, request_id = provider.said_before.get(request.method), request.id - 1
            provider.said_before[request.method] = result
            response = _response({"jsonrpc": "2.0", "id": request_id, "result": result})
        except RpcFailure as failure:
            response = _error(request.id, failure.code, str(failure))
        self._later(answered, self._on_the_way_back(response))

    def _on_the_way_back(self, response: Response) -> Response | Exception:
        if self._weather.strikes("reply lost"):
            return aiohttp.ServerDisconnectedError()
        if self._weather.strikes("reply after the time-out"):
            return TimeoutError()
        if self._weather.strikes("HTTP 503"):
            return Response(503, b"", {})
        if self._weather.strikes("reply garbled"):
            return Response(200, b'{"jsonrpc":"2.0","id":', {})
        return response

    def _later(self, answered: "asyncio.Future[Response]", answer: Response | Exception) -> None:
        delay_s = _MUCH_LATER_S if isinstance(answer, TimeoutError) else self._delay_s()
        self._loop.call_later(delay_s, _settle, answered, answer, context=_OUTSIDE)

    def _delay_s(self) -> float:
        return _DELAY_MIN_S + self._chance.random() * (_DELAY_MAX_S - _DELAY_MIN_S)

    def _now_ms(self) -> int:
        return int(self._loop.time() * 1_000)


class Session:
    """What the RPC client takes for an aiohttp session."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def post(
        self, url: str, *, data: bytes, timeout: aiohttp.ClientTimeout, **_: object
    ) -> "_Posting":
        assert timeout.total is not None
        return _Posting(self._network, url, data, timeout.total)


class _Posting:
    def __init__(self, network: Network, url: str, body: bytes, timeout_s: float) -> None:
        self._network, self._asked = network, (url, body, timeout_s)

    async def __aenter__(self) -> Response:
        return await self._network.exchange(*self._asked)

    async def __aexit__(self, *_: object) -> None:
        return None


def _settle(answered: "asyncio.Future[Response]", answer: Response | Exception) -> None:
    if answered.done():
        return
    if isinstance(answer, Exception):
        answered.set_exception(answer)
    else:
        answered.set_result(answer)


def _response(reply: object) -> Response:
    return Response(200, msgspec.json.encode(reply), {"Content-Type": "application/json"})


def _error(request_id: int, code: int, message: str) -> Response:
    return _response(
        {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}
    )
