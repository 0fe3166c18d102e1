"""DLMM's stand-in refuses what the program refuses, by its numbers, and raises nothing else."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.core.quote import Leg
from landfall.core.values import Account, BaseUnits, Pubkey, SwapMode
from landfall.core.venue import Trader
from landfall.core.venues.meteora_dlmm import METEORA_DLMM, layout
from landfall.localnet.programs import AccountRef, Effects, ProgramRefused
from landfall.localnet.programs.meteora_dlmm import (
    SWAP,
    SWAP_WITH_PRICE_IMPACT2,
    MeteoraDlmm,
)
from tests.core.venues.opened import CLOCK, HOLDINGS, USDC, WALLET, Opened, dlmm

STRANGER = Pubkey.from_string("9Hn4VafJzoG2ESdjWL1sWYUJDThmLZdNgf4nB5cZFmwC")
OPENED = dlmm()
USDC_HOLDING = HOLDINGS[USDC.mint]


def _built(
    mode: SwapMode = SwapMode.EXACT_IN, slack: int = 0, amount: int = 10**8
) -> tuple[bytes, list[AccountRef]]:
    quote = OPENED.quote(amount, mode)
    request = quote.request
    bound = quote.out_amount + slack if mode is SwapMode.EXACT_IN else quote.in_amount - slack
    trader = Trader(WALLET, HOLDINGS[request.in_mint], HOLDINGS[request.out_mint])
    built = METEORA_DLMM.swap(
        OPENED.pool(),  # type: ignore[arg-type]
        Leg(quote=quote, threshold=BaseUnits(bound)),
        trader,
    )
    refs = [AccountRef(meta.pubkey, meta.is_signer, meta.is_writable) for meta in built.accounts]
    return bytes(built.data), refs


def _played(data: bytes, refs: Sequence[AccountRef], opened: Opened = OPENED) -> Effects:
    return MeteoraDlmm().process(data, refs, opened.accounts, CLOCK)


def _refusal(data: bytes, refs: Sequence[AccountRef]) -> tuple[int | None, str]:
    with pytest.raises(ProgramRefused) as caught:
        _played(data, refs)
    return caught.value.code, caught.value.name


def test_the_bound_is_kept_to_the_unit():
    for mode, refused in (
        (SwapMode.EXACT_IN, (6003, "ExceededAmountSlippageTolerance")),
        (SwapMode.EXACT_OUT, (6104, "InsufficientInAmount")),
    ):
        assert _played(*_built(mode)).transfers
        assert _refusal(*_built(mode, slack=1)) == refused


def test_tokens_come_from_the_trader_and_go_out_under_the_pair():
    paid, received = _played(*_built()).transfers
    assert (paid.authority, paid.source) == (WALLET, HOLDINGS[OPENED.pool().mints[0]])
    assert (received.authority, received.destination) == (OPENED.address, USDC_HOLDING)


def test_a_host_takes_a_fifth_of_the_protocols_fee():
    data, refs = _built()
    refs[9] = AccountRef(HOLDINGS[OPENED.pool().mints[0]], False, True)
    alone, hosted = _played(*_built()), _played(data, refs)
    field = layout.PAIR_PROTOCOL_FEES[0]
    protocol = field.read(alone.writes[OPENED.address])
    assert hosted.transfers[2].amount == protocol * 2_000 // 10_000
    assert field.read(hosted.writes[OPENED.address]) == protocol - hosted.transfers[2].amount


def test_the_older_form_swaps_alike_without_the_memo_program():
    data, refs = _built()
    old = SWAP + data[8:24], [*refs[:13], *refs[14:]]
    assert _played(*old).transfers == _played(data, refs).transfers


def test_the_price_impact_form_bounds_the_loss_against_a_price():
    data, refs = _built(amount=10**11)
    for bps, is_refused in ((10, True), (300, False)):
        form = SWAP_WITH_PRICE_IMPACT2 + data[8:16] + b"\x00" + bps.to_bytes(2, "little") + bytes(4)
        if is_refused:
            assert _refusal(form, refs)[0] == 6003
        else:
            assert _played(form, refs).transfers


@pytest.mark.parametrize(
    ("position", "change", "code"),
    [
        (0, {"address": USDC_HOLDING}, 3007),
        (0, {"is_writable": False}, 3006),
        (2, {"address": USDC_HOLDING}, 2001),
        (4, {"is_writable": False}, 3006),
        (5, {"address": STRANGER}, 3012),
        (6, {"address": USDC.mint}, 2001),
        (10, {"is_signer": False}, 3010),
        (11, {"address": STRANGER}, 3008),
        (14, {"address": STRANGER}, 2006),
        (16, {"address": STRANGER}, 3005),
    ],
)
def test_wrong_accounts_are_refused_by_the_programs_number(
    position: int, change: dict[str, object], code: int
):
    data, refs = _built()
    refs[position] = replace(refs[position], **change)  # type: ignore[arg-type]
    assert _refusal(data, refs)[0] == code


def test_other_instructions_and_cut_ones_are_refused():
    data, refs = _built()
    assert _refusal(bytes(range(32)), refs)[0] == 101
    assert _refusal(data[:20], refs)[0] == 102
    assert _refusal(data, refs[:15])[0] == 3005


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_nothing_but_a_refusal_is_ever_raised(data: st.DataObject):
    raw, refs = _built()
    accounts: dict[Pubkey, Account | None] = dict(OPENED.accounts)
    for address in data.draw(st.lists(st.sampled_from(list(OPENED.accounts)), max_size=3)):
        account = OPENED.accounts[address]
        start = data.draw(st.integers(0, len(account.data)))
        noise = data.draw(st.binary(max_size=24))
        end = data.draw(st.sampled_from([len(account.data), start]))
        changed = (account.data[:start] + noise + account.data[start + len(noise) :])[:end]
        accounts[address] = data.draw(st.sampled_from([replace(account, data=changed), None]))
    order = data.draw(st.permutations(range(len(refs)))) if data.draw(st.booleans()) else None
    if order is not None:
        refs = [refs[index] for index in order]
    tail = data.draw(st.binary(max_size=17))
    raw = data.draw(st.sampled_from([raw, raw[:8] + tail]))
    try:
        effects = MeteoraDlmm().process(raw, refs, accounts, CLOCK)
    except ProgramRefused:
        return
    assert all(0 <= transfer.amount < 2**64 for transfer in effects.transfers)
