"""Meteora DLMM: liquidity in bins of one price each, with fees that follow volatility."""

from landfall.core.venue import Venue
from landfall.core.venues.meteora_dlmm.arrays import PROGRAM_ID
from landfall.core.venues.meteora_dlmm.curve import QUOTER, quote
from landfall.core.venues.meteora_dlmm.layout import Pool, load, pools_trading
from landfall.core.venues.meteora_dlmm.supply import phase, supply
from landfall.core.venues.meteora_dlmm.swap import explain, swap

METEORA_DLMM: Venue[Pool] = Venue(
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
