"""Raydium AMM v4: the oldest constant-product pools, of SPL Token mints only."""

from landfall.core.venue import Venue
from landfall.core.venues.raydium_amm.curve import QUOTER, quote
from landfall.core.venues.raydium_amm.layout import PROGRAM_ID, Pool, load, pools_trading
from landfall.core.venues.raydium_amm.supply import phase, supply
from landfall.core.venues.raydium_amm.swap import explain, swap

RAYDIUM_AMM: Venue[Pool] = Venue(
    name=QUOTER.venue,
    dex=QUOTER.dex,
    program_id=PROGRAM_ID,
    pools_trading=pools_trading,
    load=load,
    quote=quote,
    supply=supply,
    swap=swap,
    explain=explain,
    phase=phase,
)
