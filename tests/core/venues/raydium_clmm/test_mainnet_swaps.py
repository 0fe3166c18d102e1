"""Swaps that happened on mainnet, reproduced from the accounts they met.

The recordings are not part of this repository. They are looked for in the folder that
LANDFALL_DUMPS names, or beside the repository, and without them this module is skipped.
"""

import base64
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from landfall.core.token import Token
from landfall.core.values import Account, ChainClock, Pubkey, Slot
from landfall.core.venue import NeedAccounts
from landfall.core.venues.raydium_clmm import RAYDIUM_CLMM, curve, layout, tick_array
from landfall.core.venues.raydium_clmm.curve import Terms
from landfall.localnet.openings.deposits import Deposit, owned_account, token_account
from tests.core.venues.opened import mint_account

BESIDE = Path(__file__).parents[5] / "shared" / "dumps"
RECORDED = (
    Path(os.environ.get("LANDFALL_DUMPS", BESIDE))
    / "raydium"
    / "clmm_mainnet_swaps_2026_04.jsonl.gz"
)
TRADE_RATE = 400
DECIMALS = (9, 6)
VAULT_BALANCE = 2**62

pytestmark = pytest.mark.skipif(
    not RECORDED.exists(), reason="the recorded mainnet swaps are not here; set LANDFALL_DUMPS"
)


def _lines() -> list[Any]:
    if not RECORDED.exists():
        return []
    with gzip.open(RECORDED, "rt") as lines:
        return [json.loads(line) for line in lines]


def _pool(line: Any) -> layout.Pool:
    address = Pubkey.from_string(line["pool_address"])
    data = base64.b64decode(line["pool_b64"])
    accounts: dict[Pubkey, Account] = {address: owned_account(tick_array.PROGRAM_ID, data)}
    config = layout.CONFIG.blank()
    layout.CONFIG_TRADE_RATE.write(config, TRADE_RATE)
    accounts[layout.POOL_CONFIG.read(data)] = owned_account(tick_array.PROGRAM_ID, bytes(config))
    for side in (0, 1):
        token = Token(mint=layout.POOL_MINTS[side].read(data), decimals=DECIMALS[side])
        accounts[token.mint] = mint_account(token)
        vault = token_account(Deposit(token=token, amount=VAULT_BALANCE), address)
        accounts[layout.POOL_VAULTS[side].read(data)] = vault
    span = layout.POOL_TICK_SPACING.read(data) * tick_array.TICKS_PER_ARRAY
    start = layout.POOL_TICK.read(data) // span * span
    # An array that was not recorded was not crossed; the one of the price is passed all the same.
    empty = tick_array.TICK_ARRAY.blank()
    tick_array.ARRAY_POOL.write(empty, address)
    tick_array.ARRAY_START.write(empty, start)
    accounts[tick_array.array_address(tick_array.PROGRAM_ID, address, start)] = owned_account(
        tick_array.PROGRAM_ID, bytes(empty)
    )
    for recorded in line["tick_arrays"]:
        accounts[Pubkey.from_string(recorded["address"])] = owned_account(
            tick_array.PROGRAM_ID, base64.b64decode(recorded["data_b64"])
        )
    known: dict[Pubkey, Account | None] = {}
    for _ in range(3):
        pool = RAYDIUM_CLMM.load(address, known, Slot(line["snapshot_slot"]))
        if not isinstance(pool, NeedAccounts):
            return pool
        known |= {wanted: accounts.get(wanted) for wanted in pool.addresses}
    raise AssertionError("load asks for accounts more than twice")


@pytest.mark.parametrize("line", _lines(), ids=lambda line: line["swap"]["signature"][:8])
def test_a_mainnet_swap_is_reproduced_to_the_unit(line: Any):
    swap = line["swap"]
    pool = _pool(line)
    terms = Terms(
        zero_for_one=swap["zero_for_one"],
        exact_in=swap["is_base_input"],
        amount=swap["amount"],
        price_limit=int(swap["sqrt_price_limit_x64"]),
        arrays=pool.below if swap["zero_for_one"] else pool.above,
    )
    swapped = curve.execute(pool, terms, ChainClock(Slot(swap["slot"]), 0, swap["block_time"]))
    observed = (swap["observed_amount_in"], swap["observed_amount_out"])
    assert (swapped.in_amount, swapped.out_amount) == observed
