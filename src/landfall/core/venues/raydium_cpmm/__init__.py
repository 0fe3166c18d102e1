"""Raydium CPMM: constant-product pools of any two SPL or Token-2022 mints."""

from functools import partial

from landfall.core.values import Pubkey
from landfall.core.venue import Venue
from landfall.core.venues.raydium_cpmm.curve import QUOTER, quote
from landfall.core.venues.raydium_cpmm.layout import (
    DEVNET_PROGRAM_ID,
    PROGRAM_ID,
    Pool,
    load,
    pools_trading,
    program_at,
)
from landfall.core.venues.raydium_cpmm.supply import phase, supply
from landfall.core.venues.raydium_cpmm.swap import explain, swap


def _under(program_id: Pubkey) -> Venue[Pool]:
    program = program_at(program_id)
    return Venue(
        name=QUOTER.venue,
        dex=QUOTER.dex,
        program_id=program_id,
        pools_trading=partial(pools_trading, program),
        load=partial(load, program),
        quote=quote,
        supply=supply,
        swap=partial(swap, program),
        explain=partial(explain, program),
        phase=phase,
    )


RAYDIUM_CPMM = _under(PROGRAM_ID)
RAYDIUM_CPMM_ON_DEVNET = _under(DEVNET_PROGRAM_ID)
