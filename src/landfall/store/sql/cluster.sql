-- name: bind
-- Name the chain a new database belongs to; changes nothing once it is named.
--   $1 genesis hash
insert into cluster (genesis_hash) values ($1) on conflict do nothing;

-- name: bound_to
-- The chain this database belongs to.
select genesis_hash from cluster;
