-- name: rebuild
-- Put what the logs say into the rows that say something else, unless the order has moved on since.
--   $1 order ids  $2 accepted at, ms  $3 updated at, ms  $4 versions  $5 statuses  $6 attempts
--   $7 signatures  $8 dexes  $9 venues  $10 fill slots  $11 fill in amounts  $12 fill out amounts
--   $13 fill fees  $14 failures  $15 finalized slots
insert into executions as x (order_id, accepted_at_ms, updated_at_ms, version, status, attempts,
                             signature, dex, venue, fill_slot, fill_in_amount, fill_out_amount,
                             fill_fee_lamports, failure, finalized_slot)
select *
from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[], $5::text[], $6::int[], $7::text[],
            $8::text[], $9::text[], $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[],
            $14::json[], $15::numeric[])
on conflict (order_id) do update
set accepted_at_ms = excluded.accepted_at_ms, updated_at_ms = excluded.updated_at_ms,
    version = excluded.version, status = excluded.status, attempts = excluded.attempts,
    signature = excluded.signature, dex = excluded.dex, venue = excluded.venue,
    fill_slot = excluded.fill_slot, fill_in_amount = excluded.fill_in_amount,
    fill_out_amount = excluded.fill_out_amount, fill_fee_lamports = excluded.fill_fee_lamports,
    failure = excluded.failure, finalized_slot = excluded.finalized_slot
where x.version <= excluded.version
    and (x.accepted_at_ms, x.updated_at_ms, x.version, x.status, x.attempts, x.signature, x.dex,
         x.venue, x.fill_slot, x.fill_in_amount, x.fill_out_amount, x.fill_fee_lamports,
         x.failure::text, x.finalized_slot)
        is distinct from
        (excluded.accepted_at_ms, excluded.updated_at_ms, excluded.version, excluded.status,
         excluded.attempts, excluded.signature, excluded.dex, excluded.venue, excluded.fill_slot,
         excluded.fill_in_amount, excluded.fill_out_amount, excluded.fill_fee_lamports,
         excluded.failure::text, excluded.finalized_slot)
returning order_id;
