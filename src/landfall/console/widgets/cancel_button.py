"""Withdraw an order, while nothing of it is in flight; the engine has the last word."""

from uuid import UUID

from nicegui import ui

from landfall.client import AsyncClient, ClientError
from landfall.console.markup import button


def draw_cancel(client: AsyncClient, order_id: UUID | str) -> None:
    """A button that asks the engine, and says what it answered if that is no."""

    async def cancel() -> None:
        try:
            await client.cancel(order_id)
        except ClientError as error:
            ui.notify(str(error), type="warning")

    button("Cancel order", "danger").on_click(cancel)
