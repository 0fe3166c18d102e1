"""Keys and tickets in PostgreSQL: a copy of the tables opens nothing, a ticket is used once."""

import asyncio

import asyncpg
import pytest

from landfall.access import Scope, hash_of, new_key, read_key
from landfall.store.keys import PostgresKeys

READING = frozenset({Scope.READ})


@pytest.fixture
def keys(pool: asyncpg.Pool) -> PostgresKeys:
    return PostgresKeys(pool)


async def add(keys: PostgresKeys, lifetime_ms: int | None = None):
    key = new_key()
    kept = await keys.add(key, account="a", label="l", scopes=READING, lifetime_ms=lifetime_ms)
    return key, kept


async def test_a_key_is_found_as_it_was_kept(keys: PostgresKeys):
    key, kept = await add(keys, lifetime_ms=60_000)
    found = await keys.find(key.key_id)
    assert found == kept
    assert found.is_proven_by(key.secret)
    assert (found.account, found.label, found.scopes) == ("a", "l", READING)
    assert 0 < found.expires_at_ms - found.created_at_ms <= 61_000
    assert await keys.find("lf_0000000000000000") is None


async def test_a_copy_of_the_tables_authenticates_nobody(keys: PostgresKeys, pool: asyncpg.Pool):
    key, kept = await add(keys)
    await keys.add_ticket("a ticket", key.key_id, 30_000)
    dump = ""
    for table in ("api_keys", "ws_tickets"):
        dump += str([dict(row) for row in await pool.fetch(f"select * from {table}")])
    for secret in (key.secret, key.text, "a ticket"):
        assert secret not in dump
    for word in dump.replace("'", " ").split():
        assert not kept.is_proven_by(word)
    assert not kept.is_proven_by(hash_of(key.secret).hex())
    assert read_key(f"{key.key_id}.{hash_of(key.secret).hex()}") is None


async def test_use_is_noted_once_a_minute(keys: PostgresKeys):
    key, kept = await add(keys)
    assert kept.last_used_at_ms is None
    await keys.used(key.key_id)
    first = (await keys.find(key.key_id)).last_used_at_ms
    await keys.used(key.key_id)
    assert first is not None
    assert (await keys.find(key.key_id)).last_used_at_ms == first


async def test_a_ticket_is_used_by_one_of_many_processes(keys: PostgresKeys, pool: asyncpg.Pool):
    key, _ = await add(keys)
    await keys.add_ticket("t", key.key_id, 30_000)
    others = [PostgresKeys(pool) for _ in range(10)]
    redeemed = await asyncio.gather(*(each.redeem("t") for each in others))
    assert [each.key_id for each in redeemed if each is not None] == [key.key_id]


async def test_a_ticket_whose_time_is_up_opens_nothing_and_goes(
    keys: PostgresKeys, pool: asyncpg.Pool
):
    await keys.add_ticket("late", None, 0)
    assert await keys.redeem("late") is None
    await keys.add_ticket("fresh", None, 30_000)
    assert await pool.fetchval("select count(*) from ws_tickets") == 1
    assert (await keys.redeem("fresh")).key_id is None


async def test_revoking_and_expiring_end_a_key(keys: PostgresKeys):
    (revoked, _), (expired, _), (kept, _) = await add(keys), await add(keys), await add(keys)
    now_ms = await keys.now_ms()
    assert not (await keys.revoke(revoked.key_id)).is_good(now_ms + 1_000)
    old = await keys.expire(expired.key_id, 1_000)
    assert old.is_good(now_ms)
    assert not old.is_good(now_ms + 5_000)
    assert (await keys.expire(expired.key_id, 3_600_000)).expires_at_ms == old.expires_at_ms
    assert await keys.any_good()
    for key in (expired, kept):
        await keys.revoke(key.key_id)
    assert not await keys.any_good()
    assert await keys.revoke("lf_nobody") is None
    assert await keys.expire(kept.key_id, 1) is None
    assert len(await keys.all()) == 3
