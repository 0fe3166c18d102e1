"""Meteora Dynamic Bonding Curve: a launch that sells along its curve until it migrates."""

from landfall.core.venue import Venue
from landfall.core.venues.meteora_dbc.curve import QUOTER, quote
from landfall.core.venues.meteora_dbc.layout import PROGRAM_ID, Pool, load, pools_trading
from landfall.core.venues.meteora_dbc.supply import phase, supply
from landfall.core.venues.meteora_dbc.swap import explain, swap

METEORA_DBC: Venue[Pool] = Venue(
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
