"""Which pools there are, by searching the programs' accounts.

Searching (`getProgramAccounts`) is the dearest question a node answers, and many refuse it. So
every answer is remembered: here, and in a book that workers share and that outlives them. An answer
past its time is asked for again; where a node will not say, it is still the best there is, for
pools hardly ever go, and one that is gone shows when it is read.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from landfall import observe
from landfall.chain.searching import SearchRefused
from landfall.chain.sharing import Sharing
from landfall.core.errors import LandfallError, Unavailable
from landfall.core.values import ProgramAccountsFilter, Pubkey
from landfall.core.venue import AnyVenue
from landfall.core.venues import VENUES
from landfall.ports import ChainClient, Clock, FoundPools, PoolBook

_SEARCHES_AT_ONCE = 8
_REFUSED_FOR_MS = 60_000
_REMEMBERED_MAX = 50_000
_PROBES = (Pubkey(bytes(32)), Pubkey(b"\xff" * 32))


@dataclass(frozen=True, slots=True)
class Found:
    """Pools and who understands them, complete as of `found_at_ms`.

    `refused`: why some could not be searched for, if so.
    """

    venues: Mapping[Pubkey, AnyVenue]
    found_at_ms: int
    refused: str | None


class Discovery:
    """Finds pools by the mints they trade.

    Args:
        chain: is searched.
        book: what was found before, by anybody.
        clock: the book's time.
        remembered_ms: how long an answer is taken as complete.
        venues: whose pools there are on this cluster, by name.
    """

    def __init__(
        self,
        chain: ChainClient,
        book: PoolBook,
        clock: Clock,
        remembered_ms: int,
        venues: Mapping[str, AnyVenue] = VENUES,
    ) -> None:
        self.venues = venues
        self._book = book
        self._clock = clock
        self._remembered_ms = remembered_ms
        self._answers: dict[ProgramAccountsFilter, FoundPools] = {}
        self._refused: dict[Pubkey, tuple[int, str]] = {}
        self._searches = Sharing(chain.program_accounts)
        self._lanes = asyncio.Semaphore(_SEARCHES_AT_ONCE)

    async def of_pair(self, mint: Pubkey, other: Pubkey) -> Found:
        """All pools that trade the two mints against one another.

        Raises:
            Unavailable: the node did not answer, and nothing was known before.
        """
        questions = {
            question: venue
            for venue in self.venues.values()
            for question in venue.pools_trading(mint, other)
        }
        return await self._find(questions)

    async def of_mint(self, mint: Pubkey) -> Found:
        """All pools that name the mint, as far as their programs write it into the pool.

        Raises:
            Unavailable: as for a pair.
        """
        # A venue's question for a pair, without the other mint, is its question for one.
        questions = {
            replace(question, memcmps=naming): venue
            for venue in self.venues.values()
            for probe in _PROBES
            for question in venue.pools_trading(mint, probe)
            if (naming := tuple(m for m in question.memcmps if m.wanted != bytes(probe)))
            and any(each.wanted == bytes(mint) for each in naming)
        }
        return await self._find(questions)

    async def _find(self, questions: Mapping[ProgramAccountsFilter, AnyVenue]) -> Found:
        await self._look_up([each for each in questions if each not in self._answers])
        answers = await asyncio.gather(*(self._answer(question) for question in questions))
        venues: dict[Pubkey, AnyVenue] = {}
        found_at_ms = self._clock.now_ms()
        refused = None
        for venue, answer in zip(questions.values(), answers, strict=True):
            if isinstance(answer, str):
                refused = answer
            else:
                found_at_ms = min(found_at_ms, answer.found_at_ms)
                venues.update(dict.fromkeys(answer.addresses, venue))
        return Found(venues, found_at_ms, refused)

    async def _look_up(self, questions: Sequence[ProgramAccountsFilter]) -> None:
        if not questions:
            return
        # Without the book there is still the chain.
        with suppress(Unavailable):
            self._remember(await self._book.found(questions))

    async def _answer(self, question: ProgramAccountsFilter) -> FoundPools | str:
        """What is known by now, or why the node will not say."""
        now_ms = self._clock.now_ms()
        known = self._answers.get(question)
        if known is not None and now_ms - known.found_at_ms <= self._remembered_ms:
            return known
        since_ms, sentence = self._refused.get(question.program_id, (None, ""))
        if since_ms is not None and now_ms - since_ms <= _REFUSED_FOR_MS:
            return known or sentence
        try:
            async with self._lanes:
                addresses = await self._searches.answer(question)
        except SearchRefused as refused:
            observe.search_refused(question.program_id, str(refused))
            self._refused[question.program_id] = (now_ms, str(refused))
            return known or str(refused)
        except Unavailable:
            if known is None:
                raise
            return known
        found = FoundPools(addresses=addresses, found_at_ms=now_ms)
        self._remember({question: found})
        with suppress(LandfallError):
            await self._book.record(question, found)
        return found

    def _remember(self, found: Mapping[ProgramAccountsFilter, FoundPools]) -> None:
        self._answers.update(found)
        while len(self._answers) > _REMEMBERED_MAX:
            del self._answers[next(iter(self._answers))]
