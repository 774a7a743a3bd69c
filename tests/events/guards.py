"""Every guard of the log, the writer and transact, how it is cut out, and what then goes wrong.

`cut` is (text, what stands there instead) in `file`; `complaint` is what the scenario then says.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from tests.events import decisions, scenarios
from tests.events.mutants import LOG_SQL, Edits
from tests.events.scenarios import Ground

Scenario = Callable[[Ground], Awaitable[None]]
Row = tuple[str, Edits, Scenario, str]


class Guard(NamedTuple):
    guard: str
    file: str
    cut: Edits
    scenario: Scenario
    complaint: str


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


IN_SQL: list[Row] = [
    (
        "the tenant's lock",
        (LOCK,),
        scenarios.a_writer_waits_for_the_one_before,
        'violates unique constraint "events_pkey"',
    ),
    (
        "the tenant's lock, and the keys behind it",
        (LOCK, *KEYS),
        scenarios.a_writer_waits_for_the_one_before,
        "a position was given out twice",
    ),
    (
        "the expected version",
        (("v_versions[v_stream] <> p_expect_version[v_expect]", "false"),),
        scenarios.a_stale_decision_is_not_appended,
        "a stale decision was appended",
    ),
    (
        "after: the foundation is in conflict",
        (("first[p_after[v_after]] is null or", ""),),
        scenarios.a_decision_falls_with_its_foundation,
        "it stands on an append that was in conflict",
    ),
    (
        "after: the foundation was done by another call",
        (("or repeated[p_after[v_after]]", ""),),
        scenarios.a_decision_falls_with_a_repeated_foundation,
        "it stands on an append of another call",
    ),
    (
        "the look for the command id",
        (LOOK_UP,),
        scenarios.a_repeated_command_is_not_done_again,
        'violates unique constraint "commands_pkey"',
    ),
    (
        "the look for the command id, and the key behind it",
        (LOOK_UP, COMMAND_KEY),
        scenarios.a_repeated_command_is_not_done_again,
        "a command was done twice",
    ),
    (
        "the look for a twin in the call",
        (("if first[v_twin] is not null then", "if false then"),),
        scenarios.a_twin_in_one_call_is_not_done_again,
        'violates unique constraint "commands_pkey"',
    ),
    (
        "the look for a twin in the call, and the key behind it",
        (("if first[v_twin] is not null then", "if false then"), COMMAND_KEY),
        scenarios.a_twin_in_one_call_is_not_done_again,
        "a command was done twice",
    ),
    (
        "a conflict stops the command",
        ((CONFLICT, "if first[c] is not null then"),),
        scenarios.a_command_in_conflict_writes_nothing,
        "a conflict was appended",
    ),
    (
        "a conflict stops the whole command, not only that stream's events",
        ((CONFLICT, "if first[c] is not null then"), (COUNT_ON, SKIP_STREAM + COUNT_ON)),
        scenarios.a_command_on_two_streams_is_never_half_done,
        "half of a command was done",
    ),
    (
        "the tenant in the look for versions",
        (("where e.tenant = p_tenant and e.stream", "where e.stream"),),
        scenarios.tenants_have_streams_of_their_own,
        "another tenant's stream counts",
    ),
    (
        "the tenant in the look for commands",
        (("where k.tenant = p_tenant and k.command_id", "where k.command_id"),),
        scenarios.tenants_have_commands_of_their_own,
        "another tenant's command counts",
    ),
    (
        "the clock is read under the lock",
        (("recorded_at := clock_timestamp()", "recorded_at := now()"),),
        scenarios.time_does_not_run_backwards,
        r"time runs backwards at \[2\]",
    ),
    (
        "the key of positions",
        KEYS[:1],
        scenarios.nobody_writes_a_position_twice,
        "a position was written twice",
    ),
    (
        "the key of versions",
        KEYS[2:],
        scenarios.nobody_writes_a_version_twice,
        "a version was written twice",
    ),
    *(
        (
            f"append-only: {table}",
            ((f"delete or truncate on {table}", f"truncate on {table}"),),
            partial(scenarios.nobody_changes_the_past, table=table),
            f"{table} was emptied",
        )
        for table in ("log.events", "log.commands", "log.links", "log.heads")
    ),
    (
        "the services' role",
        (("grant select on all tables", "grant all on all tables"),),
        scenarios.services_only_append,
        "a service wrote beside the function",
    ),
    (
        "append is for the services' role alone",
        (("revoke all on function log.append from public;", ""),),
        scenarios.readers_do_not_append,
        "a mere reader may append",
    ),
]

REPEATED = """if command_id and (outcome := await self._repeated(attempt)):
                    return outcome
                """

IN_TRANSACT: list[Row] = [
    (
        "an append names what it was decided on",
        (("{entry.pending for entry in entries if entry.pending}", "()"),),
        decisions.nobody_stays_on_an_append_that_was_lost,
        "decided on a state that never was",
    ),
    (
        "an append expects every stream it was decided on, written or not",
        (
            (
                "for stream, entry in zip(attempt.streams, entries, strict=True)\n        )",
                "for stream, entry, new in zip(attempt.streams, entries, decided) if new)",
            ),
        ),
        decisions.a_pair_falls_with_a_stream_that_it_only_read,
        "decided on a stream that has moved on",
    ),
    (
        "void: nothing is decided on what was given up",
        (("not entry.void and", ""),),
        decisions.nothing_is_decided_on_a_state_given_up,
        "round in circles",
    ),
    (
        "what came to nothing leaves the cache",
        (("            del self._cache[key]\n\n", "            pass\n\n"),),
        decisions.a_lost_race_is_run_again,
        "round in circles",
    ),
    (
        "a refusal waits for the append that it was decided on",
        (
            (
                "return pending.exception() is None and isinstance(pending.result(), Appended)",
                "return True",
            ),
        ),
        decisions.nobody_is_refused_for_an_append_that_failed,
        "refused for a visit that never was",
    ),
    (
        "a refusal looks once more",
        (("if not await self._final(attempt, entries):", "if False:"),),
        decisions.nobody_is_refused_from_an_old_state,
        "refused from an old state",
    ),
    (
        "silence looks once more",
        (("elif await self._final(attempt, entries):", "else:"),),
        decisions.nobody_is_silent_from_an_old_state,
        "nothing was done, from an old state",
    ),
    (
        "what was read is folded only onto the version it was read for",
        (("if entry.version != version:\n            return False", "pass"),),
        decisions.what_is_read_twice_is_folded_once,
        "an event was folded twice",
    ),
    (
        "the client's command id is the log's",
        (("command_id or new_id()", "new_id()"),),
        decisions.one_command_sent_to_two_processes_is_done_once,
        "a visit was done twice",
    ),
    (
        "a refusal asks whether it had been done",
        ((f"{REPEATED}raise", "raise"),),
        decisions.what_was_done_is_not_refused_when_repeated,
        "refused, though it had been done",
    ),
    (
        "silence asks whether it had been done",
        ((f"{REPEATED}return _quiet", "return _quiet"),),
        decisions.what_was_done_is_told_when_repeated,
        "told nothing of what was done before",
    ),
]

IN_WRITER: list[Row] = [
    (
        "the log is told what a command was decided on",
        (("(one.command, after=after)", "(one.command, after=())"),),
        decisions.nobody_stays_on_an_append_that_was_lost,
        "decided on a state that never was",
    ),
    (
        "a command falls with an earlier call",
        (("if any(earlier.done() and not _appended(earlier) for earlier in one.after):", "if 0:"),),
        decisions.nobody_stays_on_an_earlier_call_that_was_lost,
        "decided on a state that never was",
    ),
    (
        "a repeat has the same command ids",
        (
            ("from uuid import UUID", "from uuid import UUID, uuid4"),
            (
                "self._log.append(tenant, commands)",
                """self._log.append(
                    tenant, [msgspec.structs.replace(c, command_id=uuid4()) for c in commands])""",
            ),
        ),
        decisions.a_lost_answer_is_asked_for_again,
        "a visit was done twice",
    ),
    (
        "a bad command is tried by itself",
        (("if len(batch) > 1 and not is_away(error):", "if False:"),),
        decisions.a_bad_command_spoils_no_other,
        "spoiled",
    ),
]

GUARDS = [
    Guard(guard, file, cut, scenario, complaint)
    for file, rows in [(LOG_SQL, IN_SQL), ("transact.py", IN_TRANSACT), ("writer.py", IN_WRITER)]
    for guard, cut, scenario, complaint in rows
]
