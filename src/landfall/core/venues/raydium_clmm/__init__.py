"""Raydium CLMM: concentrated liquidity, limit orders and dynamic fees."""

from functools import partial

from landfall.core.values import Pubkey
from landfall.core.venue import Venue
from landfall.core.venues.raydium_clmm.curve import QUOTER, quote
from landfall.core.venues.raydium_clmm.layout import Pool, load, pools_trading, program_at
from landfall.core.venues.raydium_clmm.supply import phase, supply
from landfall.core.venues.raydium_clmm.swap import explain, swap
from landfall.core.venues.raydium_clmm.tick_array import DEVNET_PROGRAM_ID, PROGRAM_ID


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


RAYDIUM_CLMM = _under(PROGRAM_ID)
RAYDIUM_CLMM_ON_DEVNET = _under(DEVNET_PROGRAM_ID)
