"""CPMM's own rules: reserves less unclaimed fees, creator fees, status, opening time."""

from dataclasses import replace

import pytest

from landfall.core.errors import FailureReason, MalformedAccount
from landfall.core.quote import Refused
from landfall.core.values import SwapMode
from landfall.core.venue import ProgramError
from landfall.core.venues.raydium_cpmm import RAYDIUM_CPMM, layout
from landfall.core.venues.raydium_cpmm.layout import PROGRAM_ID
from landfall.localnet.openings.raydium_cpmm import FeeRates
from tests.core.venues.opened import CLOCK, SOL, TAXED, USDC, cpmm

NO_FEES = FeeRates(trade=0, protocol=0, fund=0)


def test_a_swap_in_numbers():
    # 1 000 000 in, 0.25 % of it as fee: 997 500 · 150 000 000 000 // (10**12 + 997 500).
    quote = cpmm().quote(1_000_000)
    assert (quote.out_amount, quote.fee_amount) == (149_624, 2_500)
    assert quote.fee_mint == quote.request.in_mint


def test_fees_owed_lie_in_the_vault_but_are_not_tradable():
    opened = cpmm()
    swapped = opened.after(opened.quote(10**10))
    side = swapped.pool().sides[0]
    fee = 10**10 * 2_500 // 10**6
    owed = fee * 120_000 // 10**6 + fee * 40_000 // 10**6
    assert side.balance - swapped.pool().reserves[0] == owed


def test_the_creator_is_paid_in_the_mint_the_pool_says():
    rates = FeeRates(creator=10_000)
    for mode, sides in ((0, (0, 1)), (1, (0, 0)), (2, (1, 1))):
        for first_in, side in ((True, sides[0]), (False, sides[1])):
            opened = cpmm(creator_fee_on=mode, rates=rates)
            after = opened.after(opened.quote(10**9, first_in=first_in))
            data = after.accounts[after.address].data
            owed = [field.read(data) for field in layout.POOL_CREATOR_FEES]
            assert owed[side] > 0
            assert owed[1 - side] == 0


def test_a_creator_fee_counts_only_where_it_is_switched_on():
    rates = FeeRates(creator=10_000)
    assert cpmm(rates=rates).quote(10**9) == cpmm().quote(10**9)
    assert cpmm(rates=rates, creator_fee_on=0).quote(10**9).fee_amount == 12_500_000


def test_a_creator_fee_on_the_output_is_told_in_the_input_mint():
    quote = cpmm(rates=FeeRates(creator=10_000), creator_fee_on=2).quote(10**9)
    assert quote.fee_mint == quote.request.in_mint
    assert 12_400_000 < quote.fee_amount < 12_500_000


def test_a_transfer_fee_is_taken_on_the_way_in_and_on_the_way_out():
    opened = cpmm(tokens=(TAXED, USDC), rates=NO_FEES, creator_fee_on=1)
    taxed_first = opened.pool().mints[0] == TAXED.mint
    quote = opened.quote(10**6, first_in=not taxed_first)
    # 2.5 % of the output stays with the mint, so this much must have left the vault.
    assert quote.out_amount == 6_666_622 - -(-6_666_622 * 250 // 10_000)


def test_swaps_can_be_switched_off_and_other_switches_do_not_matter():
    opened = cpmm()
    for status in range(8):
        answer = opened.with_bytes(opened.address, 329, bytes([status])).ask(10**6)
        assert isinstance(answer, Refused) == bool(status & 4)
        if isinstance(answer, Refused):
            assert answer.error == "NotApproved"


def test_a_pool_opens_at_its_second():
    assert isinstance(cpmm(open_time=CLOCK.unix_timestamp + 1).ask(10**6), Refused)
    assert not isinstance(cpmm(open_time=CLOCK.unix_timestamp).ask(10**6), Refused)


def test_all_of_a_reserve_cannot_be_bought():
    opened = cpmm()
    reserve = opened.pool().reserves[1]
    answer = opened.ask(reserve, SwapMode.EXACT_OUT)
    assert isinstance(answer, Refused)
    assert answer.error == "panic"
    assert opened.quote(reserve - 10_000, SwapMode.EXACT_OUT).price_impact_bps == 10_000


def test_no_fee_at_all_with_the_fee_on_the_input_cannot_be_priced():
    answer = cpmm(rates=NO_FEES).ask(10**6)
    assert isinstance(answer, Refused)
    assert answer.error == "ZeroTradingTokens"


def test_a_pool_of_clmm_is_told_by_its_size_and_owner():
    opened = cpmm()
    account = opened.accounts[opened.address]
    assert account.data[:8] == bytes.fromhex("f7ede3f5d7c3de46")
    clmm_sized = replace(account, data=account.data.ljust(1_544, b"\0"))
    with pytest.raises(MalformedAccount, match="is not a CPMM pool"):
        opened.with_account(opened.address, clmm_sized).pool()


def test_an_unknown_creator_fee_mode_is_refused_by_name():
    opened = cpmm()
    with pytest.raises(MalformedAccount, match="creator fee mode"):
        opened.with_bytes(opened.address, 389, b"\x03").pool()


def test_a_config_is_believed_only_from_the_program_itself():
    opened = cpmm()
    config = opened.pool().config
    account = opened.accounts[config]
    with pytest.raises(MalformedAccount, match="owned by"):
        opened.with_account(config, replace(account, owner=SOL.program)).pool()
    with pytest.raises(MalformedAccount, match="100 %"):
        opened.with_bytes(config, 12, (10**6).to_bytes(8, "little")).pool()


def test_another_token_program_than_the_mints_is_refused():
    opened = cpmm()
    with pytest.raises(MalformedAccount, match="token program"):
        opened.with_bytes(opened.address, 232, bytes(TAXED.program)).pool()


def test_error_numbers_are_read_where_the_log_gives_no_name():
    def explained(code: int) -> FailureReason:
        return RAYDIUM_CPMM.explain(ProgramError(PROGRAM_ID, code, None))

    assert explained(6005) is FailureReason.SLIPPAGE_EXCEEDED
    assert explained(6000) is FailureReason.POOL_CLOSED
