-- What partners on NATS need beside the log, which knows who they are and what they may read.

create schema partners;

-- How a key is recognized: bcrypt's digest of its secret, which nobody keeps. A row that the log
-- knows nothing of is good for nothing: whoever wrote it died before the log heard of it.
create table partners.keys (
    tenant text collate "C" not null,
    subscriber text collate "C" not null,
    key text collate "C" not null,
    digest text not null,
    created_at timestamptz not null default now(),
    primary key (tenant, subscriber, key)
);

-- How far a part of the log was published again. `worker` has it until `leased_until`.
create table partners.republications (
    tenant text collate "C" not null,
    republication uuid not null,
    next bigint not null,
    published bigint not null default 0,
    worker uuid,
    leased_until timestamptz,
    primary key (tenant, republication)
);

grant usage on schema partners to milepost_service;
grant select, insert, delete on partners.keys to milepost_service;
grant select, insert, update, delete on partners.republications to milepost_service;
