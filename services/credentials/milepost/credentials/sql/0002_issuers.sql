-- What issuing needs beside the log. Public keys stand in the log; what is here is sealed.

-- `key` is the Multikey of the public key, `sealed` its private key under MILEPOST_ISSUER_KEY.
create table credentials.issuer_keys (
    tenant text collate "C" not null,
    issuer text collate "C" not null,
    key text collate "C" not null,
    sealed bytea not null,
    created_at timestamptz not null default now(),
    primary key (tenant, issuer, key)
);

-- Which key seals all that is sealed here, by its fingerprint: the first that was used.
create table credentials.sealing_key (
    single boolean primary key default true check (single),
    fingerprint text not null
);

-- A school's secret, sealed: of it salts and the places in status lists are made.
create table credentials.secrets (
    tenant text collate "C" primary key,
    sealed bytea not null
);

-- The number of each credential in its school: that, and the secret, tell its bit.
create table credentials.awards (
    tenant text collate "C" not null,
    credential text collate "C" not null,
    ordinal bigint not null check (ordinal >= 0),
    primary key (tenant, credential),
    unique (tenant, ordinal)
);

-- For status lists: the credentials of one list whose bit is set.
create table credentials.statuses (
    tenant text collate "C" not null,
    credential text collate "C" not null,
    revoked boolean not null default false,
    suspended boolean not null default false,
    primary key (tenant, credential),
    foreign key (tenant, credential) references credentials.awards
);

grant usage on schema credentials to milepost_service;
grant select, insert on credentials.issuer_keys, credentials.secrets to milepost_service;
grant select, insert on credentials.sealing_key to milepost_service;
grant select, insert on credentials.awards to milepost_service;
grant select, insert, update on credentials.statuses to milepost_service;
