"""What workers tell one another of pools and of the chain, in PostgreSQL; it outlives them."""

from collections.abc import Mapping, Sequence

import asyncpg

from landfall.core.values import ProgramAccountsFilter, Pubkey, Slot
from landfall.ports import FoundPools
from landfall.statements import load_statements
from landfall.store.session import read

_SQL = load_statements("landfall.store.sql", "pool_book.sql")
_ADDRESS_BYTES = 32


class PostgresPoolBook:
    """The `PoolBook` port.

    Args:
        pool: made by `store.connection.connect`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def found(
        self, questions: Sequence[ProgramAccountsFilter]
    ) -> Mapping[ProgramAccountsFilter, FoundPools]:
        """The newest answers to these questions, however old.

        Raises:
            Unavailable: the database did not answer.
        """
        by_key = {_key(question): question for question in questions}
        rows = await read(self._pool, _SQL["found"], list(by_key))
        return {
            by_key[row["question"]]: FoundPools(
                addresses=_addresses(row["addresses"]), found_at_ms=row["found_at_ms"]
            )
            for row in rows
        }

    async def record(self, question: ProgramAccountsFilter, found: FoundPools) -> None:
        """Replace an older answer; a newer one stays. Doing it twice does no harm.

        Raises:
            Unavailable: the database did not answer.
        """
        addresses = b"".join(map(bytes, found.addresses))
        await read(self._pool, _SQL["record"], _key(question), addresses, found.found_at_ms)

    async def newest_slot(self, seen: Slot) -> Slot:
        """The newest slot that any worker has seen of late, given the newest one seen here.

        Raises:
            Unavailable: the database did not answer.
        """
        (row,) = await read(self._pool, _SQL["newest_slot"], seen)
        return Slot(row["slot"])


def _key(question: ProgramAccountsFilter) -> str:
    """The question, as a text that no other question has."""
    named = (f"{each.offset}={each.wanted.hex()}" for each in question.memcmps)
    return " ".join((str(question.program_id), str(question.data_size), *named))


def _addresses(joined: bytes) -> tuple[Pubkey, ...]:
    starts = range(0, len(joined), _ADDRESS_BYTES)
    return tuple(Pubkey(joined[start : start + _ADDRESS_BYTES]) for start in starts)
