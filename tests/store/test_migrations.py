"""Migrations on real, fresh databases."""

import asyncio

import asyncpg
import pytest

from landfall.core.errors import Unavailable
from landfall.store.cluster import claim_cluster
from landfall.store.connection import connect
from landfall.store.errors import DatabaseUnusable
from landfall.store.migrations.migrate import NEWEST, migrate

TABLES = {
    "orders",
    "order_events",
    "executions",
    "jobs",
    "order_starts",
    "outcomes",
    "cluster",
    "api_keys",
    "ws_tickets",
    "workers",
    "found_pools",
    "newest_slot",
    "wallet_marks",
    "worker_waits",
    "cleared_lineage",
}


async def tables(dsn):
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
    await connection.close()
    return {row["tablename"] for row in rows}


async def test_an_empty_database_gets_every_table(empty_dsn):
    await migrate(empty_dsn)
    assert await tables(empty_dsn) == TABLES | {"alembic_version"}


async def test_migrating_again_changes_nothing(empty_dsn):
    await migrate(empty_dsn)
    await migrate(empty_dsn)
    assert await tables(empty_dsn) == TABLES | {"alembic_version"}


async def test_the_newest_revision_is_where_a_new_database_ends_up(empty_dsn):
    await migrate(empty_dsn)
    connection = await asyncpg.connect(empty_dsn)
    assert await connection.fetchval("select version_num from alembic_version") == NEWEST
    await connection.close()


async def test_many_processes_may_migrate_at_once(empty_dsn):
    await asyncio.gather(*(migrate(empty_dsn) for _ in range(4)))
    assert await tables(empty_dsn) == TABLES | {"alembic_version"}


async def test_a_database_of_a_newer_program_is_refused_and_left_alone(empty_dsn):
    await migrate(empty_dsn)
    connection = await asyncpg.connect(empty_dsn)
    await connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(DatabaseUnusable, match="revision 9999, which a newer Landfall made"):
        await migrate(empty_dsn)
    assert await connection.fetchval("select version_num from alembic_version") == "9999"
    await connection.close()


async def test_a_database_that_is_away_is_unavailable(tmp_path):
    with pytest.raises(Unavailable):
        await migrate(f"postgresql://nobody@/nothing?host={tmp_path}")


async def test_a_database_that_does_not_exist_is_refused_in_one_sentence(postgres_server):
    with pytest.raises(DatabaseUnusable, match="does not exist"):
        await migrate(postgres_server.replace("/postgres?", "/nowhere?"))


async def test_a_database_belongs_to_the_first_chain_that_claims_it(pool):
    await asyncio.gather(*(claim_cluster(pool, "genesis one") for _ in range(5)))
    await claim_cluster(pool, "genesis one")
    with pytest.raises(DatabaseUnusable, match="genesis one"):
        await claim_cluster(pool, "genesis two")


async def test_sessions_of_one_process_have_a_name_of_their_own(dsn):
    one, two = await connect(dsn), await connect(dsn)
    names = [await pool.fetchval("show application_name") for pool in (one, two)]
    assert all(name.startswith("landfall ") for name in names)
    assert names[0] != names[1]
    await one.close()
    await two.close()
