"""A long history, written past the engine: copies of one order that really lived."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import asyncpg

COPIES = """
with pattern as (
    select o.*, x.status, x.version, x.attempts, x.dex, x.venue, x.fill_slot, x.fill_in_amount,
           x.fill_out_amount, x.fill_fee_lamports, x.finalized_slot
    from orders o join executions x using (order_id)
    where o.order_id = $1::uuid
),
numbers as (
    select n, gen_random_uuid() as order_id from generate_series(1, $2::int) n
),
copied as (
    insert into orders (order_id, account, client_order_id, request_hash, user_id, order_type,
                        accepted_at_ms, body)
    select n.order_id, p.account, 'old-' || n.n, p.request_hash, p.user_id, p.order_type,
           p.accepted_at_ms - 1000 * n.n,
           (p.body::jsonb
            || jsonb_build_object('order_id', n.order_id, 'client_order_id', 'old-' || n.n,
                                  'token_out', (p.body::jsonb -> 'token_out')
                                      || jsonb_build_object('symbol', $3::text)))::json
    from pattern p cross join numbers n
)
insert into executions (order_id, account, status, version, accepted_at_ms, updated_at_ms,
                        attempts, dex, venue, fill_slot, fill_in_amount, fill_out_amount,
                        fill_fee_lamports, finalized_slot)
select n.order_id, p.account,
       case when n.n % 10 = 0 then 'cancelled' else p.status end,
       p.version, p.accepted_at_ms - 1000 * n.n, p.accepted_at_ms - 1000 * n.n + 500, p.attempts,
       p.dex, p.venue, p.fill_slot, p.fill_in_amount, p.fill_out_amount, p.fill_fee_lamports,
       p.finalized_slot
from pattern p cross join numbers n
"""


def copy_orders(dsn: str, order_id: str, count: int, symbol: str) -> None:
    """Make `count` older copies of an order, `old-1` the newest; every tenth was cancelled.

    What they bought goes by `symbol`.
    """

    async def write() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(COPIES, order_id, count, symbol)
        finally:
            await connection.close()

    # The browser's event loop runs in this thread.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(write())).result()
