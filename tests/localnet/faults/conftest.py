"""A node whose faults are set by each test, over real HTTP and WebSockets."""

from collections.abc import AsyncIterator, Callable

import pytest
from solana.rpc.async_api import AsyncClient
from solders.keypair import Keypair

from landfall.localnet.faults.rules import parse_rules
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.rpc import METHODS
from landfall.localnet.serve import RunningLocalnet, running_localnet
from tests.localnet.chain import Chain

SEED = 7


@pytest.fixture
async def localnet(wallet: Keypair) -> AsyncIterator[RunningLocalnet]:
    options = LocalnetOptions(port=0, slot_ms=0, fund=(wallet.pubkey(),), seed=SEED)
    async with running_localnet(options) as running:
        yield running


@pytest.fixture
def chain(localnet: RunningLocalnet, wallet: Keypair) -> Chain:
    return Chain(localnet.node, wallet)


@pytest.fixture
async def client(localnet: RunningLocalnet) -> AsyncIterator[AsyncClient]:
    client = AsyncClient(localnet.rpc_url, timeout=1)
    yield client
    await client.close()


@pytest.fixture
def fault(localnet: RunningLocalnet) -> Callable[..., None]:
    """Puts rules in force."""

    def change(*texts: str) -> None:
        localnet.faults.change(parse_rules(texts, list(METHODS)), SEED)
        localnet.node.cluster.remember(localnet.faults.stale_slots())

    return change
