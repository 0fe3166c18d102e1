-- name: accept
-- Make orders durable: each one's body, first fact, projection and job, all orders in one commit.
-- An order whose id, or account and client order id, is known already is left out, and so missing
-- from the answer.
--   $1 order ids  $2 accounts  $3 client order ids  $4 request hashes  $5 user ids  $6 order types
--   $7 priorities  $8 order bodies  $9 bodies of the first fact  $10 what to tell listeners
with moment as materialized (
    select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as ms
),
wanted as (
    select *
    from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[],
                $7::smallint[], $8::json[], $9::json[])
        with ordinality as w (order_id, account, client_order_id, request_hash, user_id, order_type,
                              priority, body, fact, place)
),
accepted as (
    insert into orders (order_id, account, client_order_id, request_hash, user_id, order_type,
                        accepted_at_ms, body)
    select order_id, account, client_order_id, request_hash, user_id, order_type, moment.ms, body
    from wanted cross join moment
    order by place
    on conflict do nothing
    returning order_id, account, accepted_at_ms
),
facts as (
    insert into order_events (order_id, version, recorded_at_ms, kind, ends_commit, body)
    select w.order_id, 0, a.accepted_at_ms, 'OrderAccepted', true, w.fact
    from accepted a join wanted w using (order_id)
),
shown as (
    insert into executions (order_id, account, status, version, accepted_at_ms, updated_at_ms,
                            attempts)
    select order_id, account, 'pending', 0, accepted_at_ms, accepted_at_ms, 0
    from accepted
),
queued as (
    insert into jobs (order_id, priority, run_at)
    select w.order_id, w.priority, clock_timestamp()
    from accepted a join wanted w using (order_id)
    order by w.place
)
select order_id, accepted_at_ms,
       (select pg_notify('landfall_commits', $10)) as told_followers,
       (select pg_notify('landfall_jobs', '')) as told_workers
from accepted;

-- name: accepted_before
-- The orders that given orders turn out to be: by id, or by account and client order id.
--   $1 order ids  $2 accounts  $3 client order ids
select w.place, o.order_id, o.request_hash
from unnest($1::uuid[], $2::text[], $3::text[])
        with ordinality as w (order_id, account, client_order_id, place)
    join orders o on o.order_id = w.order_id
        or (o.account = w.account and o.client_order_id = w.client_order_id);

-- name: load
-- The whole logs of some orders.
--   $1 order ids
select order_id, version, recorded_at_ms, kind, ends_commit, body
from order_events
where order_id = any ($1::uuid[])
order by order_id, version;

-- name: append
-- Record what comes next for many orders in one commit, with each one's projection and job. An
-- append whose claim is stale, or whose version is not the last, changes nothing and is missing from
-- the answer. So is a signature in a database that may have forgotten some: a worker that stood still
-- through a fail-over holds a claim in it, and another's claim and signature may be lost to it.
-- Jobs are locked in one order, so that two commits never wait for one another both ways. Time never
-- runs backwards in a log, whatever the clock does.
--   one element per append:
--   $1 order ids  $2 fences  $3 last versions  $4 whether this ends the order
--   $5 what becomes of the job: held, run_after, finished  $6 delays, ms
--   $7 new versions  $8 statuses  $9 attempts  $10 signatures  $11 dexes  $12 venues
--   $13 fill slots  $14 fill in amounts  $15 fill out amounts  $16 fill fees  $17 failures
--   $18 finalized slots
--   one element per fact:
--   $19 place of its append, from 1  $20 versions  $21 kinds  $22 attempts  $23 signatures
--   $24 bodies  $25 ends of steps  $26 when they happened, ms, if that is not to be now
--   $27 what to tell listeners
with moment as materialized (
    select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as ms
),
cleared as materialized (select is_cleared() as here),
wanted as (
    select *
    from unnest($1::uuid[], $2::bigint[], $3::int[], $4::boolean[], $5::text[], $6::bigint[],
                $7::int[], $8::text[], $9::int[], $10::text[], $11::text[], $12::text[],
                $13::numeric[], $14::numeric[], $15::numeric[], $16::numeric[], $17::json[],
                $18::numeric[])
        with ordinality as w (order_id, fence, last_version, ends, job, delay_ms, version, status,
                              attempts, signature, dex, venue, fill_slot, fill_in_amount,
                              fill_out_amount, fill_fee_lamports, failure, finalized_slot, place)
),
held as materialized (
    select w.*
    from (select * from wanted order by order_id) w
        cross join lateral (
            select from jobs
            where jobs.order_id = w.order_id and jobs.fence = w.fence
            for update
        ) j
    where w.status <> 'submitted' or (select here from cleared)
),
shown as (
    update executions x
    set status = h.status, version = h.version,
        updated_at_ms = greatest(moment.ms, x.updated_at_ms), attempts = h.attempts,
        signature = h.signature, dex = h.dex, venue = h.venue, fill_slot = h.fill_slot,
        fill_in_amount = h.fill_in_amount, fill_out_amount = h.fill_out_amount,
        fill_fee_lamports = h.fill_fee_lamports, failure = h.failure,
        finalized_slot = h.finalized_slot
    from held h cross join moment
    where x.order_id = h.order_id and x.version = h.last_version
    returning h.place, h.order_id, x.updated_at_ms as recorded_at_ms, h.status, h.ends, h.job,
              h.delay_ms
),
facts as (
    insert into order_events (order_id, version, recorded_at_ms, kind, attempt, signature,
                              ends_commit, body)
    select s.order_id, f.version, least(f.at_ms, s.recorded_at_ms), f.kind, f.attempt, f.signature,
           f.ends_commit, f.body
    from shown s
        join unnest($19::int[], $20::int[], $21::text[], $22::int[], $23::text[], $24::json[],
                    $25::boolean[], $26::bigint[])
            as f (place, version, kind, attempt, signature, body, ends_commit, at_ms) using (place)
),
delayed as (
    update jobs j
    set lease_until = null, worker = null,
        run_at = clock_timestamp() + s.delay_ms * interval '1 millisecond'
    from shown s
    where j.order_id = s.order_id and s.job = 'run_after'
),
finished as (
    delete from jobs j
    using shown s
    where j.order_id = s.order_id and s.job = 'finished'
),
counted as (
    insert into outcomes (status, shard, orders)
    select status, pg_backend_pid() % 16, count(*)
    from shown
    where ends
    group by status
    order by status
    on conflict (status, shard) do update set orders = outcomes.orders + excluded.orders
)
select place, recorded_at_ms, (select pg_notify('landfall_commits', $27)) as told_followers
from shown;

-- name: standing
-- The fence of an order's job, whoever holds it; no row if the order has no job.
--   $1 order id
select fence from jobs where order_id = $1;

-- name: make_safe
-- Commit a mark in the write-ahead log, and nothing else. What could be read before is then wherever
-- commits have to be before they are answered: on disk, and on synchronous replicas, which what a
-- session was cut off from committing need not have reached though it can be read.
select pg_logical_emit_message(true, 'landfall', '');

-- name: end_session
-- End a session of this program that was lost sight of, and wait until it is gone: only then is it
-- certain whether its last statement took effect. True if nothing of it is left.
--   $1 its process id  $2 how long to wait, ms
select coalesce(bool_and(pg_terminate_backend(pid, $2)), true)
from pg_stat_activity
where pid = $1 and pid <> pg_backend_pid()
    and application_name = current_setting('application_name');
