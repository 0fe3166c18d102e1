-- name: add
-- Keep a new key; answers it as it is kept.
--   $1 key id  $2 hash of the secret  $3 account  $4 label  $5 scopes
--   $6 milliseconds until it expires, or null
insert into api_keys (key_id, secret_hash, account, label, scopes, expires_at)
values ($1, $2, $3, $4, $5, clock_timestamp() + $6::bigint * interval '1 millisecond')
returning *;

-- name: find
-- One key.
--   $1 key id
select * from api_keys where key_id = $1;

-- name: all
-- Every key, oldest first.
select * from api_keys order by created_at, key_id;

-- name: any_good
-- Whether any key opens anything.
select exists (
    select from api_keys
    where revoked_at is null and (expires_at is null or expires_at > clock_timestamp())) as found;

-- name: used
-- Note that a key was used, once a minute at most.
--   $1 key id
update api_keys set last_used_at = clock_timestamp()
where key_id = $1
    and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute');

-- name: revoke
-- End a key at once.
--   $1 key id
update api_keys set revoked_at = coalesce(revoked_at, clock_timestamp())
where key_id = $1
returning *;

-- name: expire
-- End a key after a while, or when it would have ended anyway.
--   $1 key id  $2 milliseconds from now
update api_keys
set expires_at = least(expires_at, clock_timestamp() + $2::bigint * interval '1 millisecond')
where key_id = $1 and revoked_at is null
returning *;

-- name: add_ticket
-- Keep a ticket, and throw away some that nobody can use any more.
--   $1 hash of the ticket  $2 key id or null  $3 how long it lasts, ms
with gone as (
    delete from ws_tickets where ticket_hash in (
        select ticket_hash from ws_tickets where expires_at < clock_timestamp()
        limit 100 for update skip locked)
)
insert into ws_tickets (ticket_hash, key_id, expires_at)
values ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond');

-- name: redeem
-- Take a ticket in: it is there once, for whoever comes first.
--   $1 hash of the ticket
delete from ws_tickets where ticket_hash = $1 and expires_at > clock_timestamp()
returning key_id;

-- name: now
-- The clock that keys expire by.
select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms;
