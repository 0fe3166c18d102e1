-- name: commits_after
-- What some orders have on record after a version each, and how they stand, as of one moment. A
-- commit of which only a part is after the version is answered whole. An order with nothing new has
-- one row without a fact; an order that does not exist has none.
--   $1 order ids  $2 versions
select f.order_id, x.status, e.version, e.recorded_at_ms, e.kind, e.ends_commit, e.body
from unnest($1::uuid[], $2::int[]) as f (order_id, after)
    join executions x on x.order_id = f.order_id
    left join lateral (
        select * from order_events e
        where e.order_id = f.order_id
            and e.version > coalesce((
                select max(p.version) from order_events p
                where p.order_id = f.order_id and p.version <= f.after and p.ends_commit), -1)
    ) e on true
order by f.order_id, e.version;

-- name: moved
-- Which of some orders are past a version each, or do not exist.
--   $1 order ids  $2 versions
select f.order_id
from unnest($1::uuid[], $2::int[]) as f (order_id, after)
    left join executions x on x.order_id = f.order_id
where x.version > f.after or x.version is null;
