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
-- the answer. Time never runs backwards in a log, whatever the clock does.
--   one element per append:
--   $1 order ids  $2 fences  $3 last versions  $4 new versions  $5 statuses  $6 attempts
--   $7 signatures  $8 dexes  $9 venues  $10 fill slots  $11 fill in amounts  $12 fill out amounts
--   $13 fill fees  $14 failures  $15 finalized slots  $16 what becomes of the job: held, run_after,
--   finished  $17 delays, ms
--   one element per fact:
--   $18 place of its append, from 1  $19 versions  $20 kinds  $21 attempts  $22 signatures
--   $23 bodies  $24 ends of commits
--   $25 what to tell listeners
with moment as materialized (
    select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as ms
),
wanted as (
    select *
    from unnest($1::uuid[], $2::bigint[], $3::int[], $4::int[], $5::text[], $6::int[], $7::text[],
                $8::text[], $9::text[], $10::numeric[], $11::numeric[], $12::numeric[],
                $13::numeric[], $14::json[], $15::numeric[], $16::text[], $17::bigint[])
        with ordinality as w (order_id, fence, last_version, version, status, attempts, signature,
                              dex, venue, fill_slot, fill_in_amount, fill_out_amount,
                              fill_fee_lamports, failure, finalized_slot, job, delay_ms, place)
),
held as materialized (
    select w.*, x.status as last_status, greatest(moment.ms, x.updated_at_ms) as recorded_at_ms
    from (select * from wanted order by order_id) w
        cross join moment
        cross join lateral (
            select from jobs
            where jobs.order_id = w.order_id and jobs.fence = w.fence
            for update
        ) j
        cross join lateral (
            select status, updated_at_ms from executions
            where executions.order_id = w.order_id and executions.version = w.last_version
            for update
        ) x
),
facts as (
    insert into order_events (order_id, version, recorded_at_ms, kind, attempt, signature,
                              ends_commit, body)
    select h.order_id, f.version, h.recorded_at_ms, f.kind, f.attempt, f.signature, f.ends_commit,
           f.body
    from held h
        join unnest($18::int[], $19::int[], $20::text[], $21::int[], $22::text[], $23::json[],
                    $24::boolean[])
            as f (place, version, kind, attempt, signature, body, ends_commit) using (place)
),
shown as (
    update executions x
    set status = h.status, version = h.version, updated_at_ms = h.recorded_at_ms,
        attempts = h.attempts, signature = h.signature, dex = h.dex, venue = h.venue,
        fill_slot = h.fill_slot, fill_in_amount = h.fill_in_amount,
        fill_out_amount = h.fill_out_amount, fill_fee_lamports = h.fill_fee_lamports,
        failure = h.failure, finalized_slot = h.finalized_slot
    from held h
    where x.order_id = h.order_id
),
delayed as (
    update jobs j
    set lease_until = null, worker = null,
        run_at = clock_timestamp() + h.delay_ms * interval '1 millisecond'
    from held h
    where j.order_id = h.order_id and h.job = 'run_after'
),
finished as (
    delete from jobs j
    using held h
    where j.order_id = h.order_id and h.job = 'finished'
),
counted as (
    insert into outcomes (status, shard, orders)
    select status, pg_backend_pid() % 16, count(*)
    from held
    where is_terminal(status) and not is_terminal(last_status)
    group by status
    order by status
    on conflict (status, shard) do update set orders = outcomes.orders + excluded.orders
)
select place, recorded_at_ms, (select pg_notify('landfall_commits', $25)) as told_followers
from held;

-- name: end_session
-- End a session of this program that was lost sight of, and wait until it is gone: only then is it
-- certain whether its last statement took effect. True if nothing of it is left.
--   $1 its process id  $2 how long to wait, ms
select coalesce(bool_and(pg_terminate_backend(pid, $2)), true)
from pg_stat_activity
where pid = $1 and pid <> pg_backend_pid()
    and application_name = current_setting('application_name');
