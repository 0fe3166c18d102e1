"""Each stand-in beside the program it plays: the same swaps on the same pools leave the same bytes.

The programs' builds are not ours to pass on. `PROGRAMS_DIR` names a folder that holds them as
`<program id>.so` (`solana program dump ID ID.so`); a program that is not there is skipped by name.
A stand-in plays the release that its venue names as `Source:`; an older build may well differ.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair

from landfall.core.quote import Leg, Quote, Refused, SwapRequest
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, BaseUnits, ChainClock, Pubkey, Slot, SwapMode
from landfall.core.venue import AnyVenue, NeedAccounts, Pool, Trader
from landfall.core.venues import VENUES
from landfall.core.venues.meteora_damm_v1.vaults import VAULT_PROGRAM_ID
from landfall.localnet.genesis import genesis_accounts
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.programs import STAND_INS
from landfall.localnet.start import opened_node
from tests.localnet.chain import BORN_AT, Chain

PROGRAMS_DIR = os.environ.get("PROGRAMS_DIR")
CALLED_BY = {"meteora_damm_v1": (VAULT_PROGRAM_ID,)}
"""Programs that a venue's own program calls."""
PAIRS = {"meteora_dbc": ("USDC", "JUP")}
EVERYWHERE = ("USDC", "ETH")
WALLET_HOLDS = 10**11
"""Base units, of every token it trades at least."""
PRICE_SAMPLES = {"raydium_cpmm": 4_075, "raydium_clmm": 4_483, "meteora_dlmm": 3_232}
"""The size of the account of past prices, which no swap reads; its contents are not compared."""
SIZES = (1_000, 10**6, 10**9, 10**12)
"""Base units, from where rounding is all there is to where ticks and bins are crossed."""


def builds_of(venue: AnyVenue) -> dict[Pubkey, Path]:
    """The files of the programs a swap of this venue runs, or a skip that names what is missing."""
    wanted = (venue.program_id, *CALLED_BY.get(venue.name, ()))
    if PROGRAMS_DIR is None:
        pytest.skip(f"{venue.name}: PROGRAMS_DIR names no folder of program builds")
    files = {program: Path(PROGRAMS_DIR) / f"{program}.so" for program in wanted}
    for program, file in files.items():
        if not file.exists():
            pytest.skip(f"{venue.name}: PROGRAMS_DIR has no build of {program}")
    return files


@contextmanager
def both_chains(*venues: AnyVenue) -> Iterator[tuple[Chain, Chain]]:
    """Two chains of one genesis: stand-ins play on one, the programs run on the other."""
    builds = {program: file for venue in venues for program, file in builds_of(venue).items()}
    wallet = Keypair()
    with ExitStack() as stack:
        chains = [
            Chain(
                stack.enter_context(
                    opened_node(
                        LocalnetOptions(
                            port=0, slot_ms=0, fund=(wallet.pubkey(),), programs=programs
                        ),
                        STAND_INS,
                        BORN_AT,
                    )
                ),
                wallet,
            )
            for programs in ({}, builds)
        ]
        yield chains[0], chains[1]


def pool_of(venue: AnyVenue, chain: Chain) -> Pool:
    """The first pool of the pair this venue is tried on, as it stands on the chain."""
    one, other = (KNOWN_TOKENS[symbol].mint for symbol in pair_of(venue))
    born = genesis_accounts([])
    for wanted in venue.pools_trading(one, other):
        for address in sorted(born, key=bytes):
            data, owner = born[address].data, born[address].owner
            named = all(data[m.offset :].startswith(m.wanted) for m in wanted.memcmps)
            if owner == wanted.program_id and len(data) == wanted.data_size and named:
                return loaded(venue, address, chain)
    raise AssertionError(venue.name)


def loaded(venue: AnyVenue, address: Pubkey, chain: Chain) -> Pool:
    accounts: dict[Pubkey, Account | None] = {}
    answer = venue.load(address, accounts, Slot(chain.slot()))
    while isinstance(answer, NeedAccounts):
        accounts |= {wanted: chain.account(wanted) for wanted in answer.addresses}
        answer = venue.load(address, accounts, Slot(chain.slot()))
    pool: Pool = answer
    return pool


def pair_of(venue: AnyVenue) -> tuple[str, str]:
    return PAIRS.get(venue.name, EVERYWHERE)


def asked(
    venue: AnyVenue, chain: Chain, mode: SwapMode, amount: int, back: bool
) -> Quote | Refused:
    pair = pair_of(venue)[:: -1 if back else 1]
    paid, bought = (KNOWN_TOKENS[symbol] for symbol in pair)
    pool = pool_of(venue, chain)
    request = SwapRequest(
        in_mint=paid.mint, out_mint=bought.mint, mode=mode, amount=BaseUnits(amount)
    )
    clock = ChainClock(Slot(chain.slot()), 0, chain.now)
    answer: Quote | Refused = venue.quote(pool, request, clock)
    return answer


def swap_on_both(
    venue: AnyVenue, chains: tuple[Chain, Chain], quote: Quote, slack: int
) -> list[tuple[object, dict[Pubkey, bytes]]]:
    """What each chain says of one swap, and every account it leaves behind."""
    return run_on_both(chains, written(venue, chains[0], quote, slack))


def written(venue: AnyVenue, chain: Chain, quote: Quote, slack: int = 0) -> Instruction:
    """The swap of a quote, bounded by what was quoted and `slack` units more."""
    symbols = {token.mint: symbol for symbol, token in KNOWN_TOKENS.items()}
    request = quote.request
    bound = quote.out_amount if request.mode is SwapMode.EXACT_IN else quote.in_amount
    bound += slack if request.mode is SwapMode.EXACT_IN else -slack
    trader = Trader(
        chain.wallet.pubkey(),
        *(chain.tokens_of(symbols[mint]) for mint in (request.in_mint, request.out_mint)),
    )
    instruction: Instruction = venue.swap(
        pool_of(venue, chain), Leg(quote=quote, threshold=BaseUnits(bound)), trader
    )
    return instruction


def run_on_both(
    chains: tuple[Chain, Chain], *instructions: Instruction
) -> list[tuple[object, dict[Pubkey, bytes]]]:
    """What each chain says of one transaction, and every account it leaves behind."""
    answers = []
    for chain in chains:
        outcome, _ = chain.run(*instructions)
        left = {
            meta.pubkey: account.data
            for instruction in instructions
            for meta in instruction.accounts
            if meta.is_writable
            and (account := chain.account(meta.pubkey)) is not None
            and len(account.data) not in PRICE_SAMPLES.values()
        }
        answers.append((outcome.error, left))
    return answers


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("mode", SwapMode)
@pytest.mark.parametrize("venue", VENUES.values(), ids=VENUES)
def test_the_same_swaps_leave_the_same_bytes(venue: AnyVenue, mode: SwapMode, back: bool):
    traded = 0
    with both_chains(venue) as chains:
        for amount in SIZES:
            quote = asked(venue, chains[0], mode, amount, back)
            if isinstance(quote, Quote) and quote.in_amount <= WALLET_HOLDS:
                played, run = swap_on_both(venue, chains, quote, slack=0)
                assert played == run, amount
                assert run[0] is None
                traded += 1
            for chain in chains:
                chain.advance(3)
    assert traded >= 2 or (venue.name, mode) == ("meteora_damm_v1", SwapMode.EXACT_OUT)


@pytest.mark.parametrize("mode", SwapMode)
@pytest.mark.parametrize("venue", VENUES.values(), ids=VENUES)
def test_one_unit_more_than_the_quote_is_refused_alike(venue: AnyVenue, mode: SwapMode):
    with both_chains(venue) as chains:
        quote = asked(venue, chains[0], mode, 10**8, back=False)
        if isinstance(quote, Refused):
            assert (venue.name, mode) == ("meteora_damm_v1", SwapMode.EXACT_OUT)
            return
        played, run = swap_on_both(venue, chains, quote, slack=1)
        assert run[0] is not None
        assert played == run


@pytest.mark.parametrize(
    "venue",
    [pytest.param(venue, id=name) for name, venue in VENUES.items() if name != "raydium_cpmm"],
)
def test_two_legs_in_one_transaction_leave_the_same_bytes(venue: AnyVenue):
    other = VENUES["raydium_cpmm"]
    with both_chains(venue, other) as chains:
        legs = []
        for swapped, back in ((venue, False), (other, True)):
            quote = asked(swapped, chains[0], SwapMode.EXACT_IN, 10**6, back)
            assert isinstance(quote, Quote)
            legs.append(written(swapped, chains[0], quote))
        played, run = run_on_both(chains, *legs)
        assert run[0] is None
        assert played == run
