-- name: wallet_marks
-- Up to which slot every trade of a wallet on chain is on record here, or was accepted by a human.
create table wallet_marks (
    wallet text primary key,
    slot   numeric(20, 0) not null
);
