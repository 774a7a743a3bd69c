-- Which keys may still open what was erased: dead rows, WAL and backups hold it for longer than the vault.

-- Master keys that wrap nothing any more. `number` is as it was in vault.master_keys, 0 where nobody
-- knows it; a key with a lower number is older. None of them is ever used again.
create table vault.retired_keys (
    key_id text collate "C" primary key,
    number integer not null,
    since timestamptz,
    retired_at timestamptz not null default now()
);

grant select, insert on vault.retired_keys to milepost_enrollment;

-- The master key that wrapped an erased learner's key last: neither it nor any older one may exist
-- for longer than an erasure may take.
alter table vault.learners add column erased_key text collate "C";

-- For the oldest erasure of each key.
create index learners_by_erased_key on vault.learners (erased_key, erased_at)
    where erased_key is not null;

-- Of what was erased before, nobody knows the key: it was this one, or an older one.
update vault.learners
   set erased_key = (select key_id from vault.master_keys order by number desc limit 1)
 where erased_at is not null;

-- By a trigger: a statement's own look at the row may be older than a rotation that ends meanwhile.
create function vault.keep_erased_key() returns trigger language plpgsql as $$
begin
    new.erased_key := old.key_id;
    return new;
end $$;

create trigger keep_erased_key before update on vault.learners for each row
    when (old.erased_at is null and new.erased_at is not null)
    execute function vault.keep_erased_key();
