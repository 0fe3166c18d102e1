"""Save a pool with every account a swap on it touches, in the form that `--account` takes.

    .venv/bin/python examples/save_a_pool_for_localnet.py POOL [RPC_URL] > pool.json
    .venv/bin/landfall up --fresh --account pool.json

The venue itself says which accounts it needs: `load` asks until it has them all, and the swap's
instruction names the rest. RPC_URL is mainnet's public node unless given.
"""

import base64
import json
import sys
from typing import Any

import httpx

from landfall.core.quote import Leg, Quote, SwapRequest
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, BaseUnits, BasisPoints, Pubkey, Slot, SwapMode
from landfall.core.venue import AnyVenue, NeedAccounts, Pool, Trader
from landfall.core.venues import VENUES

MAINNET = "https://api.mainnet-beta.solana.com"
NOBODY = Trader(Pubkey.default(), Pubkey.default(), Pubkey.default())


class Node:
    """A Solana node, and every account read from it so far, as it gave them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: dict[Pubkey, Any] = {}
        self.accounts: dict[Pubkey, Account | None] = {}

    def read(self, addresses: tuple[Pubkey, ...]) -> Slot:
        """Read these accounts; the slot they are of."""
        params = [[str(address) for address in addresses], {"encoding": "base64"}]
        body = {"jsonrpc": "2.0", "id": 1, "method": "getMultipleAccounts", "params": params}
        result = httpx.post(self.url, json=body, timeout=30).raise_for_status().json()["result"]
        for address, value in zip(addresses, result["value"], strict=True):
            self.replies[address] = value
            self.accounts[address] = value and Account(
                Pubkey.from_string(value["owner"]),
                value["lamports"],
                base64.b64decode(value["data"][0]),
                value["executable"],
            )
        return Slot(result["context"]["slot"])


def load(node: Node, address: Pubkey) -> tuple[AnyVenue, Pool]:
    """The pool, after reading whatever its venue asks for."""
    wanted: tuple[Pubkey, ...] = (address,)
    while True:
        slot = node.read(wanted)
        account = node.accounts[address]
        owner = account.owner if account else None
        venue = next((v for v in VENUES.values() if v.program_id == owner), None)
        if venue is None:
            raise SystemExit(f"{address} is not a pool of {', '.join(VENUES)}")
        loaded = venue.load(address, node.accounts, slot)
        if not isinstance(loaded, NeedAccounts):
            return venue, loaded
        wanted = (*wanted, *loaded.addresses)


def touched(venue: AnyVenue, pool: Pool) -> set[Pubkey]:
    """Every account that a swap on the pool names."""
    one = BaseUnits(1)
    request = SwapRequest(
        in_mint=pool.mints[0], out_mint=pool.mints[1], mode=SwapMode.EXACT_IN, amount=one
    )
    quote = Quote(
        venue=venue.name,
        dex=venue.dex,
        pool=pool.address,
        request=request,
        in_amount=one,
        out_amount=one,
        fee_amount=BaseUnits(0),
        fee_mint=pool.mints[0],
        price_impact_bps=BasisPoints(0),
        context_slot=pool.context_slot,
    )
    instruction = venue.swap(pool, Leg(quote=quote, threshold=one), NOBODY)
    return {meta.pubkey for meta in instruction.accounts}


def main(address: str, url: str = MAINNET) -> None:
    """Print the accounts as JSON, all of one slot as far as one call takes them."""
    node = Node(url)
    venue, pool = load(node, Pubkey.from_string(address))
    wanted = touched(venue, pool) | node.accounts.keys()
    node.read(tuple(sorted(wanted, key=bytes)))
    # Localnet has these mints, and the programs, of its own.
    own = {token.mint for token in KNOWN_TOKENS.values()}
    saved = [
        {"pubkey": str(key), "account": reply}
        for key, reply in node.replies.items()
        if reply and not reply["executable"] and key not in own
    ]
    print(json.dumps(saved, indent=1))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(f"usage: {sys.argv[0]} POOL [RPC_URL] > pool.json")
    main(*sys.argv[1:])
