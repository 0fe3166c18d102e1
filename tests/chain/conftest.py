"""A chain that is asked over real HTTP."""

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from landfall.chain.jsonrpc import JsonRpc
from landfall.chain.rpc import RpcChain

Ask = Callable[..., RpcChain]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Makes an RpcChain, with connections of its own, over the node at a URL. Patient, unless told
    otherwise.
    """
    sessions: list[aiohttp.ClientSession] = []

    def asking(url: str, timeout_ms: int = 30_000) -> RpcChain:
        sessions.append(aiohttp.ClientSession())
        return RpcChain(JsonRpc(sessions[-1], url, timeout_ms))

    yield asking
    for session in sessions:
        await session.close()
