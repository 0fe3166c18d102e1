"""Meteora DAMM v2 (cp-amm): constant-product pools over a price range, with scheduled fees."""

from landfall.core.venue import Venue
from landfall.core.venues.meteora_damm_v2.curve import QUOTER, quote
from landfall.core.venues.meteora_damm_v2.layout import PROGRAM_ID, Pool, load, pools_trading
from landfall.core.venues.meteora_damm_v2.supply import phase, supply
from landfall.core.venues.meteora_damm_v2.swap import explain, swap

METEORA_DAMM_V2: Venue[Pool] = Venue(
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
