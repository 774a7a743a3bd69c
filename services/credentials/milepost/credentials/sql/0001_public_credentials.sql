-- Whose a credential is, by its id alone: what an address without a token tells. Written from the log.

create schema credentials;

create table credentials.public_credential (
    credential text collate "C" primary key,
    tenant text collate "C" not null,
    learner text collate "C" not null
);

-- For a learner's export.
create index public_credential_by_learner on credentials.public_credential (tenant, learner);

grant usage on schema credentials to milepost_service;
grant select, insert on credentials.public_credential to milepost_service;
