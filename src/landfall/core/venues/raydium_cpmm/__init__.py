"""Raydium CPMM: constant-product pools of any two SPL or Token-2022 mints."""

from landfall.core.venue import Venue
from landfall.core.venues.raydium_cpmm.curve import QUOTER, quote
from landfall.core.venues.raydium_cpmm.layout import PROGRAM_ID, Pool, load, pools_trading
from landfall.core.venues.raydium_cpmm.supply import phase, supply
from landfall.core.venues.raydium_cpmm.swap import explain, swap

RAYDIUM_CPMM: Venue[Pool] = Venue(
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
