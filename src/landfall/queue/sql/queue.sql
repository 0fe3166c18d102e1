-- name: take_turns
-- One claim at a time while starts are limited, so that each sees the starts of the one before it.
-- Any number will do, as long as it stays the same.
select pg_advisory_xact_lock(7034261956);

-- name: claim
-- Lease due jobs to a worker. Orders in progress that are due, and orders never started as far as the
-- limit allows; of both together the most urgent, and of the equally urgent the first accepted.
-- Starts are recorded for the limit. None of a database that may have forgotten some.
--   $1 how many  $2 lease, ms  $3 worker  $4 starts allowed per minute, 0 for no limit
with cleared as materialized (select is_cleared() as here),
allowed as materialized (
    select case when $4::int = 0 then $1::int
                else least($1::int, greatest(0, $4::int - (
                    select count(*) from order_starts
                    where started_at > clock_timestamp() - interval '1 minute')))
           end as starts
),
started as materialized (
    select order_id, priority, ticket from jobs
    where fence > 0 and coalesce(lease_until, run_at) <= now() and (select here from cleared)
    order by priority desc, ticket
    limit $1
    for update skip locked
),
fresh as materialized (
    select order_id, priority, ticket from jobs
    where fence = 0 and (select here from cleared)
    order by priority desc, ticket
    limit (select starts from allowed)
    for update skip locked
),
chosen as materialized (
    select * from started union all select * from fresh
    order by priority desc, ticket
    limit $1
),
leased as (
    update jobs j
    set fence = j.fence + 1, worker = $3,
        lease_until = clock_timestamp() + $2::int * interval '1 millisecond'
    from chosen c
    where j.order_id = c.order_id
    returning j.order_id, j.fence
),
noted as (
    insert into order_starts (started_at, order_id)
    select clock_timestamp(), order_id from leased where fence = 1
)
select leased.order_id, leased.fence
from leased join chosen using (order_id)
order by chosen.priority desc, chosen.ticket;

-- name: renew
-- Extend leases that are still held under the same fence; the others are missing from the answer.
--   $1 order ids  $2 fences  $3 lease, ms
update jobs j
set lease_until = clock_timestamp() + $3::int * interval '1 millisecond'
from unnest($1::uuid[], $2::bigint[]) as c (order_id, fence)
where j.order_id = c.order_id and j.fence = c.fence and j.lease_until is not null
returning j.order_id, j.fence;

-- name: release
-- Give a job back, to be claimed again after a delay, if it is still held under the same fence.
--   $1 order id  $2 fence  $3 delay, ms
update jobs
set lease_until = null, worker = null,
    run_at = clock_timestamp() + $3::bigint * interval '1 millisecond'
where order_id = $1 and fence = $2 and lease_until is not null;

-- name: due_in_ms
-- How long until there may be something to claim, in ms; null if nothing waits, or may be claimed.
--   $1 starts allowed per minute, 0 for no limit
select ceil(1000 * extract(epoch from least(
    (select min(coalesce(lease_until, run_at)) from jobs where fence > 0),
    case when exists (select from jobs where fence = 0) then
        case when $1::int = 0 then clock_timestamp()
             else coalesce((
                 select started_at + interval '1 minute' from order_starts
                 where started_at > clock_timestamp() - interval '1 minute'
                 order by started_at desc offset $1::int - 1 limit 1), clock_timestamp())
        end
    end) - clock_timestamp()))::bigint as ms
where is_cleared();

-- name: forget_starts
-- Drop starts that no limit looks at any more. Two workers never wait for one another here.
delete from order_starts
where (started_at, order_id) in (
    select started_at, order_id from order_starts
    where started_at < clock_timestamp() - interval '2 minutes'
    limit 10000
    for update skip locked);

-- name: seen
-- Note that a worker is alive, and forget those that have not been for long.
--   $1 worker
with gone as (
    delete from workers where seen_at < clock_timestamp() - interval '1 hour' and worker <> $1
)
insert into workers (worker, seen_at) values ($1, clock_timestamp())
on conflict (worker) do update set seen_at = excluded.seen_at;
