-- What a webhook needs beside its stream: its secrets, sealed, and what a person wrote about it.

create schema webhooks;

-- `sealed` is the secret that `key` names, under MILEPOST_WEBHOOK_KEY: of v1 the shared one, of
-- v1a the private key. A row counts once the log names its key.
create table webhooks.secrets (
    tenant text collate "C" not null,
    webhook text collate "C" not null,
    key text collate "C" not null,
    scheme text not null check (scheme in ('v1', 'v1a')),
    sealed bytea not null,
    created_at timestamptz not null default now(),
    primary key (tenant, webhook, key)
);

-- Which key seals all of these, by its fingerprint: the first that was used.
create table webhooks.sealing_key (
    single boolean primary key default true check (single),
    fingerprint text not null
);

-- As of the command that was recorded at `changed_at`.
create table webhooks.descriptions (
    tenant text collate "C" not null,
    webhook text collate "C" not null,
    description text not null,
    changed_at timestamptz not null,
    primary key (tenant, webhook)
);

grant usage on schema webhooks to milepost_service;
grant select, insert, delete on webhooks.secrets to milepost_service;
grant select, insert on webhooks.sealing_key to milepost_service;
grant select, insert, update, delete on webhooks.descriptions to milepost_service;
