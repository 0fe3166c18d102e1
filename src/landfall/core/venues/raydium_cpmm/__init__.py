"""Raydium CPMM: constant-product pools of any two SPL or Token-2022 mints."""

from landfall.core.venue import Deployable
from landfall.core.venues.raydium_cpmm.curve import QUOTER, quote
from landfall.core.venues.raydium_cpmm.layout import (
    DEVNET_PROGRAM_ID,
    PROGRAM_ID,
    load,
    pools_trading,
    program_at,
)
from landfall.core.venues.raydium_cpmm.supply import phase, supply
from landfall.core.venues.raydium_cpmm.swap import explain, swap

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

RAYDIUM_CPMM = _ANYWHERE.under(program_at(PROGRAM_ID))
RAYDIUM_CPMM_ON_DEVNET = _ANYWHERE.under(program_at(DEVNET_PROGRAM_ID))
