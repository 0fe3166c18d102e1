"""The engine's record alone: orders through all their transitions, and no chain to wait for.

Beside it the same facts are written as most engines write them, one transaction per transition.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import uvloop

from landfall.bench.figures import Beside, Figure, Goal
from landfall.bench.scale import Scale
from landfall.core.events import (
    Event,
    RouteSelected,
    RoutingStarted,
    TransactionConfirmed,
    TransactionFinalized,
    TransactionSigned,
)
from landfall.core.execution import Fill, SignedTransaction
from landfall.core.lifecycle.evolve import evolved, facts_after, fold
from landfall.core.order import Order, OrderType
from landfall.core.quote import Leg, Quote, Route, SwapRequest
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import (
    BaseUnits,
    BasisPoints,
    BlockHeight,
    Lamports,
    Pubkey,
    Signature,
    Slot,
    SwapMode,
)
from landfall.ports import Claim, Finished, Held
from landfall.queue.postgres import PostgresQueue
from landfall.store.connection import connect
from landfall.store.embedded import EmbeddedPostgres
from landfall.store.event_log import PostgresEventLog
from landfall.store.listener import Listener
from landfall.store.migrations.migrate import migrate

CONCURRENCY = 100
ORDERS_PER_SECOND_MIN, ACCEPTED_PER_SECOND_MIN = 3_000.0, 5_000.0
SOLD, BOUGHT = KNOWN_TOKENS["SOL"], KNOWN_TOKENS["USDC"]
AMOUNT = BaseUnits(10**9)


def log(scale: Scale) -> Iterator[Figure]:
    """Orders a second accepted, and through five durable transitions."""
    with (
        tempfile.TemporaryDirectory(prefix="landfall-bench-") as home,
        EmbeddedPostgres(Path(home) / "data") as server,
    ):
        accepted, completed, plain = uvloop.run(_rates(server.dsn, scale.orders))
    yield Figure(
        what="orders accepted, durable, 100 at once",
        value=accepted,
        unit="orders/s",
        samples=scale.orders,
        goal=Goal(ACCEPTED_PER_SECOND_MIN, at_least=True),
    )
    yield Figure(
        what="orders through five durable transitions, 100 at once",
        value=completed,
        unit="orders/s",
        samples=scale.orders,
        goal=Goal(ORDERS_PER_SECOND_MIN, at_least=True),
        beside=Beside(what="one transaction per transition, the same driver", value=plain),
    )


async def _rates(dsn: str, orders: int) -> tuple[float, float, float]:
    await migrate(dsn)
    pool = await connect(dsn)
    try:
        event_log = PostgresEventLog(pool)
        queue = PostgresQueue(
            pool, Listener(dsn), worker="bench", lease_ms=60_000, starts_per_minute_max=0
        )
        accepted = await _accepted(event_log, orders)
        completed = await _completed(event_log, queue, orders)
        return accepted, completed, await _one_by_one(pool, max(1, orders // 5))
    finally:
        await pool.close()


async def _accepted(event_log: PostgresEventLog, orders: int) -> float:
    waiting = iter([an_order() for _ in range(orders)])

    async def lane() -> None:
        for order in waiting:
            await event_log.accept(order)

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(CONCURRENCY)))
    return orders / (time.perf_counter() - began)


async def _completed(event_log: PostgresEventLog, queue: PostgresQueue, orders: int) -> float:
    stories = iter([_story() for _ in range(orders)])

    async def carry(claim: Claim) -> None:
        execution = fold(await event_log.load(claim.order_id))
        started, selected, signed, confirmed, finalized = next(stories)
        # As orders are carried: what led to a signature is recorded with it.
        earlier = facts_after(execution, [started], execution.updated_at_ms)
        routed = evolved(execution, earlier)
        earlier += facts_after(routed, [selected], execution.updated_at_ms)
        execution = await event_log.append(claim, execution, [signed], Held.HELD, earlier)
        execution = await event_log.append(claim, execution, [confirmed], Held.HELD)
        await event_log.append(claim, execution, [finalized], Finished.FINISHED)

    running: set[asyncio.Task[None]] = set()
    began = time.perf_counter()
    while True:
        claims = await queue.claim(CONCURRENCY - len(running)) if len(running) < CONCURRENCY else ()
        running |= {asyncio.create_task(carry(claim)) for claim in claims}
        if not running:
            return orders / (time.perf_counter() - began)
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


async def _one_by_one(pool: Any, orders: int) -> float:
    """Orders a second where each transition is a transaction of its own."""
    await pool.execute("CREATE TABLE plain_orders (id uuid PRIMARY KEY, status text)")
    await pool.execute(
        "CREATE TABLE plain_events (id uuid, version int, body jsonb, PRIMARY KEY (id, version))"
    )
    waiting = iter([uuid4() for _ in range(orders)])
    body = json.dumps({"quotes": ["x" * 60] * 10})

    async def transition(order_id: UUID, version: int) -> None:
        async with pool.acquire() as session, session.transaction():
            await session.execute(
                "INSERT INTO plain_events VALUES ($1, $2, $3)", order_id, version, body
            )
            await session.execute(
                "INSERT INTO plain_orders VALUES ($1, $2) "
                "ON CONFLICT (id) DO UPDATE SET status = $2",
                order_id,
                str(version),
            )

    async def lane() -> None:
        for order_id in waiting:
            for version in range(5):
                await transition(order_id, version)

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(CONCURRENCY)))
    return orders / (time.perf_counter() - began)


def an_order() -> Order:
    """A market order of one SOL."""
    return Order(
        order_id=uuid4(),
        account="local",
        order_type=OrderType.MARKET,
        token_in=SOLD,
        token_out=BOUGHT,
        swap_mode=SwapMode.EXACT_IN,
        amount=AMOUNT,
        slippage_bps=BasisPoints(50),
        created_at_ms=time.time_ns() // 10**6,
    )


def _story() -> Sequence[Event]:
    """What an order's log is after it was accepted, when all goes well."""
    quote = Quote(
        venue="raydium_cpmm",
        dex="raydium",
        pool=Pubkey.default(),
        request=SwapRequest(
            in_mint=SOLD.mint, out_mint=BOUGHT.mint, mode=SwapMode.EXACT_IN, amount=AMOUNT
        ),
        in_amount=AMOUNT,
        out_amount=BaseUnits(150 * 10**6),
        fee_amount=BaseUnits(10**6),
        fee_mint=SOLD.mint,
        price_impact_bps=BasisPoints(2),
        context_slot=Slot(1_000),
    )
    route = Route(
        legs=(Leg(quote=quote, threshold=BaseUnits(149 * 10**6)),),
        in_amount=AMOUNT,
        out_amount=quote.out_amount,
        context_slot=Slot(1_000),
    )
    transaction = SignedTransaction(
        signature=Signature(uuid4().bytes * 4),
        raw=bytes(768),
        blockhash="EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N",
        last_valid_block_height=BlockHeight(1_150),
        min_context_slot=Slot(1_000),
    )
    fill = Fill(
        slot=Slot(1_002),
        in_amount=AMOUNT,
        out_amount=quote.out_amount,
        fee_lamports=Lamports(5_000),
    )
    return (
        RoutingStarted(attempt=1, quotes=(quote,), refused=(), context_slot=Slot(1_000)),
        RouteSelected(attempt=1, route=route, reason="the only pool"),
        TransactionSigned(attempt=1, transaction=transaction),
        TransactionConfirmed(attempt=1, fill=fill),
        TransactionFinalized(slot=Slot(1_040)),
    )
