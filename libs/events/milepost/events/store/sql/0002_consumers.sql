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

-- parked     failed, waits for an operator       → retry, skip
-- behind     waits for an earlier one of its key → parked, done
-- retry      an operator wants it tried again    → parked, done
-- skip       an operator wants it left out       → skipped
-- done, skipped: settled
--
-- `consumer` is a policy, or `projection/<read model>`; `generation` is 0 for a policy, else the
-- read model's: each is parked for by itself, while a skip holds for all that there are and will be.
-- `key` is what is kept in order: a policy's stream, a read model's part after the category.
create table consumer.parked (
    id bigint generated always as identity unique,
    tenant text collate "C" not null,
    consumer text collate "C" not null,
    generation integer not null,
    position bigint not null,
    key text collate "C" not null,
    stream text collate "C" not null,
    event_id uuid not null,
    type text collate "C" not null,
    status text not null check (status in ('parked', 'behind', 'retry', 'skip', 'done', 'skipped')),
    error text not null,
    attempts integer not null,
    parked_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    primary key (tenant, consumer, generation, position)
);

-- For what is unsettled: the consumer asks every second, operators list it.
create index parked_unsettled on consumer.parked (consumer, generation, tenant, key, position)
    where status not in ('done', 'skipped');
-- What operators have decided about parked events: who, when, why. Kept for good, for a read model
-- that is built anew leaves out what was skipped before.
create table consumer.decisions (
    tenant text collate "C" not null,
    consumer text collate "C" not null,
    position bigint not null,
    decided_at timestamptz not null default clock_timestamp(),
    decision text not null check (decision in ('retry', 'skip')),
    actor text not null,
    reason text,
    primary key (tenant, consumer, position, decided_at)
);

-- For what a read model leaves out.
create index skips on consumer.decisions (consumer) where decision = 'skip';

grant usage on schema consumer to milepost_service;
grant select, insert, update on consumer.positions to milepost_service;
grant select, insert, update, delete on consumer.parked to milepost_service;
grant select, insert on consumer.decisions to milepost_service;
