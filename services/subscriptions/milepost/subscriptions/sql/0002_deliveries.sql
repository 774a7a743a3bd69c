-- What is delivered to webhooks, and how it went. Events stay in the log: here is only which.
create schema if not exists webhooks;

-- A webhook as far as the handler has read: where to, and whether it is sent to at all.
-- `failures` in a row since `failing_since`; 0: the last delivery arrived, or there was none.
-- `held_at`: the position at which it ceased to be sent to.
create table webhooks.endpoints (
    tenant text collate "C" not null,
    webhook text collate "C" not null,
    url text not null,
    ordered boolean not null,
    sends boolean not null,
    deleted boolean not null default false,
    failures integer not null default 0,
    failing_since timestamptz,
    last_delivered_at timestamptz,
    held_at bigint,
    primary key (tenant, webhook)
);

-- `position` is null of a test, which is no event. `learner`: whom it is about; empty: nobody. `key`: what
-- is delivered one after the other; empty: in no order. A lease is what one process is sending at this moment, by the database's clock.
create table webhooks.deliveries (
    tenant text collate "C" not null,
    webhook text collate "C" not null,
    event_id uuid not null,
    position bigint,
    event text not null,
    learner text collate "C" not null,
    key text collate "C" not null,
    state text not null check (state in ('waiting', 'delivered', 'parked', 'failed')),
    attempts integer not null default 0,
    due_at timestamptz not null,
    first_attempt_at timestamptz,
    created_at timestamptz not null,
    done_at timestamptz,
    lease uuid,
    leased_until timestamptz,
    primary key (tenant, webhook, event_id)
) with (fillfactor = 80);

-- For what is due, and for the webhooks that have anything waiting.
create index deliveries_due on webhooks.deliveries (tenant, webhook, due_at, position)
    where state = 'waiting';
-- For the first that waits of each key.
create index deliveries_by_key on webhooks.deliveries (tenant, webhook, key, position)
    where state = 'waiting' and key <> '';
-- For the delivery log, the newest first, and for pruning it.
create index deliveries_by_time on webhooks.deliveries (tenant, webhook, created_at, event_id);
create index deliveries_parked on webhooks.deliveries (tenant, webhook, position)
    where state = 'parked';
-- For the export and the erasure of a learner.
create index deliveries_by_learner on webhooks.deliveries (tenant, learner) where learner <> '';

-- One call of an endpoint. `answer`: the first 4 KiB of what it said.
create table webhooks.attempts (
    tenant text collate "C" not null,
    webhook text collate "C" not null,
    event_id uuid not null,
    number bigint generated always as identity,
    at timestamptz not null,
    url text not null,
    ms integer not null,
    status integer,
    error text,
    headers jsonb,
    answer bytea,
    primary key (tenant, webhook, event_id, number)
);

-- Parts of the log that become deliveries while fewer than so many wait: from `next` up to `upto`.
-- `catch_up`: all that follows, until the handler goes on; a webhook has one of these at most.
create table webhooks.backfills (
    tenant text collate "C" not null,
    webhook text collate "C" not null,
    backfill uuid not null,
    kind text not null check (kind in ('catch_up', 'redelivery')),
    "first" bigint not null,
    "next" bigint not null,
    upto bigint not null,
    failed_only boolean not null default false,
    per_second integer,
    found bigint not null default 0,
    due_at timestamptz not null,
    created_at timestamptz not null,
    done_at timestamptz,
    digest text,
    primary key (tenant, webhook, backfill)
);

create unique index backfills_catch_up on webhooks.backfills (tenant, webhook)
    where kind = 'catch_up';
-- For the worker that continues them.
create index backfills_open on webhooks.backfills (due_at) where done_at is null;

-- Hosts of a school's webhooks that did not answer, shared by all processes.
create table webhooks.breakers (
    tenant text collate "C" not null,
    host text collate "C" not null,
    failures integer not null,
    opened integer not null default 0,
    open_until timestamptz,
    primary key (tenant, host)
);

grant usage on schema webhooks to milepost_service;
grant select, insert, update, delete on webhooks.endpoints, webhooks.deliveries, webhooks.attempts,
    webhooks.backfills, webhooks.breakers to milepost_service;
