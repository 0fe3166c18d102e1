-- name: found_pools
-- Answers to searches of a program's accounts; addresses are of 32 bytes each, one after another.
-- Rows may be deleted at any time: what is missing is searched for again.
create table found_pools (
    question    text primary key,
    addresses   bytea not null check (length(addresses) % 32 = 0),
    found_at_ms bigint not null
);
