"""The gate before signing: a quote that the chain does not honour is not signed, and says so."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction

from landfall.core.errors import FailureReason
from landfall.core.execution import Attempt, SignedTransaction, Status
from landfall.core.ledger.gate import Verdict
from landfall.core.order import Order
from landfall.core.quote import Leg, Quote, Refused
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import BaseUnits, Pubkey, SwapMode
from landfall.core.venue import AnyVenue, Trader
from landfall.pipeline import gate as gate_module
from landfall.pipeline import pending as pending_module
from landfall.pipeline import routing as routing_module
from landfall.pipeline.run import carry
from landfall.ports import LoadedPool, World
from tests.pipeline.by_hand import Altered, Lagging, Only, choose, pair, push, route_of
from tests.pipeline.conftest import Bench

SOL, USDC = KNOWN_TOKENS["SOL"], KNOWN_TOKENS["USDC"]
VENUES = ("raydium_cpmm", "raydium_amm")


async def routed(bench: Bench, **changes: object) -> tuple[Order, LoadedPool]:
    """An order in BUILDING whose route splits over two pools, and the first of them."""
    order = await bench.submit(token_in="USDC", token_out="SOL", amount=Decimal(900), **changes)
    pools = await pair(bench, USDC, SOL)
    await choose(bench, order, route_of(pools.legs(VENUES, SwapMode.EXACT_IN, order.amount)))
    return order, pools.of(VENUES[0])


# ── Pools that move ──────────────────────────────────────────────────────────────────────────────


async def test_a_pool_pushed_before_the_simulation_is_quoted_again_and_the_order_goes_on(
    bench: Bench,
) -> None:
    order, pool = await routed(bench)
    await push(bench, pool, USDC, 30_000)
    execution = await bench.finish(order)
    assert execution.status is Status.CONFIRMED
    route, simulated, fill = execution.attempt.route, execution.attempt.simulated, execution.fill
    assert route is not None
    assert simulated is not None
    assert fill is not None
    assert simulated.out_amount == simulated.quoted_out_amount == fill.out_amount
    assert route.least_out <= fill.out_amount < route.out_amount
    assert simulated.quoted_slot > route.context_slot


class Ahead:
    """Before the first bytes of ours leave, somebody else pushes the pool."""

    def __init__(self, bench: Bench, pool: LoadedPool, amount: int) -> None:
        self._bench, self._pool, self._amount = bench, pool, amount
        self._sender = bench.world.sender
        self._pushed: set[object] = set()

    async def send(self, transaction: SignedTransaction) -> None:
        if transaction.signature not in self._pushed:
            self._pushed.add(transaction.signature)
            await push(self._bench, self._pool, USDC, self._amount)
        await self._sender.send(transaction)


async def test_a_pool_pushed_after_the_simulation_pays_less_and_never_below_the_bound(
    bench: Bench,
) -> None:
    order, pool = await routed(bench)
    bench.world = replace(bench.world, sender=Ahead(bench, pool, 30_000))
    execution = await bench.finish(order)
    assert execution.status is Status.CONFIRMED
    route, simulated, fill = execution.attempt.route, execution.attempt.simulated, execution.fill
    assert route is not None
    assert simulated is not None
    assert fill is not None
    assert simulated.out_amount == route.out_amount
    assert route.least_out <= fill.out_amount < simulated.out_amount


# ── Quotes that are wrong ────────────────────────────────────────────────────────────────────────


def one_too_many(venue: AnyVenue) -> AnyVenue:
    """A model of the program that is off by a single base unit."""

    def quote(pool: Any, request: Any, clock: Any) -> Quote | Refused:
        answer = venue.quote(pool, request, clock)
        if isinstance(answer, Refused):
            return answer
        return replace(answer, out_amount=BaseUnits(answer.out_amount + 1))

    return replace(venue, quote=quote)


async def wrongly_quoted(bench: Bench) -> tuple[Order, Pubkey]:
    """An order in BUILDING over one pool whose quote is a base unit too high."""
    order = await bench.submit(token_in="USDC", token_out="SOL", amount=Decimal(900))
    pools = await pair(bench, USDC, SOL)
    pool = pools.of("raydium_cpmm").pool.address
    bench.world = replace(bench.world, pools=Altered(bench.world.pools, pool, one_too_many))
    pools = await pair(bench, USDC, SOL)
    route = route_of(pools.legs(("raydium_cpmm",), SwapMode.EXACT_IN, order.amount))
    await choose(bench, order, route)
    return order, pool


async def after_building(bench: Bench, order: Order) -> Attempt:
    """The attempt once its first claim has been carried as far as it goes."""
    await carry(bench.world, bench.queue, await bench.claim(order))
    return (await bench.execution(order)).attempts[0]


async def test_a_quote_off_by_one_unit_is_not_signed_and_both_numbers_are_told(
    bench: Bench,
) -> None:
    order, pool = await wrongly_quoted(bench)
    first = await after_building(bench, order)
    assert first.transaction is None
    assert first.route is not None
    assert first.failure is not None
    assert first.failure.reason is FailureReason.QUOTE_MISMATCH
    assert first.failure.pools == (pool,)
    assert f"pays {first.route.out_amount - 1};" in first.failure.detail
    assert f"and {first.route.out_amount}" in first.failure.detail

    execution = await bench.finish(order)
    assert execution.status is Status.CONFIRMED
    route = execution.attempt.route
    assert route is not None
    assert pool not in {leg.quote.pool for leg in route.legs}
    aside = {refused.pool for refused in execution.attempt.refused if refused.error == "SetAside"}
    assert aside == {pool}


async def test_of_a_split_only_the_pool_that_does_not_do_what_it_quotes_is_at_fault(
    bench: Bench,
) -> None:
    order, pool = await routed(bench)
    bench.world = replace(
        bench.world, pools=Altered(bench.world.pools, pool.pool.address, one_too_many)
    )
    first = await after_building(bench, order)
    assert first.route is not None
    assert len(first.route.legs) == 2
    assert first.failure is not None
    assert first.failure.reason is FailureReason.QUOTE_MISMATCH
    assert first.failure.pools == (pool.pool.address,)


@pytest.mark.parametrize(
    ("slots", "reason"),
    [(3, FailureReason.QUOTE_MISMATCH), (300, FailureReason.STALE_QUOTE)],
)
async def test_pools_that_are_behind_the_simulation_are_waited_for_and_excuse_nothing(
    bench: Bench, slots: int, reason: FailureReason
) -> None:
    order, _ = await wrongly_quoted(bench)
    behind = Lagging(bench.world.pools, slots=slots)
    bench.world = replace(bench.world, pools=behind)  # type: ignore[arg-type]
    first = await after_building(bench, order)
    assert first.transaction is None
    assert first.failure is not None
    assert first.failure.reason is reason


async def test_control_a_gate_that_believes_every_quote_signs_the_wrong_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "judge", lambda *_: Verdict.AGREES)
    order, _ = await wrongly_quoted(bench)
    first = await after_building(bench, order)
    assert first.transaction is not None
    assert first.fill is not None
    assert first.route is not None
    assert first.fill.out_amount == first.route.out_amount - 1


class Mute:
    """A node too old to show simulated balances."""

    def __init__(self, world: World) -> None:
        self._chain = world.chain

    async def simulate(self, raw: bytes) -> object:
        return replace(await self._chain.simulate(raw), balances=None)

    def __getattr__(self, name: str) -> object:
        return getattr(self._chain, name)


async def test_what_cannot_be_checked_is_not_signed(bench: Bench) -> None:
    order, _ = await routed(bench)
    bench.world = replace(bench.world, chain=Mute(bench.world))  # type: ignore[arg-type]
    execution = await bench.finish(order)
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.QUOTE_MISMATCH
    assert execution.attempt.transaction is None


# ── Pools that refuse ────────────────────────────────────────────────────────────────────────────


def wrong_account(venue: AnyVenue) -> AnyVenue:
    """Instructions that the program refuses: one of its accounts is not the pool's."""

    def swap(pool: Any, leg: Leg, trader: Trader) -> Instruction:
        written = venue.swap(pool, leg, trader)
        accounts = [
            AccountMeta(trader.wallet, meta.is_signer, meta.is_writable)
            if meta.pubkey == leg.quote.pool
            else meta
            for meta in written.accounts
        ]
        return Instruction(written.program_id, written.data, accounts)

    return replace(venue, swap=swap)


async def over_a_refusing_pool(bench: Bench) -> tuple[Order, LoadedPool]:
    order, pool = await routed(bench)
    bench.world = replace(
        bench.world, pools=Altered(bench.world.pools, pool.pool.address, wrong_account)
    )
    return order, pool


async def test_a_pool_that_refuses_is_named_and_the_next_attempt_goes_without_it(
    bench: Bench,
) -> None:
    order, pool = await over_a_refusing_pool(bench)
    execution = await bench.finish(order)
    assert execution.status is Status.CONFIRMED
    first, second = execution.attempts
    assert first.transaction is None
    assert first.failure is not None
    assert first.failure.pools == (pool.pool.address,)
    assert first.failure.program == pool.venue.program_id
    assert first.failure.error
    assert first.failure.logs
    assert second.route is not None
    assert pool.pool.address not in {leg.quote.pool for leg in second.route.legs}


async def test_control_without_setting_aside_the_refusal_is_met_again_and_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, pool = await over_a_refusing_pool(bench)
    for module in (pending_module, routing_module):
        monkeypatch.setattr(module, "set_aside", lambda _: {})
    bench.world = replace(bench.world, pools=Only(bench.world.pools, pool.pool.address))
    execution = await bench.finish(order)
    assert execution.status is Status.FAILED
    assert [attempt.failure.pools for attempt in execution.attempts if attempt.failure] == [
        (pool.pool.address,)
    ] * 3


async def test_a_refusing_pool_without_another_ends_the_order_at_the_second_attempt(
    bench: Bench,
) -> None:
    order, pool = await over_a_refusing_pool(bench)
    bench.world = replace(bench.world, pools=Only(bench.world.pools, pool.pool.address))
    execution = await bench.finish(order)
    assert execution.status is Status.FAILED
    assert len(execution.attempts) == 2
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.POOL_REFUSED
    assert "Set aside since attempt 1" in execution.failure.detail
