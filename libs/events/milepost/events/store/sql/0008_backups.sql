-- When the database was last backed up by `milepost backup`, for `milepost doctor`.
create table consumer.backups (
    began_at timestamptz primary key,
    ended_at timestamptz not null default clock_timestamp(),
    events bigint not null,
    bytes bigint not null
);

grant select on consumer.backups to milepost_service;
