"""An order by way of a block engine alone, and by all paths: one tip, one fill."""

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
from solders.transaction import VersionedTransaction

from landfall.bootstrap.paths import Paths, join_paths
from landfall.chain.paths import AllPaths
from landfall.core.execution import Execution, Status
from landfall.core.ledger.tips import DO_NOT_FRONT, TIP_ACCOUNTS
from landfall.core.order import Order
from landfall.core.values import Pubkey
from landfall.settings import read_settings
from tests.chain.clocks import RealClock
from tests.pipeline.conftest import Bench

TIP = 12_345


@pytest.fixture
async def paths(bench: Bench) -> AsyncIterator[Paths]:
    """As the program joins them over localnet and its block engine."""
    url = bench.localnet.rpc_url
    environ = {
        "SOLANA_RPC_URL": url,
        "JITO_URL": url,
        "JITO_TIP_MIN_LAMPORTS": str(TIP),
        "JITO_DONT_FRONT": "yes",
    }
    async with aiohttp.ClientSession() as session:
        settings = read_settings(environ).paths
        paths = join_paths(session, settings.urls, settings, RealClock(), rebroadcast_ms=400)
        await paths.endpoints.verify()
        yield paths


async def tipped(bench: Bench) -> int:
    """Lamports on all tip accounts."""
    at = await bench.world.chain.accounts(TIP_ACCOUNTS)
    return sum(account.lamports for account in at.accounts.values() if account is not None)


async def fill(bench: Bench, paths: Paths, sender: AllPaths) -> tuple[Order, Execution]:
    bench.world = replace(bench.world, sender=sender, fees=paths.fees)
    order = await bench.submit()
    return order, await bench.finish(order)


async def swaps_and_tips(bench: Bench, order: Order) -> int:
    """Successful transactions that took the order's own amount from the wallet, and one tip."""
    assert await bench.swaps_on_ledger(order) == []
    return list(bench.spent.values()).count(order.amount + TIP)


def accounts(execution: Execution) -> list[Pubkey]:
    assert execution.attempt.transaction is not None
    sent = VersionedTransaction.from_bytes(execution.attempt.transaction.raw)
    return list(sent.message.account_keys)


async def test_a_bundle_alone_lands_the_order_and_pays_one_tip(bench: Bench, paths: Paths):
    before = await tipped(bench)
    engine_alone = AllPaths(paths.sender.paths[1:], RealClock(), patience_ms=400)
    order, execution = await fill(bench, paths, engine_alone)
    assert execution.status is Status.CONFIRMED
    assert await swaps_and_tips(bench, order) == 1
    assert await tipped(bench) - before == TIP
    assert execution.cost.tip_lamports == TIP
    assert execution.fill is not None
    assert execution.fill.in_amount == order.amount
    assert DO_NOT_FRONT in accounts(execution)


async def test_the_same_bytes_by_every_path_pay_one_tip_and_fill_once(bench: Bench, paths: Paths):
    before = await tipped(bench)
    order, execution = await fill(bench, paths, paths.sender)
    assert execution.status is Status.CONFIRMED
    assert len(execution.attempts) == 1
    assert await swaps_and_tips(bench, order) == 1
    assert await tipped(bench) - before == TIP
