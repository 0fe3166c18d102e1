-- name: found
-- What was answered to these questions, of those that were ever answered.
select question, addresses, found_at_ms
from found_pools
where question = any ($1::text[])

-- name: record
-- An answer; of two workers that asked at once, the later one's stays.
insert into found_pools (question, addresses, found_at_ms)
values ($1, $2, $3)
on conflict (question) do update
    set addresses = excluded.addresses, found_at_ms = excluded.found_at_ms
    where found_pools.found_at_ms < excluded.found_at_ms

-- name: newest_slot
-- What is newest, given what is newest here. A slot that nobody else reaches for a minute gives way:
-- whoever told of it was wrong.
insert into newest_slot as known (slot, seen_at)
values ($1, now())
on conflict (only_row) do update
    set slot = case
            when known.seen_at < now() - interval '1 minute' then excluded.slot
            else greatest(known.slot, excluded.slot)
        end,
        seen_at = case
            when excluded.slot < known.slot and known.seen_at >= now() - interval '1 minute'
            then known.seen_at
            else now()
        end
returning slot
