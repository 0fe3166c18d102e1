"""One run: kills while orders flow, then calm, then judgement."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.nemesis.journal import Client, Journal, read_journal
from tests.nemesis.judge import Judgement, judge, read_ledger, read_rows
from tests.nemesis.parts import Parts

LOOK_S = 0.05
CALM_S = 150
CLIENTS = 2
PAUSE_S = 1.0
NO_ANSWER = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run came to. `struck` tells who was struck where, `statuses` how the orders ended."""

    kills: int
    orders: int
    judgement: Judgement
    struck: tuple[str, ...]
    statuses: tuple[str, ...]

    def line(self) -> str:
        """The verdict."""
        found = self.judgement
        return (
            f"kills={self.kills} orders={self.orders} lost={len(found.lost)} "
            f"double={len(found.double)} wrong={len(found.wrong)}"
        )


async def run(
    home: Path, *, kills: int, seed: int, every_s: float = 0.8, loses: int = 12
) -> Result:
    """Strike so many times, and judge.

    Args:
        home: an empty directory through which other users can pass.
        kills: how many; those at named points count, too.
        seed: decides who, where and when, as far as processes leave that to us.
        every_s: the mean time between strikes that do not wait for a point.
        loses: one in how many transactions the network loses; 0 for none.
    """
    chance = random.Random(seed)
    parts = Parts(home, chance, loses)

    async def harm(placing: Sequence[asyncio.Task[None]]) -> None:
        await asyncio.to_thread(parts.start)
        await _strike(parts, chance, kills, every_s, placing)
        await asyncio.to_thread(parts.calm)

    return await _judged(parts, seed, harm)


async def rolling(home: Path, *, rounds: int, seed: int) -> Result:
    """Restart APIs and workers one after another, so many times each, and judge."""
    parts = Parts(home, random.Random(seed), loses=0)

    async def harm(placing: Sequence[asyncio.Task[None]]) -> None:
        await asyncio.to_thread(parts.start, doomed=False)
        for part in parts.parts[1:] * rounds:
            await asyncio.to_thread(parts.restart, part)
            await asyncio.to_thread(parts.until_api)
            await asyncio.sleep(PAUSE_S)

    return await _judged(parts, seed, harm)


async def _judged(
    parts: Parts,
    seed: int,
    harm: Callable[[Sequence[asyncio.Task[None]]], Awaitable[None]],
) -> Result:
    """Let clients place orders while harm is done, and judge what is left."""
    home = parts.home
    journal = Journal(home / "journal")
    clients = [Client(parts.urls, journal, random.Random(f"{seed} {n}"), n) for n in range(CLIENTS)]
    placing = [asyncio.create_task(client.place_many(0.2)) for client in clients]
    try:
        await harm(placing)
        for client in clients:
            client.stopping.set()
        async with asyncio.timeout(CALM_S):
            await asyncio.gather(*placing)
        await _until_ended(parts.dsn)
        rows = await read_rows(parts.dsn)
    finally:
        for task in placing:
            task.cancel()
        await asyncio.gather(*placing, return_exceptions=True)
        for client in clients:
            await client.close()
        journal.close()
        await asyncio.to_thread(parts.stop)
    swaps = read_ledger(home / "localnet" / "ledger.sqlite", parts.wallet)
    return Result(
        kills=parts.struck().total(),
        orders=len(rows),
        judgement=judge(swaps, rows, read_journal(home / "journal")),
        struck=tuple(f"{n:4} {what}" for what, n in sorted(parts.struck().items())),
        statuses=_counted([row.status for row in rows]),
    )


async def _strike(
    parts: Parts,
    chance: random.Random,
    kills: int,
    every_s: float,
    placing: Sequence[asyncio.Task[None]],
) -> None:
    due = time.monotonic() + every_s
    while parts.struck().total() < kills:
        for task in placing:
            if task.done():
                task.result()
        await asyncio.to_thread(parts.look)
        if time.monotonic() > due:
            await asyncio.to_thread(parts.strike)
            due = time.monotonic() + chance.expovariate(1 / every_s)
        await asyncio.sleep(LOOK_S)


async def _until_ended(dsn: str) -> None:
    """Wait for every order to end and to be final; what is not by then is judged as it is."""
    deadline = time.monotonic() + CALM_S
    while time.monotonic() < deadline:
        with suppress(*NO_ANSWER):
            connection = await asyncpg.connect(dsn, timeout=5)
            try:
                left = await connection.fetchval("select count(*) from jobs")
            finally:
                await connection.close()
            if left == 0:
                return
        await asyncio.sleep(0.2)


def _counted(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{words.count(word):4} {word}" for word in sorted(set(words)))
