-- Messages that were seen in the stream, and that this log did not write: another publisher's, or
-- those of a log that Postgres was set back from. Kept until the stream is made anew, for they stay
-- in it however far the log goes on. The first thousand are enough to know.
create table consumer.strays (
    tenant text collate "C" not null,
    sequence bigint not null,
    subject text not null,
    position bigint,
    event_id uuid,
    seen_at timestamptz not null default now(),
    primary key (tenant, sequence)
);

grant select, insert, update, delete on consumer.strays to milepost_service;
