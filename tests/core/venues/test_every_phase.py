"""At two clocks of one phase a pool answers the same; and the clock does matter to those shown."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from landfall.core.fee_schedules import DynamicFee, RateLimiter, TimeSchedule
from landfall.core.quote import Quote, Refused
from landfall.core.supply import Segment
from landfall.core.token import TransferFee, TransferFeeConfig
from landfall.core.values import ChainClock, Slot, SwapMode
from landfall.core.venue import AnyVenue, every_moment
from landfall.core.venues.meteora_damm_v2.fee_layout import MarketCapSchedule
from landfall.localnet.openings import raydium_clmm
from tests.core.venues.opened import (
    CLOCK,
    POOLS,
    Opened,
    amm,
    clmm,
    cpmm,
    damm_v1,
    damm_v2,
    dbc,
    dlmm,
    requested,
)

NOW, SLOT = CLOCK.unix_timestamp, CLOCK.slot
DELTAS = (-1, 0, 1, 2, 19, 20, 21, 39, 40, 41, 59, 60, 61, 599, 600, 601, 602)
CLOCKS = (
    *(replace(CLOCK, unix_timestamp=NOW + delta) for delta in DELTAS),
    *(replace(CLOCK, slot=Slot(SLOT + delta)) for delta in DELTAS),
    replace(CLOCK, epoch=CLOCK.epoch + 1),
)
AMOUNTS = (10**7, 3 * 10**10)

SCHEDULE = TimeSchedule(
    cliff=90_000_000, is_exponential=False, periods=2, frequency=20, reduction=30_000_000
)
LIMITER = RateLimiter(
    cliff=10_000_000, increment_bps=100, duration=20, max_bps=5_000, reference=10**8
)
MARKET_CAP = MarketCapSchedule(
    cliff=90_000_000,
    is_exponential=False,
    periods=2,
    step_bps=100,
    duration=20,
    reduction=30_000_000,
)
UNCOUNTABLE = DynamicFee(
    max_volatility=10**6,
    variable_fee_control=1,
    bin_step=1,
    filter_period=20,
    decay_period=60,
    reduction_factor=5_000,
    bin_step_q64=1 << 50,
    updated_at=NOW,
    sqrt_reference=0,
    volatility=10_000,
    volatility_reference=0,
)
"""Moves cannot be counted from its reference, so swaps are refused until that is renewed."""


def changed(opened: Opened, **fields: Any) -> tuple[AnyVenue, Any]:
    pool: Any = opened.pool()
    return opened.venue, replace(pool, **fields)


def fading_clmm() -> tuple[AnyVenue, Any]:
    opened = clmm(dynamic_fee=raydium_clmm.DynamicFee())
    pool: Any = opened.pool()
    fee = pool.dynamic_fee._replace(
        filter_period=20,
        decay_period=60,
        control=100_000,
        reference=20_000,
        accumulator=50_000,
        updated_at=NOW,
    )
    return opened.venue, replace(pool, dynamic_fee=fee)


def fading_dlmm() -> tuple[AnyVenue, Any]:
    pool: Any = dlmm().pool()
    fees = replace(
        pool.fees,
        variable_fee_control=10**6,
        max_volatility=10**6,
        filter_period=20,
        decay_period=60,
    )
    moved = replace(
        pool.volatility,
        accumulator=100_000,
        reference=50_000,
        index_reference=pool.active_id - 5,
        updated_at=NOW,
    )
    return dlmm().venue, replace(pool, fees=fees, volatility=moved)


def unlocking(reported_at: int) -> tuple[AnyVenue, Any]:
    """A pool of vaults whose profit is free after forty seconds."""
    pool: Any = damm_v1().pool()
    stakes = tuple(
        replace(stake, locked_profit=10**9, degradation=10**12 // 40, reported_at=reported_at)
        for stake in pool.stakes
    )
    return damm_v1().venue, replace(pool, stakes=stakes)


def repriced() -> tuple[AnyVenue, Any]:
    pool: Any = damm_v1((10**12, 10**9), amplification=10).pool()
    curve = replace(pool.curve, depeg=1, price=10**6, priced_at=NOW, fresh_price=2 * 10**6)
    return damm_v1().venue, replace(pool, curve=curve)


def taxed_from_the_next_epoch() -> tuple[AnyVenue, Any]:
    pool: Any = cpmm().pool()
    fees = TransferFeeConfig(
        older=TransferFee(100, 10**9),
        newer=TransferFee(200, 10**9),
        newer_from_epoch=CLOCK.epoch + 1,
    )
    sides = tuple(replace(side, transfer_fees=fees) for side in pool.sides)
    return cpmm().venue, replace(pool, sides=sides)


BY_SLOT, BY_TIME = {"activation_type": 0}, {"activation_type": 1}
AT_SLOT = {**BY_SLOT, "activation_point": SLOT}
AT_TIME = {**BY_TIME, "activation_point": NOW}
MOVED: Mapping[str, tuple[AnyVenue, Any]] = {
    "amm v4 opens": changed(amm(open_time=NOW)),
    "cpmm opens": changed(cpmm(open_time=NOW)),
    "cpmm, the next transfer fee": taxed_from_the_next_epoch(),
    "clmm opens": changed(clmm(open_time=NOW)),
    "clmm fades": fading_clmm(),
    "dlmm opens at a slot": changed(dlmm(), pair_type=1, **AT_SLOT),
    "dlmm opens at a time": changed(dlmm(), pair_type=1, **AT_TIME),
    "dlmm fades": fading_dlmm(),
    "damm v1 opens at a slot": changed(damm_v1(), **AT_SLOT),
    "damm v1 opens at a time": changed(damm_v1(), **AT_TIME),
    "damm v1 unlocks": unlocking(NOW),
    "damm v1 unlocks later": unlocking(NOW + 20),
    "damm v1 prices its stake anew": repriced(),
    "damm v2 opens at a slot": changed(damm_v2(), **AT_SLOT),
    "damm v2 opens at a time": changed(damm_v2(), **AT_TIME),
    "damm v2 falls": changed(damm_v2(), base_fee=SCHEDULE, **AT_TIME),
    "damm v2 is limited": changed(damm_v2(), base_fee=LIMITER, **AT_SLOT),
    "damm v2 falls with its price": changed(damm_v2(), base_fee=MARKET_CAP, **AT_TIME),
    "damm v2 is refused": changed(damm_v2(), dynamic_fee=UNCOUNTABLE),
    "dbc falls": changed(dbc(), base_fee=SCHEDULE, **AT_SLOT),
    "dbc is limited": changed(dbc(), base_fee=LIMITER, **AT_TIME),
    "dbc is refused": changed(dbc(), dynamic_fee=UNCOUNTABLE),
}
STILL = {name: (opened.venue, opened.pool()) for name, opened in POOLS.items()}


def answers(
    venue: AnyVenue, pool: Any, clock: ChainClock
) -> list[Quote | Refused | tuple[Segment, ...]]:
    requests = [
        requested(pool, amount, mode, first_in=first_in)
        for amount in AMOUNTS
        for mode in SwapMode
        for first_in in (True, False)
    ]
    quotes = [venue.quote(pool, request, clock) for request in requests]
    return [*quotes, *(venue.supply(pool, request, clock) for request in requests)]


def answers_in_one_phase(venue: AnyVenue, pool: Any, phase=None) -> int:
    """How many different answers one phase gives at most."""
    phases: dict[Any, list[Any]] = {}
    for clock in CLOCKS:
        known = phases.setdefault((phase or venue.phase)(pool, clock), [])
        answer = answers(venue, pool, clock)
        if answer not in known:
            known.append(answer)
    return max(map(len, phases.values()))


@pytest.mark.parametrize("name", [*MOVED, *STILL])
def test_one_phase_has_one_answer(name: str):
    assert answers_in_one_phase(*{**STILL, **MOVED}[name]) == 1


@pytest.mark.parametrize("name", MOVED)
def test_control_without_its_phase_each_of_these_has_several(name: str):
    assert answers_in_one_phase(*MOVED[name], phase=lambda _pool, _clock: None) > 1


@pytest.mark.parametrize("name", STILL)
def test_a_phase_outlasts_most_moments(name: str):
    venue, pool = STILL[name]
    phases = {venue.phase(pool, clock) for clock in CLOCKS}
    assert len(phases) <= 4 < len({every_moment(pool, clock) for clock in CLOCKS})
