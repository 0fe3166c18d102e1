"""DAMM v1's stand-in: two vaults' books on a chain, and instructions that name other accounts."""

from dataclasses import replace

import pytest
from solders.keypair import Keypair

from landfall.core.quote import Leg, Quote, SwapRequest
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import BaseUnits, ChainClock, Pubkey, Slot, SwapMode
from landfall.core.venue import NeedAccounts, Trader
from landfall.core.venues.meteora_damm_v1 import METEORA_DAMM_V1
from landfall.localnet.openings import meteora_damm_v1
from landfall.localnet.pools import DAMM_V1_POOLS
from landfall.localnet.programs.meteora_damm_v1 import MeteoraDammV1
from landfall.localnet.programs.stand_in import AccountRef, ProgramRefused
from tests.localnet.chain import Chain, opened_chain

STRANGER = Pubkey.from_string("9Hn4VafJzoG2ESdjWL1sWYUJDThmLZdNgf4nB5cZFmwC")
STABLE = next(pool for pool in DAMM_V1_POOLS if pool.amplification is not None)


@pytest.fixture
def chain(wallet: Keypair):
    with opened_chain(wallet, [MeteoraDammV1()]) as node:
        yield Chain(node, wallet)


def loaded(chain: Chain):
    address = meteora_damm_v1.pool_address(STABLE.one.deposit, STABLE.other.deposit)
    known = {address: chain.account(address)}
    for _ in range(2):
        pool = METEORA_DAMM_V1.load(address, known, Slot(1))
        if not isinstance(pool, NeedAccounts):
            return pool, known
        known |= {wanted: chain.account(wanted) for wanted in pool.addresses}
    raise AssertionError(address)


def asked(chain: Chain, amount: int, symbols: tuple[str, str], slack: int = 0):
    """The pool's quote and the instruction that asks for `slack` more than that."""
    pool, _ = loaded(chain)
    mint_in, mint_out = (KNOWN_TOKENS[symbol].mint for symbol in symbols)
    request = SwapRequest(
        in_mint=mint_in, out_mint=mint_out, mode=SwapMode.EXACT_IN, amount=BaseUnits(amount)
    )
    quote = METEORA_DAMM_V1.quote(pool, request, ChainClock(Slot(1), 0, chain.now))
    assert isinstance(quote, Quote)
    trader = Trader(chain.wallet.pubkey(), *(chain.tokens_of(symbol) for symbol in symbols))
    leg = Leg(quote=quote, threshold=BaseUnits(quote.out_amount + slack))
    return quote, METEORA_DAMM_V1.swap(pool, leg, trader)


@pytest.mark.parametrize("symbols", [("USDC", "USDT"), ("USDT", "USDC")])
def test_two_swaps_on_a_chain_pay_what_was_quoted_and_keep_both_vaults_books(
    chain: Chain, symbols: tuple[str, str]
):
    for _ in range(2):
        before = [chain.held(chain.tokens_of(symbol)) for symbol in symbols]
        pool, _ = loaded(chain)
        quote, instruction = asked(chain, 10**9, symbols)
        outcome, _ = chain.run(instruction)
        assert outcome.error is None
        after = [chain.held(chain.tokens_of(symbol)) for symbol in symbols]
        assert before[0] - after[0] == quote.in_amount
        assert after[1] - before[1] == quote.out_amount > 0
        traded, _ = loaded(chain)
        for old, new, side in zip(pool.stakes, traded.stakes, traded.sides, strict=True):
            assert new.total == side.balance != old.total
            assert new.supply == new.pool_shares != old.supply


def test_a_swap_that_pays_a_unit_less_than_asked_leaves_every_book_as_it_was(chain: Chain):
    before = loaded(chain)
    _, instruction = asked(chain, 10**9, ("USDC", "USDT"), slack=1)
    outcome, _ = chain.run(instruction)
    assert outcome.error == {"InstructionError": [0, {"Custom": 6004}]}
    assert loaded(chain) == before


def refusal(chain: Chain, refs: list[AccountRef], data: bytes) -> str:
    accounts = {ref.address: chain.account(ref.address) for ref in refs}
    with pytest.raises(ProgramRefused) as caught:
        MeteoraDammV1().process(data, refs, accounts, ChainClock(Slot(1), 0, chain.now))
    return caught.value.name


@pytest.mark.parametrize(
    ("position", "other", "name"),
    [
        (3, 4, "InvalidVaultAccount"),
        (4, 3, "InvalidVaultAccount"),
        (5, 6, "InvalidVaultAccount"),
        (6, 5, "InvalidVaultAccount"),
        (7, 8, "MismatchedLpMint"),
        (8, 7, "MismatchedLpMint"),
        (9, 10, "InvalidVaultLpAccount"),
        (10, 9, "InvalidVaultLpAccount"),
        (11, 5, "InvalidProtocolFeeAccount"),
        (13, 14, "InvalidProgramId"),
        (14, 13, "InvalidProgramId"),
    ],
)
def test_another_account_in_any_place_is_refused(
    chain: Chain, position: int, other: int, name: str
):
    _, instruction = asked(chain, 10**9, ("USDC", "USDT"))
    refs = [AccountRef(m.pubkey, m.is_signer, m.is_writable) for m in instruction.accounts]
    refs[position] = replace(refs[position], address=refs[other].address)
    assert refusal(chain, refs, bytes(instruction.data)) == name


@pytest.mark.parametrize("position", range(12))
def test_an_account_that_does_not_exist_is_refused(chain: Chain, position: int):
    _, instruction = asked(chain, 10**9, ("USDC", "USDT"))
    refs = [AccountRef(m.pubkey, m.is_signer, m.is_writable) for m in instruction.accounts]
    refs[position] = replace(refs[position], address=STRANGER)
    assert refusal(chain, refs, bytes(instruction.data)) == "AccountNotInitialized"


def test_what_is_not_signed_or_not_writable_is_refused(chain: Chain):
    _, instruction = asked(chain, 10**9, ("USDC", "USDT"))
    refs = [AccountRef(m.pubkey, m.is_signer, m.is_writable) for m in instruction.accounts]
    for position, ref in enumerate(refs):
        stripped = replace(ref, is_signer=False, is_writable=False)
        if stripped == ref:
            continue
        spoiled = [*refs[:position], stripped, *refs[position + 1 :]]
        name = refusal(chain, spoiled, bytes(instruction.data))
        assert name in ("AccountNotSigner", "ConstraintMut")
