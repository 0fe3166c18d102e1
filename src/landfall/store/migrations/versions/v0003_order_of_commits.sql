-- name: order_events_transaction
-- Which transaction recorded a fact. Numbers are given out in order, and whoever reads only those
-- below the oldest that still runs has missed nothing: that is a place in the log of all orders.
alter table order_events
    add column transaction bigint not null default (pg_current_xact_id()::text)::bigint;

-- name: order_events_place
-- The log of all orders, in the order of its commits.
create index order_events_place on order_events (transaction, order_id, version);

-- name: workers
-- Who carries orders, as last heard of.
create table workers (
    worker  text primary key,
    seen_at timestamptz not null
) with (fillfactor = 50);
