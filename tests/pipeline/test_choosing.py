"""Orders as the router sends them: split, through another token, and no larger than a packet."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from solders.keypair import Keypair

from landfall.core.execution import Execution, Status
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import BasisPoints, SwapMode
from landfall.pipeline import choosing
from landfall.pipeline.accept import OrderRequest
from landfall.pipeline.choosing import choose
from landfall.pipeline.market import preview, priced
from landfall.wallet.keypair import KeypairSigner
from tests.pipeline.conftest import Bench

SOL, USDC, RAY, BONK = (KNOWN_TOKENS[symbol] for symbol in ("SOL", "USDC", "RAY", "BONK"))


def a_request(token_in: str, token_out: str, amount: int, mode: SwapMode) -> OrderRequest:
    return OrderRequest(
        token_in=token_in,
        token_out=token_out,
        amount=Decimal(amount),
        slippage_bps=BasisPoints(100),
        swap_mode=mode,
    )


def filled_as_quoted(execution: Execution) -> None:
    route, fill = execution.attempt.route, execution.fill
    assert execution.status is Status.CONFIRMED, execution.failure
    assert route is not None
    assert fill is not None
    assert (fill.in_amount, fill.out_amount) == (route.in_amount, route.out_amount)


@pytest.mark.parametrize("mode", SwapMode)
async def test_a_large_order_is_split_and_fills_as_its_preview_said(
    bench: Bench, mode: SwapMode
) -> None:
    amount = 20_000 if mode is SwapMode.EXACT_IN else 2_900_000
    before = await preview(bench.world, "local", a_request("SOL", "USDC", amount, mode))
    assert before.route is not None
    assert len(before.route.legs) > 1
    assert before.route.best_single == before.market.quotes[0]
    execution = await bench.finish(await bench.submit(amount=Decimal(amount), swap_mode=mode))
    filled_as_quoted(execution)
    assert execution.fill is not None
    assert (execution.fill.in_amount, execution.fill.out_amount) == (
        before.route.in_amount,
        before.route.out_amount,
    )


@pytest.mark.parametrize("mode", SwapMode)
async def test_a_pair_without_pools_is_traded_through_another_token(
    bench: Bench, mode: SwapMode
) -> None:
    amount = Decimal(10_000) if mode is SwapMode.EXACT_IN else Decimal(900_000_000)
    order = await bench.submit(token_in="RAY", token_out="BONK", amount=amount, swap_mode=mode)
    execution = await bench.finish(order)
    filled_as_quoted(execution)
    route = execution.attempt.route
    assert route is not None
    assert len(route.hops) == 2
    reserve = order.amount * 3 // 10_000
    if mode is SwapMode.EXACT_IN:
        assert reserve <= order.amount - route.in_amount < reserve + 1_000
    else:
        assert reserve <= route.out_amount - order.amount < reserve + order.amount // 10**6


async def test_a_way_through_another_token_has_to_earn_its_reserve(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hair's breadth better is not worth a first hop that may not move by as much."""
    asked = a_request("USDC", "JUP", 10, SwapMode.EXACT_IN)
    found = await preview(bench.world, "local", asked)
    assert found.route is not None
    assert len(found.route.hops) == 1
    monkeypatch.setattr(choosing, "_RESERVE_BPS", BasisPoints(0))
    daring = await preview(bench.world, "local", asked)
    assert daring.route is not None
    assert len(daring.route.hops) == 2
    assert daring.route.out_amount * 9_997 < found.route.out_amount * 10_000


async def test_what_no_packet_holds_is_given_up_and_told(bench: Bench) -> None:
    found = await preview(bench.world, "local", a_request("SOL", "USDC", 20_000, SwapMode.EXACT_IN))
    assert found.route is not None
    given_up = [a for a in found.route.alternatives if a.behind_ppb < 0]
    assert {len(a.mints) > 2 for a in given_up} == {False, True}
    for other in given_up:
        assert re.search(r"a packet takes 1232|the ledger allows 64", other.reason)
        assert sum(map(len, other.pools)) > len(found.route.legs)


async def test_a_retry_leaves_room_for_the_first_hop_to_move(bench: Bench) -> None:
    order = await bench.submit(token_in="RAY", token_out="BONK", amount=Decimal(1_000))
    around = await bench.world.pools.around(RAY.mint, BONK.mint)
    singles = priced(order, around).quotes
    kept = []
    for attempt in (1, 2, 3, 4):
        chosen = await choose(
            bench.world, order, around, singles, slippage_bps=BasisPoints(80), attempt=attempt
        )
        assert chosen.route is not None
        assert chosen.route.most_in == order.amount
        kept.append((order.amount - chosen.route.in_amount) * 10_000 // order.amount)
    assert kept == [3, 20, 40, 40]


async def test_an_account_to_open_counts_against_the_way_through_its_token(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wallet without the token between pays rent for it; a rent beyond all bounds is avoided."""
    order = await bench.submit(token_in="RAY", token_out="BONK", amount=Decimal(1_000))
    around = await bench.world.pools.around(RAY.mint, BONK.mint)
    without_sol = replace(
        around,
        pools=tuple(
            loaded
            for loaded in around.pools
            if SOL.mint not in loaded.pool.mints or USDC.mint in loaded.pool.mints
        ),
    )
    chosen = await choose(bench.world, order, around, (), slippage_bps=BasisPoints(80))
    assert chosen.route is not None
    assert chosen.route.mints[1] == USDC.mint
    monkeypatch.setattr(choosing, "_ACCOUNT_RENT", 10**15)
    stranger = replace(bench.world, signer=KeypairSigner(Keypair()))
    dear = await choose(stranger, order, around, (), slippage_bps=BasisPoints(80))
    assert dear.route is not None
    assert dear.route.mints[1] == SOL.mint
    only = await choose(stranger, order, without_sol, (), slippage_bps=BasisPoints(80))
    assert only.route is not None
    assert only.route.mints[1] == USDC.mint
