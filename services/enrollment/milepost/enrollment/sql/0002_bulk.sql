-- Bulk jobs: what was asked row by row, and what came of it. Pruned a while after a job has ended.

create schema bulk;

-- `command` is the upload's; it stands as soon as every row is here, and until then there is no job.
-- `worker` leads it: only who is named here may write results. Who finds alive_at old may take it.
create table bulk.jobs (
    tenant text collate "C" not null,
    job uuid not null,
    command uuid,
    digest text,
    state text not null default 'receiving'
        check (state in ('receiving', 'queued', 'running', 'done', 'canceled', 'failed')),
    dry_run boolean not null,
    offering text,
    actor text not null,
    metadata jsonb not null,
    rows integer not null default 0,
    tally jsonb not null default '{}',
    cancel boolean not null default false,
    worker uuid,
    alive_at timestamptz,
    deaths integer not null default 0,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    changed_at timestamptz not null default now(),
    ended_at timestamptz,
    version integer not null default 1,
    primary key (tenant, job),
    unique (tenant, command),
    check ((command is null) = (state = 'receiving'))
);

-- For workers that look for a job, and for the number of jobs that a tenant has waiting.
create index jobs_unfinished on bulk.jobs (tenant, created_at)
    where state in ('receiving', 'queued', 'running');

-- For the turn that a tenant has: who was served longest ago is next.
create index jobs_ended on bulk.jobs (tenant, ended_at);

-- `row` as an editor counts lines. Either it asks for something, or it has a fault and is not kept.
create table bulk.rows (
    tenant text collate "C" not null,
    job uuid not null,
    row integer not null,
    learner text collate "C",
    offering text collate "C",
    mode text,
    occurred_at timestamptz,
    fault_path text,
    fault_reason text,
    primary key (tenant, job, row),
    check (num_nulls(learner, fault_path) = 1)
);

-- For a learner's export and erasure.
create index rows_by_learner on bulk.rows (tenant, learner) where learner is not null;

-- Written once, in the order of the rows: a job goes on after the last of them.
create table bulk.results (
    tenant text collate "C" not null,
    job uuid not null,
    row integer not null,
    outcome text not null,
    enrollment text,
    position bigint,
    problem jsonb,
    primary key (tenant, job, row)
);

-- For the results of rows that were refused.
create index results_refused on bulk.results (tenant, job, row) where outcome = 'refused';

grant usage on schema bulk to milepost_service;
grant select, insert, update, delete on bulk.jobs to milepost_service;
grant select, insert, delete on bulk.rows, bulk.results to milepost_service;
