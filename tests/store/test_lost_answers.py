"""A connection that is cut between a commit and its answer: the log says what happened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from landfall.core.errors import OutcomeUnknown, Unavailable, VersionConflict
from landfall.ports import Claim, Held
from landfall.store import connection, event_log
from landfall.store.connection import connect
from landfall.store.errors import DatabaseUnusable
from landfall.store.event_log import PostgresEventLog
from tests.store.stories import new_order, routing_started


class Cutter:
    """A TCP proxy before PostgreSQL. While `replies_left` is a number, so many pieces of replies
    still pass; the next one is swallowed, and its connection cut.
    """

    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        (directory,) = parse_qs(parts.query)["host"]
        self._socket = f"{directory}/.s.PGSQL.5432"
        self._path = parts.path
        self.replies_left: int | None = None
        self.cuts = 0
        self.port = 0

    @property
    def dsn(self) -> str:
        return f"postgresql://landfall@127.0.0.1:{self.port}{self._path}?sslmode=disable"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._socket)
        there = asyncio.create_task(self._pass_on(reader, to_server, False))
        back = asyncio.create_task(self._pass_on(from_server, writer, True))
        await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        for task in (there, back):
            task.cancel()
        await asyncio.gather(there, back, return_exceptions=True)
        for end in (writer, to_server):
            end.close()

    async def _pass_on(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, replies: bool
    ) -> None:
        with suppress(OSError):
            while piece := await source.read(65_536):
                if replies and self.replies_left is not None:
                    if self.replies_left == 0:
                        self.replies_left = None
                        self.cuts += 1
                        return
                    self.replies_left -= 1
                to.write(piece)
                await to.drain()


class Pooler(Cutter):
    """A proxy that gives its clients numbers of its own for the sessions they have."""

    async def _pass_on(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, replies: bool
    ) -> None:
        while piece := await source.read(65_536):
            key = piece.find(b"K\x00\x00\x00") + 5
            if replies and key > 4:
                piece = piece[:key] + b"\x00\x00\x00\x01" + piece[key + 4 :]
            to.write(piece)
            await to.drain()


async def test_a_connection_pooler_whose_sessions_nobody_can_end_is_refused(dsn):
    pooler = Pooler(dsn)
    server = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    pooler.port = server.sockets[0].getsockname()[1]
    with pytest.raises(DatabaseUnusable, match="connection pooler"):
        await connect(pooler.dsn)
    server.close()


@pytest.fixture
async def cutter(dsn: str) -> AsyncIterator[Cutter]:
    cutter = Cutter(dsn)
    server = await asyncio.start_server(cutter.serve, "127.0.0.1", 0)
    cutter.port = server.sockets[0].getsockname()[1]
    yield cutter
    server.close()


@pytest.mark.parametrize("replies", range(2))
async def test_an_acceptance_cut_at_its_commit_is_told_as_it_is(cutter, pool, replies):
    through = await connect(cutter.dsn, size=2)
    log = PostgresEventLog(through)
    # The statement is prepared once, so that the next reply on this connection is the commit's.
    await log.accept(new_order())
    order = new_order()
    cutter.replies_left = replies
    try:
        accepted = not (await log.accept(order)).replayed
    except Unavailable:
        accepted = False
    cutter.replies_left = None
    on_record = await pool.fetchval(
        "select count(*) from orders where order_id = $1", order.order_id
    )
    assert on_record == int(accepted)
    assert cutter.cuts == 1 or replies > 0
    # Whatever was told, asking again makes it one order.
    await log.accept(order)
    assert await pool.fetchval("select count(*) from orders") == 2
    await through.close()


async def test_an_append_cut_at_its_commit_is_found_on_record_once(cutter, pool):
    through = await connect(cutter.dsn, size=2)
    log = PostgresEventLog(through)
    one, other = [(await log.accept(new_order())).execution for _ in range(2)]
    await log.append(Claim(one.order.order_id, 0), one, [routing_started()], Held.HELD)
    cutter.replies_left = 0
    after = await log.append(Claim(other.order.order_id, 0), other, [routing_started()], Held.HELD)
    assert cutter.cuts == 1
    assert after.version == 1
    events = "select count(*) from order_events where order_id = $1"
    assert await pool.fetchval(events, other.order.order_id) == 2
    await through.close()


@pytest.fixture
async def replica(dsn, monkeypatch):
    """Tells every commit to wait for a replica of some name; there is none. Patience is short."""
    monkeypatch.setattr(connection, "STATEMENT_TIMEOUT_S", 0.5)
    monkeypatch.setattr(event_log, "_SETTLE_PAUSES_S", (0.0,))
    operator = await asyncpg.connect(dsn, server_settings={"synchronous_commit": "local"})

    async def wait_for(name):
        await operator.execute(f"alter system set synchronous_standby_names = '{name}'")
        await operator.execute("select pg_reload_conf()")
        async with asyncio.timeout(10):
            while await operator.fetchval("show synchronous_standby_names") != name:
                await asyncio.sleep(0.01)

    yield wait_for
    await wait_for("")
    await operator.close()


async def test_what_a_replica_does_not_have_yet_is_not_taken_as_recorded(replica, dsn, pool):
    impatient = await connect(dsn)
    log = PostgresEventLog(impatient)
    execution = (await log.accept(new_order())).execution
    claim = Claim(execution.order.order_id, 0)
    await replica("nobody")
    with pytest.raises(OutcomeUnknown):
        await log.append(claim, execution, [routing_started()], Held.HELD)
    # It can be read here, and would be lost with this server.
    assert len(await log.load(execution.order.order_id)) == 2
    await replica("")
    with pytest.raises(VersionConflict):
        await log.append(claim, execution, [routing_started()], Held.HELD)
    impatient.terminate()


async def test_an_order_that_a_replica_does_not_have_yet_is_not_acknowledged(replica, dsn, pool):
    impatient = await connect(dsn)
    log = PostgresEventLog(impatient)
    order = new_order(client_order_id="once")
    await replica("nobody")
    with pytest.raises(OutcomeUnknown):
        await log.accept(order)
    again = new_order(client_order_id="once")
    # Asked for again it is found, and is as little acknowledged as before.
    with pytest.raises(Unavailable):
        await log.accept(again)
    await replica("")
    assert (await log.accept(again)).execution.order == order
    impatient.terminate()
