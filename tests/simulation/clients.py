"""Clients that want an order filled once, and write down what they were told.

Each wants an amount that nobody else wants, so that the ledger alone tells whose order it filled. A
client with an order id of its own asks until it gets an answer. One without asks again only where
the answer was that nothing was stored; where it cannot know, it must not.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from uuid import UUID

from landfall.core.errors import LandfallError, Unavailable
from landfall.core.values import BasisPoints, SwapMode
from landfall.pipeline.accept import OrderRequest, accept
from landfall.ports import Acceptance, World
from tests.simulation.bank import TOKENS
from tests.simulation.virtual_time import Process, VirtualLoop
from tests.simulation.weather import Weather

_PATIENCE_S = 4.0
_AMOUNT = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Api:
    """The process that takes orders, and its parts."""

    process: Process
    world: World


@dataclass(slots=True, kw_only=True)
class Wish:
    """One order that a client wants, and what became of asking for it.

    `amount` is in base units, and no other wish has it. `told` are the order ids it was given.
    """

    number: int
    request: OrderRequest
    amount: int
    after_s: float
    told: list[UUID] = field(default_factory=list)
    replayed: int = 0
    asked: int = 0
    unknown: int = 0
    rejected: str | None = None
    done: bool = False


def draw_wishes(chance: Random, number: int) -> list[Wish]:
    """What the clients of one history want, and when."""
    return [_draw_wish(chance, each) for each in range(number)]


def _draw_wish(chance: Random, number: int) -> Wish:
    token_in, token_out = chance.sample(TOKENS, 2)
    amount = _AMOUNT + number
    own_id = f"wish-{number}" if chance.random() < 0.7 else None
    return Wish(
        number=number,
        amount=amount,
        after_s=chance.random() * 12.0,
        request=OrderRequest(
            token_in=str(token_in.symbol),
            token_out=str(token_out.symbol),
            amount=Decimal(amount).scaleb(-6),
            slippage_bps=BasisPoints(chance.choice((5, 20, 50, 200))),
            swap_mode=chance.choice(tuple(SwapMode)),
            client_order_id=own_id,
        ),
    )


async def ask_for(
    wish: Wish,
    loop: VirtualLoop,
    chance: Random,
    weather: Weather,
    api: Callable[[], Api | None],
) -> None:
    """Ask until the answer is known, or must stay unknown."""
    await asyncio.sleep(wish.after_s)
    while not wish.done:
        running = api()
        if running is not None:
            wish.asked += 1
            await _ask_once(wish, loop, weather, running)
        if not wish.done:
            await asyncio.sleep(0.3 + chance.random())


async def _ask_once(wish: Wish, loop: VirtualLoop, weather: Weather, api: Api) -> None:
    reply: asyncio.Future[Acceptance] = loop.create_future()
    api.process.start(_serve(api.world, wish.request, reply))
    try:
        async with asyncio.timeout(_PATIENCE_S):
            acceptance = await reply
        if weather.strikes("answer to a client lost"):
            raise TimeoutError
    except Unavailable:
        return
    except (LandfallError, TimeoutError) as error:
        wish.unknown += 1
        if not isinstance(error, TimeoutError) and not _is_unknown(error):
            wish.rejected = str(error)
            wish.done = True
        elif wish.request.client_order_id is None:
            wish.done = True
        return
    wish.told.append(acceptance.execution.order.order_id)
    wish.replayed += acceptance.replayed
    wish.done = True


def _is_unknown(error: LandfallError) -> bool:
    return type(error).__name__ == "OutcomeUnknown"


async def _serve(world: World, request: OrderRequest, reply: "asyncio.Future[Acceptance]") -> None:
    try:
        acceptance = await accept(world, "local", request)
    except LandfallError as error:
        if not reply.done():
            reply.set_exception(error)
        return
    if not reply.done():
        reply.set_result(acceptance)
