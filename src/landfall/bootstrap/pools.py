"""Join what keeps pools at hand: the stream of their accounts, the reads beside it, the searches.

The parts are in `chain/`; this knows which settings make which of them.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

import aiohttp

from landfall.chain.discovery import Discovery
from landfall.chain.following import Following, Freshness
from landfall.chain.pools import LivePools
from landfall.chain.pubsub import PubSub, streams_of
from landfall.core.token import Token
from landfall.core.venue import AnyVenue
from landfall.ports import ChainClient, Clock, PoolBook
from landfall.settings import PoolSettings


@asynccontextmanager
async def live_pools(
    settings: PoolSettings,
    rpc_urls: Sequence[str],
    chain: ChainClient,
    book: PoolBook,
    clock: Clock,
    tokens: Mapping[str, Token],
    venues: Mapping[str, AnyVenue],
) -> AsyncIterator[LivePools]:
    """Pools that are followed for as long as the context lasts. `tokens` and `venues`:
    the cluster's own."""
    named = tuple(url.reveal() for url in settings.stream_urls)
    urls = named or tuple(stream for url in rpc_urls for stream in streams_of(url))
    freshness = Freshness(
        silence_ms=settings.stream_silence_ms,
        compare_ms=settings.pools_compare_ms,
        slots_behind_max=settings.pools_slots_behind,
    )
    async with aiohttp.ClientSession() as session:
        pools = LivePools(
            chain,
            Following(chain, freshness, partial(PubSub, session, urls)),
            Discovery(chain, book, clock, settings.pools_remembered_ms, venues),
            clock,
            book=book,
            remembered_ms=settings.pools_remembered_ms,
            pinned=settings.pools_pinned,
            thirds=tuple(token.mint for token in tokens.values()),
        )
        following = asyncio.create_task(pools.run())
        try:
            yield pools
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
