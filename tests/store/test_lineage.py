"""Which database this is: a crash changes nothing, a promoted replica is another one."""

import asyncio
import signal
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest

from landfall.core.values import Pubkey
from landfall.store.connection import connect
from landfall.store.embedded import EmbeddedPostgres
from landfall.store.migrations.migrate import migrate
from landfall.store.wallet_record import PostgresWalletRecord

WALLET = Pubkey.default()


@pytest.fixture
def server(open_path):
    server = EmbeddedPostgres(open_path / "data", {"fsync": "off"})
    yield server
    server.stop()


async def is_cleared(server):
    pool = await connect(server.dsn)
    try:
        return await PostgresWalletRecord(pool, WALLET).is_cleared()
    finally:
        pool.terminate()


async def test_a_new_database_is_cleared_and_stays_so_once_it_was_looked_at(pool):
    record = PostgresWalletRecord(pool, WALLET)
    assert await record.is_cleared()
    await record.set_cleared(await record.lineage())
    assert await record.is_cleared()
    await record.set_cleared("another server")
    assert not await record.is_cleared()
    await record.set_cleared(await record.lineage())
    assert await record.is_cleared()


async def test_a_crash_leaves_the_lineage_and_a_promoted_replica_has_another(server, open_path):
    await asyncio.to_thread(server.start)
    await migrate(server.dsn)
    pool = await connect(server.dsn)
    record = PostgresWalletRecord(pool, WALLET)
    await record.set_cleared(await record.lineage())
    pool.terminate()

    number = int((open_path / "data" / "postmaster.pid").read_text().split()[0])
    killed = psutil.Process(number)
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    await asyncio.to_thread(server.start)
    assert await is_cleared(server)

    await asyncio.to_thread(server.stop)
    (open_path / "data" / "standby.signal").touch()
    await asyncio.to_thread(server.start)
    replica = await asyncpg.connect(server.dsn)
    assert await replica.fetchval("select pg_is_in_recovery()")
    assert await replica.fetchval("select pg_promote()")
    await replica.close()
    assert not await is_cleared(server)


async def test_a_server_that_does_not_tell_its_lineage_is_taken_as_one_and_the_same(dsn, pool):
    name = urlsplit(dsn).path.removeprefix("/")
    await pool.execute(f"create role stranger_{name} login")
    try:
        await pool.execute("revoke execute on function pg_control_system() from public")
        other = await asyncpg.connect(dsn, user=f"stranger_{name}")
        assert await other.fetchval("select current_lineage()") == "unknown"
        await other.close()
        assert await pool.fetchval("select current_lineage()") != "unknown"
    finally:
        await pool.execute(f"drop role stranger_{name}")
