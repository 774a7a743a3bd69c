-- What durable consumers have done, and what they could not do.

create schema consumer;

-- Everything up to `position` that the consumer hears has been handled or parked.
create table consumer.positions (
    tenant text collate "C" not null,
    consumer text collate "C" not null,
    position bigint not null check (position >= 0),
    updated_at timestamptz not null default now(),
    primary key (tenant, consumer)
);

-- parked     failed, waits for an operator          → retry, skip
-- behind     waits for an earlier one of its stream → parked, done
-- retry      an operator wants it tried again       → parked, done
-- skip       an operator wants it left out          → skipped
-- done, skipped: settled, kept to tell who did what and why
create table consumer.parked (
    id bigint generated always as identity unique,
    tenant text collate "C" not null,
    consumer text collate "C" not null,
    position bigint not null,
    stream text collate "C" not null,
    event_id uuid not null,
    type text collate "C" not null,
    status text not null check (status in ('parked', 'behind', 'retry', 'skip', 'done', 'skipped')),
    error text not null,
    attempts integer not null,
    parked_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    actor text,
    reason text,
    primary key (tenant, consumer, position)
);

-- For what is unsettled: the consumer asks every second, operators list it.
create index parked_unsettled on consumer.parked (consumer, tenant, stream, position)
    where status not in ('done', 'skipped');

grant usage on schema consumer to milepost_service;
grant select, insert, update on all tables in schema consumer to milepost_service;
