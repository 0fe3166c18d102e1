-- name: worker_waits
-- Why the workers of a wallet have not begun to sign, as the one that waits said last.
create table worker_waits (
    wallet  text primary key,
    why     text not null,
    told_at timestamptz not null
);
