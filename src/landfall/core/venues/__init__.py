"""Every pool program this engine can trade on; adding one is a folder and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from landfall.core.venue import AnyVenue
from landfall.core.venues.meteora_damm_v1 import METEORA_DAMM_V1
from landfall.core.venues.meteora_damm_v2 import METEORA_DAMM_V2
from landfall.core.venues.meteora_dbc import METEORA_DBC
from landfall.core.venues.meteora_dlmm import METEORA_DLMM
from landfall.core.venues.raydium_amm import RAYDIUM_AMM
from landfall.core.venues.raydium_clmm import RAYDIUM_CLMM
from landfall.core.venues.raydium_cpmm import RAYDIUM_CPMM

VENUES: Mapping[str, AnyVenue] = MappingProxyType(
    {
        venue.name: venue
        for venue in (
            RAYDIUM_CPMM,
            METEORA_DAMM_V2,
            RAYDIUM_AMM,
            RAYDIUM_CLMM,
            METEORA_DAMM_V1,
            METEORA_DLMM,
            METEORA_DBC,
        )
    }
)
"""By name, in the order in which equal offers are preferred."""

PROGRAMS = frozenset(venue.program_id for venue in VENUES.values())
"""What the swaps of a route call."""
