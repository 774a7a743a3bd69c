"""Every guard of the append function and the tables: how it is cut out, what then goes wrong."""

from functools import partial

from tests.events import scenarios
from tests.events.mutants import LOG_SQL, Guard

LOCK = ("where h.tenant = p_tenant for update;", "where h.tenant = p_tenant;")
LOOK_UP = ("where k.tenant = p_tenant and k.command_id = c.id", "where false")
KEYS = (
    (",\n    primary key (tenant, position)", ""),
    (",\n    primary key (tenant, last)", ""),
    ("create unique index events_by_stream", "create index events_by_stream"),
)
COMMAND_KEY = (",\n    primary key (tenant, command_id)", "")
CONFLICT = "if first[c] is not null or conflict_stream[c] is not null then"
COUNT_ON = "                v_head := v_head + 1;\n"
SKIP_STREAM = """if v_stream = conflict_stream[c] then
                    v_event := v_event + 1;
                    continue;
                end if;
"""


GUARDS = [
    Guard(
        LOG_SQL,
        "the tenant's lock",
        (LOCK,),
        scenarios.a_writer_waits_for_the_one_before,
        'violates unique constraint "events_pkey"',
    ),
    Guard(
        LOG_SQL,
        "the tenant's lock, and the keys behind it",
        (LOCK, *KEYS),
        scenarios.a_writer_waits_for_the_one_before,
        "a position was given out twice",
    ),
    Guard(
        LOG_SQL,
        "the expected version",
        (("v_versions[v_stream] <> p_expect_version[v_expect]", "false"),),
        scenarios.a_stale_decision_is_not_appended,
        "a stale decision was appended",
    ),
    Guard(
        LOG_SQL,
        "after: the foundation is in conflict",
        (("first[p_after[v_after]] is null or", ""),),
        scenarios.a_decision_falls_with_its_foundation,
        "it stands on an append that was in conflict",
    ),
    Guard(
        LOG_SQL,
        "after: the foundation was done by another call",
        (("or repeated[p_after[v_after]]", ""),),
        scenarios.a_decision_falls_with_a_repeated_foundation,
        "it stands on an append of another call",
    ),
    Guard(
        LOG_SQL,
        "the look for the command id",
        (LOOK_UP,),
        scenarios.a_repeated_command_is_not_done_again,
        'violates unique constraint "commands_pkey"',
    ),
    Guard(
        LOG_SQL,
        "the look for the command id, and the key behind it",
        (LOOK_UP, COMMAND_KEY),
        scenarios.a_repeated_command_is_not_done_again,
        "a command was done twice",
    ),
    Guard(
        LOG_SQL,
        "the look for a twin in the call",
        (("if first[v_twin] is not null then", "if false then"),),
        scenarios.a_twin_in_one_call_is_not_done_again,
        'violates unique constraint "commands_pkey"',
    ),
    Guard(
        LOG_SQL,
        "the look for a twin in the call, and the key behind it",
        (("if first[v_twin] is not null then", "if false then"), COMMAND_KEY),
        scenarios.a_twin_in_one_call_is_not_done_again,
        "a command was done twice",
    ),
    Guard(
        LOG_SQL,
        "a conflict stops the command",
        ((CONFLICT, "if first[c] is not null then"),),
        scenarios.a_command_in_conflict_writes_nothing,
        "a conflict was appended",
    ),
    Guard(
        LOG_SQL,
        "a conflict stops the whole command, not only that stream's events",
        ((CONFLICT, "if first[c] is not null then"), (COUNT_ON, SKIP_STREAM + COUNT_ON)),
        scenarios.a_command_on_two_streams_is_never_half_done,
        "half of a command was done",
    ),
    Guard(
        LOG_SQL,
        "the tenant in the look for versions",
        (("where e.tenant = p_tenant and e.stream", "where e.stream"),),
        scenarios.tenants_have_streams_of_their_own,
        "another tenant's stream counts",
    ),
    Guard(
        LOG_SQL,
        "the tenant in the look for commands",
        (("where k.tenant = p_tenant and k.command_id", "where k.command_id"),),
        scenarios.tenants_have_commands_of_their_own,
        "another tenant's command counts",
    ),
    Guard(
        LOG_SQL,
        "the clock is read under the lock, and never before the last event",
        (("greatest(clock_timestamp(), (", "coalesce(now(), ("),),
        scenarios.time_does_not_run_backwards,
        r"time runs backwards at \[2\]",
    ),
    Guard(
        LOG_SQL,
        "the key of positions",
        KEYS[:1],
        scenarios.nobody_writes_a_position_twice,
        "a position was written twice",
    ),
    Guard(
        LOG_SQL,
        "the key of versions",
        KEYS[2:],
        scenarios.nobody_writes_a_version_twice,
        "a version was written twice",
    ),
    *(
        Guard(
            LOG_SQL,
            f"append-only: {table}",
            ((f"delete or truncate on {table}", f"truncate on {table}"),),
            partial(scenarios.nobody_changes_the_past, table=table),
            f"{table} was emptied",
        )
        for table in ("log.events", "log.commands", "log.links", "log.heads")
    ),
    Guard(
        LOG_SQL,
        "the services' role",
        (("grant select on all tables", "grant all on all tables"),),
        scenarios.services_only_append,
        "a service wrote beside the function",
    ),
    Guard(
        LOG_SQL,
        "append is for the services' role alone",
        (("revoke all on function log.append from public;", ""),),
        scenarios.readers_do_not_append,
        "a mere reader may append",
    ),
]
