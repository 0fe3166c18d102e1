-- name: mark
-- Up to which slot a wallet's history is accounted for.
--   $1 wallet
select slot from wallet_marks where wallet = $1

-- name: set_mark
-- Account for a wallet's history up to a slot; a mark never goes back.
--   $1 wallet  $2 slot
insert into wallet_marks (wallet, slot) values ($1, $2)
on conflict (wallet) do update set slot = greatest(wallet_marks.slot, excluded.slot)

-- name: unknown
-- Which of some signatures no attempt on record has.
--   $1 signatures
select s.signature
from unnest($1::text[]) as s (signature)
where not exists (select from order_events e where e.signature = s.signature)

-- name: open
-- Orders that have not ended, oldest first.
select order_id from executions where not is_terminal(status) order by accepted_at_ms, order_id

-- name: silence_ms
-- For how long no worker has shown itself; null if none ever did.
select floor(1000 * extract(epoch from clock_timestamp() - max(seen_at)))::bigint as ms from workers

-- name: set_waiting
-- Say why a wallet's workers have not begun.
--   $1 wallet  $2 why
insert into worker_waits (wallet, why, told_at) values ($1, $2, clock_timestamp())
on conflict (wallet) do update set why = excluded.why, told_at = excluded.told_at

-- name: set_begun
-- They have begun.
--   $1 wallet
delete from worker_waits where wallet = $1

-- name: waiting
-- What was said of it lately; one that died while it waited says nothing more.
--   $1 wallet
select why from worker_waits where wallet = $1 and told_at > clock_timestamp() - interval '3 minutes'

-- name: lineage
-- Which server this is, and on which of its timelines.
select current_lineage() as lineage

-- name: is_cleared
-- Whether that is what was held against the chain before.
select is_cleared() as here

-- name: set_cleared
-- Note what has been held against the chain.
--   $1 lineage
insert into cleared_lineage (lineage) values ($1)
on conflict (only_row) do update set lineage = excluded.lineage
where cleared_lineage.lineage <> excluded.lineage
