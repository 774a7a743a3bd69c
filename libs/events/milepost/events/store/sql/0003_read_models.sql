-- Read models: which generations of them there are, and how far each has read each tenant's log.
-- Their own tables (dashboards.<table>_g<generation>) are made when a generation begins.

create schema dashboards;

-- building: being filled from position 1, beside the live one, which answers queries meanwhile.
-- live: the views show it.
-- retired: the one before, kept for a rollback.
-- past: stands at a past moment, `as_of`, and is never live.
-- discarded: its tables are about to be dropped.
create table dashboards.generations (
    name text collate "C" not null,
    generation integer not null check (generation > 0),
    version integer not null,
    status text not null check (status in ('building', 'live', 'retired', 'past', 'discarded')),
    tables text[] not null,
    only_tenant text collate "C",  -- of one tenant alone, whose rows a building one replaces
    as_of text check (status <> 'past' or as_of is not null),
    started_at timestamptz not null default now(),
    live_at timestamptz,
    primary key (name, generation),
    -- Asked at the end of a transaction: in a switch, two generations change places.
    constraint one_of_each exclude (name with =, status with =)
        where (status in ('building', 'live', 'retired')) deferrable initially deferred
);

-- `epoch` changes when rows were changed other than by reading on: who still holds them in memory
-- is fenced; it begins anywhere, so that a generation never looks like one of its number that was
-- dropped. `recorded_at` is that of the event at `position`. `upto`: a past generation's end.
create table dashboards.positions (
    name text collate "C" not null,
    generation integer not null,
    tenant text collate "C" not null,
    position bigint not null default 0,
    epoch integer not null default (random() * 1e9)::integer,
    recorded_at timestamptz,
    upto bigint,
    primary key (name, generation, tenant),
    foreign key (name, generation) references dashboards.generations on delete cascade
) with (fillfactor = 20);

grant usage, create on schema dashboards to milepost_service;
grant select, insert, update, delete on all tables in schema dashboards to milepost_service;
