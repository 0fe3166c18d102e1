"""List orders: by what was traded, how it stands, when and for whom; found by key, page by page."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from litestar import get
from litestar.params import FromQuery, QueryParameter

from landfall.access import Scope
from landfall.api import shapes, wire
from landfall.api.access import permitted
from landfall.api.errors import Problem, Refusal
from landfall.api.parts import GivenParts, HttpRequest, Parts
from landfall.core.execution import Status
from landfall.core.order import OrderType
from landfall.core.values import Pubkey
from landfall.ports import OrderFilter

LIMIT_MAX = 500
OFFSET_MAX = 10_000
CURSOR_LENGTH_MAX = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARAMETERS = frozenset(
    {
        "status", "type", "userId", "token", "tokenIn", "tokenOut", "since", "until", "search",
        "sort", "limit", "offset", "cursor",
    }
)  # fmt: skip


class Sort(StrEnum):
    """Which of the orders come first."""

    NEWEST = "newest"
    OLDEST = "oldest"


Limit = Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX)]
Offset = Annotated[int, QueryParameter(ge=0, le=OFFSET_MAX)]
TypeFilter = Annotated[OrderType | None, QueryParameter(name="type")]
UserFilter = Annotated[str | None, QueryParameter(name="userId", min_length=1, max_length=128)]
TokenIn = Annotated[str | None, QueryParameter(name="tokenIn")]
TokenOut = Annotated[str | None, QueryParameter(name="tokenOut")]
SearchFor = Annotated[str | None, QueryParameter(name="search", min_length=1, max_length=128)]
Cursor = Annotated[str | None, QueryParameter(max_length=CURSOR_LENGTH_MAX)]


@get("/api/orders", summary="List orders")
async def orders(
    request: HttpRequest,
    parts: GivenParts,
    status: FromQuery[Status | None] = None,
    order_type: TypeFilter = None,
    user_id: UserFilter = None,
    token: FromQuery[str | None] = None,
    token_in: TokenIn = None,
    token_out: TokenOut = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    search: SearchFor = None,
    sort: FromQuery[Sort] = Sort.NEWEST,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> shapes.OrderList:
    """The caller's orders, newest first. `cursor` goes deeper than `offset` at a flat cost.

    `token` is on either side of an order: a symbol or a mint's address, like `tokenIn` and
    `tokenOut`. Orders were accepted from `since` on and before `until`, instants in ISO 8601 that
    are UTC unless they say otherwise. `search` finds by an order's id, by its client order id, or
    by the signature of one of its transactions.
    """
    caller = permitted(request, Scope.READ)
    for name in request.query_params:
        if name not in _PARAMETERS:
            raise Refusal(400, Problem.UNKNOWN_PARAMETER, f"There is no parameter {name!r}.", name)
    for name, text in (("userId", user_id), ("search", search)):
        if text is not None and not text.isprintable():
            raise Refusal(400, Problem.INVALID_PARAMETER, f"{name} must be printable text.", name)
    wanted = OrderFilter(
        account=caller.reach,
        status=status,
        order_type=order_type,
        user_id=user_id,
        token=await _mint(parts, "token", token),
        token_in=await _mint(parts, "tokenIn", token_in),
        token_out=await _mint(parts, "tokenOut", token_out),
        since_ms=_milliseconds(since),
        until_ms=_milliseconds(until),
        search=search,
        oldest_first=sort is Sort.OLDEST,
        limit=limit,
        offset=offset,
        cursor=cursor,
    )
    return wire.order_page(await parts.reader.orders(wanted))


async def _mint(parts: Parts, name: str, text: str | None) -> Pubkey | None:
    """The mint that is meant; the chain is not asked whether there is one."""
    if text is None:
        return None
    try:
        return Pubkey.from_string(text)
    except ValueError:
        known = await parts.world.tokens.resolve(text)
    if known is None:
        sentence = f"{name} must be a known symbol, or the address of a mint."
        raise Refusal(400, Problem.INVALID_PARAMETER, sentence, name)
    return known.mint


def _milliseconds(instant: datetime | None) -> int | None:
    if instant is None:
        return None
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)
