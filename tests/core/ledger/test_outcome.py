"""What a landed transaction did: a fill read from balances, or a failure read from the logs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.core.anchor import ProgramFault
from landfall.core.errors import FailureReason, InvariantViolation
from landfall.core.ledger.answers import Balances, LandedTransaction, TokenBalance, TransactionError
from landfall.core.ledger.outcome import read_failure, read_fill, read_rent
from landfall.core.ledger.token_accounts import associated_address
from landfall.core.token import TOKEN_2022_PROGRAM, TOKEN_PROGRAM, Token
from landfall.core.values import Lamports, Signature, Slot
from landfall.core.venues import VENUES
from landfall.core.venues.meteora_damm_v1 import METEORA_DAMM_V1
from landfall.core.venues.meteora_damm_v1 import faults as damm_v1_faults
from landfall.core.venues.meteora_damm_v1.vaults import VAULT_PROGRAM_ID as DAMM_V1_VAULT
from landfall.core.venues.raydium_cpmm import RAYDIUM_CPMM, faults
from tests.core.examples import ETH, SOL, USDC, WALLET, an_order, pubkey

FEE = 5_000
RENT = 2_039_280
VAULT = pubkey(77)
SOMEBODY = pubkey(78)
CPMM = RAYDIUM_CPMM.program_id


def landed(lamports=(), tokens=(), error=None, logs=()) -> LandedTransaction:
    """A transaction by its changes: (account, before, after), and (account, token, owner, …)."""
    return LandedTransaction(
        slot=Slot(510),
        signature=Signature(bytes([9] * 64)),
        error=error,
        balances=Balances(
            fee_lamports=Lamports(FEE),
            lamports_before={account: before for account, before, _ in lamports},
            lamports_after={account: after for account, _, after in lamports},
            tokens_before=_balances(tokens, 3),
            tokens_after=_balances(tokens, 4),
        ),
        logs=logs,
    )


def _balances(tokens, place) -> tuple[TokenBalance, ...]:
    return tuple(
        TokenBalance(account=row[0], mint=row[1].mint, owner=row[2], amount=row[place])
        for row in tokens
        if row[place] is not None
    )


def usdc(before, after, account=None):
    return (account or associated_address(WALLET, USDC), USDC, WALLET, before, after)


def test_sol_in_is_counted_in_lamports_without_the_fee():
    fill = read_fill(
        an_order(),
        WALLET,
        landed(
            lamports=[(WALLET, 10_000_000_000, 8_500_000_000 - FEE)],
            tokens=[usdc(1_000, 225_001_000), (VAULT, USDC, SOMEBODY, 900_000_000, 675_000_000)],
        ),
    )
    assert (fill.in_amount, fill.out_amount) == (1_500_000_000, 225_000_000)
    assert (fill.fee_lamports, fill.slot) == (FEE, 510)


def test_sol_out_is_counted_in_lamports_without_the_fee():
    fill = read_fill(
        an_order(token_in=USDC, token_out=SOL),
        WALLET,
        landed(
            lamports=[(WALLET, 1_000_000_000, 2_400_000_000 - FEE)],
            tokens=[usdc(225_000_000, 0)],
        ),
    )
    assert (fill.in_amount, fill.out_amount) == (225_000_000, 1_400_000_000)


def test_between_two_tokens_only_the_wallets_own_accounts_count():
    fill = read_fill(
        an_order(token_in=USDC, token_out=ETH),
        WALLET,
        landed(
            lamports=[(WALLET, 1_000_000_000, 1_000_000_000 - FEE)],
            tokens=[
                usdc(300_000_000, 75_000_000),
                (associated_address(WALLET, ETH), ETH, WALLET, 0, 9_000_000),
                (VAULT, ETH, SOMEBODY, 80_000_000, 71_000_000),
            ],
        ),
    )
    assert (fill.in_amount, fill.out_amount) == (225_000_000, 9_000_000)


@given(
    st.integers(1, 10**12),
    st.integers(1, 10**12),
    st.booleans(),
    st.integers(0, 10**10),
    st.integers(0, 10**10),
)
def test_rent_and_sol_that_was_wrapped_before_cancel_out(paid, got, creates, wrapped, spare):
    """The wallet pays rent into accounts that are its own, and closing returns what was in them."""
    usdc_account, sol_account = associated_address(WALLET, USDC), associated_address(WALLET, SOL)
    rent = RENT if creates else 0
    held = wrapped + RENT if wrapped else 0
    before = paid + spare + rent + FEE
    fill = read_fill(
        an_order(),
        WALLET,
        landed(
            lamports=[
                (WALLET, before, before - paid - rent - FEE + held),
                (sol_account, held, 0),
                (usdc_account, RENT - rent, RENT),
            ],
            tokens=[
                usdc(None if creates else 0, got),
                (sol_account, SOL, WALLET, wrapped or None, None),
            ],
        ),
    )
    assert (fill.in_amount, fill.out_amount) == (paid, got)


def test_lamports_that_lay_at_the_address_of_an_unopened_account_are_no_profit():
    """Anyone may send SOL there; opening uses it for rent, and closing hands it to the wallet."""
    fill = read_fill(
        an_order(),
        WALLET,
        landed(
            lamports=[
                (WALLET, 10_000_000_000, 8_500_000_000 + 777 - FEE),
                (associated_address(WALLET, SOL), 777, 0),
            ],
            tokens=[usdc(0, 225_000_000)],
        ),
    )
    assert fill.in_amount == 1_500_000_000


def test_a_transfer_fee_shows_in_what_arrived():
    taxed = Token(mint=pubkey(40), decimals=6, program=TOKEN_2022_PROGRAM)
    account = associated_address(WALLET, taxed)
    fill = read_fill(
        an_order(token_in=USDC, token_out=taxed),
        WALLET,
        landed(
            lamports=[(WALLET, 1_000_000_000, 1_000_000_000 - FEE)],
            tokens=[
                usdc(225_000_000, 0),
                (VAULT, taxed, SOMEBODY, 1_000_000_000, 900_000_000),
                (account, taxed, WALLET, 0, 99_000_000),
            ],
        ),
    )
    assert fill.out_amount == 99_000_000


def test_tokens_in_another_account_of_the_wallet_count_too():
    fill = read_fill(
        an_order(),
        WALLET,
        landed(
            lamports=[(WALLET, 10_000_000_000, 8_500_000_000 - FEE)],
            tokens=[usdc(0, 200_000_000), usdc(0, 25_000_000, account=pubkey(41))],
        ),
    )
    assert fill.out_amount == 225_000_000


@pytest.mark.parametrize(
    ("wallet_after", "usdc_after"),
    [(10_000_000_000 - FEE, 225_000_000), (8_500_000_000 - FEE, 0)],
)
def test_a_success_that_moved_nothing_is_no_fill(wallet_after, usdc_after):
    with pytest.raises(InvariantViolation, match="succeeded but"):
        read_fill(
            an_order(),
            WALLET,
            landed([(WALLET, 10_000_000_000, wallet_after)], [usdc(0, usdc_after)]),
        )


def failed(program, code, *before) -> tuple[str, ...]:
    """The log of an instruction of `program` that fails with a custom number."""
    return (
        f"Program {program} invoke [1]",
        *before,
        f"Program {program} failed: custom program error: {code:#x}",
    )


def fault_log(fault: ProgramFault) -> str:
    """The line in which an Anchor program names its error."""
    return (
        f"Program log: AnchorError thrown in programs/cp-swap/src/instructions/swap_base_input.rs:"
        f"145. Error Code: {fault.name}. Error Number: {fault.code}. Error Message: no."
    )


CUSTOM_1 = TransactionError("Custom", instruction=3, code=1)


def test_a_venues_refusal_is_explained_by_the_venue():
    fault = faults.EXCEEDED_SLIPPAGE
    error = TransactionError("Custom", instruction=3, code=fault.code)
    failure = read_failure(error, failed(CPMM, fault.code, fault_log(fault)), VENUES.values())
    assert failure.reason is FailureReason.SLIPPAGE_EXCEEDED
    assert failure.error == fault.name
    assert "raydium_cpmm" in failure.detail
    assert failure.logs[-1].endswith("0x1775")


def test_numbers_move_between_builds_and_names_decide():
    fault = faults.EXCEEDED_SLIPPAGE
    error = TransactionError("Custom", instruction=3, code=fault.code + 1)
    failure = read_failure(error, failed(CPMM, fault.code + 1, fault_log(fault)), VENUES.values())
    assert failure.reason is FailureReason.SLIPPAGE_EXCEEDED


def test_without_a_name_the_number_decides():
    fault = faults.EXCEEDED_SLIPPAGE
    error = TransactionError("Custom", instruction=3, code=fault.code)
    failure = read_failure(error, failed(CPMM, fault.code), VENUES.values())
    assert failure.reason is FailureReason.SLIPPAGE_EXCEEDED
    assert failure.error == str(fault.code)


def test_the_innermost_program_is_the_one_that_failed():
    """The pool program fails after the token program it called, with the same number."""
    logs = (
        f"Program {CPMM} invoke [1]",
        f"Program {TOKEN_PROGRAM} invoke [2]",
        "Program log: Error: insufficient funds",
        f"Program {TOKEN_PROGRAM} failed: custom program error: 0x1",
        f"Program {CPMM} failed: custom program error: 0x1",
    )
    failure = read_failure(CUSTOM_1, logs, VENUES.values())
    assert failure.reason is FailureReason.INSUFFICIENT_FUNDS
    assert "token program" in failure.detail


def test_a_refusal_of_a_vault_that_a_pool_program_calls_is_explained_by_the_venue():
    fault = damm_v1_faults.VAULT_IS_DISABLED
    error = TransactionError("Custom", instruction=3, code=fault.code)
    for log in (failed(DAMM_V1_VAULT, fault.code), failed(DAMM_V1_VAULT, 1, fault_log(fault))):
        logs = (*log, f"Program {METEORA_DAMM_V1.program_id} failed: custom program error: 0x1770")
        failure = read_failure(error, logs, VENUES.values())
        assert failure.reason is FailureReason.POOL_CLOSED
        assert "meteora_damm_v1" in failure.detail


@pytest.mark.parametrize("program", [TOKEN_PROGRAM, TOKEN_2022_PROGRAM, pubkey(0)])
def test_number_one_of_a_token_program_or_the_system_program_means_funds(program):
    failure = read_failure(CUSTOM_1, failed(program, 1), VENUES.values())
    assert failure.reason is FailureReason.INSUFFICIENT_FUNDS


def test_number_one_of_any_other_program_means_nothing_in_particular():
    failure = read_failure(CUSTOM_1, failed(SOMEBODY, 1), VENUES.values())
    assert failure.reason is FailureReason.PROGRAM_ERROR


def test_a_program_cannot_name_another_one_as_the_culprit_by_logging():
    logs = failed(SOMEBODY, 1, f"Program log: Program {TOKEN_PROGRAM} failed: custom error: 0x1")
    failure = read_failure(CUSTOM_1, logs, VENUES.values())
    assert failure.reason is FailureReason.PROGRAM_ERROR
    assert str(SOMEBODY) in failure.detail


@pytest.mark.parametrize(
    "name", ["InsufficientFundsForFee", "InsufficientFundsForRent", "AccountNotFound"]
)
def test_a_wallet_that_cannot_pay_its_way_has_insufficient_funds(name):
    failure = read_failure(TransactionError(name), (), VENUES.values())
    assert (failure.reason, failure.error) == (FailureReason.INSUFFICIENT_FUNDS, name)


def test_an_abort_without_a_number_keeps_the_ledgers_word():
    error = TransactionError("ProgramFailedToComplete", instruction=3)
    logs = (
        f"Program {SOMEBODY} invoke [1]",
        f"Program {SOMEBODY} failed: exceeded CUs meter at BPF instruction",
    )
    failure = read_failure(error, logs, VENUES.values())
    assert failure.reason is FailureReason.PROGRAM_ERROR
    assert failure.error == "ProgramFailedToComplete"


def test_without_logs_nothing_is_guessed():
    failure = read_failure(CUSTOM_1, (), VENUES.values())
    assert (failure.reason, failure.error) == (FailureReason.PROGRAM_ERROR, "Custom")


def test_a_tip_is_no_part_of_what_was_paid_in_sol():
    tip = Lamports(20_000)
    transaction = landed(
        lamports=[(WALLET, 10_000_000_000, 8_500_000_000 - FEE - tip)],
        tokens=[usdc(0, 225_000_000)],
    )
    assert read_fill(an_order(), WALLET, transaction, tip).in_amount == 1_500_000_000
    assert read_fill(an_order(), WALLET, transaction).in_amount == 1_500_000_000 + tip


def test_what_a_route_only_passes_through_is_no_part_of_the_fill():
    """USDC to ETH through SOL: a wrapped account comes and goes, and SOL pays the fee alone."""
    fill = read_fill(
        an_order(token_in=USDC, token_out=ETH),
        WALLET,
        landed(
            lamports=[
                (WALLET, 10_000_000_000, 10_000_000_000 - FEE),
                (associated_address(WALLET, SOL), 0, 0),
            ],
            tokens=[
                usdc(225_000_000, 0),
                (associated_address(WALLET, ETH), ETH, WALLET, 0, 9_000_000),
                (VAULT, SOL, SOMEBODY, 5_000, 4_000),
            ],
        ),
    )
    assert (fill.in_amount, fill.out_amount) == (225_000_000, 9_000_000)


def test_rent_is_what_new_accounts_of_the_wallet_hold_in_the_end():
    new, old, theirs = associated_address(WALLET, ETH), associated_address(WALLET, USDC), VAULT
    transaction = landed(
        lamports=[
            (WALLET, 10**10, 10**10 - RENT - FEE),
            (new, 0, RENT),
            (old, RENT, RENT),
            (theirs, 0, RENT),
            (associated_address(WALLET, SOL), 0, 0),
        ],
        tokens=[
            (new, ETH, WALLET, None, 5),
            (old, USDC, WALLET, 7, 1),
            (theirs, ETH, SOMEBODY, None, 5),
        ],
    )
    assert read_rent(WALLET, transaction.balances) == RENT


def test_the_pool_at_fault_is_that_of_the_failing_instruction():
    refused = ["Program " + str(CPMM) + " failed: custom program error: 0x1775"]
    error = TransactionError("Custom", instruction=4, code=6_005)
    failure = read_failure(error, refused, VENUES.values(), {3: pubkey(1), 4: pubkey(2)})
    assert failure.pools == (pubkey(2),)
    assert failure.program == CPMM
    elsewhere = TransactionError("Custom", instruction=2, code=6_005)
    assert read_failure(elsewhere, refused, VENUES.values(), {3: pubkey(1)}).pools == ()


def test_no_pool_is_at_fault_where_the_wallet_has_too_little():
    poor = [f"Program {TOKEN_PROGRAM} failed: custom program error: 0x1"]
    error = TransactionError("Custom", instruction=4, code=1)
    failure = read_failure(error, poor, VENUES.values(), {4: pubkey(2)})
    assert failure.reason is FailureReason.INSUFFICIENT_FUNDS
    assert failure.pools == ()
