-- name: current_lineage
-- Which server this is, and on which of its timelines: another one once a backup was put back into
-- it, or a replica promoted, and what was committed last may be lost. A crash alone loses nothing
-- and changes nothing.
create function current_lineage() returns text language plpgsql stable as $$
begin
    return (select system_identifier from pg_control_system())::text || '/'
        || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
exception when others then
    -- Servers that are not quite PostgreSQL may not tell.
    return 'unknown';
end $$;

-- name: cleared_lineage
-- The lineage that a worker has held against the chain: one row, none before the first worker.
create table cleared_lineage (
    only_row boolean primary key default true check (only_row),
    lineage  text not null
);

-- name: is_cleared
-- Whether orders may be carried here. Of another lineage nobody knows yet what it has forgotten.
create function is_cleared() returns boolean language sql stable as
    $$ select not exists (select from cleared_lineage where lineage <> current_lineage()) $$;
