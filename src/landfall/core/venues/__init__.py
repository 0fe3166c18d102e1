"""Every pool program this engine can trade on; adding one is a folder and a line here.

Raydium's programs have other ids on devnet. Which venues there are follows from the cluster; which
venue an id belongs to does not, for nobody but Raydium has the keys of its ids, on any cluster.
"""

from collections.abc import Mapping
from types import MappingProxyType

from landfall.core.clusters import DEVNET
from landfall.core.values import Pubkey
from landfall.core.venue import AnyVenue
from landfall.core.venues.meteora_damm_v1 import METEORA_DAMM_V1
from landfall.core.venues.meteora_damm_v2 import METEORA_DAMM_V2
from landfall.core.venues.meteora_dbc import METEORA_DBC
from landfall.core.venues.meteora_dlmm import METEORA_DLMM
from landfall.core.venues.raydium_amm import RAYDIUM_AMM, RAYDIUM_AMM_ON_DEVNET
from landfall.core.venues.raydium_clmm import RAYDIUM_CLMM, RAYDIUM_CLMM_ON_DEVNET
from landfall.core.venues.raydium_cpmm import RAYDIUM_CPMM, RAYDIUM_CPMM_ON_DEVNET

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
"""Mainnet's and localnet's, by name, in the order in which equal offers are preferred."""

_ELSEWHERE_ON_DEVNET = (RAYDIUM_CPMM_ON_DEVNET, RAYDIUM_AMM_ON_DEVNET, RAYDIUM_CLMM_ON_DEVNET)

_OF_CLUSTER: Mapping[str, Mapping[str, AnyVenue]] = MappingProxyType(
    {DEVNET: MappingProxyType({**VENUES, **{venue.name: venue for venue in _ELSEWHERE_ON_DEVNET}})}
)

VENUES_BY_PROGRAM: Mapping[Pubkey, AnyVenue] = MappingProxyType(
    {venue.program_id: venue for venue in (*VENUES.values(), *_ELSEWHERE_ON_DEVNET)}
)
"""Those of every cluster: whose program it is, wherever it was called."""

PROGRAMS = frozenset(VENUES_BY_PROGRAM)
"""What the swaps of a route call, on any cluster."""


def venues_of(genesis_hash: str) -> Mapping[str, AnyVenue]:
    """The pool programs of the cluster with this genesis, as in `VENUES`."""
    return _OF_CLUSTER.get(genesis_hash, VENUES)
