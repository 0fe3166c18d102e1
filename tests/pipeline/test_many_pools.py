"""A pair with more pools than one call can read."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from landfall.chain.jsonrpc import JsonRpc
from landfall.chain.pools import LivePools
from landfall.chain.rpc import ACCOUNTS_PER_CALL, RpcChain
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account
from landfall.localnet.openings import raydium_cpmm
from landfall.localnet.openings.deposits import Deposit
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.serve import running_localnet
from tests.fresh_pools import fresh_pools
from tests.pipeline.conftest import SlotClock

POOLS = 40
JUP, RAY = KNOWN_TOKENS["JUP"], KNOWN_TOKENS["RAY"]


def many_pools() -> dict[str, Account]:
    accounts = {}
    for index in range(POOLS):
        deposits = (Deposit(token=JUP, amount=10**12), Deposit(token=RAY, amount=10**12 + index))
        opened = raydium_cpmm.open_pool(deposits, config_index=1_000 + index)
        accounts |= {str(address): account for address, account in opened.items()}
    return accounts


@pytest.fixture
async def pools(tmp_path: Path) -> AsyncIterator[LivePools]:
    file = tmp_path / "accounts.json"
    entries = [
        {
            "pubkey": address,
            "account": {
                "lamports": account.lamports,
                "owner": str(account.owner),
                "data": [base64.b64encode(account.data).decode(), "base64"],
            },
        }
        for address, account in many_pools().items()
    ]
    file.write_text(json.dumps(entries))
    options = LocalnetOptions(port=0, slot_ms=0, account_files=(file,))
    async with running_localnet(options) as localnet, aiohttp.ClientSession() as session:
        chain = RpcChain(JsonRpc(session, localnet.rpc_url, timeout_ms=10_000))
        clock = SlotClock(localnet)
        await clock.sleep_ms(1_000)
        yield fresh_pools(chain, clock)


async def test_every_pool_of_a_crowded_pair_is_read(pools: LivePools) -> None:
    at = await pools.trading(JUP.mint, RAY.mint)
    assert len(at.pools) >= POOLS
    assert POOLS * 4 > ACCOUNTS_PER_CALL
    assert len({loaded.pool.address for loaded in at.pools}) == len(at.pools)
    again = await pools.trading(RAY.mint, JUP.mint)
    assert {p.pool.address for p in again.pools} == {p.pool.address for p in at.pools}
