-- What was found when a school's log was held against all that follows from it: a row a part, the
-- last look alone. `asked_at`: somebody wants another look; newer than `began_at`: it is still to come.
create schema integrity;

create table integrity.results (
    tenant text collate "C" not null,
    part text collate "C" not null check (part in ('log', 'models', 'awards', 'stream')),
    position bigint,
    expected bigint,
    found bigint,
    differences jsonb not null default '[]',
    differing bigint not null default 0,
    failure text,
    began_at timestamptz,
    checked_at timestamptz,
    asked_at timestamptz,
    primary key (tenant, part)
);

grant usage on schema integrity to milepost_service;
grant select, insert, update on integrity.results to milepost_service;
