"""What transactions may be made of on this cluster, read now and then: it changes rarely."""

from collections.abc import Sequence

from landfall import observe
from landfall.core.errors import MalformedAccount, Unavailable
from landfall.core.ledger.answers import AccountsAt
from landfall.core.ledger.features import V1_TRANSACTIONS, is_active
from landfall.core.ledger.lookup_table import LookupTable, decode_lookup_table
from landfall.core.ledger.transaction import PLAIN, Form
from landfall.core.values import Pubkey
from landfall.ports import ChainClient, Clock


class ChainForms:
    """The `Forms` port.

    Args:
        chain: where tables and the feature are read, in one call.
        clock: only for how long they are remembered.
        tables: addresses of the lookup tables to use; none is the ordinary case.
        allows_v1: whether v1 transactions may be made where the cluster takes them.
        remembered_ms: how long all of it is taken to stay as it was.
    """

    def __init__(
        self,
        chain: ChainClient,
        clock: Clock,
        tables: Sequence[Pubkey],
        *,
        allows_v1: bool,
        remembered_ms: int,
    ) -> None:
        self._chain = chain
        self._clock = clock
        self._tables = tuple(tables)
        self._asked = (*self._tables, V1_TRANSACTIONS) if allows_v1 else self._tables
        self._remembered_ms = remembered_ms
        self._read_at_ms: int | None = None
        self._form = PLAIN

    async def current(self) -> Form:
        """The active tables and whether v1 is taken. While nobody answers, as read last."""
        now_ms = self._clock.now_ms()
        fresh = self._read_at_ms is not None and now_ms - self._read_at_ms <= self._remembered_ms
        if fresh or not self._asked:
            return self._form
        try:
            at = await self._chain.accounts(self._asked)
        except Unavailable:
            return self._form
        tables = tuple(found for each in self._tables if (found := _table(each, at)) is not None)
        takes_v1 = is_active(at.accounts.get(V1_TRANSACTIONS), at.slot)
        self._read_at_ms, self._form = now_ms, Form(tables, takes_v1)
        return self._form


def _table(address: Pubkey, at: AccountsAt) -> LookupTable | None:
    try:
        return decode_lookup_table(address, at.accounts[address], at.slot)
    except MalformedAccount as error:
        observe.lookup_table_left_out(str(error))
        return None
