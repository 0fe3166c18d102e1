"""AMM v4's own rules: reserves less profits owed, status and opening, one small fee, SPL Token."""

from dataclasses import replace

import pytest
from solders.instruction import AccountMeta

from landfall.core.account_fields import UInt
from landfall.core.errors import FailureReason, MalformedAccount
from landfall.core.quote import Leg, Refused
from landfall.core.values import BaseUnits, Slot, SwapMode
from landfall.core.venue import ProgramError, Trader
from landfall.core.venues.raydium_amm import RAYDIUM_AMM, layout
from landfall.core.venues.raydium_amm.layout import AUTHORITY, AUTHORITY_NONCE, PROGRAM_ID
from tests.core.venues.opened import CLOCK, HOLDINGS, SOL, TAXED, USDC, WALLET, Opened, amm

NOW = CLOCK.unix_timestamp


def _written(opened: Opened, field: UInt, value: int) -> Opened:
    return opened.with_bytes(opened.address, field.offset, value.to_bytes(field.size, "little"))


def _error(opened: Opened, amount: int = 10**6, mode: SwapMode = SwapMode.EXACT_IN) -> str:
    answer = opened.ask(amount, mode)
    assert isinstance(answer, Refused), answer
    return answer.error


def test_a_swap_in_numbers():
    # 1 000 000 in, 0.25 % of it as fee: 997 500 · 150 000 000 000 // (10**12 + 997 500).
    quote = amm().quote(1_000_000)
    assert (quote.out_amount, quote.fee_amount) == (149_624, 2_500)
    assert quote.fee_mint == quote.request.in_mint


def test_the_fee_rounds_up_however_small_the_amount():
    opened = amm(amounts=(10**9, 10**12))
    assert opened.quote(1_000).fee_amount == 3
    assert opened.quote(2).fee_amount == 1
    assert _error(opened, 1) == "InvalidInput"


def test_an_exact_output_in_numbers():
    # ceil(10**12 · 149 624 / (15·10**10 − 149 624)) = 997 495, and ceil(that · 10 000 / 9 975).
    quote = amm().quote(149_624, SwapMode.EXACT_OUT)
    assert (quote.in_amount, quote.fee_amount) == (999_995, 2_500)


def test_the_fee_stays_in_the_reserves():
    opened = amm()
    after = opened.after(opened.quote(10**9)).pool()
    assert after.reserves[0] == opened.pool().reserves[0] + 10**9


def test_profits_owed_lie_in_the_vaults_but_are_not_tradable():
    opened = _written(amm(), layout.POOL_PROFITS_OWED[0], 10**11)
    opened = _written(opened, layout.POOL_PROFITS_OWED[1], 10**10)
    assert opened.pool().reserves == (9 * 10**11, 14 * 10**10)
    assert opened.quote(10**6).out_amount == 997_500 * 14 * 10**10 // (9 * 10**11 + 997_500)


def test_owing_more_than_a_vault_holds_is_refused_and_owing_all_of_it_too():
    opened = amm()
    assert _error(_written(opened, layout.POOL_PROFITS_OWED[1], 15 * 10**10 + 1)) == (
        "CheckedSubOverflow"
    )
    assert _error(_written(opened, layout.POOL_PROFITS_OWED[1], 15 * 10**10)) == "InvalidInput"
    assert _error(_written(opened, layout.POOL_PROFITS_OWED[0], 10**12)) == "InsufficientFunds"


@pytest.mark.parametrize("status", range(8))
def test_only_three_statuses_swap(status: int):
    answer = _written(amm(), layout.POOL_STATUS, status).ask(10**6)
    assert isinstance(answer, Refused) == (status not in (1, 6, 7))
    if isinstance(answer, Refused):
        assert answer.error == "InvalidStatus"


def test_an_unknown_status_stops_the_program():
    assert _error(_written(amm(), layout.POOL_STATUS, 8)) == "panic"
    assert _error(_written(amm(), layout.POOL_STATUS, 256)) == "panic"


def test_a_waiting_pool_opens_at_its_second_and_stays_open():
    assert _error(amm(open_time=NOW + 1)) == "InvalidStatus"
    waiting = amm(open_time=NOW)
    after = waiting.after(waiting.quote(10**6))
    assert waiting.pool().status == layout.STATUS_WAITING_TRADE
    assert after.pool().status == layout.STATUS_SWAP_ONLY


def test_a_pool_that_swaps_already_does_not_look_at_its_opening_time():
    opened = _written(amm(), layout.POOL_OPEN_TIME, NOW + 1)
    assert not isinstance(opened.ask(10**6), Refused)


def test_all_of_a_reserve_cannot_be_bought():
    opened = amm()
    assert _error(opened, 15 * 10**10, SwapMode.EXACT_OUT) == "panic"
    assert opened.quote(15 * 10**10 - 10_000, SwapMode.EXACT_OUT).price_impact_bps == 10_000


@pytest.mark.parametrize("fee", [(0, 0), (2, 1)])
def test_a_fee_that_is_no_share_stops_the_program(fee: tuple[int, int]):
    for mode in SwapMode:
        assert _error(amm(swap_fee=fee), mode=mode) == "panic"


def test_a_pool_without_a_fee_is_priced():
    assert amm(swap_fee=(0, 10_000)).quote(10**6).fee_amount == 0


def test_a_pair_is_asked_for_both_ways():
    questions = RAYDIUM_AMM.pools_trading(SOL.mint, USDC.mint)
    told = [[(one.offset, one.wanted) for one in each.memcmps] for each in questions]
    sol, usdc = bytes(SOL.mint), bytes(USDC.mint)
    assert told == [[(400, sol), (432, usdc)], [(400, usdc), (432, sol)]]
    assert {each.data_size for each in questions} == {752}


def test_a_mint_of_token_2022_is_refused():
    with pytest.raises(MalformedAccount, match="does not trade"):
        amm(tokens=(SOL, TAXED)).pool()


def test_the_nonce_of_another_authority_is_refused():
    with pytest.raises(MalformedAccount, match="nonce"):
        _written(amm(), layout.POOL_NONCE, AUTHORITY_NONCE - 1).pool()


@pytest.mark.parametrize("first_in", [True, False])
def test_the_instruction_names_eight_accounts_and_no_market(first_in: bool):
    opened = amm()
    pool = opened.pool()
    quote = opened.quote(10**6, first_in=first_in)
    trader = Trader(WALLET, HOLDINGS[SOL.mint], HOLDINGS[USDC.mint])
    built = RAYDIUM_AMM.swap(pool, Leg(quote=quote, threshold=BaseUnits(7)), trader)
    assert built.program_id == PROGRAM_ID
    assert bytes(built.data) == b"\x10" + (10**6).to_bytes(8, "little") + (7).to_bytes(8, "little")
    assert built.accounts == [
        AccountMeta(SOL.program, is_signer=False, is_writable=False),
        AccountMeta(opened.address, is_signer=False, is_writable=True),
        AccountMeta(AUTHORITY, is_signer=False, is_writable=False),
        AccountMeta(pool.sides[0].vault, is_signer=False, is_writable=True),
        AccountMeta(pool.sides[1].vault, is_signer=False, is_writable=True),
        AccountMeta(HOLDINGS[SOL.mint], is_signer=False, is_writable=True),
        AccountMeta(HOLDINGS[USDC.mint], is_signer=False, is_writable=True),
        AccountMeta(WALLET, is_signer=True, is_writable=False),
    ]


def test_the_bound_of_an_exact_output_comes_first():
    opened = amm()
    quote = opened.quote(10**6, SwapMode.EXACT_OUT)
    trader = Trader(WALLET, HOLDINGS[SOL.mint], HOLDINGS[USDC.mint])
    built = RAYDIUM_AMM.swap(opened.pool(), Leg(quote=quote, threshold=BaseUnits(7)), trader)
    assert bytes(built.data) == b"\x11" + (7).to_bytes(8, "little") + (10**6).to_bytes(8, "little")


def test_error_numbers_are_read_for_the_log_gives_no_name():
    def explained(code: int) -> FailureReason:
        return RAYDIUM_AMM.explain(ProgramError(PROGRAM_ID, code, None))

    assert explained(30) is FailureReason.SLIPPAGE_EXCEEDED
    assert explained(22) is FailureReason.POOL_CLOSED
    assert explained(40) is FailureReason.INSUFFICIENT_FUNDS
    assert explained(29) is FailureReason.POOL_REFUSED


def test_the_bytes_of_another_account_of_the_program_are_no_pool():
    opened = amm()
    account = opened.accounts[opened.address]
    target_orders = replace(account, data=account.data.ljust(2_208, b"\0"))
    with pytest.raises(MalformedAccount, match="is not a"):
        RAYDIUM_AMM.load(opened.address, {opened.address: target_orders}, Slot(1))
