-- name: rebuild
-- Replace the rows that are not as the logs say, and make those that are missing; an order that has
-- moved on since its log was read is left alone. Rows are replaced and not changed, because nothing
-- may change a terminal status, not even a correction.
--   $1 order ids  $2 accounts  $3 accepted at, ms  $4 updated at, ms  $5 versions  $6 statuses
--   $7 attempts  $8 signatures  $9 dexes  $10 venues  $11 fill slots  $12 fill in amounts
--   $13 fill out amounts  $14 fill fees  $15 failures  $16 finalized slots
with told as (
    select *
    from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::int[], $6::text[],
                $7::int[], $8::text[], $9::text[], $10::text[], $11::numeric[], $12::numeric[],
                $13::numeric[], $14::numeric[], $15::json[], $16::numeric[])
        as t (order_id, account, accepted_at_ms, updated_at_ms, version, status, attempts,
              signature, dex, venue, fill_slot, fill_in_amount, fill_out_amount, fill_fee_lamports,
              failure, finalized_slot)
),
wrong as (
    delete from executions x
    using told t
    where x.order_id = t.order_id and x.version <= t.version
        and (x.account, x.accepted_at_ms, x.updated_at_ms, x.version, x.status, x.attempts,
             x.signature, x.dex, x.venue, x.fill_slot, x.fill_in_amount, x.fill_out_amount,
             x.fill_fee_lamports, x.failure::text, x.finalized_slot)
            is distinct from
            (t.account, t.accepted_at_ms, t.updated_at_ms, t.version, t.status, t.attempts,
             t.signature, t.dex, t.venue, t.fill_slot, t.fill_in_amount, t.fill_out_amount,
             t.fill_fee_lamports, t.failure::text, t.finalized_slot)
    returning x.order_id
)
insert into executions (order_id, account, accepted_at_ms, updated_at_ms, version, status, attempts,
                        signature, dex, venue, fill_slot, fill_in_amount, fill_out_amount,
                        fill_fee_lamports, failure, finalized_slot)
select *
from told t
where t.order_id in (select order_id from wrong)
    or not exists (select from executions x where x.order_id = t.order_id)
returning order_id;
