"""DBC's own rules: the curve and its end, schedules, what its pools must be to be traded."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.core.errors import FailureReason, MalformedAccount
from landfall.core.fee_schedules import RateLimiter, TimeSchedule
from landfall.core.quote import Leg, Quote, Refused, SwapRequest
from landfall.core.swap2 import INSTRUCTIONS_SYSVAR
from landfall.core.token import Token
from landfall.core.values import Account, BaseUnits, Pubkey, Slot, SwapMode
from landfall.core.venue import NeedAccounts, ProgramError, Trader
from landfall.core.venues.meteora_dbc import METEORA_DBC, curve, faults, layout
from landfall.core.venues.meteora_dbc.layout import Pool
from landfall.localnet.openings.deposits import Deposit, owned_account, token_account
from tests.core.venues.opened import CLOCK, HOLDINGS, SOL, TAXED, USDC, WALLET, Opened, opened

FEW = settings(max_examples=40, deadline=None)
AMOUNTS = st.integers(min_value=1, max_value=10**12)
CLIFF = 10_000_000
BASE_SUPPLY, MIGRATION_QUOTE = 10**15, 5 * 10**10
START = 1 << 60
POINTS = ((1 << 61, 1 << 103), (3 << 61, 1 << 102))
POOL, CONFIG, BASE_VAULT, QUOTE_VAULT = (Pubkey(bytes([n] * 32)) for n in (1, 2, 3, 4))


def dbc(
    collect_fee_mode: int = layout.COLLECT_ONLY_QUOTE, base: Token = USDC, quoted: Token = SOL
) -> Opened:
    """A pool nothing was bought of yet, with a curve of two segments."""
    config = layout.CONFIG.blank()
    layout.CONFIG_QUOTE_MINT.write(config, quoted.mint)
    layout.CONFIG_CLIFF_FEE.write(config, CLIFF)
    layout.CONFIG_COLLECT_FEE_MODE.write(config, collect_fee_mode)
    layout.CONFIG_ACTIVATION_TYPE.write(config, layout.ACTIVATION_BY_TIME)
    layout.CONFIG_MIGRATION_QUOTE.write(config, MIGRATION_QUOTE)
    layout.CONFIG_MIGRATION_SQRT_PRICE.write(config, POINTS[-1][0])
    layout.CONFIG_SQRT_START.write(config, START)
    for fields, point in zip(layout.CONFIG_CURVE, POINTS, strict=False):
        for field, value in zip(fields, point, strict=True):
            field.write(config, value)
    data = layout.POOL.blank()
    layout.POOL_CONFIG.write(data, CONFIG)
    layout.POOL_BASE_MINT.write(data, base.mint)
    layout.POOL_VAULTS[0].write(data, BASE_VAULT)
    layout.POOL_VAULTS[1].write(data, QUOTE_VAULT)
    layout.POOL_RESERVES[0].write(data, BASE_SUPPLY)
    layout.POOL_SQRT_PRICE.write(data, START)
    layout.POOL_ACTIVATION_POINT.write(data, CLOCK.unix_timestamp)
    deposits = [
        Deposit(token=token, amount=amount, charges_transfer_fee=token is TAXED)
        for token, amount in ((base, BASE_SUPPLY), (quoted, 0))
    ]
    made = {
        POOL: owned_account(layout.PROGRAM_ID, bytes(data)),
        CONFIG: owned_account(layout.PROGRAM_ID, bytes(config)),
        BASE_VAULT: token_account(deposits[0], layout.AUTHORITY),
        QUOTE_VAULT: token_account(deposits[1], layout.AUTHORITY),
    }
    return opened("meteora_dbc", made, POOL, base, quoted)


def _pool(of: Opened) -> Pool:
    pool = of.pool()
    assert isinstance(pool, Pool)
    return pool


PART_SOLD = {mode: dbc(mode).after(dbc(mode).quote(10**9, first_in=False)) for mode in (0, 1)}


@pytest.mark.parametrize("mode", [0, 1])
@FEW
@given(amount=AMOUNTS, first_in=st.booleans())
def test_a_round_trip_never_gains(mode: int, amount: int, first_in: bool):
    there = PART_SOLD[mode].ask(amount, first_in=first_in)
    if isinstance(there, Refused) or there.out_amount == 0:
        return
    back = PART_SOLD[mode].after(there).ask(there.out_amount, first_in=not first_in)
    assert isinstance(back, Refused) or back.out_amount < amount


@pytest.mark.parametrize("mode", [0, 1])
@FEW
@given(amount=AMOUNTS, more=AMOUNTS, first_in=st.booleans())
def test_more_in_never_pays_less(mode: int, amount: int, more: int, first_in: bool):
    less, greater = (PART_SOLD[mode].ask(n, first_in=first_in) for n in (amount, amount + more))
    if isinstance(less, Refused):
        assert isinstance(greater, Refused)
    else:
        assert isinstance(greater, Refused) or greater.out_amount >= less.out_amount


@pytest.mark.parametrize("mode", [0, 1])
@FEW
@given(amount=AMOUNTS, first_in=st.booleans())
def test_an_exact_output_costs_what_buys_at_least_it(mode: int, amount: int, first_in: bool):
    exact = PART_SOLD[mode].ask(amount, SwapMode.EXACT_OUT, first_in=first_in)
    if isinstance(exact, Refused):
        return
    spent = PART_SOLD[mode].ask(exact.in_amount, first_in=first_in)
    assert isinstance(spent, Quote)
    # A gross amount found from its net one may fall short of it by the rounding of one fee.
    assert spent.out_amount >= amount - 1 - amount // 10**8


def test_the_fee_is_in_quote_unless_the_pool_takes_it_from_the_output():
    for mode, of_the_input in ((0, (False, True)), (1, (False, False))):
        for first_in, on_input in zip((True, False), of_the_input, strict=True):
            answer = PART_SOLD[mode].quote(10**7, first_in=first_in)
            request = answer.request
            assert answer.fee_mint == (request.in_mint if on_input else request.out_mint)


def test_the_curve_ends_and_then_takes_no_more():
    full = dbc().ask(10**18, first_in=False)
    assert isinstance(full, Refused)
    assert full.error == faults.INSUFFICIENT_LIQUIDITY.name
    beyond = dbc().ask(BASE_SUPPLY, SwapMode.EXACT_OUT, first_in=False)
    assert isinstance(beyond, Refused)
    assert beyond.error == faults.AMOUNT_LEFT_IS_NOT_ZERO.name
    last = dbc().quote(MIGRATION_QUOTE * 6 // 5, first_in=False)
    sold_out = dbc().after(last)
    assert layout.POOL_FINISHED_AT.read(sold_out.accounts[POOL].data) == CLOCK.unix_timestamp
    for first_in in (True, False):
        answer = sold_out.ask(10**6, first_in=first_in)
        assert isinstance(answer, Refused)
        assert answer.error == faults.POOL_IS_COMPLETED.name


def test_the_last_swap_is_refused_if_too_little_is_left_to_migrate():
    pool = replace(_pool(dbc()), migration_base=BASE_SUPPLY)
    request = SwapRequest(
        in_mint=SOL.mint,
        out_mint=USDC.mint,
        mode=SwapMode.EXACT_IN,
        amount=BaseUnits(MIGRATION_QUOTE * 6 // 5),
    )
    answer = curve.quote(pool, request, CLOCK)
    assert isinstance(answer, Refused)
    assert answer.error == faults.TOO_LITTLE_TO_MIGRATE.name


def test_a_pool_that_sells_for_another_token_refuses():
    request = SwapRequest(
        in_mint=TAXED.mint, out_mint=USDC.mint, mode=SwapMode.EXACT_IN, amount=BaseUnits(1)
    )
    answer = curve.quote(_pool(dbc()), request, CLOCK)
    assert isinstance(answer, Refused)
    assert answer.error == faults.INVALID_QUOTE_MINT.name


def test_a_schedule_falls_with_time_and_a_limiter_rises_with_the_amount():
    schedule = TimeSchedule(
        cliff=10**8, is_exponential=False, periods=5, frequency=60, reduction=10**7
    )
    limiter = RateLimiter(
        cliff=CLIFF, increment_bps=100, duration=600, max_bps=9_900, reference=10**8
    )
    pool = _pool(dbc())

    def share(fee: TimeSchedule | RateLimiter, amount: int, later: int) -> int:
        request = SwapRequest(
            in_mint=SOL.mint, out_mint=USDC.mint, mode=SwapMode.EXACT_IN, amount=BaseUnits(amount)
        )
        clock = replace(CLOCK, unix_timestamp=CLOCK.unix_timestamp + later)
        answer = curve.quote(replace(pool, base_fee=fee), request, clock)
        assert isinstance(answer, Quote), answer
        return answer.fee_amount * 10**9 // amount

    assert [share(schedule, 10**9, s) for s in (0, 60, 10**6)] == [10**8, 9 * 10**7, 5 * 10**7]
    assert [share(limiter, n * 10**8, 0) for n in (1, 2)] == [CLIFF, 15_000_000]
    assert share(limiter, 10**9, 600) > share(limiter, 10**9, 601) == CLIFF


def test_only_a_limited_pool_is_sent_the_instructions_sysvar():
    pool, answer = _pool(dbc()), dbc().quote(10**6, first_in=False)
    leg = Leg(quote=answer, threshold=answer.out_amount)
    trader = Trader(WALLET, HOLDINGS[SOL.mint], HOLDINGS[USDC.mint])
    limiter = RateLimiter(cliff=1, increment_bps=1, duration=1, max_bps=9_900, reference=1)
    plain = METEORA_DBC.swap(pool, leg, trader).accounts
    limited = METEORA_DBC.swap(replace(pool, base_fee=limiter), leg, trader).accounts
    assert limited[:-1] == plain
    assert limited[-1].pubkey == INSTRUCTIONS_SYSVAR


def test_a_pool_is_loaded_in_two_rounds():
    of = dbc()
    known: dict[Pubkey, Account | None] = {POOL: of.accounts[POOL]}
    for _ in range(2):
        answer = METEORA_DBC.load(POOL, known, Slot(1))
        assert isinstance(answer, NeedAccounts)
        known |= {address: of.accounts[address] for address in answer.addresses}
    assert isinstance(METEORA_DBC.load(POOL, known, Slot(1)), Pool)


@pytest.mark.parametrize(
    ("address", "offset", "written"),
    [
        (POOL, 0, layout.HOOKED_POOL_DISCRIMINATOR),
        (POOL, layout.POOL_SQRT_PRICE.offset, bytes(16)),
        (CONFIG, 0, bytes(8)),
        (CONFIG, layout.CONFIG_BASE_FEE_MODE.offset, b"\x03"),
        (CONFIG, layout.CONFIG_COLLECT_FEE_MODE.offset, b"\x02"),
        (CONFIG, layout.CONFIG_ACTIVATION_TYPE.offset, b"\x02"),
        (CONFIG, layout.CONFIG_CREATOR_PERCENT.offset, b"\x65"),
        (BASE_VAULT, 0, bytes(32)),
        (QUOTE_VAULT, 32, bytes(32)),
    ],
)
def test_what_is_unknown_or_not_the_pools_own_is_refused(
    address: Pubkey, offset: int, written: bytes
):
    with pytest.raises(MalformedAccount):
        dbc().with_bytes(address, offset, written).pool()


def test_accounts_of_another_program_are_refused():
    for address in (POOL, CONFIG):
        stolen = replace(dbc().accounts[address], owner=WALLET)
        with pytest.raises(MalformedAccount, match="owned by"):
            dbc().with_account(address, stolen).pool()


def test_a_mint_with_a_transfer_fee_is_refused():
    with pytest.raises(MalformedAccount, match="transfer fee"):
        dbc(base=TAXED).pool()


@FEW
@given(
    where=st.sampled_from((POOL, CONFIG)),
    offset=st.integers(8, 424 - 32),
    written=st.binary(min_size=1, max_size=32),
    amount=st.integers(0, 2**64 - 1),
    mode=st.sampled_from(SwapMode),
    first_in=st.booleans(),
)
def test_hostile_bytes_are_malformed_or_answered(
    where: Pubkey, offset: int, written: bytes, amount: int, mode: SwapMode, first_in: bool
):
    hostile = PART_SOLD[0].with_bytes(where, offset, written)
    try:
        pool = METEORA_DBC.load(POOL, hostile.accounts, Slot(1))
    except MalformedAccount:
        return
    if isinstance(pool, NeedAccounts):
        return
    mint_in, mint_out = pool.mints if first_in else pool.mints[::-1]
    request = SwapRequest(in_mint=mint_in, out_mint=mint_out, mode=mode, amount=BaseUnits(amount))
    assert isinstance(METEORA_DBC.quote(pool, request, CLOCK), Quote | Refused)


def test_a_sold_out_curve_is_a_closed_pool_to_the_order():
    said = ProgramError(layout.PROGRAM_ID, 6013, "PoolIsCompleted")
    assert METEORA_DBC.explain(said) is FailureReason.POOL_CLOSED
    said = ProgramError(layout.PROGRAM_ID, 6002, None)
    assert METEORA_DBC.explain(said) is FailureReason.SLIPPAGE_EXCEEDED
