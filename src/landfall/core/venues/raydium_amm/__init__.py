"""Raydium AMM v4: the oldest constant-product pools, of SPL Token mints only."""

from landfall.core.venue import Deployable
from landfall.core.venues.raydium_amm.curve import QUOTER, quote
from landfall.core.venues.raydium_amm.layout import (
    DEVNET_PROGRAM_ID,
    PROGRAM_ID,
    load,
    pools_trading,
    program_at,
)
from landfall.core.venues.raydium_amm.supply import phase, supply
from landfall.core.venues.raydium_amm.swap import explain, swap

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

RAYDIUM_AMM = _ANYWHERE.under(program_at(PROGRAM_ID))
RAYDIUM_AMM_ON_DEVNET = _ANYWHERE.under(program_at(DEVNET_PROGRAM_ID))
