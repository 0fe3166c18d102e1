"""Raydium CLMM: concentrated liquidity, limit orders and dynamic fees."""

from landfall.core.venue import Deployable
from landfall.core.venues.raydium_clmm.curve import QUOTER, quote
from landfall.core.venues.raydium_clmm.layout import load, pools_trading, program_at
from landfall.core.venues.raydium_clmm.supply import phase, supply
from landfall.core.venues.raydium_clmm.swap import explain, swap
from landfall.core.venues.raydium_clmm.tick_array import DEVNET_PROGRAM_ID, PROGRAM_ID

_ANYWHERE = Deployable(
    name=QUOTER.venue,
    dex=QUOTER.dex,
    pools_trading=pools_trading,
    load=load,
    quote=quote,
    supply=supply,
    swap=swap,
    explain=explain,
    phase=phase,
)

RAYDIUM_CLMM = _ANYWHERE.under(program_at(PROGRAM_ID))
RAYDIUM_CLMM_ON_DEVNET = _ANYWHERE.under(program_at(DEVNET_PROGRAM_ID))
