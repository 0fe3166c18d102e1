"""Balances, reservations, tokens and the chain over real HTTP; the chain is a dict of accounts."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import httpx
import pytest

from landfall.api.app import ApiConfig, create_app
from landfall.api.cluster import CLOCK_SYSVAR, SLOT, UNIX_TIMESTAMP
from landfall.api.parts import ClusterFacts
from landfall.core.ledger.answers import AccountsAt
from landfall.core.ledger.token_accounts import associated_address
from landfall.core.token import (
    ACCOUNT_AMOUNT,
    MINT_BYTES,
    MINT_INITIALIZED,
    TOKEN_ACCOUNT_BYTES,
    TOKEN_PROGRAM,
)
from landfall.core.values import Account, Pubkey, Slot
from tests.api.desk import Desk
from tests.api.serving import free_port, running, world
from tests.api.stories import STARTED_MS, USDC, confirmed

WALLET = Pubkey.from_bytes(bytes([5] * 32))
BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1.5"}


class Chain:
    """Accounts by address; what was never put there does not exist."""

    def __init__(self) -> None:
        clock = bytearray(40)
        SLOT.write(clock, 4242)
        UNIX_TIMESTAMP.write(clock, STARTED_MS // 1000 - 3)
        usdc = bytearray(TOKEN_ACCOUNT_BYTES)
        ACCOUNT_AMOUNT.write(usdc, 25_000_000)
        mint = bytearray(MINT_BYTES)
        MINT_INITIALIZED.write(mint, 1)
        mint[46] = 1
        self.held = {
            CLOCK_SYSVAR: bytes(clock),
            WALLET: b"",
            associated_address(WALLET, USDC): bytes(usdc),
            USDC.mint: bytes(mint),
        }

    async def accounts(self, addresses: Sequence[Pubkey]) -> AccountsAt:
        found = {
            address: Account(TOKEN_PROGRAM, 9_000_000_000, self.held[address])
            if address in self.held
            else None
            for address in addresses
        }
        return AccountsAt(slot=Slot(4242), accounts=found)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def http(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    config = ApiConfig(
        wallet=WALLET,
        cluster=ClusterFacts(name="localnet", genesis_hash="G", rpc_url="http://127.0.0.1:8899"),
    )
    outside = replace(world(desk), chain=cast(Any, Chain()))
    app = create_app(outside, desk, desk, desk, {}, config)
    port = free_port()
    async with (
        running(app, port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        yield client


async def balances(http: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    body = (await http.get("/api/wallet")).json()
    assert body["address"] == str(WALLET)
    return {each["token"]["symbol"]: each for each in body["balances"]}


async def test_balances_are_what_the_accounts_hold(http: httpx.AsyncClient):
    held = await balances(http)
    assert held["SOL"]["amount"] == "9"
    assert held["USDC"]["amountBaseUnits"] == "25000000"
    assert held["BONK"]["amount"] == "0"


async def test_open_orders_reserve_what_they_may_take_and_ended_ones_nothing(
    http: httpx.AsyncClient, desk: Desk, order_id: UUID
):
    for amount in ("1.5", "2"):
        answer = await http.post("/api/orders/execute", json=BODY | {"amountIn": amount})
        assert answer.status_code == 201
    await desk.play(order_id, confirmed(order_id))
    sol = (await balances(http))["SOL"]
    assert (sol["reserved"], sol["openOrders"]) == ("3.5", 2)


async def test_an_order_of_unknown_input_is_counted_and_reserves_nothing(http: httpx.AsyncClient):
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": "7", "swapMode": "ExactOut"}
    assert (await http.post("/api/orders/execute", json=body)).status_code == 201
    sol = (await balances(http))["SOL"]
    assert (sol["reserved"], sol["openOrders"]) == ("0", 1)


async def test_a_token_is_told_with_its_risks(http: httpx.AsyncClient):
    body = (await http.get("/api/tokens/USDC")).json()
    assert body["isKnown"] is True
    assert body["risks"] == ["Its issuer can freeze accounts that hold it."]
    missing = await http.get("/api/tokens/NOSUCH")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    symbols = [each["symbol"] for each in (await http.get("/api/tokens")).json()["tokens"]]
    assert {"SOL", "USDC"} <= set(symbols)


async def test_the_chain_is_told_with_how_far_its_clock_is_behind(http: httpx.AsyncClient):
    body = (await http.get("/api/cluster")).json()
    assert (body["name"], body["slot"], body["slotAgeMs"]) == ("localnet", 4242, 3000)
    assert body["rpcUrl"] == "http://127.0.0.1:8899"


async def test_a_process_without_a_wallet_says_so(desk: Desk):
    app = create_app(world(desk), desk, desk, desk, {}, ApiConfig())
    port = free_port()
    async with running(app, port), httpx.AsyncClient() as client:
        body = (await client.get(f"http://127.0.0.1:{port}/api/wallet")).json()
    assert body == {"address": None, "balances": []}


async def test_a_browser_is_sent_to_the_console_where_one_runs(desk: Desk):
    app = create_app(world(desk), desk, desk, desk, {}, ApiConfig(console_port=3001))
    port = free_port()
    async with running(app, port), httpx.AsyncClient() as client:
        answer = await client.get(f"http://localhost:{port}/")
    assert answer.is_redirect
    assert answer.headers["location"] == "http://localhost:3001/"
