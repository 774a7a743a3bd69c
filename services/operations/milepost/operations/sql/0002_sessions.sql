-- Sessions of browsers that ended before their time, by sign-out: refused until they would have
-- ended anyhow. No other session is stored anywhere.

create schema sessions;

create table sessions.ended (
    id text collate "C" primary key,
    ended_at timestamptz not null default now(),
    expires_at timestamptz not null
);

-- What each process asks every few seconds: those since it asked last.
create index on sessions.ended (ended_at);
-- What is taken away at each sign-out: those that have ended anyhow.
create index on sessions.ended (expires_at);

grant usage on schema sessions to milepost_service;
grant select, insert, delete on sessions.ended to milepost_service;
