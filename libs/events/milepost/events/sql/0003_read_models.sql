-- Read models: which generations of them there are, and how far each has read each tenant's log.
-- Their own tables (dashboards.<table>_g<generation>) are made when a generation begins.

create schema dashboards;

-- building: being filled from position 1, beside the live one, which answers queries meanwhile.
-- retired: the one before, kept for a rollback.
create table dashboards.generations (
    name text collate "C" not null,
    generation integer not null check (generation > 0),
    version integer not null,
    status text not null check (status in ('building', 'live', 'retired')),
    tables text[] not null,
    only_tenant text collate "C",  -- a building generation that replaces one tenant's rows
    started_at timestamptz not null default now(),
    live_at timestamptz,
    primary key (name, generation)
);
create unique index one_of_each on dashboards.generations (name, status);

-- `epoch` changes when rows were replaced from outside: who still holds them in memory is fenced.
-- `recorded_at` is that of the event at `position`. `failed_at` is the event that would not fold:
-- the model stands before it, for this tenant, until it does.
create table dashboards.positions (
    name text collate "C" not null,
    generation integer not null,
    tenant text collate "C" not null,
    position bigint not null default 0,
    epoch integer not null default 0,
    recorded_at timestamptz,
    failed_at bigint,
    failure text,
    primary key (name, generation, tenant),
    foreign key (name, generation) references dashboards.generations on delete cascade
) with (fillfactor = 20);

grant usage, create on schema dashboards to milepost_service;
grant select, insert, update, delete on all tables in schema dashboards to milepost_service;
