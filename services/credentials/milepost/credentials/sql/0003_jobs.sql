-- Jobs of credentials: awards, revocations, renewals from a file, and what came of each row. The tables are
-- those that `milepost.jobs` reads and writes; a request is kept as its kind wrote it.

create schema credential_jobs;

-- As bulk.jobs: `command` stands as soon as every row is here, `worker` alone may write results.
create table credential_jobs.jobs (
    tenant text collate "C" not null,
    job uuid not null,
    kind text not null,
    command uuid,
    digest text,
    state text not null default 'receiving'
        check (state in ('receiving', 'queued', 'running', 'done', 'canceled', 'failed')),
    dry_run boolean not null,
    offering text,
    actor text not null,
    own_only boolean not null default false,
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
create index jobs_unfinished on credential_jobs.jobs (tenant, created_at)
    where state in ('receiving', 'queued', 'running');

-- For the turn that a tenant has: who was served longest ago is next.
create index jobs_ended on credential_jobs.jobs (tenant, ended_at);

-- Either a row asks for something of a learner, or it has a fault and is not kept. No row is about an
-- offering, nor any result about an enrollment: the machinery knows both.
create table credential_jobs.rows (
    tenant text collate "C" not null,
    job uuid not null,
    row integer not null,
    learner text collate "C",
    offering text collate "C",
    request jsonb,
    fault_path text,
    fault_reason text,
    primary key (tenant, job, row),
    check (num_nulls(learner, fault_path) = 1)
);

-- For a learner's export and erasure.
create index rows_by_learner on credential_jobs.rows (tenant, learner) where learner is not null;

-- Written once, in the order of the rows: a job goes on after the last of them.
create table credential_jobs.results (
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
create index results_refused on credential_jobs.results (tenant, job, row) where outcome = 'refused';

grant usage on schema credential_jobs to milepost_service;
grant select, insert, update, delete on credential_jobs.jobs to milepost_service;
grant select, insert, delete on credential_jobs.rows, credential_jobs.results to milepost_service;
