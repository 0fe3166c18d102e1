"""What an order may cost and how far it may move a price: refused before anything is signed."""

from dataclasses import replace
from decimal import Decimal

import pytest
from solders.keypair import Keypair

from landfall.core.errors import FailureReason
from landfall.core.execution import Execution, Status
from landfall.core.ledger import bid as bid_module
from landfall.core.ledger.tips import TIP_ACCOUNTS, Tip
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import BasisPoints, Lamports
from landfall.pipeline import building as building_module
from landfall.wallet.keypair import KeypairSigner
from tests.pipeline.by_hand import Only, pair, push
from tests.pipeline.conftest import Bench
from tests.pipeline.test_gate import Ahead

SOL, USDC = KNOWN_TOKENS["SOL"], KNOWN_TOKENS["USDC"]
BASE_FEE, RENT = 5_000, 2_039_280


class Dear:
    """A market in which landing costs this much."""

    def __init__(self, unit_price: int, tip: int | None = None) -> None:
        self._unit_price, self._tip = unit_price, tip

    async def compute_unit_price(self, writable: object) -> int:
        return self._unit_price

    unit_price_lately = compute_unit_price

    async def tip(self) -> Tip | None:
        return None if self._tip is None else Tip(TIP_ACCOUNTS[0], Lamports(self._tip))


def failed_with(execution: Execution, reason: FailureReason) -> str:
    assert execution.status is Status.FAILED
    assert execution.failure is not None
    assert execution.failure.reason is reason
    assert all(attempt.transaction is None for attempt in execution.attempts[-1:])
    return execution.failure.detail


async def lamports(bench: Bench) -> int:
    address = bench.world.signer.address
    account = (await bench.world.chain.accounts([address])).accounts[address]
    assert account is not None
    return account.lamports


async def newcomer(bench: Bench) -> None:
    """From here on the wallet is one that has nothing but a little SOL."""
    keypair = Keypair()
    await bench.rpc.call("requestAirdrop", [str(keypair.pubkey()), 50 * 10**9], str)
    for _ in range(4):
        await bench.world.clock.sleep_ms(200)
    bench.world = replace(bench.world, signer=KeypairSigner(keypair))


async def test_a_price_moved_too_far_is_refused_with_both_numbers(bench: Bench) -> None:
    order = await bench.submit(amount=Decimal(40_000), max_price_impact_bps=BasisPoints(3))
    detail = failed_with(await bench.finish(order), FailureReason.PRICE_IMPACT_EXCEEDED)
    assert detail.endswith("the order allows 3")
    assert int(detail.split(" bps")[0].split()[-1]) > 3


async def test_a_price_moved_less_than_allowed_is_no_matter(bench: Bench) -> None:
    order = await bench.submit(max_price_impact_bps=BasisPoints(3))
    assert (await bench.finish(order)).status is Status.CONFIRMED


async def test_all_that_an_order_costs_is_on_record_to_the_lamport(bench: Bench) -> None:
    await newcomer(bench)
    bench.world = replace(bench.world, fees=Dear(unit_price=100_000, tip=1_000_000))
    before = await lamports(bench)
    order = await bench.submit()
    execution = await bench.finish(order)
    assert execution.status is Status.CONFIRMED
    assert execution.fill is not None
    assert execution.fill.in_amount == order.amount
    cost, most = execution.cost, execution.attempt.transaction
    assert most is not None
    assert (cost.tip_lamports, cost.rent_lamports) == (1_000_000, RENT)
    assert cost.fee_lamports > BASE_FEE
    assert cost == most.cost_most
    assert before - await lamports(bench) == order.amount + cost.total_lamports


async def test_the_priority_fee_is_lowered_to_what_the_order_allows(bench: Bench) -> None:
    bench.world = replace(bench.world, fees=Dear(unit_price=10_000_000))
    execution = await bench.finish(await bench.submit(max_fee_lamports=Lamports(60_000)))
    assert execution.status is Status.CONFIRMED
    assert 55_000 < execution.cost.total_lamports <= 60_000


async def test_rent_counts_toward_what_an_order_may_cost(bench: Bench) -> None:
    await newcomer(bench)
    order = await bench.submit(max_fee_lamports=Lamports(RENT))
    detail = failed_with(await bench.finish(order), FailureReason.FEE_LIMIT_EXCEEDED)
    assert str(RENT) in detail
    assert str(RENT + BASE_FEE) in detail


async def pushed_each_time(bench: Bench, max_fee: int | None) -> Execution:
    """An order whose pool somebody else pushes past its bound whenever it is on its way."""
    pool = (await pair(bench, USDC, SOL)).of("raydium_cpmm")
    only = Only(bench.world.pools, pool.pool.address)
    bench.world = replace(bench.world, pools=only, sender=Ahead(bench, pool, 100_000))
    order = await bench.submit(
        token_in="USDC",
        token_out="SOL",
        amount=Decimal(900),
        slippage_bps=BasisPoints(10),
        max_fee_lamports=None if max_fee is None else Lamports(max_fee),
    )
    return await bench.finish(order)


async def test_failed_attempts_count_toward_what_an_order_may_cost(bench: Bench) -> None:
    execution = await pushed_each_time(bench, max_fee=2 * BASE_FEE)
    detail = failed_with(execution, FailureReason.FEE_LIMIT_EXCEEDED)
    assert f"after {2 * BASE_FEE} spent" in detail
    assert execution.cost.total_lamports == 2 * BASE_FEE
    assert len(execution.attempts) == 3


async def test_control_a_bid_that_forgets_what_was_spent_exceeds_the_limit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(order, *, spent, **rest):
        return bid_module.bid_within(order, spent=bid_module.Cost(), **rest)

    monkeypatch.setattr(building_module, "bid_within", forgetful)
    execution = await pushed_each_time(bench, max_fee=2 * BASE_FEE)
    assert execution.cost.total_lamports > 2 * BASE_FEE


async def test_a_retry_never_widens_the_bound(bench: Bench) -> None:
    execution = await pushed_each_time(bench, max_fee=None)
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.SLIPPAGE_EXCEEDED
    assert len(execution.attempts) == 3
    for attempt in execution.attempts:
        assert attempt.route is not None
        assert attempt.route.least_out * 10_000 >= attempt.route.out_amount * 9_990


async def test_automatic_slippage_follows_how_the_pools_moved(bench: Bench) -> None:
    still = await bench.finish(await bench.submit(slippage_is_automatic=True))
    assert still.attempt.slippage_bps == 50
    await bench.world.clock.sleep_ms(1_000)
    calm = await bench.finish(await bench.submit(slippage_is_automatic=True))
    assert calm.attempt.slippage_bps is not None
    assert calm.attempt.slippage_bps < 50

    for loaded in (await pair(bench, USDC, SOL)).at.pools:
        await push(bench, loaded, USDC, 30_000)
    wild = await bench.finish(await bench.submit(slippage_is_automatic=True))
    assert wild.attempt.slippage_bps is not None
    assert wild.attempt.slippage_bps > calm.attempt.slippage_bps
    capped = await bench.finish(
        await bench.submit(slippage_is_automatic=True, slippage_bps=BasisPoints(20))
    )
    assert capped.attempt.slippage_bps == 20
    assert capped.attempt.slippage_reason is not None
