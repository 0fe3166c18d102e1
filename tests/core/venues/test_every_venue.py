"""What must hold of every pool of every venue, whatever its curve and its fees."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.core.errors import FailureReason, MalformedAccount
from landfall.core.quote import Quote, Refused
from landfall.core.token import ACCOUNT_AMOUNT, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from landfall.core.transfer_hook import validation_address
from landfall.core.values import U64_MAX, Account, Pubkey, Slot, SwapMode
from landfall.core.venue import NeedAccounts, ProgramError
from landfall.core.venues import VENUES
from tests.core.venues.opened import (
    CLOCK,
    POOLS,
    SOL,
    USDC,
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

FEW = settings(max_examples=15, deadline=None)
AMOUNTS = st.integers(min_value=1, max_value=10**11)
ONE_OF_EACH = {
    "raydium_cpmm": cpmm(),
    "meteora_damm_v2": damm_v2(),
    "raydium_amm": amm(),
    "raydium_clmm": clmm(),
    "meteora_dlmm": dlmm(),
    "meteora_damm_v1": damm_v1(),
    "meteora_dbc": dbc(),
}
SLIPPAGE_NAMES = {
    "raydium_clmm": "TooLittleOutputReceived",
    "meteora_dlmm": "ExceededAmountSlippageTolerance",
}
STRANGER = Pubkey.from_string("9Hn4VafJzoG2ESdjWL1sWYUJDThmLZdNgf4nB5cZFmwC")

every_pool = pytest.mark.parametrize("opened", POOLS.values(), ids=POOLS.keys())
every_venue = pytest.mark.parametrize("opened", ONE_OF_EACH.values(), ids=ONE_OF_EACH.keys())

every_venue_that_reads_mints = pytest.mark.parametrize(
    "opened",
    [opened for name, opened in ONE_OF_EACH.items() if name != "meteora_damm_v1"],
)
every_anchor_venue = pytest.mark.parametrize(
    "opened", [opened for name, opened in ONE_OF_EACH.items() if name != "raydium_amm"]
)


def test_venues_are_listed_by_their_own_names():
    assert {name: venue.dex for name, venue in VENUES.items()} == {
        "raydium_cpmm": "raydium",
        "meteora_damm_v2": "meteora",
        "meteora_damm_v1": "meteora",
        "raydium_amm": "raydium",
        "raydium_clmm": "raydium",
        "meteora_dlmm": "meteora",
        "meteora_dbc": "meteora",
    }
    assert all(venue.name == name for name, venue in VENUES.items())


def extended(opened: Opened, number: int, value: bytes) -> Opened:
    """The same pool with one extension on its first mint."""
    mint = opened.pool().mints[0]
    extension = number.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value
    data = opened.accounts[mint].data + bytes(83) + b"\x01" + extension
    return opened.with_account(mint, Account(TOKEN_2022_PROGRAM, 1, data))


@every_pool
@FEW
@given(amount=AMOUNTS, first_in=st.booleans())
def test_a_round_trip_never_gains(opened: Opened, amount: int, first_in: bool):
    there = opened.ask(amount, first_in=first_in)
    if isinstance(there, Refused) or there.out_amount == 0:
        return
    back = opened.after(there).ask(there.out_amount, first_in=not first_in)
    assert isinstance(back, Refused) or back.out_amount < amount


@every_pool
@FEW
@given(amount=AMOUNTS, more=AMOUNTS, first_in=st.booleans())
def test_more_in_never_pays_less(opened: Opened, amount: int, more: int, first_in: bool):
    answers = [opened.ask(each, first_in=first_in) for each in (amount, amount + more)]
    # Too little to buy anything is refused; nothing in this range is too much.
    paid = [0 if isinstance(answer, Refused) else answer.out_amount for answer in answers]
    assert paid == sorted(paid)


@every_pool
@FEW
@given(amount=AMOUNTS, more=AMOUNTS, first_in=st.booleans())
def test_more_out_never_costs_less(opened: Opened, amount: int, more: int, first_in: bool):
    less = opened.ask(amount, SwapMode.EXACT_OUT, first_in=first_in)
    larger = opened.ask(amount + more, SwapMode.EXACT_OUT, first_in=first_in)
    if isinstance(less, Quote) and isinstance(larger, Quote):
        assert larger.in_amount >= less.in_amount
    else:
        assert isinstance(larger, Refused)


@every_pool
@FEW
@given(amount=AMOUNTS, first_in=st.booleans())
def test_what_an_exact_output_costs_does_buy_it(opened: Opened, amount: int, first_in: bool):
    wanted = opened.ask(amount, SwapMode.EXACT_OUT, first_in=first_in)
    if isinstance(wanted, Quote):
        bought = opened.quote(wanted.in_amount, first_in=first_in)
        assert bought.out_amount >= amount


@every_pool
@FEW
@given(amount=st.integers(min_value=0, max_value=U64_MAX), mode=st.sampled_from(SwapMode))
def test_every_amount_is_priced_or_refused_in_words(opened: Opened, amount: int, mode: SwapMode):
    for first_in in (True, False):
        answer = opened.ask(amount, mode, first_in=first_in)
        if isinstance(answer, Refused):
            assert answer.error
            assert answer.sentence.endswith(".")
        else:
            pool = opened.pool()
            paid_from = pool.sides[1 if first_in else 0]  # type: ignore[attr-defined]
            assert 0 <= answer.out_amount <= paid_from.balance
            assert min(1, amount) <= answer.in_amount <= U64_MAX
            assert 0 <= answer.price_impact_bps <= 10_000


@every_pool
def test_no_pool_promises_more_than_its_vault_holds(opened: Opened):
    for first_in in (True, False):
        vault = opened.pool().sides[1 if first_in else 0].vault  # type: ignore[attr-defined]
        held = opened.quote(10**9, first_in=first_in).out_amount // 2
        poorer = opened.with_bytes(vault, ACCOUNT_AMOUNT.offset, held.to_bytes(8, "little"))
        answer = poorer.ask(10**9, first_in=first_in)
        assert isinstance(answer, Refused) or answer.out_amount <= held
        pool = poorer.pool()
        asked = requested(pool, 10**9, SwapMode.EXACT_IN, first_in=first_in)
        offered = opened.venue.supply(pool, asked, CLOCK)
        assert sum(segment.out_amount for segment in offered) <= held


@every_pool
def test_price_impact_grows_with_the_amount(opened: Opened):
    impacts = [opened.quote(amount).price_impact_bps for amount in (10**9, 10**10, 10**11)]
    assert impacts == sorted(impacts)
    assert impacts[0] < impacts[-1]


@every_pool
def test_the_instruction_of_a_quote_moves_what_was_quoted(opened: Opened):
    for mode in opened.modes:
        for first_in in (True, False):
            quote = opened.quote(10**8, mode, first_in=first_in)
            moved = {
                mint: balance - opened.holding(mint)
                for mint in opened.pool().mints
                for balance in [opened.after(quote).holding(mint)]
            }
            assert moved[quote.request.in_mint] == -quote.in_amount
            assert moved[quote.request.out_mint] == quote.out_amount


@every_venue
def test_loading_a_pool_asks_at_most_twice_and_only_for_what_is_missing(opened: Opened):
    first = opened.venue.load(opened.address, {}, Slot(1))
    assert isinstance(first, NeedAccounts)
    assert first.addresses[0] == opened.address
    known = {opened.address: opened.accounts[opened.address]}
    for _ in range(2):
        asked = opened.venue.load(opened.address, known, Slot(1))
        if isinstance(asked, NeedAccounts):
            assert set(asked.addresses) <= set(opened.accounts) - set(known)
            known |= {address: opened.accounts[address] for address in asked.addresses}
    assert not isinstance(opened.venue.load(opened.address, known, Slot(1)), NeedAccounts)


@every_venue_that_reads_mints
def test_an_absent_account_is_malformed_not_missing(opened: Opened):
    asked = opened.venue.load(opened.address, opened.accounts, Slot(1))
    assert not isinstance(asked, NeedAccounts)
    with pytest.raises(MalformedAccount, match="does not exist"):
        opened.venue.load(opened.address, {opened.address: None}, Slot(1))
    for side in asked.sides:
        for address in (side.mint, side.vault):
            with pytest.raises(MalformedAccount, match="does not exist"):
                opened.venue.load(opened.address, {**opened.accounts, address: None}, Slot(1))


@every_venue
def test_the_right_bytes_under_a_wrong_owner_are_no_pool(opened: Opened):
    account = opened.accounts[opened.address]
    with pytest.raises(MalformedAccount, match="owned by"):
        opened.with_account(opened.address, replace(account, owner=TOKEN_PROGRAM)).pool()


@every_venue
def test_another_size_is_no_pool(opened: Opened):
    account = opened.accounts[opened.address]
    for data in (account.data[:-1], account.data + b"\0", b""):
        with pytest.raises(MalformedAccount, match="is not a"):
            opened.with_account(opened.address, replace(account, data=data)).pool()


@every_anchor_venue
def test_another_discriminator_is_no_pool(opened: Opened):
    with pytest.raises(MalformedAccount, match="is not a"):
        opened.with_bytes(opened.address, 0, bytes(8)).pool()


@every_venue
def test_a_vault_under_another_authority_is_refused(opened: Opened):
    vault = opened.pool().sides[1].vault  # type: ignore[attr-defined]
    with pytest.raises(MalformedAccount, match="is under"):
        opened.with_bytes(vault, 32, bytes(STRANGER)).pool()


@every_venue
def test_a_vault_of_another_mint_is_refused(opened: Opened):
    vault = opened.pool().sides[0].vault  # type: ignore[attr-defined]
    with pytest.raises(MalformedAccount, match="holds"):
        opened.with_bytes(vault, 0, bytes(STRANGER)).pool()


@every_venue
def test_a_vault_kept_by_another_token_program_than_its_mint_is_refused(opened: Opened):
    vault = opened.pool().sides[0].vault  # type: ignore[attr-defined]
    account = replace(opened.accounts[vault], owner=TOKEN_2022_PROGRAM)
    with pytest.raises(MalformedAccount, match="token program"):
        opened.with_account(vault, account).pool()


@every_venue
def test_a_frozen_vault_is_refused(opened: Opened):
    vault = opened.pool().sides[0].vault  # type: ignore[attr-defined]
    with pytest.raises(MalformedAccount, match="frozen"):
        opened.with_bytes(vault, 108, b"\x02").pool()


@every_venue_that_reads_mints
def test_a_mint_whose_transfers_cannot_be_predicted_is_refused_by_name(opened: Opened):
    with pytest.raises(MalformedAccount, match="non-transferable"):
        extended(opened, 9, b"").pool()


@every_venue_that_reads_mints
def test_a_transfer_hook_is_refused_by_name_or_its_accounts_are_asked_for(opened: Opened):
    hooked = extended(opened, 14, bytes(32) + bytes(STRANGER))
    if opened.venue.name == "meteora_dlmm":
        asked = opened.venue.load(opened.address, hooked.accounts, Slot(1))
        assert asked == NeedAccounts((validation_address(opened.pool().mints[0], STRANGER),))
    else:
        with pytest.raises(MalformedAccount, match="transfer hook"):
            hooked.pool()


@every_venue
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_hostile_bytes_are_malformed_or_priced_and_nothing_else(
    opened: Opened, data: st.DataObject
):
    known = dict(opened.accounts)
    pool = opened.pool()
    sides = pool.sides  # type: ignore[attr-defined]
    touched = [opened.address, *(a for side in sides for a in (side.mint, side.vault))]
    for address in data.draw(st.lists(st.sampled_from(touched), min_size=1, max_size=3)):
        account = known[address]
        length = len(account.data)
        start = data.draw(st.integers(0, max(0, length - 1)))
        noise = data.draw(st.binary(min_size=1, max_size=16))
        kept = data.draw(st.sampled_from([length, length, length, start]))
        changed = (account.data[:start] + noise + account.data[start + len(noise) :])[:kept]
        known[address] = replace(account, data=changed)
    try:
        loaded = opened.venue.load(opened.address, known, Slot(1))
    except MalformedAccount:
        return
    if isinstance(loaded, NeedAccounts):
        return
    for mode in SwapMode:
        request = requested(loaded, 10**6, mode)
        answer = opened.venue.quote(loaded, request, CLOCK)
        offered = opened.venue.supply(loaded, request, CLOCK)
        assert all(segment.in_amount > 0 and segment.out_amount > 0 for segment in offered)
        if isinstance(answer, Quote):
            assert 0 <= answer.out_amount <= U64_MAX
            assert 0 < answer.in_amount <= U64_MAX


@every_venue
def test_a_pair_is_found_whichever_way_it_is_asked_for(opened: Opened):
    data = opened.accounts[opened.address].data
    for pair in ((SOL.mint, USDC.mint), (USDC.mint, SOL.mint)):
        questions = opened.venue.pools_trading(*pair)
        found = [
            question
            for question in questions
            if question.data_size == len(data)
            and question.program_id == opened.venue.program_id
            and all(
                data[wanted.offset : wanted.offset + len(wanted.wanted)] == wanted.wanted
                for wanted in question.memcmps
            )
        ]
        assert len(found) == 1


@every_venue
def test_refusals_on_chain_are_explained(opened: Opened):
    venue = opened.venue

    def explained(code: int | None, name: str | None) -> FailureReason:
        reason: FailureReason = venue.explain(ProgramError(venue.program_id, code, name))
        return reason

    slippage = SLIPPAGE_NAMES.get(venue.name, "ExceededSlippage")
    assert explained(None, slippage) is FailureReason.SLIPPAGE_EXCEEDED
    assert explained(1, None) is FailureReason.INSUFFICIENT_FUNDS
    assert explained(6999, None) is FailureReason.POOL_REFUSED
    assert explained(None, None) is FailureReason.PROGRAM_ERROR
