"""Transactions with stand-ins: atomic, charged, and told as if the program had run."""

from collections.abc import Iterator

import pytest
from solders.address_lookup_table_account import ID as LOOKUP_TABLE_PROGRAM
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.transaction import VersionedTransaction

from landfall.core.ledger.token_accounts import ASSOCIATED_TOKEN_PROGRAM, associated_address
from landfall.core.token import NATIVE_MINT, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, Token
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, Commitment
from landfall.localnet.openings.deposits import Deposit, owned_account, token_account
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.start import opened_node
from landfall.localnet.transactions import decode_transaction
from tests.localnet.chain import BORN_AT, FEE, MEMO, Chain, failing, opened_chain, token_transfer
from tests.localnet.till import (
    AUTHORITY,
    CRASH,
    OVERREACH,
    PANIC,
    REFUSAL,
    REFUSE,
    TILL,
    Counter,
    Till,
    opened_counter,
)

TAKE, GIVE = 5_000_000, 1_000_000


@pytest.fixture
def chain(wallet: Keypair) -> Iterator[Chain]:
    with opened_chain(wallet, [Till()]) as node:
        yield Chain(node, wallet)


@pytest.fixture
def counter(chain: Chain) -> Counter:
    return opened_counter(chain)


def steal(counter: Counter, amount: int) -> Instruction:
    """The trader spends from the vault in their own name."""
    chain = counter.chain
    token = KNOWN_TOKENS["ETH"]
    return token_transfer(
        counter.vault_out,
        token.mint,
        chain.tokens_of("ETH"),
        chain.wallet.pubkey(),
        amount,
        token.decimals,
    )


def test_a_swap_moves_both_tokens_and_writes_the_program_state(chain: Chain, counter: Counter):
    before = {symbol: chain.held(chain.tokens_of(symbol)) for symbol in ("USDC", "ETH")}
    vault = counter.account(counter.vault_out)
    outcome, landed = chain.run(counter.instruction(TAKE, GIVE))
    assert outcome.error is None
    assert landed is not None
    assert chain.held(chain.tokens_of("USDC")) == before["USDC"] - TAKE
    assert chain.held(chain.tokens_of("ETH")) == before["ETH"] + GIVE
    assert counter.calls() == 1
    spent = counter.account(counter.vault_out)
    assert int.from_bytes(spent.data[64:72], "little") == (
        int.from_bytes(vault.data[64:72], "little") - GIVE
    )
    # Nothing but the amount differs: the delegation it needed is gone.
    assert spent.data[:64] + spent.data[72:] == vault.data[:64] + vault.data[72:]
    assert spent.lamports == vault.lamports


def test_a_swap_before_a_failing_instruction_leaves_nothing_but_the_fee(
    chain: Chain, counter: Counter
):
    everything, lamports = counter.everything(), chain.lamports(chain.wallet.pubkey())
    outcome, landed = chain.submit(chain.signed(counter.instruction(TAKE, GIVE), failing()))
    assert outcome.error == {"InstructionError": [1, "ProgramFailedToComplete"]}
    assert landed is not None
    assert counter.everything() == everything
    assert chain.lamports(chain.wallet.pubkey()) == lamports - FEE


@pytest.mark.parametrize(
    ("verb", "cause", "words"),
    [
        (REFUSE, {"Custom": REFUSAL}, "Error Code: TillClosed. Error Number: 6005."),
        (PANIC, "ProgramFailedToComplete", "attempt to divide by zero"),
        (CRASH, "ProgramFailedToComplete", "a mistake of the stand-in"),
        (OVERREACH, "ExternalAccountDataModified", ""),
    ],
)
def test_a_refusal_has_the_original_index_and_costs_the_fee(
    chain: Chain, counter: Counter, verb: int, cause: object, words: str
):
    everything, lamports = counter.everything(), chain.lamports(chain.wallet.pubkey())
    outcome, landed = chain.submit(
        chain.signed(
            set_compute_unit_limit(300_000),
            chain.payment(Pubkey.new_unique(), 10**9),
            counter.instruction(TAKE, GIVE, verb),
            failing(),
        )
    )
    assert outcome.error == {"InstructionError": [2, cause]}
    assert landed is not None
    assert landed.fee == FEE
    assert chain.lamports(chain.wallet.pubkey()) == lamports - FEE
    assert counter.everything() == everything
    logs = landed.meta["logMessages"]
    assert f"Program {TILL} invoke [1]" in logs
    assert any(words in line for line in logs)
    failed = "custom program error: 0x1775" if isinstance(cause, dict) else ""
    assert logs[-1].startswith(f"Program {TILL} failed: {failed}")


def test_the_logs_read_as_if_the_program_had_run(chain: Chain, counter: Counter):
    outcome, _ = chain.submit(
        chain.signed(set_compute_unit_limit(200_000), counter.instruction(TAKE, GIVE))
    )
    token = f"Program {TOKEN_PROGRAM}"
    lines = [line for line in outcome.logs if "consumed" not in line]
    assert lines == [
        "Program ComputeBudget111111111111111111111111111111 invoke [1]",
        "Program ComputeBudget111111111111111111111111111111 success",
        f"Program {TILL} invoke [1]",
        "Program log: Instruction: Call 1",
        f"{token} invoke [2]",
        f"{token} success",
        f"{token} invoke [2]",
        f"{token} success",
        f"Program {TILL} success",
    ]
    assert f"Program {TILL} consumed 40000 of 199850 compute units" in outcome.logs


def test_its_transfers_are_recorded_as_inner_calls_in_the_programs_name(
    chain: Chain, counter: Counter
):
    outcome, _ = chain.submit(chain.signed(counter.instruction(TAKE, GIVE)))
    assert outcome.accounts is not None
    ((index, calls),) = outcome.inner
    assert index == 0
    keys = outcome.accounts.keys
    assert [keys[call.program_index] for call in calls] == [TOKEN_PROGRAM, TOKEN_PROGRAM]
    assert [keys[call.accounts[3]] for call in calls] == [chain.wallet.pubkey(), AUTHORITY]
    assert {call.stack_height for call in calls} == {2}


def test_a_short_balance_fails_with_the_token_programs_error(chain: Chain, counter: Counter):
    everything = counter.everything()
    too_much = chain.held(chain.tokens_of("USDC")) + 1
    outcome, landed = chain.submit(
        chain.signed(set_compute_unit_price(1), counter.instruction(too_much, GIVE))
    )
    assert outcome.error == {"InstructionError": [1, {"Custom": 1}]}
    assert landed is not None
    assert counter.everything() == everything
    assert outcome.logs[-1] == f"Program {TILL} failed: custom program error: 0x1"
    assert f"Program {TOKEN_PROGRAM} failed: custom program error: 0x1" in outcome.logs


def test_a_later_swap_sees_what_the_earlier_one_did(chain: Chain, counter: Counter):
    held = chain.held(chain.tokens_of("USDC"))
    outcome, _ = chain.run(
        counter.instruction(TAKE, GIVE),
        chain.payment(Pubkey.new_unique(), 10**9),
        counter.instruction(TAKE, GIVE),
        counter.instruction(TAKE, GIVE),
    )
    assert outcome.error is None
    assert counter.calls() == 3
    assert counter.seen() == held - 2 * TAKE
    assert [index for index, _ in outcome.inner] == [0, 2, 3]


def test_a_swap_sees_an_account_that_an_earlier_instruction_made(chain: Chain):
    counter = opened_counter(chain, ("SOL", "USDC"))
    newcomer, wallet = Keypair(), chain.wallet.pubkey()
    wrapped = associated_address(newcomer.pubkey(), KNOWN_TOKENS["SOL"])
    opening = Instruction(
        ASSOCIATED_TOKEN_PROGRAM,
        b"\x01",
        [
            AccountMeta(wallet, True, True),
            AccountMeta(wrapped, False, True),
            AccountMeta(newcomer.pubkey(), False, False),
            AccountMeta(NATIVE_MINT, False, False),
            AccountMeta(SYSTEM_PROGRAM, False, False),
            AccountMeta(TOKEN_PROGRAM, False, False),
        ],
    )
    syncing = Instruction(TOKEN_PROGRAM, b"\x11", [AccountMeta(wrapped, False, True)])
    swap = counter.instruction(6_000_000, GIVE, trader=newcomer.pubkey(), user_in=wrapped)
    outcome, _ = chain.submit(
        chain.signed(
            opening,
            chain.payment(wrapped, 7_000_000),
            syncing,
            swap,
            signers=[chain.wallet, newcomer],
        )
    )
    assert outcome.error is None, outcome.logs
    assert outcome.fee == 2 * FEE
    assert counter.seen() == 7_000_000
    assert chain.held(wrapped) == 1_000_000


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("amount", [1, GIVE, GIVE + 1])
def test_the_delegation_cannot_be_used_by_anybody_else(
    chain: Chain, counter: Counter, first: bool, amount: int
):
    everything = counter.everything()
    swap, theft = counter.instruction(TAKE, GIVE), steal(counter, amount)
    outcome, _ = chain.run(*((theft, swap) if first else (swap, theft)))
    assert outcome.error is not None
    assert counter.everything() == everything
    alone, _ = chain.run(theft)
    assert alone.error is not None


def test_the_fee_is_that_of_the_original_message(chain: Chain, counter: Counter):
    swap = counter.instruction(TAKE, GIVE)
    price = 1_000_000
    plain, _ = chain.submit(chain.signed(swap))
    # Without a limit of its own: 200,000 units for the swap and 3,000 for the price.
    unlimited, _ = chain.submit(chain.signed(set_compute_unit_price(price), swap))
    limited, _ = chain.submit(
        chain.signed(swap, set_compute_unit_price(price), set_compute_unit_limit(90_000))
    )
    assert (plain.fee, unlimited.fee, limited.fee) == (FEE, FEE + 203_000, FEE + 90_000)


def test_the_unit_limit_is_kept(chain: Chain, counter: Counter):
    everything = counter.everything()
    swap = counter.instruction(TAKE, GIVE)
    later = chain.payment(Pubkey.new_unique(), 10**9)
    outcome, _ = chain.submit(chain.signed(set_compute_unit_limit(39_000), swap, later))
    assert outcome.error == {"InstructionError": [1, "ComputationalBudgetExceeded"]}
    assert outcome.units <= 39_000
    enough, _ = chain.submit(chain.signed(set_compute_unit_limit(41_000), swap))
    assert enough.error is None
    assert enough.units <= 41_000
    assert counter.everything() != everything


def test_the_preview_is_what_lands(chain: Chain, counter: Counter):
    everything = counter.everything()
    transaction = decode_transaction(chain.signed(counter.instruction(TAKE, GIVE)))
    preview = chain.node.cluster.preview(transaction, Commitment.PROCESSED)
    assert counter.everything() == everything
    landed, _ = chain.node.submit(transaction)
    assert preview == landed
    assert all(chain.account(key) == account for key, account in preview.changes.items())


def test_a_preview_at_an_older_commitment_plays_on_the_older_state(chain: Chain, counter: Counter):
    chain.advance(3)
    held = chain.held(chain.tokens_of("USDC"))
    chain.run(counter.instruction(TAKE, GIVE))
    transaction = decode_transaction(
        chain.signed(
            counter.instruction(held, GIVE), blockhash=chain.blockhash(Commitment.CONFIRMED)
        )
    )
    cluster = chain.node.cluster
    assert cluster.preview(transaction, Commitment.CONFIRMED).error is None
    assert cluster.preview(transaction, Commitment.PROCESSED).error is not None


def test_accounts_from_a_lookup_table_are_played_too(chain: Chain, counter: Counter):
    swap = counter.instruction(TAKE, GIVE)
    table = Pubkey.new_unique()
    listed = [meta.pubkey for meta in swap.accounts if not meta.is_signer]
    data = (
        (1).to_bytes(4, "little")
        + (2**64 - 1).to_bytes(8, "little")
        + bytes(8 + 1 + 1 + 32 + 2)
        + b"".join(map(bytes, listed))
    )
    assert len(data) == 56 + 32 * len(listed)
    chain.node.cluster.svm.apply(chain.slot(), {table: Account(LOOKUP_TABLE_PROGRAM, 10**9, data)})
    chain.advance()
    message = MessageV0.try_compile(
        chain.wallet.pubkey(),
        [chain.payment(Pubkey.new_unique(), 10**9), swap, failing()],
        [AddressLookupTableAccount(table, listed)],
        chain.blockhash(),
    )
    assert len(message.account_keys) < len(listed)
    outcome, _ = chain.submit(bytes(VersionedTransaction(message, [chain.wallet])))
    assert outcome.error == {"InstructionError": [2, "ProgramFailedToComplete"]}
    message = MessageV0.try_compile(
        chain.wallet.pubkey(),
        [chain.payment(Pubkey.new_unique(), 10**9), swap],
        [AddressLookupTableAccount(table, listed)],
        chain.blockhash(),
    )
    outcome, landed = chain.submit(bytes(VersionedTransaction(message, [chain.wallet])))
    assert outcome.error is None
    assert landed is not None
    assert counter.calls() == 1
    loaded = landed.meta["loadedAddresses"]
    assert set(loaded["writable"] + loaded["readonly"]) == set(map(str, listed))
    keys = [str(key) for key in landed.addresses]
    by_key = {keys[each["accountIndex"]]: each for each in landed.meta["postTokenBalances"]}
    vault = by_key[str(counter.vault_in)]
    assert vault["owner"] == str(AUTHORITY)


def test_a_transfer_fee_is_charged_by_the_token_program(chain: Chain):
    basis_points = 100
    fee = (0).to_bytes(8, "little") + (2**64 - 1).to_bytes(8, "little")
    fee += basis_points.to_bytes(2, "little")
    extension = (1).to_bytes(2, "little") + (108).to_bytes(2, "little") + bytes(72) + fee * 2
    mint = Pubkey.new_unique()
    data = bytes(36) + (10**18).to_bytes(8, "little") + bytes([6, 1]) + bytes(36)
    data = data.ljust(165, b"\0") + b"\x01" + extension
    taxed = Token(mint=mint, decimals=6, program=TOKEN_2022_PROGRAM)

    def holding(amount: int, owner: Pubkey) -> Account:
        return token_account(Deposit(token=taxed, amount=amount, charges_transfer_fee=True), owner)

    vault, mine = Pubkey.new_unique(), Pubkey.new_unique()
    counter = opened_counter(chain)
    chain.node.cluster.svm.apply(
        chain.slot(),
        {
            mint: owned_account(TOKEN_2022_PROGRAM, data),
            vault: holding(0, AUTHORITY),
            mine: holding(10**9, chain.wallet.pubkey()),
        },
    )
    swap = counter.instruction(TAKE, GIVE)
    metas = list(swap.accounts)
    for place, address in ((2, mine), (4, vault), (6, mint), (9, TOKEN_2022_PROGRAM)):
        metas[place] = AccountMeta(address, False, metas[place].is_writable)
    outcome, _ = chain.run(Instruction(TILL, swap.data, metas))
    assert outcome.error is None, outcome.logs
    assert chain.held(mine) == 10**9 - TAKE
    assert chain.held(vault) == TAKE - TAKE // 100


def test_a_missing_lookup_table_leaves_no_trace(chain: Chain, counter: Counter):
    swap = counter.instruction(TAKE, GIVE)
    listed = [meta.pubkey for meta in swap.accounts if not meta.is_signer]
    message = MessageV0.try_compile(
        chain.wallet.pubkey(),
        [swap],
        [AddressLookupTableAccount(Pubkey.new_unique(), listed)],
        chain.blockhash(),
    )
    outcome, landed = chain.submit(bytes(VersionedTransaction(message, [chain.wallet])))
    assert (outcome.error, landed) == ("AddressLookupTableNotFound", None)


def test_a_given_binary_is_run_instead_of_the_stand_in(tmp_path, chain: Chain, counter: Counter):
    code = chain.node.cluster.svm.account(MEMO)
    assert code is not None
    binary = tmp_path / "memo.so"
    binary.write_bytes(code.data)
    options = LocalnetOptions(fund=(chain.wallet.pubkey(),), programs={TILL: binary})
    with opened_node(options, [Till()], BORN_AT) as node:
        real = Chain(node, chain.wallet)
        outcome, _ = real.submit(real.signed(Instruction(TILL, b"a memo", [])))
        assert outcome.error is None
        assert outcome.logs[0] == f"Program {TILL} invoke [1]"
        assert outcome.logs[-1] == f"Program {TILL} success"
    # The stand-in, which wants accounts, would have failed.
    played, _ = chain.submit(chain.signed(Instruction(TILL, b"a memo", [])))
    assert played.error is not None
