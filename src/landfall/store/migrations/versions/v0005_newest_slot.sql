-- name: newest_slot
-- The newest slot that any worker has seen, and when: one row, so that a worker whose sources are far
-- behind those of the others knows it.
create table newest_slot (
    only_row boolean primary key default true check (only_row),
    slot     bigint not null,
    seen_at  timestamptz not null
);
