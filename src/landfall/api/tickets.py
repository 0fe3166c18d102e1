"""Hand out tickets, with which a browser opens a WebSocket without a key in its URL."""

from litestar import post

from landfall.access import Scope
from landfall.api import shapes
from landfall.api.access import TICKET_LIFETIME_MS, permitted
from landfall.api.parts import GivenParts, HttpRequest
from landfall.api.scalars import instant


@post("/api/ws-ticket", status_code=201, summary="A ticket for a WebSocket")
async def ws_ticket(request: HttpRequest, parts: GivenParts) -> shapes.Ticket:
    """Good once, for 30 seconds, as `?ticket=` of any WebSocket; needs no body."""
    caller = permitted(request, Scope.READ)
    ticket = await parts.access.ticket_for(caller)
    expires_at_ms = parts.world.clock.now_ms() + TICKET_LIFETIME_MS
    return shapes.Ticket(ticket=ticket, expires_at=instant(expires_at_ms))
