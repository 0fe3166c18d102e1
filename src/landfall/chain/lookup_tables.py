"""The configured address lookup tables, read now and then: what is in them changes rarely."""

from collections.abc import Sequence

from landfall import observe
from landfall.core.errors import MalformedAccount, Unavailable
from landfall.core.ledger.lookup_table import LookupTable, decode_lookup_table
from landfall.core.values import Pubkey
from landfall.ports import ChainClient, Clock


class ChainLookupTables:
    """The `LookupTables` port.

    Args:
        chain: where the tables are read.
        clock: only for how long they are remembered.
        addresses: of the tables to use; none is the ordinary case.
        remembered_ms: how long a table is taken to hold what it held.
    """

    def __init__(
        self, chain: ChainClient, clock: Clock, addresses: Sequence[Pubkey], remembered_ms: int
    ) -> None:
        self._chain = chain
        self._clock = clock
        self._addresses = tuple(addresses)
        self._remembered_ms = remembered_ms
        self._read_at_ms: int | None = None
        self._tables: tuple[LookupTable, ...] = ()

    async def usable(self) -> tuple[LookupTable, ...]:
        """The active tables. While the node does not answer, those read last."""
        now_ms = self._clock.now_ms()
        fresh = self._read_at_ms is not None and now_ms - self._read_at_ms <= self._remembered_ms
        if not self._addresses or fresh:
            return self._tables
        try:
            at = await self._chain.accounts(self._addresses)
        except Unavailable:
            return self._tables
        found = []
        for address in self._addresses:
            try:
                table = decode_lookup_table(address, at.accounts[address], at.slot)
            except MalformedAccount as error:
                observe.lookup_table_left_out(str(error))
                continue
            if table is not None:
                found.append(table)
        self._read_at_ms, self._tables = now_ms, tuple(found)
        return self._tables
