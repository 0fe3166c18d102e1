"""The page that adds a venue adds one: its code, as it stands, prices and trades its pools."""

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import landfall.core.venues as venues
from landfall.core.errors import FailureReason, MalformedAccount
from landfall.core.quote import Leg, Quote, Refused, SwapRequest
from landfall.core.routing.best_pool import rank
from landfall.core.values import Account, BaseUnits, Pubkey, Slot, SwapMode
from landfall.core.venue import NeedAccounts, ProgramError, Trader
from landfall.localnet.openings.deposits import Deposit, owned_account, token_account
from tests.core.venues.opened import CLOCK, HOLDINGS, SOL, USDC, WALLET, cpmm

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adding-a-venue.md"
POOL = Pubkey.from_string("ToyPoo1111111111111111111111111111111111111")
VAULTS = tuple(Pubkey.from_string(f"ToyVau{side}" + "1" * 36) for side in "23")
RESERVES = (10**12, 150 * 10**9)
AMOUNTS = st.integers(1, 10**14)


@pytest.fixture(scope="module")
def toyswap(tmp_path_factory: pytest.TempPathFactory):
    """The package that the page's code blocks make, beside the venues that there are."""
    home = tmp_path_factory.mktemp("venues")
    blocks = re.findall(r"`core/venues/(\S+\.py)`:\n\n```python\n(.*?)```", PAGE.read_text(), re.S)
    assert [name for name, _ in blocks] == [
        f"toyswap/{name}.py" for name in ("layout", "curve", "swap", "__init__")
    ]
    for name, code in blocks:
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(code)
    venues.__path__.append(str(home))
    yield importlib.import_module("landfall.core.venues.toyswap")
    venues.__path__.remove(str(home))
    for name in [name for name in sys.modules if name.startswith("landfall.core.venues.toyswap")]:
        del sys.modules[name]


def chain_with_a_pool(toyswap: ModuleType, fee_bps: int = 30) -> dict[Pubkey, Account]:
    layout = sys.modules[f"{toyswap.__name__}.layout"]
    data = layout.POOL.blank()
    accounts = {mint: cpmm().accounts[mint] for mint in (SOL.mint, USDC.mint)}
    for i, token in enumerate((SOL, USDC)):
        layout.POOL_MINTS[i].write(data, token.mint)
        layout.POOL_VAULTS[i].write(data, VAULTS[i])
        deposit = Deposit(token=token, amount=RESERVES[i])
        accounts[VAULTS[i]] = token_account(deposit, layout.AUTHORITY)
    layout.POOL_FEE_BPS.write(data, fee_bps)
    return {POOL: owned_account(layout.PROGRAM_ID, bytes(data)), **accounts}


def loaded(toyswap: ModuleType):
    return toyswap.TOYSWAP.load(POOL, chain_with_a_pool(toyswap), Slot(9))


def asking(amount: int, mode: SwapMode = SwapMode.EXACT_IN) -> SwapRequest:
    return SwapRequest(in_mint=SOL.mint, out_mint=USDC.mint, mode=mode, amount=BaseUnits(amount))


def test_its_pools_are_found_and_loaded_in_two_rounds(toyswap: ModuleType):
    accounts = chain_with_a_pool(toyswap)
    data = accounts[POOL].data
    questions = toyswap.TOYSWAP.pools_trading(USDC.mint, SOL.mint)
    assert any(
        len(data) == question.data_size
        and all(data[m.offset :].startswith(m.wanted) for m in question.memcmps)
        for question in questions
    )
    assert toyswap.TOYSWAP.load(POOL, {}, Slot(9)) == NeedAccounts((POOL,))
    second = toyswap.TOYSWAP.load(POOL, {POOL: accounts[POOL]}, Slot(9))
    assert second == NeedAccounts((SOL.mint, USDC.mint, *VAULTS))
    assert loaded(toyswap).mints == (SOL.mint, USDC.mint)


def test_a_spoof_is_refused(toyswap: ModuleType):
    accounts = chain_with_a_pool(toyswap)
    stranger = Account(Pubkey.default(), 1, accounts[POOL].data)
    for address, spoofed in (
        (POOL, stranger),
        (VAULTS[0], accounts[VAULTS[1]]),
        (VAULTS[0], token_account(Deposit(token=SOL, amount=5), WALLET)),
    ):
        with pytest.raises(MalformedAccount):
            toyswap.TOYSWAP.load(POOL, {**accounts, address: spoofed}, Slot(9))
    with pytest.raises(MalformedAccount):
        toyswap.TOYSWAP.load(POOL, chain_with_a_pool(toyswap, fee_bps=10_000), Slot(9))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(amount=AMOUNTS)
def test_exact_in_and_exact_out_agree_and_the_supply_curve_says_the_same(
    toyswap: ModuleType, amount: int
):
    venue, pool = toyswap.TOYSWAP, loaded(toyswap)
    sold = venue.quote(pool, asking(amount), CLOCK)
    if isinstance(sold, Refused):
        assert sold.error == "AmountTooSmall"
        return
    (stretch,) = venue.supply(pool, asking(amount), CLOCK)
    assert (stretch.in_amount, stretch.out_amount) == (amount, sold.out_amount)
    bought = venue.quote(pool, asking(sold.out_amount, SwapMode.EXACT_OUT), CLOCK)
    assert bought.in_amount <= amount


def test_it_competes_with_the_others_and_its_swap_can_be_sent(toyswap: ModuleType):
    mine = toyswap.TOYSWAP.quote(loaded(toyswap), asking(10**6), CLOCK)
    assert isinstance(mine, Quote)
    other = cpmm().quote(10**6)
    assert {quote.venue for quote in rank((mine, other), SwapMode.EXACT_IN)} == {
        "toyswap",
        "raydium_cpmm",
    }
    trader = Trader(WALLET, HOLDINGS[SOL.mint], HOLDINGS[USDC.mint])
    built = toyswap.TOYSWAP.swap(loaded(toyswap), Leg(quote=mine, threshold=BaseUnits(1)), trader)
    assert built.program_id == toyswap.TOYSWAP.program_id
    assert [meta.pubkey for meta in built.accounts if meta.is_signer] == [WALLET]
    missed = ProgramError(built.program_id, 6000, "BoundExceeded")
    assert toyswap.TOYSWAP.explain(missed) is FailureReason.SLIPPAGE_EXCEEDED
