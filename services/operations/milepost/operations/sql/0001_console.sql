-- What operators ask for over HTTP: commands, so that each is done once; jobs, for what takes long;
-- and what `milepost doctor` said last.
create schema operations;

-- A command that was done, with its answer: the same Idempotency-Key is answered the same.
create table operations.commands (
    tenant text collate "C" not null,
    command uuid not null,
    digest text,
    answer jsonb not null,
    done_at timestamptz not null default now(),
    primary key (tenant, command)
);

-- For leaving out what is older than keys are remembered.
create index commands_by_age on operations.commands (done_at);

-- `generation`: the one that is to be live, as it was when somebody asked. `whole`: of all schools.
create table operations.jobs (
    tenant text collate "C" not null,
    job uuid not null,
    action text not null check (action in ('rebuild', 'build', 'compare', 'switch', 'rollback', 'drop')),
    model text collate "C" not null,
    generation integer,
    whole boolean not null,
    actor text not null,
    state text not null default 'queued'
        check (state in ('queued', 'running', 'done', 'failed', 'canceled')),
    cancel boolean not null default false,
    deaths integer not null default 0,
    outcome jsonb,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    ended_at timestamptz,
    primary key (tenant, job)
);

-- For who does them, the first first.
create index jobs_waiting on operations.jobs (created_at) where state in ('queued', 'running');

-- Of the whole installation, as one process looks each minute.
create table operations.findings (
    name text primary key,
    number smallint not null,
    verdict text not null check (verdict in ('ok', 'warning', 'wrong')),
    says text not null,
    remedy text not null,
    looked_at timestamptz not null default now()
);

grant usage on schema operations to milepost_service;
grant select, insert, update, delete on all tables in schema operations to milepost_service;
