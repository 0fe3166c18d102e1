-- name: page
-- A page of orders, newest first, found by what was asked. Conditions and the end follow. `by.` is
-- the table whose index has them in order: `orders`, or `executions` where a status is asked for.
select order_id, o.body, x.status, x.version, x.accepted_at_ms, x.updated_at_ms, x.attempts,
       x.signature, x.dex, x.venue, x.fill_slot, x.fill_in_amount, x.fill_out_amount,
       x.fill_fee_lamports, x.failure, x.finalized_slot
from orders o join executions x using (order_id)
where true;

-- name: page_end
-- The end of a page.
order by by.accepted_at_ms desc, by.order_id desc limit $? offset $?;

-- name: after
-- Only what is older than the last row of the page before.
and (by.accepted_at_ms, by.order_id) < ($?::bigint, $?::uuid);

-- name: since
-- Only what was accepted from an instant on.
and by.accepted_at_ms >= $?;

-- name: until
-- Only what was accepted before an instant.
and by.accepted_at_ms < $?;

-- name: of_account
-- Only one account's.
and by.account = $?;

-- name: of_each_account
-- A page of everybody's orders in one status begins. The index has them in order within an account,
-- so a page of each is found, however many orders there are, and the page of all is merged of them.
with recursive accounts as (
    (select account from executions order by account limit 1)
    union all
    select (select x.account from executions x where x.account > a.account order by x.account limit 1)
    from accounts a where a.account is not null
)
select page.* from accounts cross join lateral (;

-- name: of_this_account
-- Only those of the account at hand.
and x.account = accounts.account;

-- name: of_both_sides
-- A page of orders that pay with a token or buy it begins: each side's index has its own in order.
select page.* from ((;

-- name: of_the_other_side
-- The orders that buy it follow those that pay with it.
) union all (;

-- name: of_both_sides_end
-- Both sides end.
);

-- name: merged_end
-- The end of a page merged of several.
) page
order by accepted_at_ms desc, order_id desc limit $? offset $?;

-- name: of_status
-- Only orders in one status.
and x.status = $?;

-- name: of_type
-- Only orders of one type.
and o.order_type = $?;

-- name: of_user
-- Only one user's orders.
and o.user_id = $?;

-- name: of_token_in
-- Only orders that pay with a token.
and o.body -> 'token_in' ->> 'mint' = $?;

-- name: of_token_out
-- Only orders that buy a token.
and o.body -> 'token_out' ->> 'mint' = $?;

-- name: of_search
-- Only orders that go by this name: an id, a client order id, the signature of an attempt. Each part
-- is found by an index of its own.
and o.order_id in (
    select order_id from orders where order_id = $?::uuid
    union all
    select order_id from orders where client_order_id = $?
    union all
    select order_id from order_events where signature = $?);

-- name: stats
-- How the work stands. Counts only orders that are not done, and keeps count of the others, so the
-- cost does not grow with history. A filled order whose finality is still to be noted has ended.
with open_jobs as (
    select j.fence, j.lease_until from jobs j join executions e using (order_id)
    where not is_terminal(e.status)
)
select
    (select count(*) from open_jobs where fence = 0) as waiting,
    (select count(*) from open_jobs where fence > 0 and lease_until is not null) as active,
    (select count(*) from open_jobs where fence > 0 and lease_until is null) as delayed,
    (select coalesce(sum(orders), 0)::bigint from outcomes where status = 'confirmed') as completed,
    (select coalesce(sum(orders), 0)::bigint from outcomes where status in ('failed', 'expired'))
        as failed,
    (select coalesce(sum(orders), 0)::bigint from outcomes where status = 'cancelled') as cancelled,
    (select count(*) from order_starts where started_at > clock_timestamp() - interval '1 minute')
        as started_last_minute,
    (select count(*) from workers where seen_at > clock_timestamp() - interval '15 seconds')
        as workers;

-- name: workers
-- Processes that carry orders, how long ago each was last heard of, and how many orders it holds.
select w.worker as name, count(j.order_id) as orders,
       floor(extract(epoch from clock_timestamp() - w.seen_at) * 1000)::bigint as silent_ms
from workers w
    left join jobs j on j.worker = w.worker and j.fence > 0 and j.lease_until is not null
where w.seen_at > clock_timestamp() - interval '10 minutes'
group by w.worker, w.seen_at
order by w.worker;

-- name: reserved
-- What open orders may still take of each token: how many there are, and the sum of the inputs that
-- are fixed. Added up here, so that no order has to leave the database for it.
--   $1 the most orders to look at
select token_in, count(*) as orders,
       coalesce(sum(amount::numeric) filter (where swap_mode = 'ExactIn'), 0) as amount
from (
    select (o.body -> 'token_in')::text as token_in, o.body ->> 'amount' as amount,
           o.body ->> 'swap_mode' as swap_mode
    from jobs j join executions x using (order_id) join orders o using (order_id)
    where not is_terminal(x.status)
    limit $1
) open_orders
group by token_in;

-- name: load
-- What there is to do, counted no further than anybody asks.
--   $1 account  $2 the most to count
select
    (select count(*) from (select from jobs where fence = 0 limit $2) w) as waiting,
    (select count(*) from (
        select from executions
        where account = $1 and status in ('pending', 'routing', 'building', 'submitted')
        limit $2) o) as open_of_account,
    (select count(*) from jobs where fence > 0 and lease_until is not null) as active,
    (select coalesce(sum(orders), 0)::bigint from outcomes) as ended,
    (select count(*) from workers where seen_at > clock_timestamp() - interval '15 seconds')
        as workers;

-- name: latest_attempts
-- The markets that the latest attempts saw, the routes they took, and how each ended.
--   $1 how many attempts
select e.body as market, r.body as route, x.kind as ended,
       x.recorded_at_ms - e.recorded_at_ms as elapsed_ms
from (
    select order_id, attempt, recorded_at_ms, version, body from order_events
    where kind = 'RoutingStarted'
    order by transaction desc, order_id desc, version desc
    limit $1
) e
    left join order_events r
        on r.order_id = e.order_id and r.version = e.version + 1 and r.kind = 'RouteSelected'
    left join lateral (
        select kind, recorded_at_ms from order_events x
        where x.order_id = e.order_id and x.attempt = e.attempt
            and x.kind in ('TransactionConfirmed', 'TransactionReverted', 'TransactionExpired',
                           'AttemptFailed')
        limit 1
    ) x on true;

-- name: now
-- The clock that leases and the log go by.
select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms;

-- name: ping
-- Nothing, to see whether the database answers.
select 1;
