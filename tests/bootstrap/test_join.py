"""The parts joined over a cluster that says it is devnet."""

import json
from base64 import b64encode
from pathlib import Path

from solders.hash import Hash

from landfall.bootstrap.join import joined
from landfall.bootstrap.wallet import NoKey
from landfall.core.clusters import DEVNET
from landfall.core.venues import venues_of
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.serve import running_localnet
from landfall.settings import read_settings
from tests.core.venues.devnet import moved_to_devnet
from tests.core.venues.opened import SOL, USDC, WALLET, Opened, amm, clmm, cpmm


def _written(opened: Opened, path: Path) -> Path:
    """The pool in the JSON of `solana account`."""
    entries = [
        {
            "pubkey": str(address),
            "account": {
                "lamports": account.lamports,
                "owner": str(account.owner),
                "data": [b64encode(account.data).decode(), "base64"],
            },
        }
        for address, account in opened.accounts.items()
    ]
    path.write_text(json.dumps(entries))
    return path


async def test_on_devnet_its_own_raydium_is_traded_and_mainnet_s_is_not(tmp_path: Path, dsn: str):
    moved = [moved_to_devnet(opened)[0] for opened in (cpmm(), amm(), clmm())]
    files = [_written(pool, tmp_path / f"{pool.address}.json") for pool in moved]
    options = LocalnetOptions(port=0, slot_ms=0, account_files=tuple(files))
    settings = read_settings({"LANDFALL_HOME": str(tmp_path)})
    async with running_localnet(options) as localnet:
        localnet.node.cluster.genesis_hash = Hash.from_string(DEVNET)
        async with joined(settings, dsn, (localnet.rpc_url,), NoKey(WALLET)) as parts:
            found = await parts.world.pools.trading(SOL.mint, USDC.mint)
    raydium = {each.pool.address for each in found.pools if each.venue.dex == "raydium"}
    assert raydium == {pool.address for pool in moved}
    here = venues_of(DEVNET)
    assert all(here[each.venue.name] is each.venue for each in found.pools)
    assert {each.venue.dex for each in found.pools} == {"raydium", "meteora"}
