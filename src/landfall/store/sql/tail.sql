-- name: horizon
-- The first transaction of which something may still be to come. Everything before it is there.
select (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint as transaction;

-- name: after
-- What was recorded after a place and before the horizon, of all orders or of one account's, in
-- order; one row without a fact if there is nothing. `following` is the transaction that would begin now.
--   $1 transaction  $2 order id  $3 version  $4 account or null  $5 how many
with seen as materialized (
    select (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint as horizon,
           (pg_snapshot_xmax(pg_current_snapshot())::text)::bigint as next
)
select seen.horizon, seen.next as following, e.*
from seen left join lateral (
    select e.transaction, e.order_id, e.version, e.recorded_at_ms, e.kind, e.ends_commit, e.body,
           o.account
    from order_events e join orders o using (order_id)
    where (e.transaction, e.order_id, e.version) > ($1::bigint, $2::uuid, $3::int)
        and e.transaction < seen.horizon
        and ($4::text is null or o.account = $4)
    order by e.transaction, e.order_id, e.version
    limit $5
) e on true
order by e.transaction, e.order_id, e.version;
