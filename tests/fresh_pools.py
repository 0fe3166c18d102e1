"""The pools of a chain without a stream: read whenever they are asked for."""

from collections.abc import Mapping, Sequence

from landfall.chain.discovery import Discovery
from landfall.chain.following import Following, Freshness
from landfall.chain.pools import LivePools
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import ProgramAccountsFilter, Pubkey, Slot
from landfall.core.venue import AnyVenue
from landfall.core.venues import VENUES
from landfall.ports import ChainClient, Clock, FoundPools

REMEMBERED_MS = 60_000
THIRDS = tuple(token.mint for token in KNOWN_TOKENS.values())


class NoBook:
    """A book in which nothing is written."""

    async def found(
        self, questions: Sequence[ProgramAccountsFilter]
    ) -> Mapping[ProgramAccountsFilter, FoundPools]:
        """Nothing."""
        return {}

    async def record(self, question: ProgramAccountsFilter, found: FoundPools) -> None:
        """Lost."""

    async def newest_slot(self, seen: Slot) -> Slot:
        """There is nobody else."""
        return seen


def fresh_pools(
    chain: ChainClient,
    clock: Clock,
    remembered_ms: int = REMEMBERED_MS,
    thirds: Sequence[Pubkey] = THIRDS,
    venues: Mapping[str, AnyVenue] = VENUES,
) -> LivePools:
    """Pools of nothing but reads."""
    discovery = Discovery(chain, NoBook(), clock, remembered_ms, venues)
    following = Following(chain, Freshness())
    return LivePools(
        chain,
        following,
        discovery,
        clock,
        book=NoBook(),
        remembered_ms=remembered_ms,
        thirds=thirds,
    )
