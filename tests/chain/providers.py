"""Several providers on real ports, joined as the program joins them, each good or bad as told."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from landfall.bootstrap.paths import Paths, join_paths
from landfall.settings import read_settings
from tests.chain.calls import GOOD, HASH, SIGNATURE
from tests.chain.clocks import RealClock
from tests.chain.node import Behaviour, Exchange, Node, http, running_node

PATIENCE_MS = 100
SLOT = 9

ANSWERS: Mapping[str, Any] = {
    **GOOD,
    "getGenesisHash": HASH,
    "getSlot": SLOT,
    "sendTransaction": str(SIGNATURE),
}


def provider(**instead: Any) -> Behaviour:
    """A good provider, but for these methods: another result, or a behaviour of their own."""

    async def behave(exchange: Exchange) -> None:
        method = exchange.request["method"]
        answer = instead[method] if method in instead else ANSWERS[method]
        if callable(answer):
            await answer(exchange)
            return
        reply = {"jsonrpc": "2.0", "id": exchange.request_id, "result": answer}
        exchange.writer.write(http(json.dumps(reply).encode()))

    return behave


def asked(node: Node, method: str) -> list[Any]:
    """The params of every request for this method."""
    return [request["params"] for request in node.requests if request["method"] == method]


@dataclass(frozen=True)
class Joined:
    """The ways to some nodes."""

    paths: Paths
    nodes: list[Node]
    names: list[str]


@asynccontextmanager
async def joined(
    *behaviours: Behaviour,
    clock: Any = None,
    verified: bool = True,
    rebroadcast_ms: int = 200,
    **environ: str,
) -> AsyncIterator[Joined]:
    """These providers, known to be on one cluster unless told otherwise."""
    settings = read_settings(
        {"RPC_FAILOVER_MS": str(PATIENCE_MS), "RPC_TIMEOUT_MS": "30000", **environ}
    ).paths
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(running_node(each)) for each in behaviours]
        session = await stack.enter_async_context(aiohttp.ClientSession())
        urls = [node.url for node in nodes]
        paths = join_paths(session, urls, settings, clock or RealClock(), rebroadcast_ms, 0)
        if verified:
            await paths.endpoints.verify()
            for node in nodes:
                node.requests.clear()
        yield Joined(paths, nodes, [each.name for each in paths.endpoints.all])
