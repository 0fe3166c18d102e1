"""The engine on mainnet's own bytes: a Token-2022 pool with a creator fee and a 3 % transfer fee.

The account dump is not part of this repository; it is looked for in `shared/dumps` beside it, and
without it these tests are skipped by name. What the dump lacks is completed with neutral accounts:
the pool's observation account, empty, and a wallet that holds some of the token.
"""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from landfall.core.ledger.token_accounts import associated_address
from landfall.core.token import TOKEN_2022_PROGRAM, Token
from landfall.core.values import Account, Pubkey, Slot
from landfall.core.venue import NeedAccounts
from landfall.core.venues.raydium_cpmm import RAYDIUM_CPMM, layout
from landfall.localnet.programs.raydium_cpmm_observation import fresh_observation
from landfall.wallet.keypair import create_file
from tests.acceptance.conftest import Engine

DUMP = Path(__file__).parents[3] / "shared/dumps/raydium/cpmm_token2022_creator_fee_pool.json"
POOL = Pubkey.from_string("AXTq4JHNYHSnooqjoDmtL9WW5eEgnkkMSWq76Kznidnz")
PUMP = Pubkey.from_string("pumpCmXqMfrsAkQ5r49WcJnRayYRqmXz6ae8H7H9Dfn")
HELD = 5_000_000 * 10**6

pytestmark = pytest.mark.skipif(not DUMP.exists(), reason=f"no account dump at {DUMP}")


def dumped() -> dict[Pubkey, Account]:
    entries = json.loads(DUMP.read_text())["accounts"]
    return {
        Pubkey.from_string(entry["pubkey"]): Account(
            Pubkey.from_string(entry["owner"]), entry["lamports"], base64.b64decode(entry["data"])
        )
        for entry in entries
    }


def token_account(mint: Pubkey, owner: Pubkey, amount: int) -> Account:
    data = bytes(mint) + bytes(owner) + amount.to_bytes(8, "little") + bytes(36) + b"\x01"
    return Account(TOKEN_2022_PROGRAM, 2_039_280, data.ljust(165, b"\0"))


def as_solana_prints(address: Pubkey, account: Account) -> dict[str, Any]:
    """The JSON of `solana account --output json`."""
    return {
        "pubkey": str(address),
        "account": {
            "lamports": account.lamports,
            "data": [base64.b64encode(account.data).decode(), "base64"],
            "owner": str(account.owner),
            "executable": False,
            "rentEpoch": 18446744073709551615,
        },
    }


@pytest.fixture
def mainnet_pool(engine: Engine, tmp_path: Path) -> layout.Pool:
    """An engine whose chain holds the dumped pool, running; the pool as it stands."""
    accounts = dumped()
    pool = RAYDIUM_CPMM.load(POOL, accounts, Slot(0))
    assert not isinstance(pool, NeedAccounts)
    wallet = create_file(tmp_path / "wallet.json").address
    pump = Token(mint=PUMP, decimals=6, program=TOKEN_2022_PROGRAM)
    accounts[associated_address(wallet, pump)] = token_account(PUMP, wallet, HELD)
    accounts[pool.observation] = Account(layout.PROGRAM_ID, 30_000_000, fresh_observation(POOL))
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps([as_solana_prints(*entry) for entry in accounts.items()]))
    engine.variables["WALLET_KEYPAIR"] = str(tmp_path / "wallet.json")
    engine.options = ("--account", str(file))
    engine.start()
    return pool


@pytest.mark.parametrize("mode", ["ExactIn", "ExactOut"])
def test_an_order_on_a_mainnet_pool_fills_at_exactly_the_quoted_amount(
    engine: Engine, mainnet_pool: layout.Pool, mode: str
) -> None:
    taxed = mainnet_pool.mints[1]
    body = {
        "tokenIn": str(PUMP),
        "tokenOut": str(taxed),
        "amount": "12345.678901",
        "slippage": 0.01,
        "swapMode": mode,
    }
    quote = httpx.post(f"{engine.url}/api/orders/quote", json=body, timeout=30).json()
    assert [answer["pool"] for answer in quote["quotes"]] == [str(POOL)]
    order = engine.ended(engine.submit(**body))
    assert order["status"] == "confirmed", order["failure"]
    expected = quote["quotes"][0]
    assert order["fill"]["amountInBaseUnits"] == expected["amountInBaseUnits"]
    assert order["fill"]["amountOutBaseUnits"] == expected["amountOutBaseUnits"]


def test_the_taxed_token_sold_back_pays_its_transfer_fee_on_the_way_in(
    engine: Engine, mainnet_pool: layout.Pool
) -> None:
    taxed = str(mainnet_pool.mints[1])
    bought = engine.ended(
        engine.submit(tokenIn=str(PUMP), tokenOut=taxed, amount="1000", slippage=0.01)
    )
    amount = bought["fill"]["amountOut"]
    back = engine.ended(
        engine.submit(tokenIn=taxed, tokenOut=str(PUMP), amount=amount, slippage=0.01)
    )
    assert back["status"] == "confirmed", back["failure"]
    assert back["fill"]["amountIn"] == amount
    quoted = back["attempts"][0]["route"]["amountOutBaseUnits"]
    assert back["fill"]["amountOutBaseUnits"] == quoted
    # Twice 3 % of the taxed token, and both pool fees.
    assert 900 * 10**6 < int(quoted) < 1000 * 10**6 * 94 // 100
