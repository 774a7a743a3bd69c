-- The log. Append-only; written by log.append() alone.

create schema log;

-- One row per tenant: its lock, its last position and the last link of its chain. The free space
-- keeps its updates HOT.
create table log.heads (
    tenant text collate "C" primary key check (tenant ~ '^[A-Za-z0-9_-]{1,64}$'),
    head bigint not null check (head >= 0),
    link bytea not null
) with (fillfactor = 10);

create table log.events (
    tenant text collate "C" not null,
    position bigint not null check (position > 0),
    stream text collate "C" not null,
    version integer not null,
    type text collate "C" not null,
    data jsonb not null,
    metadata jsonb not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    event_id uuid not null,
    primary key (tenant, position)
);

-- For reading a stream or a category in order, and for a stream's version under the lock.
create unique index events_by_stream on log.events (tenant, stream, version);

-- What was done, so that it is not done again.
create table log.commands (
    tenant text collate "C" not null,
    command_id uuid not null,
    first bigint not null,
    last bigint not null,
    primary key (tenant, command_id)
);

-- Tamper evidence: each call's link is the SHA-256 of the link before it and of all that the call
-- appended. The first one follows the SHA-256 of the tenant's name. `commands` is the digest of the
-- ids of what it did, in order.
create table log.links (
    tenant text collate "C" not null,
    last bigint not null,
    first bigint not null,
    link bytea not null,
    commands bytea not null,
    primary key (tenant, last)
);

-- The digest of what a call's events say, and the link of the chain that they make: the same on every
-- machine and setting. Two lists of events never give the same: every column comes with its type, its
-- length and the length of each value.
create function log.digest(
    p_types text[], p_data jsonb[], p_metadata jsonb[], p_occurred_at timestamptz[], p_ids uuid[]
) returns bytea language sql immutable set client_encoding = 'UTF8' as $$
    select sha256(array_send(p_types) || array_send(p_data) || array_send(p_metadata)
        || array_send(p_occurred_at) || array_send(p_ids))
$$;
create function log.link(
    p_before bytea,
    p_first bigint,
    p_recorded_at timestamptz,
    p_streams text[],
    p_versions integer[],
    p_digest bytea,
    p_commands bytea
) returns bytea language sql immutable set client_encoding = 'UTF8' as $$
    select sha256(p_before || int8send(p_first) || timestamptz_send(p_recorded_at)
        || array_send(p_streams) || array_send(p_versions) || p_digest || p_commands)
$$;
create function log.digest_of_commands(p_ids uuid[]) returns bytea language sql immutable as $$
    select sha256(array_send(p_ids))
$$;

create function log.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on %.% is refused: the log is append-only',
        tg_op, tg_table_schema, tg_table_name using errcode = 'insufficient_privilege';
end $$;

create trigger append_only before update or delete or truncate on log.events
    for each statement execute function log.refuse_change();
create trigger append_only before update or delete or truncate on log.commands
    for each statement execute function log.refuse_change();
create trigger append_only before update or delete or truncate on log.links
    for each statement execute function log.refuse_change();
create trigger never_forgotten before delete or truncate on log.heads
    for each statement execute function log.refuse_change();

-- Appends many commands of one tenant, in order, each wholly or not at all, under the tenant's lock.
--
-- streams          the distinct streams that the call reads or writes
-- commands         one id per command
-- expect_*         per (command, stream) in command order: the version the command was decided on
-- after_*          per (command, earlier command of this call) in command order: it was decided on what
--                  the earlier one would write, so it stands only if that one is appended now
-- event_*          per event in command order
--
-- Answers arrays with one element per command: first and last position when it is done; `repeated`
-- when it had been done before; else the number in `streams` of a stream that was elsewhere than
-- expected, and where. A later command sees what an earlier one of the same call wrote.
create function log.append(
    p_tenant text,
    p_streams text[],
    p_commands uuid[],
    p_expect_command integer[],
    p_expect_stream integer[],
    p_expect_version integer[],
    p_after_command integer[],
    p_after integer[],
    p_event_command integer[],
    p_event_stream integer[],
    p_event_type text[],
    p_event_data jsonb[],
    p_event_metadata jsonb[],
    p_event_occurred_at timestamptz[],
    p_event_id uuid[],
    out first bigint[],
    out last bigint[],
    out repeated boolean[],
    out conflict_stream integer[],
    out conflict_version integer[],
    out recorded_at timestamptz
) language plpgsql security definer
set search_path = log, pg_temp
-- A plan is kept for as long as a connection lasts, and may have been made on an empty table:
-- whatever the planner believes then, every look-up goes by its index ("offset 0" does the same).
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_commands constant integer := cardinality(p_commands);
    v_expects constant integer := cardinality(p_expect_command);
    v_afters constant integer := cardinality(p_after_command);
    v_events constant integer := cardinality(p_event_command);
    v_start bigint;
    v_head bigint;
    v_link bytea;
    v_versions integer[];
    v_twins integer[];
    v_event_streams text[] := array_fill(''::text, array[v_events]);
    v_event_versions integer[] := array_fill(0, array[v_events]); -- 0: not appended
    v_expect integer := 1;
    v_after integer := 1;
    v_event integer := 1;
    v_digest bytea := log.digest(p_event_type, p_event_data, p_event_metadata, p_event_occurred_at,
                                 p_event_id); -- made before the lock is held
    v_done bytea := log.digest_of_commands(p_commands);
    v_twin integer;
    v_stream integer;
begin
    select h.head, h.link into v_start, v_link from log.heads h where h.tenant = p_tenant for update;
    if not found then
        insert into log.heads (tenant, head, link) values (p_tenant, 0, sha256(textsend(p_tenant)))
            on conflict do nothing;
        select h.head, h.link into v_start, v_link from log.heads h where h.tenant = p_tenant for update;
    end if;
    v_head := v_start;
    -- Never before the last event's, whatever happens to the clock: moments are found by halves.
    recorded_at := greatest(clock_timestamp(), (
        select e.recorded_at from log.events e where e.tenant = p_tenant and e.position = v_start));

    select array_agg(coalesce((
               select e.version from log.events e
               where e.tenant = p_tenant and e.stream = s.stream
               order by e.version desc limit 1), 0) order by s.number)
      into v_versions
      from unnest(p_streams) with ordinality as s(stream, number);

    select array_agg(d.first order by c.number), array_agg(d.last order by c.number),
           array_agg(d.first is not null order by c.number), array_agg(c.twin order by c.number)
      into first, last, repeated, v_twins
      from (select id, number, lag(number) over (partition by id order by number) as twin
              from unnest(p_commands) with ordinality as u(id, number)) c
      left join lateral (
               select k.first, k.last from log.commands k
               where k.tenant = p_tenant and k.command_id = c.id offset 0) d on true;

    conflict_stream := array_fill(null::integer, array[v_commands]);
    conflict_version := array_fill(null::integer, array[v_commands]);

    for c in 1..v_commands loop
        v_twin := v_twins[c];
        if first[v_twin] is not null then
            first[c] := first[v_twin];
            last[c] := last[v_twin];
            repeated[c] := true;
        end if;
        while v_expect <= v_expects and p_expect_command[v_expect] = c loop
            v_stream := p_expect_stream[v_expect];
            if first[c] is null and v_versions[v_stream] <> p_expect_version[v_expect] then
                conflict_stream[c] := v_stream;
                conflict_version[c] := v_versions[v_stream];
            end if;
            v_expect := v_expect + 1;
        end loop;
        while v_after <= v_afters and p_after_command[v_after] = c loop
            if first[c] is null and (first[p_after[v_after]] is null or repeated[p_after[v_after]]) then
                conflict_stream[c] := p_expect_stream[v_expect - 1];
                conflict_version[c] := v_versions[p_expect_stream[v_expect - 1]];
            end if;
            v_after := v_after + 1;
        end loop;
        if first[c] is not null or conflict_stream[c] is not null then
            while v_event <= v_events and p_event_command[v_event] = c loop
                v_event := v_event + 1;
            end loop;
        else
            first[c] := v_head + 1;
            while v_event <= v_events and p_event_command[v_event] = c loop
                v_stream := p_event_stream[v_event];
                v_head := v_head + 1;
                v_versions[v_stream] := v_versions[v_stream] + 1;
                v_event_streams[v_event] := p_streams[v_stream];
                v_event_versions[v_event] := v_versions[v_stream];
                v_event := v_event + 1;
            end loop;
            last[c] := v_head;
        end if;
    end loop;

    if v_head = v_start then
        return;
    end if;
    if v_head < v_start + v_events then
        select array_agg(n.stream order by n.number), array_agg(n.version order by n.number),
               array_agg(n.type order by n.number), array_agg(n.data order by n.number),
               array_agg(n.metadata order by n.number), array_agg(n.occurred_at order by n.number),
               array_agg(n.event_id order by n.number)
          into v_event_streams, v_event_versions, p_event_type, p_event_data, p_event_metadata,
               p_event_occurred_at, p_event_id
          from unnest(v_event_streams, v_event_versions, p_event_type, p_event_data,
                      p_event_metadata, p_event_occurred_at, p_event_id) with ordinality
                   as n(stream, version, type, data, metadata, occurred_at, event_id, number)
         where n.version > 0;
        v_digest := log.digest(p_event_type, p_event_data, p_event_metadata, p_event_occurred_at,
                               p_event_id);
        select log.digest_of_commands(array_agg(c.id order by c.number)) into v_done
          from unnest(p_commands, append.first, append.repeated) with ordinality
                   as c(id, first, repeated, number)
         where c.first is not null and not c.repeated;
    end if;
    insert into log.events (tenant, position, stream, version, type, data, metadata,
                            occurred_at, recorded_at, event_id)
    select p_tenant, v_start + n.number, n.stream, n.version, n.type, n.data, n.metadata,
           n.occurred_at, append.recorded_at, n.event_id
      from unnest(v_event_streams, v_event_versions, p_event_type, p_event_data,
                  p_event_metadata, p_event_occurred_at, p_event_id) with ordinality
               as n(stream, version, type, data, metadata, occurred_at, event_id, number);
    v_link := log.link(v_link, v_start + 1, recorded_at, v_event_streams, v_event_versions, v_digest,
                       v_done);
    insert into log.links (tenant, last, first, link, commands)
    values (p_tenant, v_head, v_start + 1, v_link, v_done);
    insert into log.commands (tenant, command_id, first, last)
    select p_tenant, c.id, c.first, c.last
      from unnest(p_commands, append.first, append.last, append.repeated) as c(id, first, last, repeated)
     where c.first is not null and not c.repeated;
    update log.heads set head = v_head, link = v_link where tenant = p_tenant;
end $$;

-- The services' role: may read the log and append through the function, nothing else.
do $$
begin
    if not exists (select from pg_roles where rolname = 'milepost_service') then
        create role milepost_service nologin;
    end if;
    execute format('grant milepost_service to %I', current_user);
exception when duplicate_object or unique_violation then
    null; -- another database of the same cluster is being migrated at this moment
end $$;

revoke all on function log.append from public;
grant usage on schema log to milepost_service;
grant select on all tables in schema log to milepost_service;
grant execute on function log.append to milepost_service;
