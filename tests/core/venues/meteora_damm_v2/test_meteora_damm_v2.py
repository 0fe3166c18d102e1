"""DAMM v2's own rules: fee schedules, volatility, ranges, activation, the limiter's sysvar."""

from dataclasses import replace

import pytest

from landfall.core.errors import FailureReason, MalformedAccount
from landfall.core.fee_schedules import RateLimiter, TimeSchedule
from landfall.core.quote import Leg, Quote, Refused, SwapRequest
from landfall.core.swap2 import INSTRUCTIONS_SYSVAR
from landfall.core.values import BaseUnits, ChainClock, Slot, SwapMode
from landfall.core.venue import ProgramError, Trader
from landfall.core.venues.meteora_damm_v2 import METEORA_DAMM_V2, curve, fee_layout, layout
from landfall.core.venues.meteora_damm_v2.fee_layout import MarketCapSchedule
from landfall.core.venues.meteora_damm_v2.layout import PROGRAM_ID, Pool
from landfall.localnet.openings.meteora_damm_v2 import VolatilityFee
from tests.core.venues.opened import CLOCK, HOLDINGS, WALLET, Opened, damm_v2

CLIFF = 100_000_000
LIMITER = RateLimiter(
    cliff=10_000_000, increment_bps=100, duration=600, max_bps=5_000, reference=10**8
)


def _pool(opened: Opened) -> Pool:
    pool = opened.pool()
    assert isinstance(pool, Pool)
    return pool


def _buy(pool: Pool, amount: int, mode: SwapMode = SwapMode.EXACT_IN) -> SwapRequest:
    return SwapRequest(
        in_mint=pool.mints[1], out_mint=pool.mints[0], mode=mode, amount=BaseUnits(amount)
    )


def _fee_share(pool: Pool, amount: int, seconds_after_activation: int) -> int:
    """The fee of an input in token B, in parts per 1e9 rounded down."""
    clock = ChainClock(Slot(1), 1, pool.activation_point + seconds_after_activation)
    quote = curve.quote(pool, _buy(pool, amount), clock)
    assert isinstance(quote, Quote), quote
    return quote.fee_amount * 10**9 // amount


def test_the_fee_is_taken_where_the_pool_collects_it():
    for mode, fee_is_of_input in ((0, (False, False)), (1, (False, True))):
        for first_in, of_input in zip((True, False), fee_is_of_input, strict=True):
            quote = damm_v2(collect_fee_mode=mode).quote(10**8, first_in=first_in)
            request = quote.request
            assert quote.fee_mint == (request.in_mint if of_input else request.out_mint)


def test_a_linear_schedule_falls_by_the_period_to_its_floor():
    schedule = TimeSchedule(
        cliff=CLIFF, is_exponential=False, periods=5, frequency=60, reduction=10**7
    )
    pool = replace(_pool(damm_v2(collect_fee_mode=1, activation_time=10**9)), base_fee=schedule)
    shares = [_fee_share(pool, 10**9, seconds) for seconds in (0, 59, 60, 299, 300, 10**6)]
    assert shares == [CLIFF, CLIFF, CLIFF - 10**7, CLIFF - 4 * 10**7, *(2 * [CLIFF - 5 * 10**7])]


def test_whoever_trades_before_activation_pays_a_schedules_floor():
    schedule = TimeSchedule(
        cliff=CLIFF, is_exponential=False, periods=5, frequency=60, reduction=10**7
    )
    pool = replace(
        _pool(damm_v2(collect_fee_mode=1, activation_time=CLOCK.unix_timestamp + 1)),
        base_fee=schedule,
        whitelisted_vault=WALLET,
    )
    swapped = curve.execute(pool, _buy(pool, 10**9), CLOCK, payer=WALLET)
    assert swapped.fee == CLIFF - 5 * 10**7


def test_an_exponential_schedule_is_floored_at_every_squaring():
    schedule = TimeSchedule(
        cliff=CLIFF, is_exponential=True, periods=10, frequency=60, reduction=500
    )
    pool = replace(_pool(damm_v2(collect_fee_mode=1, activation_time=10**9)), base_fee=schedule)
    assert _fee_share(pool, 10**9, 60) == 95_000_000
    assert _fee_share(pool, 10**9, 10**6) == 59_873_693


def test_a_market_cap_schedule_falls_with_the_price_until_it_expires():
    schedule = MarketCapSchedule(
        cliff=CLIFF, is_exponential=False, periods=4, step_bps=100, duration=600, reduction=10**7
    )
    pool = _pool(damm_v2(collect_fee_mode=1, activation_time=10**9))
    start = pool.sqrt_price
    risen = [
        replace(pool, base_fee=schedule, sqrt_price=start * (10_000 + bps) // 10_000)
        for bps in (0, 101, 250, 900)
    ]
    shares = [_fee_share(one, 10**9, 0) for one in risen]
    assert shares == [CLIFF - reduction * 10**7 for reduction in (0, 1, 2, 4)]
    assert _fee_share(risen[0], 10**9, 601) == CLIFF - 4 * 10**7


def test_a_rate_limiter_charges_more_for_more_and_only_in_its_window():
    pool = replace(_pool(damm_v2(collect_fee_mode=1, activation_time=10**9)), base_fee=LIMITER)
    assert _fee_share(pool, 10**8, 0) == LIMITER.cliff
    assert _fee_share(pool, 2 * 10**8, 0) == 15_000_000
    assert _fee_share(pool, 10**10, 600) > _fee_share(pool, 10**9, 600)
    assert _fee_share(pool, 10**10, 601) == LIMITER.cliff


def test_a_rate_limiter_is_inverted_for_an_exact_output():
    pool = replace(_pool(damm_v2(collect_fee_mode=1, activation_time=10**9)), base_fee=LIMITER)
    clock = ChainClock(Slot(1), 1, 10**9)
    for amount in (10**7, 10**8, 3 * 10**9, 5 * 10**10, 9 * 10**10):
        exact = curve.quote(pool, _buy(pool, amount, SwapMode.EXACT_OUT), clock)
        assert isinstance(exact, Quote)
        spent = curve.quote(pool, _buy(pool, exact.in_amount), clock)
        assert isinstance(spent, Quote)
        # The inverse may miss by a unit of B, worth some 7 of A, or a few parts per 1e9.
        assert abs(spent.out_amount - amount) <= 10 + amount // 10**8


def test_a_limited_pool_is_always_sent_the_instructions_sysvar():
    pool = _pool(damm_v2(collect_fee_mode=1))
    quote = damm_v2(collect_fee_mode=1).quote(10**6)
    leg = Leg(quote=quote, threshold=quote.out_amount)
    trader = Trader(WALLET, HOLDINGS[pool.mints[0]], HOLDINGS[pool.mints[1]])
    plain = METEORA_DAMM_V2.swap(pool, leg, trader).accounts
    limited = METEORA_DAMM_V2.swap(replace(pool, base_fee=LIMITER), leg, trader).accounts
    assert limited[:-1] == plain
    assert limited[-1].pubkey == INSTRUCTIONS_SYSVAR
    assert not limited[-1].is_writable


def test_volatility_costs_the_next_swap_and_not_this_one():
    calm, opened = damm_v2(), damm_v2(volatility_fee=VolatilityFee())
    large = opened.quote(10**11)
    assert large.fee_amount == calm.quote(10**11).fee_amount
    after, calm_after = opened.after(large), calm.after(calm.quote(10**11))
    assert after.quote(10**9).fee_amount > calm_after.quote(10**9).fee_amount


def test_the_whole_fee_is_capped_by_the_fee_version():
    schedule = TimeSchedule(
        cliff=999_000_000, is_exponential=False, periods=0, frequency=0, reduction=0
    )
    pool = replace(_pool(damm_v2(collect_fee_mode=1)), base_fee=schedule)
    assert _fee_share(pool, 10**9, 0) == 990_000_000
    assert _fee_share(replace(pool, fee_version=0), 10**9, 0) == 500_000_000


def test_an_input_beyond_64_bits_is_a_failed_cast():
    pool = _pool(damm_v2(collect_fee_mode=2, compounding_bps=5_000))
    nearly_all = _buy(pool, pool.amounts[0] - 1, SwapMode.EXACT_OUT)
    large = replace(pool, amounts=(pool.amounts[0], 2**40 * pool.amounts[1]))
    answer = curve.quote(large, nearly_all, CLOCK)
    assert isinstance(answer, Refused)
    assert answer.error == "TypeCastFailed"


def test_a_swap_out_of_the_range_is_refused_and_a_partial_fill_stops_at_its_edge():
    pool = _pool(damm_v2())
    narrow = replace(pool, sqrt_max=pool.sqrt_price * 101 // 100)
    request = _buy(pool, 10**11)
    answer = curve.quote(narrow, request, CLOCK)
    assert isinstance(answer, Refused)
    assert answer.error == "PriceRangeViolation"
    filled = curve.execute(narrow, request, CLOCK, is_partial_fill=True)
    assert filled.sqrt_price == narrow.sqrt_max
    assert 0 < filled.in_amount < 10**11


def test_only_the_whitelisted_vault_trades_before_activation():
    pool = replace(
        _pool(damm_v2(activation_time=CLOCK.unix_timestamp + 3_600)), whitelisted_vault=WALLET
    )
    request = _buy(pool, 10**6)
    answer = curve.quote(pool, request, CLOCK)
    assert isinstance(answer, Refused)
    assert answer.error == "PoolDisabled"
    assert curve.execute(pool, request, CLOCK, payer=WALLET).out_amount > 0
    too_early = replace(pool, activation_point=pool.activation_point + 1)
    with pytest.raises(curve.SwapRefused):
        curve.execute(too_early, request, CLOCK, payer=WALLET)


def test_a_pool_switched_off_is_refused():
    opened = damm_v2()
    answer = opened.with_bytes(opened.address, layout.POOL_STATUS.offset, b"\x01").ask(10**6)
    assert isinstance(answer, Refused)
    assert answer.error == "PoolDisabled"


def test_a_referral_takes_from_the_protocol_and_nobody_else():
    pool = _pool(damm_v2())
    request = _buy(pool, 10**9)
    alone = curve.execute(pool, request, CLOCK)
    referred = curve.execute(pool, request, CLOCK, has_referral=True)
    assert referred.fee == alone.fee
    assert referred.protocol_fee + referred.referral_fee == alone.protocol_fee
    assert (referred.out_amount, referred.claiming_fee) == (alone.out_amount, alone.claiming_fee)


@pytest.mark.parametrize(
    ("offset", "value", "name"),
    [
        (fee_layout.POOL_BASE_FEE_MODE.offset, 5, "base fee mode"),
        (layout.POOL_COLLECT_FEE_MODE.offset, 3, "collect fee mode"),
        (layout.POOL_ACTIVATION_TYPE.offset, 2, "activation type"),
        (layout.POOL_FEE_VERSION.offset, 2, "fee version"),
        (layout.POOL_LAYOUT_VERSION.offset, 2, "layout version"),
    ],
)
def test_what_this_model_does_not_know_is_refused_by_name(offset: int, value: int, name: str):
    opened = damm_v2()
    with pytest.raises(MalformedAccount, match=name):
        opened.with_bytes(opened.address, offset, bytes([value])).pool()


def test_a_price_outside_its_range_is_refused():
    opened = damm_v2()
    with pytest.raises(MalformedAccount, match="outside its range"):
        opened.with_bytes(opened.address, layout.POOL_SQRT_PRICE.offset, bytes(16)).pool()


def test_error_numbers_are_read_where_the_log_gives_no_name():
    def explained(code: int) -> FailureReason:
        return METEORA_DAMM_V2.explain(ProgramError(PROGRAM_ID, code, None))

    assert explained(6002) is FailureReason.SLIPPAGE_EXCEEDED
    assert explained(6003) is FailureReason.POOL_CLOSED
