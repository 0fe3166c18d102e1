"""The stand-ins refuse what the programs refuse, by the programs' own numbers, and raise nothing
else; the conformance suite holds their amounts and bytes to the recordings."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.instruction import Instruction

from landfall.core.quote import Leg
from landfall.core.token import TOKEN_2022_PROGRAM
from landfall.core.values import Account, BaseUnits, Pubkey, SwapMode
from landfall.core.venue import Trader
from landfall.core.venues import VENUES
from landfall.core.venues.meteora_damm_v2 import layout as damm_v2_layout
from landfall.localnet.openings import meteora_damm_v2, raydium_cpmm
from landfall.localnet.programs import (
    STAND_INS,
    AccountRef,
    Effects,
    ProgramRefused,
    StandIn,
)
from tests.core.venues.opened import (
    CLOCK,
    HOLDINGS,
    SOL,
    TAXED,
    USDC,
    WALLET,
    Opened,
    amm,
    clmm,
    cpmm,
    damm_v2,
)

STRANGER = Pubkey.from_string("9Hn4VafJzoG2ESdjWL1sWYUJDThmLZdNgf4nB5cZFmwC")
ONE_OF_EACH = {
    "raydium_cpmm": cpmm(),
    "meteora_damm_v2": damm_v2(),
    "raydium_amm": amm(),
    "raydium_clmm": clmm(),
}
every_stand_in = pytest.mark.parametrize("opened", ONE_OF_EACH.values(), ids=ONE_OF_EACH.keys())
every_anchor_stand_in = pytest.mark.parametrize(
    "opened", [opened for name, opened in ONE_OF_EACH.items() if name != "raydium_amm"]
)

Refs = list[AccountRef]
Change = Callable[[Refs], Refs]


def _stand_in(opened: Opened) -> StandIn:
    return next(one for one in STAND_INS if one.program_id == opened.venue.program_id)


def _built(
    opened: Opened, *, amount: int = 10**8, mode: SwapMode = SwapMode.EXACT_IN, slack: int = 0
) -> Instruction:
    quote = opened.quote(amount, mode)
    request = quote.request
    bound = quote.out_amount + slack if mode is SwapMode.EXACT_IN else quote.in_amount - slack
    trader = Trader(WALLET, HOLDINGS[request.in_mint], HOLDINGS[request.out_mint])
    leg = Leg(quote=quote, threshold=BaseUnits(bound))
    instruction: Instruction = opened.venue.swap(opened.pool(), leg, trader)
    return instruction


def _refs(instruction: Instruction) -> Refs:
    return [
        AccountRef(meta.pubkey, meta.is_signer, meta.is_writable) for meta in instruction.accounts
    ]


def _played(opened: Opened, data: bytes, refs: Sequence[AccountRef]) -> Effects:
    return _stand_in(opened).process(data, refs, opened.accounts, CLOCK)


def _refusal(opened: Opened, data: bytes, refs: Sequence[AccountRef]) -> tuple[int | None, str]:
    with pytest.raises(ProgramRefused) as caught:
        _played(opened, data, refs)
    return caught.value.code, caught.value.name


def test_every_venue_has_a_stand_in():
    assert {one.program_id for one in STAND_INS} == {venue.program_id for venue in VENUES.values()}


@every_stand_in
def test_the_bound_is_kept_to_the_unit(opened: Opened):
    for mode in SwapMode:
        fair, greedy = _built(opened, mode=mode), _built(opened, mode=mode, slack=1)
        assert _played(opened, bytes(fair.data), _refs(fair)).transfers
        code, name = _refusal(opened, bytes(greedy.data), _refs(greedy))
        assert name in ("ExceededSlippage", "TooLittleOutputReceived", "TooMuchInputPaid")
        assert code in (6005, 6002, 30, 6018, 6019)


@every_stand_in
def test_only_the_programs_own_accounts_are_written(opened: Opened):
    built = _built(opened)
    writes = _played(opened, bytes(built.data), _refs(built)).writes
    assert opened.address in writes
    for address, data in writes.items():
        assert opened.accounts[address].owner == opened.venue.program_id
        assert len(data) == len(opened.accounts[address].data)


@every_stand_in
def test_tokens_come_from_the_trader_and_go_out_under_the_pools_authority(opened: Opened):
    built = _built(opened)
    paid, received = _played(opened, bytes(built.data), _refs(built)).transfers
    sides = opened.pool().sides  # type: ignore[attr-defined]
    assert (paid.authority, paid.destination) == (WALLET, sides[0].vault)
    assert received.source == sides[1].vault
    assert received.authority != WALLET
    assert bytes(received.authority) == opened.accounts[received.source].data[32:64]


def _replaced(position: int, address: Pubkey) -> Change:
    return lambda refs: [
        replace(ref, address=address) if index == position else ref
        for index, ref in enumerate(refs)
    ]


def _unsigned(position: int) -> Change:
    return lambda refs: [
        replace(ref, is_signer=False) if index == position else ref
        for index, ref in enumerate(refs)
    ]


def _readonly(position: int) -> Change:
    return lambda refs: [
        replace(ref, is_writable=False) if index == position else ref
        for index, ref in enumerate(refs)
    ]


def _exchanged(one: int, other: int) -> Change:
    def change(refs: Refs) -> Refs:
        changed = list(refs)
        changed[one], changed[other] = refs[other], refs[one]
        return changed

    return change


USDC_HOLDING = HOLDINGS[USDC.mint]

CPMM_REFUSALS: list[tuple[str, Change, int | None]] = [
    ("the payer did not sign", _unsigned(0), 3010),
    ("another authority", _replaced(1, STRANGER), 2006),
    ("a config that does not exist", _replaced(2, STRANGER), 3012),
    ("the pool in the config's place", _exchanged(2, 3), 3002),
    ("a read-only pool", _readonly(3), 2000),
    ("a read-only token account", _readonly(4), 2000),
    ("a token account that does not exist", _replaced(5, STRANGER), 3012),
    ("a vault that is not the pool's", _replaced(6, USDC_HOLDING), 2003),
    (
        "one vault for both sides",
        lambda refs: _exchanged(7, 7)([*refs[:7], refs[6], *refs[8:]]),
        2012,
    ),
    ("a program that moves no tokens", _replaced(8, STRANGER), 3008),
    ("the two mints exchanged", _exchanged(10, 11), 2012),
    ("an observation that is none", _replaced(12, USDC_HOLDING), 3007),
    ("too few accounts", lambda refs: refs[:12], 3005),
]

DAMM_V2_REFUSALS: list[tuple[str, Change, int | None]] = [
    ("another authority", _replaced(0, STRANGER), 2012),
    ("a pool of another program", _replaced(1, USDC_HOLDING), 3007),
    ("a read-only pool", _readonly(1), 3006),
    ("a read-only token account", _readonly(2), 3006),
    ("a token account that does not exist", _replaced(3, STRANGER), 3012),
    ("a vault that is not the pool's", _replaced(4, USDC_HOLDING), 2001),
    ("the two vaults exchanged", _exchanged(4, 5), 2001),
    ("the two mints exchanged", _exchanged(6, 7), 2014),
    ("the payer did not sign", _unsigned(8), 3010),
    ("another token program", _replaced(9, TOKEN_2022_PROGRAM), 2021),
    ("a read-only referral", _replaced(11, USDC_HOLDING), 3006),
    ("another event authority", _replaced(12, STRANGER), 2006),
    ("too few accounts", lambda refs: refs[:13], 3005),
]

AMM_REFUSALS: list[tuple[str, Change, int | None]] = [
    ("another token program", _replaced(0, TOKEN_2022_PROGRAM), 38),
    ("a pool of another program", _replaced(1, USDC_HOLDING), 27),
    ("another authority", _replaced(2, STRANGER), 1),
    ("the two vaults exchanged", _exchanged(3, 4), 4),
    ("a vault that is not the pool's", _replaced(4, USDC_HOLDING), 5),
    ("a vault as the trader's account", lambda refs: [*refs[:5], refs[3], *refs[6:]], 42),
    ("a token account that does not exist", _replaced(6, STRANGER), 38),
    ("one token account twice", lambda refs: [*refs[:6], refs[5], *refs[7:]], 42),
    ("the wallet did not sign", _unsigned(7), 21),
    ("too few accounts", lambda refs: refs[:7], None),
]


@pytest.mark.parametrize(
    ("opened", "change", "code"),
    [
        pytest.param(opened, change, code, id=f"{name}: {what}")
        for name, opened, table in (
            ("cpmm", ONE_OF_EACH["raydium_cpmm"], CPMM_REFUSALS),
            ("damm v2", ONE_OF_EACH["meteora_damm_v2"], DAMM_V2_REFUSALS),
            ("amm v4", ONE_OF_EACH["raydium_amm"], AMM_REFUSALS),
        )
        for what, change, code in table
    ],
)
def test_wrong_accounts_are_refused_by_the_programs_number(
    opened: Opened, change: Change, code: int
):
    built = _built(opened)
    assert _refusal(opened, bytes(built.data), change(_refs(built)))[0] == code


@every_anchor_stand_in
def test_other_instructions_and_cut_ones_are_refused(opened: Opened):
    built = _built(opened)
    assert _refusal(opened, bytes(range(32)), _refs(built))[0] == 101
    assert _refusal(opened, bytes(built.data)[:-1], _refs(built))[0] == 102


def test_other_tags_and_cut_instructions_are_refused_by_amm_v4():
    built = _built(amm())
    data, refs = bytes(built.data), _refs(built)
    for other in (b"", b"\x07", b"\x12" + bytes(16), data[:-1]):
        assert _refusal(amm(), other, refs) == (None, "InvalidInstructionData")
    assert _refusal(amm(), bytes(17), refs) == (None, "panic")


@pytest.mark.parametrize("count", [17, 18])
def test_the_old_form_of_amm_v4_swaps_alike_whatever_its_market(count: int):
    built = _built(amm())
    data, refs = b"\x09" + bytes(built.data)[1:], _refs(built)
    other = AccountRef(STRANGER, False, True)
    old = [*refs[:3], *[other] * (count - 16), *refs[3:5], *[other] * 8, *refs[5:]]
    new = _played(amm(), bytes(built.data), refs)
    assert _played(amm(), data, old).transfers == new.transfers
    for wrong in (refs, old[:-2], [*old, other, other]):
        assert _refusal(amm(), data, wrong) == (24, "WrongAccountsNumber")


def test_amm_v4_looks_at_the_traders_balance_before_it_prices():
    opened = amm()
    for mode in SwapMode:
        built = _built(opened, mode=mode)
        poor = opened.with_bytes(HOLDINGS[SOL.mint], 64, (10**5).to_bytes(8, "little"))
        assert _refusal(poor, bytes(built.data), _refs(built)) == (40, "InsufficientFunds")


def test_a_count_of_fees_that_would_overflow_is_the_programs_refusal():
    opened = damm_v2()
    built = _built(opened)
    for field in damm_v2_layout.POOL_TOTAL_PROTOCOL_FEES:
        opened = opened.with_bytes(opened.address, field.offset, b"\xff" * field.size)
    assert _refusal(opened, bytes(built.data), _refs(built)) == (6000, "MathOverflow")


def test_partial_fill_takes_no_more_than_the_range_holds():
    opened = damm_v2()
    price = damm_v2_layout.POOL_SQRT_PRICE.read(opened.accounts[opened.address].data)
    edge = (price * 101 // 100).to_bytes(16, "little")
    narrow = opened.with_bytes(opened.address, 440, edge)
    built = _built(opened, amount=10**10)
    data = bytearray(bytes(built.data))
    data[16:24], data[24:25] = bytes(8), b"\x01"
    refs = _exchanged(2, 3)(_refs(built))
    paid, _ = _played(narrow, bytes(data), refs).transfers
    assert 0 < paid.amount < 10**10
    data[24:25] = b"\x00"
    assert _refusal(narrow, bytes(data), refs) == (6015, "PriceRangeViolation")


def test_an_unknown_swap_mode_is_refused_after_the_pool_is_found_open():
    opened = damm_v2()
    built = _built(opened)
    data = bytes(built.data)[:-1] + b"\x03"
    assert _refusal(opened, data, _refs(built)) == (6018, "InvalidInput")
    closed = opened.with_bytes(opened.address, 481, b"\x01")
    assert _refusal(closed, data, _refs(built)) == (6003, "PoolDisabled")


def test_a_referral_is_paid_by_the_vault_of_the_fees_mint():
    opened = damm_v2()
    built = _built(opened)
    refs = _refs(built)
    refs[11] = AccountRef(USDC_HOLDING, False, True)
    transfers = _played(opened, bytes(built.data), refs).transfers
    assert len(transfers) == 3
    assert (transfers[2].mint, transfers[2].destination) == (USDC.mint, USDC_HOLDING)
    assert transfers[2].amount > 0


def test_a_rate_limited_swap_needs_the_instructions_sysvar():
    opened = damm_v2(collect_fee_mode=1, activation_time=CLOCK.unix_timestamp)
    limiter = (
        b"\x02" + bytes(5) + (100).to_bytes(2, "little") + (600).to_bytes(4, "little")
        + (5_000).to_bytes(4, "little") + (10**6).to_bytes(8, "little")
    )  # fmt: skip
    opened = opened.with_bytes(opened.address, 16, limiter)
    quote = opened.quote(10**7, first_in=False)
    trader = Trader(WALLET, HOLDINGS[USDC.mint], HOLDINGS[SOL.mint])
    built = opened.venue.swap(opened.pool(), Leg(quote=quote, threshold=quote.out_amount), trader)
    refs = _refs(built)
    assert _played(opened, bytes(built.data), refs).transfers
    assert _refusal(opened, bytes(built.data), refs[:-1])[0] == 6049


@every_stand_in
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_nothing_but_a_refusal_is_ever_raised(opened: Opened, data: st.DataObject):
    built = _built(opened)
    accounts: dict[Pubkey, Account | None] = dict(opened.accounts)
    for address in data.draw(st.lists(st.sampled_from(list(opened.accounts)), max_size=3)):
        account = opened.accounts[address]
        start = data.draw(st.integers(0, len(account.data)))
        noise = data.draw(st.binary(max_size=24))
        end = data.draw(st.sampled_from([len(account.data), start]))
        changed = (account.data[:start] + noise + account.data[start + len(noise) :])[:end]
        accounts[address] = data.draw(st.sampled_from([replace(account, data=changed), None]))
    refs = _refs(built)
    order = data.draw(st.permutations(range(len(refs)))) if data.draw(st.booleans()) else None
    if order is not None:
        refs = [refs[index] for index in order]
    tail = data.draw(st.binary(min_size=0, max_size=17))
    raw = data.draw(st.sampled_from([bytes(built.data), bytes(built.data)[:8] + tail]))
    try:
        effects = _stand_in(opened).process(raw, refs, accounts, CLOCK)
    except ProgramRefused:
        return
    assert all(0 <= transfer.amount < 2**64 for transfer in effects.transfers)


def test_a_token_account_without_bytes_aborts_the_program():
    opened = damm_v2()
    built = _built(opened)
    holding = _refs(built)[2].address
    empty = opened.with_account(holding, replace(opened.accounts[holding], data=b""))
    assert _refusal(empty, bytes(built.data), _refs(built)) == (None, "panic")


# --- what CPMM observes, and what opening a pool leaves -------------------------------------------


def _observation(opened: Opened, seconds: int) -> tuple[Opened, list[tuple[int, int, int]], int]:
    """A swap `seconds` after `CLOCK`: the pool after it, the observations made, the index."""
    built = _built(opened)
    clock = replace(CLOCK, unix_timestamp=CLOCK.unix_timestamp + seconds)
    effects = _stand_in(opened).process(bytes(built.data), _refs(built), opened.accounts, clock)
    address = opened.pool().observation  # type: ignore[attr-defined]
    data = effects.writes[address]
    entries = [
        (
            int.from_bytes(data[start : start + 8], "little"),
            int.from_bytes(data[start + 8 : start + 24], "little"),
            int.from_bytes(data[start + 24 : start + 40], "little"),
        )
        for start in range(43, 43 + 3 * 40, 40)
    ]
    after = opened.with_account(address, replace(opened.accounts[address], data=data))
    return after, entries, int.from_bytes(data[9:11], "little")


def test_prices_accumulate_by_the_second_and_a_new_entry_starts_after_fifteen():
    first, entries, index = _observation(cpmm(), 0)
    start = CLOCK.unix_timestamp
    assert (entries[0], index) == ((start, 0, 0), 0)
    x, y = cpmm().pool().reserves  # type: ignore[attr-defined]
    price_0, price_1 = (y << 32) // x, (x << 32) // y
    second, entries, index = _observation(first, 10)
    assert (entries[0], index) == ((start, 10 * price_0, 10 * price_1), 0)
    third, entries, index = _observation(second, 20)
    # The entry's time stays where it began; the new one carries the sum of both.
    assert entries[0] == (start, 10 * price_0, 10 * price_1)
    assert (entries[1], index) == ((start + 20, 20 * price_0, 20 * price_1), 1)
    again, entries_again, _ = _observation(third, 20)
    assert entries_again == entries
    assert again.accounts == third.accounts


def test_wrapped_sol_in_a_vault_is_backed_by_lamports():
    opened = cpmm()
    vault = next(
        side.vault
        for side in opened.pool().sides  # type: ignore[attr-defined]
        if side.mint == SOL.mint
    )
    account = opened.accounts[vault]
    assert account.lamports == 10**12 + 165 * 6_960 + 128 * 6_960
    assert int.from_bytes(account.data[113:121], "little") == account.lamports - 10**12


def test_a_vault_of_a_taxed_mint_keeps_a_fee_counter():
    opened = cpmm(tokens=(TAXED, USDC))
    taxed_first = opened.pool().mints[0] == TAXED.mint
    after = opened.after(opened.quote(10**6, first_in=taxed_first))
    vault = next(
        side.vault
        for side in opened.pool().sides  # type: ignore[attr-defined]
        if side.mint == TAXED.mint
    )
    assert int.from_bytes(after.accounts[vault].data[170:178], "little") == 25_000


def test_a_fresh_pool_is_worth_its_deposits():
    for opened in (cpmm(), damm_v2(), damm_v2(collect_fee_mode=2, compounding_bps=5_000)):
        balances = sorted(side.balance for side in opened.pool().sides)  # type: ignore[attr-defined]
        for balance, deposit in zip(balances, (15 * 10**10, 10**12), strict=True):
            assert deposit - 10**4 <= balance <= deposit


def test_pools_are_where_the_programs_derive_them():
    deposits = (
        raydium_cpmm.Deposit(token=SOL, amount=10**12),
        raydium_cpmm.Deposit(token=USDC, amount=10**11),
    )
    assert raydium_cpmm.pool_address(deposits, 0) == raydium_cpmm.pool_address(deposits[::-1], 0)
    assert raydium_cpmm.pool_address(deposits, 0) != raydium_cpmm.pool_address(deposits, 1)
    # Config 0 of mainnet.
    made = raydium_cpmm.open_pool(deposits)
    assert Pubkey.from_string("D4FPEruKEHrG5TenZ2mpDGEfu1iUvTiqBxvpU8HLBvC2") in made
    for config_index in (None, 3):
        made = meteora_damm_v2.open_pool(*deposits, config_index=config_index)
        assert meteora_damm_v2.pool_address(*deposits, config_index) in made
        assert len(made) == 3
