"""DAMM v1: shares of vaults, the stable curve, stake prices, and accounts that are not what the
pool says."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.core.account_fields import UInt, u64
from landfall.core.errors import FailureReason, MalformedAccount
from landfall.core.quote import Quote, Refused
from landfall.core.token import ACCOUNT_AMOUNT, MINT_SUPPLY, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from landfall.core.values import U64_MAX, Account, Pubkey, Slot, SwapMode
from landfall.core.venue import NeedAccounts, ProgramError
from landfall.core.venues.meteora_damm_v1 import METEORA_DAMM_V1, layout, stable, vaults
from tests.core.venues.opened import CLOCK, Opened, damm_v1

FEW = settings(max_examples=25, deadline=None)
AMOUNTS = st.integers(min_value=1, max_value=10**11)
STRANGER = Pubkey.from_string("9Hn4VafJzoG2ESdjWL1sWYUJDThmLZdNgf4nB5cZFmwC")
NOW = CLOCK.unix_timestamp


def changed(pool: Opened, address: Pubkey, field: UInt, value: int) -> Opened:
    return pool.with_bytes(address, field.offset, value.to_bytes(field.size, "little"))


def in_pool(pool: Opened, field: UInt, value: int) -> Opened:
    return changed(pool, pool.address, field, value)


def stake_of(pool: Opened, place: int):
    return pool.pool().stakes[place]  # type: ignore[attr-defined]


def earning(pool: Opened) -> Opened:
    """Both vaults worth more than a unit a share, part of it still locked."""
    for place in (0, 1):
        vault = stake_of(pool, place).vault
        total = stake_of(pool, place).total
        pool = changed(pool, vault, vaults.VAULT_TOTAL, total * 13 // 10)
        pool = changed(pool, vault, vaults.VAULT_LOCKED_PROFIT, total // 10)
        pool = changed(pool, vault, vaults.VAULT_REPORTED_AT, NOW - 7_200)
    return pool


def depeg(kind: int, stake: Pubkey, data: bytes, price: int, priced_at: int) -> Opened:
    pool = damm_v1((10**12, 10**9), amplification=100)
    for field, value in (
        (layout.POOL_DEPEG, kind),
        (layout.POOL_PRICE, price),
        (layout.POOL_PRICED_AT, priced_at),
    ):
        pool = in_pool(pool, field, value)
    pool = pool.with_bytes(pool.address, layout.POOL_STAKE.offset, bytes(STRANGER))
    return pool.with_account(stake, Account(STRANGER, 1, data))


def spl_stake(lamports: int, supply: int) -> bytes:
    data = bytearray(611)
    stable.SPL_STAKE_LAMPORTS.write(data, lamports)
    stable.SPL_STAKE_SUPPLY.write(data, supply)
    return bytes(data)


POOLS = {
    "constant product": damm_v1(),
    "vaults that earn": earning(damm_v1()),
    "stable": damm_v1((10**12, 10**9), amplification=100),
    "depeg": depeg(3, STRANGER, spl_stake(12 * 10**11, 10**12), 1_100_000, NOW - 700),
}
every_pool = pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS.keys())
plain = POOLS["constant product"]


@every_pool
@FEW
@given(amount=AMOUNTS, first_in=st.booleans())
def test_a_round_trip_never_gains(pool: Opened, amount: int, first_in: bool):
    there = pool.ask(amount, first_in=first_in)
    if isinstance(there, Refused) or there.out_amount == 0:
        return
    back = pool.after(there).ask(there.out_amount, first_in=not first_in)
    assert isinstance(back, Refused) or back.out_amount <= amount


@every_pool
@FEW
@given(amount=AMOUNTS, more=AMOUNTS, first_in=st.booleans())
def test_more_in_never_pays_less(pool: Opened, amount: int, more: int, first_in: bool):
    answers = [pool.ask(each, first_in=first_in) for each in (amount, amount + more)]
    paid = [0 if isinstance(answer, Refused) else answer.out_amount for answer in answers]
    assert paid == sorted(paid)


@every_pool
@FEW
@given(amount=st.integers(min_value=0, max_value=U64_MAX), first_in=st.booleans())
def test_every_amount_is_priced_or_refused_in_words(pool: Opened, amount: int, first_in: bool):
    answer = pool.ask(amount, first_in=first_in)
    if isinstance(answer, Refused):
        assert answer.error
        assert answer.sentence.endswith(".")
    else:
        assert answer.in_amount == amount
        assert answer.out_amount <= pool.pool().sides[first_in].balance  # type: ignore[attr-defined]
        assert 0 <= answer.price_impact_bps <= 10_000


@every_pool
def test_the_instruction_of_a_quote_moves_what_was_quoted(pool: Opened):
    for first_in in (True, False):
        quote = pool.quote(10**8, first_in=first_in)
        after = pool.after(quote)
        moved = {mint: after.holding(mint) - pool.holding(mint) for mint in pool.pool().mints}
        assert moved[quote.request.in_mint] == -quote.in_amount
        assert moved[quote.request.out_mint] == quote.out_amount


@every_pool
def test_a_vaults_books_follow_its_tokens(pool: Opened):
    quote = pool.quote(10**8)
    after = pool.after(quote)
    for place in (0, 1):
        before_tokens = pool.pool().sides[place].balance  # type: ignore[attr-defined]
        tokens = after.pool().sides[place].balance  # type: ignore[attr-defined]
        before, now = stake_of(pool, place), stake_of(after, place)
        assert tokens - before_tokens == now.total - before.total
        assert now.supply - before.supply == now.pool_shares - before.pool_shares
        assert (now.supply > before.supply) == (place == 0)


def test_an_exact_output_is_refused_in_a_sentence():
    refused = plain.ask(10**6, SwapMode.EXACT_OUT)
    assert isinstance(refused, Refused)
    assert "exact input" in refused.sentence


def test_price_impact_grows_with_the_amount():
    for pool in POOLS.values():
        impacts = [pool.quote(amount).price_impact_bps for amount in (10**8, 10**10, 10**11)]
        assert impacts == sorted(impacts)
        assert impacts[0] < impacts[-1]


def test_locked_profit_unlocks_with_the_clock():
    pool = POOLS["vaults that earn"].pool()
    stake = pool.stakes[0]  # type: ignore[attr-defined]
    reserves = [stake.unlocked(stake.reported_at + seconds) for seconds in (0, 3_600, 30_000)]
    assert reserves[0] == stake.total - stake.locked_profit
    assert reserves[0] < reserves[1] < reserves[2] == stake.total


def test_a_vault_that_lent_out_its_tokens_cannot_pay():
    tokens = plain.pool().sides[1].vault  # type: ignore[attr-defined]
    out = plain.quote(10**9).out_amount
    enough = changed(plain, tokens, ACCOUNT_AMOUNT, out)
    assert enough.quote(10**9).out_amount == out
    refused = changed(plain, tokens, ACCOUNT_AMOUNT, out - 1).ask(10**9)
    assert isinstance(refused, Refused)
    assert refused.error == "InsufficientFunds"


def test_only_the_vault_of_the_input_must_be_switched_on():
    off = changed(plain, stake_of(plain, 0).vault, vaults.VAULT_ENABLED, 0)
    refused = off.ask(10**9)
    assert isinstance(refused, Refused)
    assert refused.error == "VaultIsDisabled"
    assert isinstance(off.ask(10**6, first_in=False), Quote)
    # Only zero is off: the program trades with any other value here.
    other = changed(plain, stake_of(plain, 0).vault, vaults.VAULT_ENABLED, 2)
    assert other.quote(10**9).out_amount == plain.quote(10**9).out_amount


@pytest.mark.parametrize("amplification", [None, 100])
def test_a_pool_opens_at_its_point_whatever_its_curve(amplification):
    late, open_now = (
        damm_v1((10**12, 10**9), amplification=amplification, activation_time=at)
        for at in (NOW + 1, NOW)
    )
    refused = late.ask(10**9)
    assert isinstance(refused, Refused)
    assert refused.error == "PoolDisabled"
    assert isinstance(open_now.ask(10**9), Quote)


def test_a_pool_that_is_switched_off_does_not_trade():
    assert isinstance(in_pool(plain, layout.POOL_ENABLED, 0).ask(10**9), Refused)


@pytest.mark.parametrize(
    ("kind", "stake", "data"),
    [
        (1, stable.MARINADE_STATE, (bytes(512) + (6 * 2**32 // 5 + 1).to_bytes(8, "little"))),
        (
            2,
            stable.LIDO_STATE,
            bytes(73) + (10**12).to_bytes(8, "little") + (12 * 10**11).to_bytes(8, "little"),
        ),
        (3, STRANGER, spl_stake(12 * 10**11, 10**12)),
    ],
)
def test_a_stake_price_is_read_anew_once_it_is_ten_minutes_old(
    kind: int, stake: Pubkey, data: bytes
):
    young, old = (depeg(kind, stake, data, 1_100_000, NOW - age) for age in (600, 601))
    assert old.pool().curve.price_at(NOW) == (1_200_000, NOW)  # type: ignore[attr-defined]
    assert young.quote(10**9).out_amount > old.quote(10**9).out_amount
    after = old.after(old.quote(10**9)).accounts[old.address].data
    assert layout.POOL_PRICE.read(after) == 1_200_000
    assert layout.POOL_PRICED_AT.read(after) == NOW
    broken = old.with_account(stake, Account(STRANGER, 1, data[:40]))
    assert isinstance(broken.ask(10**9), Refused)


def test_a_stable_pool_trades_near_one_to_one():
    quote = POOLS["stable"].quote(10**9)
    assert 995_000 < quote.out_amount < 1_000_000


def test_loading_asks_for_everything_at_once():
    pool = POOLS["depeg"]
    assert pool.venue.load(pool.address, {}, Slot(1)) == NeedAccounts((pool.address,))
    known = {pool.address: pool.accounts[pool.address]}
    wanted = pool.venue.load(pool.address, known, Slot(1))
    assert isinstance(wanted, NeedAccounts)
    assert STRANGER in wanted.addresses
    known |= {address: pool.accounts[address] for address in wanted.addresses}
    assert not isinstance(pool.venue.load(pool.address, known, Slot(1)), NeedAccounts)


def test_a_vault_that_names_another_lp_mint_is_believed_once_that_is_read():
    stake = stake_of(plain, 0)
    moved = plain.with_bytes(stake.vault, vaults.VAULT_LP_MINT.offset, bytes(STRANGER))
    assert moved.venue.load(moved.address, moved.accounts, Slot(1)) == NeedAccounts((STRANGER,))
    moved = moved.with_account(STRANGER, plain.accounts[stake.lp_mint])
    with pytest.raises(MalformedAccount, match="holds"):
        moved.pool()
    assert moved.with_bytes(stake.pool_lp, 0, bytes(STRANGER)).pool()


def test_larger_accounts_of_the_first_year_are_pools_and_vaults():
    vault = stake_of(plain, 0).vault
    larger = plain
    for address, size in ((plain.address, 1_387), (vault, 10_240)):
        account = plain.accounts[address]
        grown = replace(account, data=account.data.ljust(size, b"\0"))
        larger = larger.with_account(address, grown)
    assert larger.quote(10**9) == plain.quote(10**9)


@pytest.mark.parametrize(
    ("which", "offset", "words"),
    [
        ("vault", vaults.VAULT_MINT.offset, "keeps"),
        ("vault", vaults.VAULT_TOKEN_ACCOUNT.offset, "names another token account"),
        ("tokens", 0, "holds"),
        ("tokens", 32, "is under"),
        ("pool_lp", 0, "holds"),
        ("pool_lp", 32, "is under"),
    ],
)
def test_a_spoofed_account_makes_no_pool(which: str, offset: int, words: str):
    for place in (0, 1):
        stake = stake_of(plain, place)
        address = {
            "vault": stake.vault,
            "tokens": plain.pool().sides[place].vault,  # type: ignore[attr-defined]
            "pool_lp": stake.pool_lp,
        }[which]
        with pytest.raises(MalformedAccount, match=words):
            plain.with_bytes(address, offset, bytes(STRANGER)).pool()


def test_accounts_of_other_programs_make_no_pool():
    stake = stake_of(plain, 0)
    for address, owner, words in (
        (plain.address, TOKEN_PROGRAM, "owned by"),
        (stake.vault, STRANGER, "owned by"),
        (stake.lp_mint, TOKEN_2022_PROGRAM, "classic token program"),
        (plain.pool().sides[0].vault, TOKEN_2022_PROGRAM, "classic"),  # type: ignore[attr-defined]
    ):
        account = replace(plain.accounts[address], owner=owner)
        with pytest.raises(MalformedAccount, match=words):
            plain.with_account(address, account).pool()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (layout.POOL_CURVE, 2, "curve 2"),
        (layout.POOL_ACTIVATION_TYPE, 2, "activation type 2"),
        (layout.POOL_TRADE_FEE[0], 100_001, "fee above"),
    ],
)
def test_what_the_model_does_not_know_is_refused_by_name(field: UInt, value: int, words: str):
    with pytest.raises(MalformedAccount, match=words):
        in_pool(plain, field, value).pool()
    with pytest.raises(MalformedAccount, match="depeg type 4"):
        in_pool(POOLS["stable"], layout.POOL_DEPEG, 4).pool()


@every_pool
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_hostile_bytes_are_malformed_or_priced_and_nothing_else(pool: Opened, data: st.DataObject):
    known = dict(pool.accounts)
    fields = [
        *((pool.address, field) for field in vars(layout).values() if isinstance(field, UInt)),
        *((pool.address, field) for field in layout.POOL_MULTIPLIERS),
        *((pool.address, field) for field in (*layout.POOL_TRADE_FEE, *layout.POOL_PROTOCOL_FEE)),
    ]
    for place in (0, 1):
        stake = stake_of(pool, place)
        fields += [(stake.vault, each) for each in vars(vaults).values() if isinstance(each, UInt)]
        fields += [(stake.lp_mint, MINT_SUPPLY), (stake.pool_lp, ACCOUNT_AMOUNT)]
        fields += [(stake.vault, u64(0)), (stake.lp_mint, u64(40)), (stake.pool_lp, u64(104))]
    for address, field in data.draw(st.lists(st.sampled_from(fields), min_size=1, max_size=4)):
        written = bytearray(known[address].data)
        top = 2 ** (8 * field.size) - 1
        field.write(written, data.draw(st.sampled_from([0, 1, 2, top]) | st.integers(0, top)))
        kept = data.draw(st.sampled_from([len(written)] * 9 + [field.offset]))
        known[address] = replace(known[address], data=bytes(written[:kept]))
    hostile = replace(pool, accounts=known)
    try:
        loaded = METEORA_DAMM_V1.load(pool.address, known, Slot(1))
    except MalformedAccount:
        return
    if isinstance(loaded, NeedAccounts):
        return
    for first_in in (True, False):
        answer = hostile.ask(10**6, first_in=first_in)
        if isinstance(answer, Quote):
            assert 0 <= answer.out_amount <= U64_MAX


def test_refusals_of_pool_and_vault_are_told_apart_by_their_program():
    explain = METEORA_DAMM_V1.explain
    pool, vault = layout.PROGRAM_ID, vaults.VAULT_PROGRAM_ID
    assert explain(ProgramError(pool, 6004, None)) is FailureReason.SLIPPAGE_EXCEEDED
    assert explain(ProgramError(vault, 6004, None)) is FailureReason.POOL_REFUSED
    assert explain(ProgramError(vault, 6000, None)) is FailureReason.POOL_CLOSED
    assert explain(ProgramError(pool, 6000, None)) is FailureReason.POOL_REFUSED
    assert explain(ProgramError(pool, 6000, "VaultIsDisabled")) is FailureReason.POOL_CLOSED
    assert explain(ProgramError(pool, 6015, "PoolDisabled")) is FailureReason.POOL_CLOSED
