"""Finding pools: asked rarely, remembered across a restart, and what is said where none may ask."""

from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg
import pytest

from landfall.chain.discovery import Discovery
from landfall.chain.searching import SearchRefused
from landfall.core.clusters import DEVNET
from landfall.core.errors import Unavailable
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import ProgramAccountsFilter, Pubkey
from landfall.core.venues import VENUES, venues_of
from landfall.ports import PoolBook
from landfall.store.pool_book import PostgresPoolBook
from tests.chain import node
from tests.chain.clocks import SleptClock
from tests.chain.conftest import Ask
from tests.fresh_pools import NoBook

REMEMBERED_MS = 30_000
SOL, USDC = KNOWN_TOKENS["SOL"].mint, KNOWN_TOKENS["USDC"].mint
QUESTIONS = sum(len(venue.pools_trading(SOL, USDC)) for venue in VENUES.values())


@dataclass
class Searched:
    """A chain with one pool to every question; `answer` may raise instead."""

    asked: list[ProgramAccountsFilter] = field(default_factory=list)
    error: Callable[[ProgramAccountsFilter], Exception | None] = lambda question: None
    pools: dict[ProgramAccountsFilter, Pubkey] = field(default_factory=dict)

    async def program_accounts(self, wanted: ProgramAccountsFilter) -> tuple[Pubkey, ...]:
        self.asked.append(wanted)
        error = self.error(wanted)
        if error is not None:
            raise error
        return (self.pools.setdefault(wanted, Pubkey.new_unique()),)


@pytest.fixture
def clock() -> SleptClock:
    return SleptClock()


@pytest.fixture
def searched() -> Searched:
    return Searched()


def discovery(searched: Searched, clock: SleptClock, book: PoolBook | None = None) -> Discovery:
    return Discovery(searched, book or NoBook(), clock, REMEMBERED_MS)  # type: ignore[arg-type]


async def test_every_venue_is_asked_once_until_the_answers_are_old(
    searched: Searched, clock: SleptClock
):
    finding = discovery(searched, clock)
    for _ in range(3):
        found = await finding.of_pair(SOL, USDC)
    assert len(found.venues) == len(searched.asked) == QUESTIONS
    assert {venue.name for venue in found.venues.values()} == set(VENUES)
    clock.ms += REMEMBERED_MS + 1
    await finding.of_pair(SOL, USDC)
    assert len(searched.asked) == 2 * QUESTIONS


async def test_answers_outlive_the_process_and_expire_there_too(
    searched: Searched, clock: SleptClock, pool: asyncpg.Pool
):
    book = PostgresPoolBook(pool)
    first = await discovery(searched, clock, book).of_pair(SOL, USDC)
    clock.ms += REMEMBERED_MS
    again = await discovery(searched, clock, book).of_pair(SOL, USDC)
    assert (again.venues, again.found_at_ms) == (first.venues, 1_000_000)
    assert len(searched.asked) == QUESTIONS
    clock.ms += 1
    renewed = await discovery(searched, clock, book).of_pair(SOL, USDC)
    assert len(searched.asked) == 2 * QUESTIONS
    assert renewed.found_at_ms == clock.ms


async def test_where_a_node_does_not_search_what_was_found_before_is_all_there_is(
    searched: Searched, clock: SleptClock, pool: asyncpg.Pool
):
    book = PostgresPoolBook(pool)
    first = await discovery(searched, clock, book).of_pair(SOL, USDC)
    clock.ms += 10 * REMEMBERED_MS
    for error in (SearchRefused("no"), Unavailable("down")):
        searched.error = lambda question, error=error: error
        later = await discovery(searched, clock, book).of_pair(SOL, USDC)
        assert (later.venues, later.refused) == (first.venues, None)


async def test_on_devnet_its_programs_are_searched_and_no_others(
    searched: Searched, clock: SleptClock
):
    venues = venues_of(DEVNET)
    here = {venue.program_id for venue in venues.values()}

    def finding() -> Discovery:
        return Discovery(searched, NoBook(), clock, REMEMBERED_MS, venues)  # type: ignore[arg-type]

    for asking in (finding().of_pair(SOL, USDC), finding().of_mint(SOL)):
        found = await asking
        assert {question.program_id for question in searched.asked} == here
        assert {venue.program_id for venue in found.venues.values()} == here
        searched.asked.clear()
    assert here - {venue.program_id for venue in VENUES.values()}


async def test_one_program_that_is_not_searched_leaves_the_others(
    searched: Searched, clock: SleptClock
):
    excluded = VENUES["raydium_cpmm"].program_id
    searched.error = lambda question: (
        SearchRefused("excluded") if question.program_id == excluded else None
    )
    found = await discovery(searched, clock).of_pair(SOL, USDC)
    assert {venue.name for venue in found.venues.values()} == set(VENUES) - {"raydium_cpmm"}
    assert found.refused == "excluded"


async def test_an_outage_is_not_an_answer(searched: Searched, clock: SleptClock):
    finding = discovery(searched, clock)
    searched.error = lambda question: Unavailable("down")
    with pytest.raises(Unavailable, match="down"):
        await finding.of_pair(SOL, USDC)
    searched.error = lambda question: None
    assert len((await finding.of_pair(SOL, USDC)).venues) == QUESTIONS


async def test_a_mint_s_own_pools_are_asked_for_wherever_a_pool_may_name_it(
    searched: Searched, clock: SleptClock
):
    mint = Pubkey.new_unique()
    await discovery(searched, clock).of_mint(mint)
    for question in searched.asked:
        named = [each.wanted for each in question.memcmps if len(each.wanted) == 32]
        assert named == [bytes(mint)]
    per_program: dict[Pubkey, set[int]] = {}
    for question in searched.asked:
        offsets = {each.offset for each in question.memcmps if each.wanted == bytes(mint)}
        per_program.setdefault(question.program_id, set()).update(offsets)
    assert per_program.keys() == {venue.program_id for venue in VENUES.values()}
    # A bonding curve's pool names its base mint alone.
    assert {len(offsets) for offsets in per_program.values()} == {1, 2}


@pytest.mark.parametrize(
    "refusal",
    [
        *(node.error(code) for code in (-32601, -32010, -32600, 403, 410)),
        *(node.raw(node.http(b"", status)) for status in ("403 Forbidden", "410 Gone")),
    ],
)
async def test_a_node_that_refuses_to_search_is_told_from_one_that_is_away(
    ask: Ask, refusal: node.Behaviour
):
    question = VENUES["raydium_cpmm"].pools_trading(SOL, USDC)[0]
    async with node.running_node(refusal) as asked:
        with pytest.raises(SearchRefused) as caught:
            await ask(asked.url).program_accounts(question)
    assert node.KEY not in str(caught.value)


@pytest.mark.parametrize(
    "trouble",
    [node.error(-32005), node.error(429), node.raw(node.http(b"", "429 Too Many Requests"))],
)
async def test_a_node_that_is_busy_does_not_refuse_to_search(ask: Ask, trouble: node.Behaviour):
    question = VENUES["raydium_cpmm"].pools_trading(SOL, USDC)[0]
    async with node.running_node(trouble) as asked:
        with pytest.raises(Unavailable) as caught:
            await ask(asked.url).program_accounts(question)
    assert not isinstance(caught.value, SearchRefused)
