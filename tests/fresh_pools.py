"""The pools of a chain without a stream: read whenever they are asked for."""

from landfall.chain.discovery import Discovery, NoBook
from landfall.chain.following import Following, Freshness
from landfall.chain.pools import LivePools
from landfall.ports import ChainClient, Clock

REMEMBERED_MS = 60_000


def fresh_pools(chain: ChainClient, clock: Clock, remembered_ms: int = REMEMBERED_MS) -> LivePools:
    """Pools of nothing but reads."""
    discovery = Discovery(chain, NoBook(), clock, remembered_ms)
    following = Following(chain, Freshness())
    return LivePools(chain, following, discovery, clock, remembered_ms=remembered_ms)
