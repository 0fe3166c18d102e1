"""What a new chain is born with holds together, and is worth trading on."""

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from landfall.core.errors import FailureReason
from landfall.core.ledger.answers import TransactionError
from landfall.core.ledger.lookup_table import decode_lookup_table
from landfall.core.ledger.outcome import read_failure
from landfall.core.quote import Leg, Quote, Refused, SwapRequest
from landfall.core.token import NATIVE_MINT, TOKEN_PROGRAM
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, BaseUnits, ChainClock, Slot, SwapMode
from landfall.core.venue import NeedAccounts, Trader
from landfall.core.venues import VENUES
from landfall.localnet.genesis import genesis_accounts
from landfall.localnet.lookup_tables import TABLES
from landfall.localnet.programs import STAND_INS
from tests.localnet.chain import BORN_AT, Chain

PLAYED = [
    venue
    for venue in VENUES.values()
    if venue.program_id in {stand_in.program_id for stand_in in STAND_INS}
]
OPENED = {
    "raydium_cpmm",
    "meteora_damm_v2",
    "raydium_amm",
    "raydium_clmm",
    "meteora_damm_v1",
    "meteora_dlmm",
    "meteora_dbc",
}
"""The venues genesis opens pools of."""
SWAPS = [
    (name, mode)
    for name in sorted(OPENED)
    for mode in SwapMode
    if (name, mode) != ("meteora_damm_v1", SwapMode.EXACT_OUT)
]
"""What can be asked of them: DAMM v1's program has no exact output."""
SLIPPAGE_SAID = {
    "raydium_amm": {"30"},
    "raydium_clmm": {"TooLittleOutputReceived", "TooMuchInputPaid"},
    "meteora_dlmm": {"ExceededAmountSlippageTolerance", "InsufficientInAmount"},
}
SOLD_FOR = {"meteora_dbc": ("USDC", "JUP")}
"""The pair a swap is tried on: a launch sells one token only, all others have this one."""
EVERYWHERE = ("USDC", "ETH")
LAUNCHES = {("SOL", "BONK"), ("USDC", "JUP")}
CLOCK = ChainClock(Slot(1_000), 0, BORN_AT)


def loaded_pools(accounts: dict[Pubkey, Account], one: str, other: str):
    mints = KNOWN_TOKENS[one].mint, KNOWN_TOKENS[other].mint
    for venue in PLAYED:
        for wanted in venue.pools_trading(*mints):
            for address, account in accounts.items():
                data = account.data
                if (
                    account.owner == wanted.program_id
                    and len(data) == wanted.data_size
                    and all(
                        data[m.offset : m.offset + len(m.wanted)] == m.wanted
                        for m in wanted.memcmps
                    )
                ):
                    yield venue, load(venue, address, accounts)


def load(venue, address: Pubkey, accounts: dict[Pubkey, Account]):
    read: dict[Pubkey, Account | None] = {address: accounts[address]}
    for _ in range(3):
        pool = venue.load(address, read, Slot(1_000))
        if not isinstance(pool, NeedAccounts):
            return pool
        read |= {wanted: accounts.get(wanted) for wanted in pool.addresses}
    raise AssertionError(address)


def test_two_chains_are_born_alike():
    wallet = Keypair().pubkey()
    assert genesis_accounts([wallet]) == genesis_accounts([wallet])


def test_every_account_is_rent_exempt_and_every_supply_adds_up(chain: Chain):
    accounts = genesis_accounts([chain.wallet.pubkey()])
    held: dict[Pubkey, int] = {}
    for account in accounts.values():
        rent = chain.node.cluster.svm.rent_exempt_minimum(len(account.data))
        assert account.lamports >= rent
        if account.owner == TOKEN_PROGRAM and len(account.data) == 165:
            mint = Pubkey.from_bytes(account.data[:32])
            amount = int.from_bytes(account.data[64:72], "little")
            held[mint] = held.get(mint, 0) + amount
            is_native = account.data[109:121] == (1).to_bytes(4, "little") + rent.to_bytes(
                8, "little"
            )
            assert is_native == (mint == NATIVE_MINT)
            assert account.lamports == rent + (amount if is_native else 0)
    for mint, amount in held.items():
        supply = int.from_bytes(accounts[mint].data[36:44], "little")
        assert supply == (0 if mint == NATIVE_MINT else amount)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SOL", "USDC"),
        ("SOL", "USDT"),
        ("USDC", "USDT"),
        ("USDC", "ETH"),
        ("SOL", "JUP"),
        ("SOL", "RAY"),
        ("SOL", "BONK"),
        ("USDC", "JUP"),
    ],
)
def test_each_pair_trades_on_every_venue_but_for_launches_at_different_prices(one: str, other: str):
    accounts = genesis_accounts([])
    token = KNOWN_TOKENS[one]
    request = SwapRequest(
        in_mint=token.mint,
        out_mint=KNOWN_TOKENS[other].mint,
        mode=SwapMode.EXACT_IN,
        amount=BaseUnits(10**token.decimals),
    )
    quotes = [
        venue.quote(pool, request, CLOCK)
        for venue, pool in loaded_pools(accounts, one, other)
        if set(pool.mints) == {request.in_mint, request.out_mint}
    ]
    launched = {"meteora_dbc"} if (one, other) in LAUNCHES else set()
    assert {quote.venue for quote in quotes} == OPENED - {"meteora_dbc"} | launched
    outs = [quote.out_amount for quote in quotes if not isinstance(quote, Refused)]
    assert len(set(outs)) == len(outs) == len(quotes)
    # Different, but nobody would call one of them wrong.
    assert max(outs) * 98 < min(outs) * 100


def quoted_swap(
    chain: Chain, name: str, mode: SwapMode, slack: int = 0
) -> tuple[Quote, Instruction]:
    """A swap in a pool of this venue; `slack` units beyond it the bound is."""
    accounts = genesis_accounts([])
    pair = SOLD_FOR.get(name, EVERYWHERE)
    venue, pool = next(found for found in loaded_pools(accounts, *pair) if found[0].name == name)
    paid, bought = (KNOWN_TOKENS[symbol] for symbol in pair)
    request = SwapRequest(
        in_mint=paid.mint, out_mint=bought.mint, mode=mode, amount=BaseUnits(10**7)
    )
    quote = venue.quote(pool, request, CLOCK)
    bound = quote.out_amount + slack if mode is SwapMode.EXACT_IN else quote.in_amount - slack
    trader = Trader(chain.wallet.pubkey(), *map(chain.tokens_of, pair))
    return quote, venue.swap(pool, Leg(quote=quote, threshold=BaseUnits(bound)), trader)


@pytest.mark.parametrize(("name", "mode"), SWAPS)
def test_a_pool_of_each_venue_moves_what_it_quoted(chain: Chain, name: str, mode: SwapMode):
    quote, instruction = quoted_swap(chain, name, mode)
    user_in, user_out = map(chain.tokens_of, SOLD_FOR.get(name, EVERYWHERE))
    before = chain.held(user_in), chain.held(user_out)
    outcome, _ = chain.run(instruction)
    assert outcome.error is None
    assert chain.held(user_in) == before[0] - quote.in_amount
    assert chain.held(user_out) == before[1] + quote.out_amount


@pytest.mark.parametrize(("name", "mode"), SWAPS)
def test_a_missed_bound_is_known_by_what_each_program_logs(chain: Chain, name: str, mode: SwapMode):
    _, instruction = quoted_swap(chain, name, mode, slack=1)
    outcome, _ = chain.run(instruction)
    _, cause = outcome.error["InstructionError"]
    error = TransactionError("Custom", instruction=0, code=cause["Custom"])
    failure = read_failure(error, outcome.logs, VENUES.values())
    assert failure.reason is FailureReason.SLIPPAGE_EXCEEDED
    # AMM v4 is older than Anchor: its log has a sentence and no name.
    assert failure.error in SLIPPAGE_SAID.get(name, {"ExceededSlippage"})


def test_what_a_swap_of_a_born_pool_names_is_in_a_lookup_table():
    accounts = genesis_accounts([])
    tables = [decode_lookup_table(at, accounts[at], Slot(1)) for at in TABLES]
    listed = {address for table in tables if table is not None for address in table.addresses}
    trader = Trader(*(Pubkey.new_unique() for _ in range(3)))
    for venue, pool in loaded_pools(accounts, "SOL", "USDC"):
        request = SwapRequest(
            in_mint=pool.mints[0],
            out_mint=pool.mints[1],
            mode=SwapMode.EXACT_IN,
            amount=BaseUnits(10**7),
        )
        quote = venue.quote(pool, request, CLOCK)
        if isinstance(quote, Quote):
            swap = venue.swap(pool, Leg(quote=quote, threshold=BaseUnits(1)), trader)
            own = {trader.wallet, trader.in_account, trader.out_account}
            assert {meta.pubkey for meta in swap.accounts} - own <= listed


@pytest.mark.parametrize(("one", "other", "whole"), [("SOL", "USDC", 100), ("USDC", "ETH", 1_000)])
def test_the_demo_orders_fill_within_one_percent(one: str, other: str, whole: int):
    accounts = genesis_accounts([])
    token = KNOWN_TOKENS[one]

    def out(pool, venue, amount: int) -> int:
        request = SwapRequest(
            in_mint=token.mint,
            out_mint=KNOWN_TOKENS[other].mint,
            mode=SwapMode.EXACT_IN,
            amount=BaseUnits(amount),
        )
        return venue.quote(pool, request, CLOCK).out_amount

    best = max(
        out(pool, venue, whole * 10**token.decimals) * 1_000 // out(pool, venue, 10**token.decimals)
        for venue, pool in loaded_pools(accounts, one, other)
    )
    assert best >= whole * 990
