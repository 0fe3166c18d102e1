"""Raydium CLMM: concentrated liquidity, limit orders and dynamic fees."""

from landfall.core.venue import Venue
from landfall.core.venues.raydium_clmm.curve import QUOTER, quote
from landfall.core.venues.raydium_clmm.layout import Pool, load, pools_trading
from landfall.core.venues.raydium_clmm.supply import phase, supply
from landfall.core.venues.raydium_clmm.swap import explain, swap
from landfall.core.venues.raydium_clmm.tick_array import PROGRAM_ID

RAYDIUM_CLMM: Venue[Pool] = Venue(
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
