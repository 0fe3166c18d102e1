"""Routes of many legs on a real chain: one transaction each, moving what was quoted."""

from dataclasses import replace
from decimal import Decimal

import pytest
from solders.transaction import VersionedTransaction

from landfall.chain.forms import ChainForms
from landfall.core.errors import FailureReason
from landfall.core.execution import Execution, Status
from landfall.core.ledger.swaps import swaps
from landfall.core.ledger.token_accounts import associated_address
from landfall.core.order import Order
from landfall.core.quote import Route
from landfall.core.token import Token, decode_token_account
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Pubkey, SwapMode
from tests.pipeline.by_hand import choose, pair, route_of
from tests.pipeline.conftest import Bench
from tests.pipeline.tables import make_table

SOL, USDC, ETH, JUP = (KNOWN_TOKENS[symbol] for symbol in ("SOL", "USDC", "ETH", "JUP"))
IN, OUT = SwapMode.EXACT_IN, SwapMode.EXACT_OUT


async def tokens_of(bench: Bench, token: Token) -> int | None:
    """What the wallet's account of a token holds; None without one."""
    address = associated_address(bench.world.signer.address, token)
    account = (await bench.world.chain.accounts([address])).accounts[address]
    return None if account is None else decode_token_account(address, account).amount


async def executed(bench: Bench, order: Order, route: Route) -> Execution:
    await choose(bench, order, route)
    execution = await bench.finish(order)
    assert execution.status is Status.CONFIRMED, execution.failure
    return execution


def landed_as_quoted(execution: Execution) -> None:
    """Nothing else moved, so simulation and fill are the quote, to the unit, in one attempt."""
    route, fill = execution.attempt.route, execution.fill
    simulated = execution.attempt.simulated
    assert route is not None
    assert fill is not None
    assert simulated is not None
    assert (fill.in_amount, fill.out_amount) == (route.in_amount, route.out_amount)
    assert (simulated.in_amount, simulated.out_amount) == (route.in_amount, route.out_amount)
    assert len(execution.attempts) == 1


async def test_a_split_lands_as_one_transaction_at_exactly_the_quoted_amounts(bench: Bench) -> None:
    order = await bench.submit(token_in="USDC", token_out="SOL", amount=Decimal("30000.000001"))
    pools = await pair(bench, USDC, SOL)
    legs = pools.legs(("raydium_cpmm", "meteora_damm_v2", "raydium_amm"), IN, order.amount)
    execution = await executed(bench, order, route_of(legs))
    landed_as_quoted(execution)
    assert await tokens_of(bench, SOL) is None


async def test_a_split_of_sol_wraps_what_its_legs_take_and_nothing_stays_wrapped(
    bench: Bench,
) -> None:
    order = await bench.submit(amount=Decimal("300.000000007"))
    pools = await pair(bench, SOL, USDC)
    legs = pools.legs(("raydium_cpmm", "meteora_dlmm"), IN, order.amount)
    landed_as_quoted(await executed(bench, order, route_of(legs)))
    assert await tokens_of(bench, SOL) is None


@pytest.mark.parametrize("symbol", ["USDC", "SOL"])
async def test_two_hops_land_as_one_transaction_and_leave_nothing_between(
    bench: Bench, symbol: str
) -> None:
    """Also where SOL is what they go through: it is never wrapped, and unwrapped at the end."""
    between = KNOWN_TOKENS[symbol]
    source = SOL if between is USDC else USDC
    before = await tokens_of(bench, between)
    order = await bench.submit(token_in=source.symbol, token_out="JUP", amount=Decimal("9.000001"))
    near, far = await pair(bench, source, between), await pair(bench, between, JUP)
    fixed = near.quote(near.of("raydium_cpmm"), IN, order.amount * 99 // 100).out_amount
    route = route_of(
        near.legs(("raydium_cpmm",), OUT, fixed), far.legs(("meteora_damm_v2",), IN, fixed)
    )
    landed_as_quoted(await executed(bench, order, route))
    assert await tokens_of(bench, between) == before


async def test_an_exact_output_splits_and_takes_what_was_quoted(bench: Bench) -> None:
    order = await bench.submit(
        token_in="SOL", token_out="USDC", swap_mode=OUT, amount=Decimal("20000")
    )
    pools = await pair(bench, SOL, USDC)
    legs = pools.legs(("raydium_cpmm", "meteora_damm_v2"), OUT, order.amount)
    execution = await executed(bench, order, route_of(legs))
    landed_as_quoted(execution)
    assert execution.fill is not None
    assert execution.fill.out_amount == order.amount


FIVE = ("raydium_cpmm", "meteora_damm_v2", "raydium_amm", "raydium_clmm", "meteora_dlmm")


async def five_legs(bench: Bench) -> tuple[Order, Route]:
    order = await bench.submit(token_in="USDC", token_out="SOL", amount=Decimal("30000.000005"))
    pools = await pair(bench, USDC, SOL)
    return order, route_of(pools.legs(FIVE, IN, order.amount))


async def accounts_of(bench: Bench, route: Route) -> list[Pubkey]:
    known = await bench.world.pools.named([leg.quote.pool for leg in route.legs])
    pools = {loaded.pool.address: loaded for loaded in known.pools}
    written = swaps(route, pools, (USDC, SOL), bench.world.signer.address)
    return sorted({meta.pubkey for step in written for meta in step.accounts}, key=bytes)


async def test_five_legs_land_through_a_lookup_table_and_do_not_fit_without(bench: Bench) -> None:
    order, route = await five_legs(bench)
    await choose(bench, order, route)
    execution = await bench.finish(order)
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.TRANSACTION_TOO_LARGE

    table = await make_table(bench, await accounts_of(bench, route))
    forms = ChainForms(
        bench.world.chain, bench.world.clock, [table], allows_v1=True, remembered_ms=0
    )
    bench.world = replace(bench.world, forms=forms)
    order, route = await five_legs(bench)
    execution = await executed(bench, order, route)
    landed_as_quoted(execution)
    assert execution.attempt.transaction is not None
    sent = VersionedTransaction.from_bytes(execution.attempt.transaction.raw).message
    assert [lookup.account_key for lookup in sent.address_table_lookups] == [table]


async def test_an_exact_output_through_two_hops_pays_at_least_what_was_asked(bench: Bench) -> None:
    order = await bench.submit(
        token_in="USDC", token_out="JUP", swap_mode=OUT, amount=Decimal("500.000001")
    )
    near, far = await pair(bench, USDC, SOL), await pair(bench, SOL, JUP)
    fixed = far.quote(far.of("raydium_cpmm"), OUT, order.amount).in_amount
    route = route_of(
        near.legs(("raydium_amm",), OUT, fixed),
        far.legs(("raydium_cpmm",), IN, fixed),
    )
    execution = await executed(bench, order, route)
    landed_as_quoted(execution)
    assert execution.fill is not None
    assert execution.fill.out_amount >= order.amount
    assert await tokens_of(bench, SOL) is None
