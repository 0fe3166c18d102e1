"""What searches found, in a real database."""

import asyncio

import asyncpg

from landfall.core.values import MemcmpFilter, ProgramAccountsFilter, Pubkey, Slot
from landfall.ports import FoundPools
from landfall.store.connection import connect
from landfall.store.pool_book import PostgresPoolBook

PROGRAM = Pubkey.new_unique()
POOLS = tuple(Pubkey.new_unique() for _ in range(5))


def asking(mint: Pubkey, size: int = 637) -> ProgramAccountsFilter:
    return ProgramAccountsFilter(PROGRAM, size, (MemcmpFilter(168, bytes(mint)),))


def found(*pools: Pubkey, at_ms: int = 1_000) -> FoundPools:
    return FoundPools(addresses=pools, found_at_ms=at_ms)


async def test_what_was_found_is_there_for_another_process(dsn: str):
    question, nothing, never = (asking(Pubkey.new_unique()) for _ in range(3))
    mine, yours = await connect(dsn), await connect(dsn)
    await PostgresPoolBook(mine).record(question, found(*POOLS))
    await PostgresPoolBook(mine).record(nothing, found())
    answers = await PostgresPoolBook(yours).found([question, nothing, never])
    assert answers == {question: found(*POOLS), nothing: found()}
    await mine.close()
    await yours.close()


async def test_questions_that_differ_in_anything_are_different(pool: asyncpg.Pool):
    book = PostgresPoolBook(pool)
    mint = Pubkey.new_unique()
    moved = ProgramAccountsFilter(PROGRAM, 637, (MemcmpFilter(200, bytes(mint)),))
    questions = [asking(mint), asking(mint, 638), moved]
    for pool_address, question in zip(POOLS, questions, strict=False):
        await book.record(question, found(pool_address))
    answers = await book.found(questions)
    assert [answers[each].addresses for each in questions] == [(each,) for each in POOLS[:3]]


async def test_of_two_answers_the_later_one_stays(pool: asyncpg.Pool):
    book = PostgresPoolBook(pool)
    question = asking(Pubkey.new_unique())
    answers = [found(each, at_ms=at_ms) for at_ms, each in enumerate(POOLS)]
    await asyncio.gather(*(book.record(question, answer) for answer in (*answers, *answers[::-1])))
    assert (await book.found([question]))[question] == answers[-1]


async def test_workers_hear_of_the_newest_slot_that_any_of_them_has_seen(pool: asyncpg.Pool):
    book = PostgresPoolBook(pool)
    assert await book.newest_slot(Slot(100)) == 100
    assert await book.newest_slot(Slot(120)) == 120
    assert await book.newest_slot(Slot(90)) == 120
    told = await asyncio.gather(*(book.newest_slot(Slot(slot)) for slot in range(110, 140)))
    assert max(told) == await book.newest_slot(Slot(1)) == 139


async def test_a_slot_that_nobody_reaches_gives_way(pool: asyncpg.Pool):
    book = PostgresPoolBook(pool)
    await book.newest_slot(Slot(10**12))
    assert await book.newest_slot(Slot(100)) == 10**12
    await pool.execute("update newest_slot set seen_at = seen_at - interval '61 s'")
    assert await book.newest_slot(Slot(101)) == 101
