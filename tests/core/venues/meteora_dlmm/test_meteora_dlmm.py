"""DLMM's own rules: bins and their layers, volatility, the bitmap, activation, unknown kinds."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.core.account_fields import Int, UInt
from landfall.core.anchor import SwapRefused
from landfall.core.errors import FailureReason, MalformedAccount
from landfall.core.quote import Leg, Quote, Refused, SwapRequest
from landfall.core.transfer_hook import EXECUTE, validation_address
from landfall.core.values import (
    U64_MAX,
    Account,
    BaseUnits,
    ChainClock,
    Pubkey,
    Slot,
    SwapMode,
)
from landfall.core.venue import NeedAccounts, ProgramError, Trader
from landfall.core.venues.meteora_dlmm import (
    METEORA_DLMM,
    arrays,
    bins,
    bitmap,
    curve,
    fees,
    layout,
)
from landfall.core.venues.meteora_dlmm.arrays import (
    PROGRAM_ID,
    bin_array_address,
    extension_address,
)
from landfall.core.venues.meteora_dlmm.bins import ONE, Terms
from landfall.core.venues.meteora_dlmm.layout import ARRAYS_EACH_SIDE, Pool
from tests.core.venues.opened import CLOCK, HOLDINGS, SOL, TAXED, WALLET, Opened, dlmm

STRANGER = Pubkey.from_string("9Hn4VafJzoG2ESdjWL1sWYUJDThmLZdNgf4nB5cZFmwC")
INDEXES = st.integers(min_value=-bitmap.OFFSET, max_value=bitmap.OFFSET - 1)


def _pool(opened: Opened) -> Pool:
    pool = opened.pool()
    assert isinstance(pool, Pool)
    return pool


def _written(opened: Opened, field: UInt | Int, value: int) -> Opened:
    data = bytearray(opened.accounts[opened.address].data)
    field.write(data, value)
    return opened.with_bytes(opened.address, 0, bytes(data))


def _request(pool: Pool, amount: int, mode: SwapMode = SwapMode.EXACT_IN) -> SwapRequest:
    return SwapRequest(
        in_mint=pool.mints[0], out_mint=pool.mints[1], mode=mode, amount=BaseUnits(amount)
    )


def test_prices_are_the_programs_to_the_last_bit():
    assert bins.price_of(0, 25) == ONE
    assert bins.price_of(-1, 10_000) == ONE // 2 - 1
    for bin_id in (1, 7, 500, 20_000):
        up, down = bins.price_of(bin_id, 10), bins.price_of(-bin_id, 10)
        assert 0 <= (ONE * ONE - up * down) * 10**6 // (ONE * ONE) <= 1
    with pytest.raises(SwapRefused, match="MathOverflow"):
        bins.price_of(1 << 19, 1)


@given(st.sets(INDEXES, max_size=12), INDEXES)
def test_the_bitmap_names_the_nearest_arrays_in_order(indexes: set[int], start: int):
    inner = sum(1 << (i + 512) for i in indexes if -512 <= i < 512)
    positive = sum(1 << (i - 512) for i in indexes if i >= 512)
    negative = sum(1 << (-i - 513) for i in indexes if i < -512)
    bits = bitmap.joined(inner, positive, negative)
    below = sorted((i for i in indexes if i <= start), reverse=True)
    above = sorted(i for i in indexes if i >= start)
    assert bitmap.next_arrays(bits, start, downwards=True, count=4) == tuple(below[:4])
    assert bitmap.next_arrays(bits, start, downwards=False, count=4) == tuple(above[:4])


def test_layers_are_taken_in_order_each_rounded_against_the_trader():
    terms = Terms(price=3 * ONE, x_to_y=True, fee_rate=0, fee_on_input=True)
    swapped = bins.swap_in(0, (10, 10, 10), 7, terms)
    assert (swapped.ins, swapped.outs) == ((4, 3, 0), (10, 9, 0))
    drained = bins.swap_in(0, (10, 10, 10), 100, terms)
    assert (drained.taken, drained.paid) == (12, 30)


def test_an_exact_output_that_no_input_gives_is_refused():
    terms = Terms(price=3 * ONE, x_to_y=True, fee_rate=0, fee_on_input=True)
    given = bins.swap_out(0, (10, 10, 10), 8, terms)
    assert (given.taken, given.paid, given.excess) == (3, 8, 1)
    with pytest.raises(SwapRefused, match="UndeterminedError"):
        bins.swap_out(0, (10, 10, 10), 29, terms)


def test_limit_orders_fill_in_one_direction_and_only_in_pairs_that_know_them():
    raw = bytearray(bins.BIN_BYTES)
    for field, amount in (
        (bins.BIN_AMOUNTS[0], 5),
        (bins.BIN_AMOUNTS[1], 6),
        (bins.BIN_PROCESSED_REMAINING, 7),
        (bins.BIN_OPEN_ORDERS, 8),
    ):
        field.write(raw, amount)
    assert bins.layers(bytes(raw), True, True) == (6, 7, 8)
    assert bins.layers(bytes(raw), True, False) == (6, 0, 0)
    assert bins.layers(bytes(raw), False, True) == (5, 0, 0)
    bins.BIN_ASK_SIDE.write(raw, 1)
    assert bins.layers(bytes(raw), False, True) == (5, 7, 8)


def test_rewards_switch_limit_orders_off_where_the_pair_does_not_say():
    opened = dlmm()
    assert _pool(opened).fills_orders
    mint = layout.PAIR_REWARD_MINTS[1].offset
    assert not _pool(opened.with_bytes(opened.address, mint, b"\x01")).fills_orders
    rewarded = _written(
        opened.with_bytes(opened.address, mint, b"\x01"), layout.PAIR_FUNCTION_TYPE, 2
    )
    assert _pool(rewarded).fills_orders


def test_volatility_raises_the_fee_bin_by_bin_and_falls_with_time():
    opened = dlmm()
    near, far = opened.quote(10**9), opened.quote(5 * 10**11)
    assert far.fee_amount * 10**9 > 500 * near.fee_amount * 10**9
    pool = _pool(opened)
    stirred = replace(
        pool,
        volatility=fees.Volatility(
            accumulator=300_000, reference=0, index_reference=pool.active_id, updated_at=10**9
        ),
    )
    paid = []
    for seconds in (100, 599, 600):
        answer = curve.quote(
            stirred, _request(pool, 10**9), ChainClock(Slot(1), 1, 10**9 + seconds)
        )
        assert isinstance(answer, Quote)
        paid.append(answer.fee_amount)
    assert paid[0] == paid[1] > paid[2]


def test_the_fee_is_taken_where_the_pair_collects_it():
    for only_y, first_in, of_input in (
        (False, True, True),
        (False, False, True),
        (True, True, False),
        (True, False, True),
    ):
        quote = dlmm(collects_only_y=only_y).quote(10**8, first_in=first_in)
        request = quote.request
        assert quote.fee_mint == (request.in_mint if of_input else request.out_mint)


def test_a_swap_of_more_than_the_arrays_hold_is_refused_in_the_programs_words():
    opened = dlmm()
    answer = opened.ask(10**15)
    assert isinstance(answer, Refused)
    assert answer.error == "CannotFindNonZeroLiquidityBinArrayId"
    bare = Opened(
        opened.venue,
        opened.address,
        {**opened.accounts, extension_address(opened.address): None},  # type: ignore[dict-item]
    )
    answer = bare.ask(10**15)
    assert isinstance(answer, Refused)
    assert answer.error == "BitmapExtensionAccountIsNotProvided"


def test_a_swap_that_would_need_arrays_which_were_not_read_is_refused():
    opened = dlmm(bin_step=1)
    pool = _pool(opened)
    cut = replace(pool, below=arrays.Path(pool.below.arrays[:1], is_whole=False))
    answer = curve.quote(cut, _request(pool, 10**15), CLOCK)
    assert isinstance(answer, Refused)
    assert answer.error == "AccountNotEnoughKeys"


def test_the_arrays_asked_for_are_the_nearest_and_bounded():
    opened = dlmm()
    every = _written(opened, layout.PAIR_BITMAP, (1 << 1024) - 1)
    known = {opened.address: every.accounts[opened.address]}
    asked = METEORA_DLMM.load(opened.address, known, Slot(1))
    assert isinstance(asked, NeedAccounts)
    middle = _pool(opened).active_id // 70
    wanted = range(middle - ARRAYS_EACH_SIDE + 1, middle + ARRAYS_EACH_SIDE)
    nearest = {bin_array_address(opened.address, index) for index in wanted}
    assert nearest <= set(asked.addresses)
    assert len(asked.addresses) == len(nearest) + 5


def test_arrays_that_only_the_extension_knows_are_asked_for_in_a_second_round():
    opened = _written(dlmm(), layout.PAIR_BITMAP, 0)
    extension = extension_address(opened.address)
    positive = (1 << 3).to_bytes(768, "little")
    opened = opened.with_bytes(extension, arrays.EXTENSION_POSITIVE.offset, positive)
    asked = METEORA_DLMM.load(opened.address, opened.accounts, Slot(1))
    assert asked == NeedAccounts((bin_array_address(opened.address, 515),))


def test_an_array_or_an_extension_of_another_pair_is_refused():
    opened = dlmm()
    array = _pool(opened).below.arrays[0].address
    for address, offset in ((array, 24), (array, 8), (extension_address(opened.address), 8)):
        with pytest.raises(MalformedAccount, match=r"is of another pair|is not number"):
            opened.with_bytes(address, offset, b"\x77").pool()


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_hostile_arrays_are_malformed_or_priced_and_nothing_else(data: st.DataObject):
    opened = dlmm()
    pool = _pool(opened)
    addresses = [array.address for array in (*pool.below.arrays, *pool.above.arrays)]
    for address in data.draw(st.lists(st.sampled_from(addresses), min_size=1, max_size=3)):
        offset = data.draw(st.integers(0, arrays.BIN_ARRAY.size - 32))
        opened = opened.with_bytes(address, offset, data.draw(st.binary(min_size=1, max_size=32)))
    try:
        hostile = _pool(opened)
    except MalformedAccount:
        return
    for mode in SwapMode:
        answer = curve.quote(hostile, _request(hostile, 10**11, mode), CLOCK)
        if isinstance(answer, Quote):
            assert 0 < answer.in_amount <= U64_MAX
            assert 0 < answer.out_amount <= U64_MAX


def test_a_swap_names_the_arrays_in_its_direction_and_the_extension():
    opened = dlmm()
    pool = _pool(opened)
    for first_in, path in ((True, pool.below), (False, pool.above)):
        quote = opened.quote(10**8, first_in=first_in)
        trader = Trader(WALLET, HOLDINGS[quote.request.in_mint], HOLDINGS[quote.request.out_mint])
        leg = Leg(quote=quote, threshold=quote.out_amount)
        metas = METEORA_DLMM.swap(pool, leg, trader).accounts
        assert [meta.pubkey for meta in metas[16:]] == [array.address for array in path.arrays]
        assert metas[1].pubkey == pool.extension
        assert metas[1].is_writable
    bare = METEORA_DLMM.swap(replace(pool, extension=None), leg, trader).accounts
    assert (bare[1].pubkey, bare[1].is_writable) == (PROGRAM_ID, False)


def test_only_the_early_address_trades_before_activation():
    pool = replace(
        _pool(dlmm()),
        pair_type=2,
        activation_type=layout.ACTIVATION_BY_TIME,
        activation_point=CLOCK.unix_timestamp + 60,
        early_access=WALLET,
        early_access_duration=60,
    )
    request = _request(pool, 10**6)
    answer = curve.quote(pool, request, CLOCK)
    assert isinstance(answer, Refused)
    assert answer.error == "PoolDisabled"
    assert curve.execute(pool, request, CLOCK, payer=WALLET).out_amount > 0
    with pytest.raises(SwapRefused, match="PoolDisabled"):
        curve.execute(replace(pool, early_access_duration=59), request, CLOCK, payer=WALLET)
    assert isinstance(curve.quote(replace(pool, pair_type=3), request, CLOCK), Quote)


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        (layout.PAIR_TYPE, 4, "pair type"),
        (layout.PAIR_ACTIVATION_TYPE, 2, "activation type"),
        (layout.PAIR_FUNCTION_TYPE, 3, "function type"),
        (layout.PAIR_COLLECT_FEE_MODE, 2, "collect fee mode"),
        (layout.PAIR_ACTIVE_ID, 443_637, "outside its range"),
    ],
)
def test_what_this_model_does_not_know_is_refused_by_name(field: UInt | Int, value: int, name: str):
    with pytest.raises(MalformedAccount, match=name):
        _written(dlmm(), field, value).pool()


def test_error_numbers_are_read_where_the_log_gives_no_name():
    def explained(code: int) -> FailureReason:
        return METEORA_DLMM.explain(ProgramError(PROGRAM_ID, code, None))

    assert explained(6003) is explained(6104) is FailureReason.SLIPPAGE_EXCEEDED
    assert explained(6042) is FailureReason.POOL_CLOSED


@pytest.mark.parametrize("hooked_in", [True, False])
def test_a_hooks_accounts_follow_the_named_ones_as_each_transfer_wants_them(hooked_in: bool):
    """A list with one account, derived from the source, destination and authority of a transfer."""
    plain = dlmm(tokens=(SOL, TAXED))
    hook = (14).to_bytes(2, "little") + (64).to_bytes(2, "little") + bytes(32) + bytes(STRANGER)
    mint = plain.accounts[TAXED.mint]
    seeds = bytes([3, 0, 3, 2, 3, 3]).ljust(32, b"\0")
    entries = (1).to_bytes(4, "little") + b"\x01" + seeds + b"\x00\x01"
    listed = EXECUTE + len(entries).to_bytes(4, "little") + entries
    validation = validation_address(TAXED.mint, STRANGER)
    opened = plain.with_account(TAXED.mint, replace(mint, data=mint.data + hook)).with_account(
        validation, Account(STRANGER, 1, listed)
    )
    place = opened.pool().mints.index(TAXED.mint)
    quote = opened.quote(10**8, first_in=(place == 0) == hooked_in)
    request = quote.request
    trader = Trader(WALLET, HOLDINGS[request.in_mint], HOLDINGS[request.out_mint])
    built = METEORA_DLMM.swap(opened.pool(), Leg(quote=quote, threshold=quote.out_amount), trader)
    vault = opened.pool().sides[place].vault  # type: ignore[attr-defined]
    moved = (
        (trader.in_account, vault, WALLET)
        if hooked_in
        else (vault, trader.out_account, opened.address)
    )
    derived = Pubkey.find_program_address([bytes(key) for key in moved], STRANGER)[0]
    assert [(one.pubkey, one.is_writable) for one in built.accounts[16:19]] == [
        (derived, True),
        (STRANGER, False),
        (validation, False),
    ]
    assert not any(one.is_signer for one in built.accounts[16:])
    assert bytes(built.data)[24:] == bytes([1, 0, 0, 0, place, 3])
