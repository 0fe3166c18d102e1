"""One order followed for one page: every update once, through lost connections and engines."""

import asyncio
from uuid import UUID

from nicegui import background_tasks

from landfall.client import ApiError, AsyncClient, ClientError, Update

AGAIN_SECONDS = 1.0
FINALITY_SECONDS = 2.0
FINALITY_LOOKS = 30


class Following:
    """The updates of one order so far. `version` grows when there is something new to show."""

    def __init__(self, client: AsyncClient, order_id: UUID | str) -> None:
        self._client = client
        self.order_id = order_id
        self.updates: list[Update] = []
        self.fault = ""
        self.final_slot: int | None = None
        self.version = 0
        self._task = background_tasks.create(self._follow())

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is to be waited for."""
        return bool(self.updates) and self.updates[-1].ends_the_order

    def stop(self) -> None:
        """Follow it no longer."""
        self._task.cancel()

    async def _follow(self) -> None:
        while not self.has_ended:
            after = self.updates[-1].version if self.updates else -1
            try:
                async for update in self._client.follow(self.order_id, after):
                    self.updates.append(update)
                    self.version += 1
            except ApiError as error:
                self.fault = error.sentence
                self.version += 1
                return
            except ClientError:
                # The engine is gone; the order is on record and goes on with it.
                await asyncio.sleep(AGAIN_SECONDS)
        await self._await_finality()

    async def _await_finality(self) -> None:
        for _ in range(FINALITY_LOOKS):
            if self.updates[-1].status != "confirmed" or await self._is_final():
                return
            await asyncio.sleep(FINALITY_SECONDS)

    async def _is_final(self) -> bool:
        try:
            order = await self._client.order(self.order_id)
        except ClientError:
            return False
        if order.finalized_slot is None:
            return False
        self.final_slot = order.finalized_slot
        self.version += 1
        return True
