"""What commits of many orders led to, folded once for everybody who follows them.

Whoever follows all orders is told events, and has to know the Execution before them. That of the
last commits is remembered, so that an order's log is read only where its beginning was not seen.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from landfall.core.events import Recorded, TransactionFinalized
from landfall.core.execution import Execution
from landfall.core.lifecycle.evolve import evolve
from landfall.pipeline.history import Commit, commits

_REMEMBERED_MAX = 2_000

LogOf = Callable[[UUID], Awaitable[Sequence[Recorded]]]


class Stories:
    """Executions after the commits of late.

    Args:
        log_of: an order's whole log.
    """

    def __init__(self, log_of: LogOf) -> None:
        self._log_of = log_of
        self._after: OrderedDict[tuple[UUID, int], Execution] = OrderedDict()
        self._reading: dict[tuple[UUID, int], asyncio.Future[Execution]] = {}

    async def commit(self, events: tuple[Recorded, ...]) -> Commit | None:
        """The commit of these events; None if it is no news: what follows the end of an order.

        Raises:
            Unavailable: an order's log was needed and could not be read.
        """
        first = events[0]
        if isinstance(first.event, TransactionFinalized):
            return None
        execution = await self._before(first) if first.version > 0 else None
        for recorded in events:
            execution = evolve(execution, recorded)
        assert execution is not None
        self._remember(execution)
        return Commit(events, execution)

    async def _before(self, first: Recorded) -> Execution:
        place = (first.order_id, first.version - 1)
        known = self._after.get(place)
        if known is not None:
            return known
        reading = self._reading.get(place)
        if reading is None:
            reading = asyncio.ensure_future(self._read(*place))
            self._reading[place] = reading
            reading.add_done_callback(lambda _: self._reading.pop(place))
        # Others may wait for the same when this one leaves.
        return await asyncio.shield(reading)

    async def _read(self, order_id: UUID, version: int) -> Execution:
        log = await self._log_of(order_id)
        return [commit.execution for commit in commits(log[: version + 1])][-1]

    def _remember(self, execution: Execution) -> None:
        self._after[execution.order.order_id, execution.version] = execution
        if len(self._after) > _REMEMBERED_MAX:
            self._after.popitem(last=False)
