"""Meteora DAMM v1: constant-product and stable pools that keep their tokens in lending vaults."""

from landfall.core.venue import Venue
from landfall.core.venues.meteora_damm_v1.curve import QUOTER, quote
from landfall.core.venues.meteora_damm_v1.layout import PROGRAM_ID, Pool, load, pools_trading
from landfall.core.venues.meteora_damm_v1.supply import phase, supply
from landfall.core.venues.meteora_damm_v1.swap import explain, swap
from landfall.core.venues.meteora_damm_v1.vaults import VAULT_PROGRAM_ID

METEORA_DAMM_V1: Venue[Pool] = Venue(
    name=QUOTER.venue,
    dex=QUOTER.dex,
    program_id=PROGRAM_ID,
    inner_programs=(VAULT_PROGRAM_ID,),
    has_exact_out=False,
    pools_trading=pools_trading,
    load=load,
    quote=quote,
    supply=supply,
    swap=swap,
    explain=explain,
    phase=phase,
)
