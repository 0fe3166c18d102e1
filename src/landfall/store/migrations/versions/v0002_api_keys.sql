-- name: api_keys
-- Who may use the API. Of a key's secret only the SHA-256 is here, so a copy of this table opens
-- nothing. Rows stay after revocation: they say who once held what.
create table api_keys (
    key_id       text primary key,
    secret_hash  bytea not null check (octet_length(secret_hash) = 32),
    account      text not null,
    label        text not null,
    scopes       text[] not null,
    created_at   timestamptz not null default clock_timestamp(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);

-- name: ws_tickets
-- Tickets for one WebSocket each, of browsers, which cannot send a header with one. `key_id` is null
-- where no key is needed.
create table ws_tickets (
    ticket_hash bytea primary key,
    key_id      text references api_keys (key_id),
    expires_at  timestamptz not null
);

-- name: ws_tickets_expired
-- What may be thrown away.
create index ws_tickets_expired on ws_tickets (expires_at);
