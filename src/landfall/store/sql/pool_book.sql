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
