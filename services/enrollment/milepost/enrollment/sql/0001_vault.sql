-- The learners' vault: personal data, encrypted before it comes here.

create schema vault;

-- The master keys that wrap learners' keys, by their fingerprint; the newest wraps what is new.
-- None goes while it still wraps anything.
create table vault.master_keys (
    key_id text collate "C" primary key,
    number integer generated always as identity unique,
    since timestamptz not null default now()
);

-- `sealed` is encrypted with the learner's own key, which stands beside it wrapped by a master key.
-- An erased learner has neither; the row stays, so that nobody brings the data back unawares.
create table vault.learners (
    tenant text collate "C" not null,
    learner text collate "C" not null,
    key_id text collate "C" references vault.master_keys,
    wrapped_key bytea,
    sealed bytea,
    version integer not null default 1,
    erased_at timestamptz,
    primary key (tenant, learner),
    check (num_nulls(key_id, wrapped_key, sealed) = case when erased_at is null then 0 else 3 end)
);

-- For a rotation, which goes through the learners of every tenant, and for a key that is to go.
create index learners_by_master_key on vault.learners (key_id, tenant, learner)
    where key_id is not null;

grant usage on schema vault to milepost_service;
grant select, insert, update, delete on vault.master_keys to milepost_service;
grant select, insert, update on vault.learners to milepost_service;

-- For a learner's enrollments, wherever they are (an export): the first event of each names its learner.
create index enrollments_by_learner on log.events (tenant, (data ->> 'learner'))
    where version = 1 and stream >= 'enrollment-' and stream < 'enrollment.';
