-- name: orders
-- What clients asked, as accepted; a row never changes. Lists page over this table, so that the
-- indexes they need are written once per order and not once per transition.
create table orders (
    order_id        uuid primary key,
    account         text not null,
    client_order_id text,
    request_hash    bytea not null,
    user_id         text,
    order_type      text not null,
    accepted_at_ms  bigint not null,
    body            json not null
);

-- name: orders_client_order_id
-- Submitting is idempotent per account.
create unique index orders_client_order_id on orders (account, client_order_id)
    where client_order_id is not null;

-- name: orders_newest
-- Every order, newest first.
create index orders_newest on orders (accepted_at_ms desc, order_id desc);

-- name: orders_newest_of_account
-- One account's orders, newest first.
create index orders_newest_of_account on orders (account, accepted_at_ms desc, order_id desc);

-- name: orders_newest_of_user
-- One user's orders, newest first.
create index orders_newest_of_user on orders (user_id, accepted_at_ms desc, order_id desc)
    where user_id is not null;

-- name: orders_newest_of_type
-- Orders of one type, newest first.
create index orders_newest_of_type on orders (order_type, accepted_at_ms desc, order_id desc);

-- name: order_events
-- The log. The primary key is why two workers cannot both record what comes next. Bodies are `json`
-- and not `jsonb`: they are opaque here, and may quote program logs with characters jsonb refuses.
create table order_events (
    order_id       uuid not null,
    version        integer not null check (version >= 0),
    recorded_at_ms bigint not null,
    kind           text not null,
    attempt        integer,
    signature      text,
    ends_commit    boolean not null,
    body           json not null,
    primary key (order_id, version)
);

-- name: order_events_one_signature_per_attempt
-- An attempt signs once.
create unique index order_events_one_signature_per_attempt on order_events (order_id, attempt)
    where kind = 'TransactionSigned';

-- name: order_events_signature
-- A signature belongs to one attempt of one order.
create unique index order_events_signature on order_events (signature) where signature is not null;

-- name: is_terminal
-- The statuses that no event leaves.
create function is_terminal(status text) returns boolean language sql immutable as
    $$ select status in ('confirmed', 'failed', 'cancelled', 'expired') $$;

-- name: executions
-- What became of each order: a projection of the log that can be rebuilt from it.
-- Amounts and slots are unsigned 64-bit on chain, which bigint cannot hold.
create table executions (
    order_id          uuid primary key,
    account           text not null,
    status            text not null,
    version           integer not null,
    accepted_at_ms    bigint not null,
    updated_at_ms     bigint not null,
    attempts          integer not null,
    signature         text,
    dex               text,
    venue             text,
    fill_slot         numeric(20, 0),
    fill_in_amount    numeric(20, 0),
    fill_out_amount   numeric(20, 0),
    fill_fee_lamports numeric(20, 0),
    failure           json,
    finalized_slot    numeric(20, 0)
) with (fillfactor = 80);

-- name: executions_newest_of_status
-- One account's orders in one status, newest first.
create index executions_newest_of_status
    on executions (account, status, accepted_at_ms desc, order_id desc);

-- name: jobs
-- One row per order that has something to do. Instants are this database's clock.
--   ticket       order of acceptance
--   run_at       not before
--   lease_until  held by a worker until then; null if not held
--   fence        grows with every claim; 0 is an order that was never started
--   worker       who holds it, for people
create table jobs (
    order_id    uuid primary key,
    ticket      bigint generated always as identity,
    priority    smallint not null,
    run_at      timestamptz not null,
    lease_until timestamptz,
    fence       bigint not null default 0,
    worker      text
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- name: jobs_fresh
-- Orders never started, in the order in which they will be; they are always due.
create index jobs_fresh on jobs (priority desc, ticket) where fence = 0;

-- name: jobs_started
-- Orders in progress, by when they may be claimed: at `run_at`, or when a lease ends.
create index jobs_started on jobs ((coalesce(lease_until, run_at))) where fence > 0;

-- name: order_starts
-- First claims of the last minute, for the rate limit.
create table order_starts (
    started_at timestamptz not null,
    order_id   uuid not null,
    primary key (started_at, order_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- name: outcomes
-- How many orders ended in each status. Sharded, so that commits do not queue for one row.
create table outcomes (
    status text not null,
    shard  smallint not null,
    orders bigint not null,
    primary key (status, shard)
) with (fillfactor = 50);

-- name: cluster
-- The chain whose orders these are: one row.
create table cluster (
    only_row     boolean primary key default true check (only_row),
    genesis_hash text not null
);

-- name: refuse_change
-- For tables whose rows are facts.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;

-- name: order_events_are_facts
-- The log only grows.
create trigger order_events_are_facts before update or delete on order_events
    for each row execute function refuse_change();

-- name: orders_are_facts
-- What was asked never changes.
create trigger orders_are_facts before update or delete on orders
    for each row execute function refuse_change();

-- name: refuse_resurrection
-- A second guard beside the lifecycle's table.
create function refuse_resurrection() returns trigger language plpgsql as $$
begin
    raise exception 'order % is % and cannot become %', old.order_id, old.status, new.status
        using errcode = 'integrity_constraint_violation';
end $$;

-- name: executions_stay_terminal
-- Nothing leaves a terminal status.
create trigger executions_stay_terminal before update on executions
    for each row when (is_terminal(old.status) and new.status is distinct from old.status)
    execute function refuse_resurrection();
