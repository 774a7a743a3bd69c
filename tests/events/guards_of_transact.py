"""Every guard of transact and the writer: how it is cut out, and what then goes wrong."""

from tests.events import decisions
from tests.events.mutants import Guard

CACHE = "commands/state_cache.py"
NEEDS = "commands/needs.py"
TRANSACT = "commands/transact.py"
WRITER = "commands/group_commit.py"
REPEATED = "if encoder.repeatable and"
CONFIRMED = "if not await self._cache.confirmed"

IN_TRANSACT = [
    Guard(
        TRANSACT,
        "an append names what it was decided on",
        (("{entry.in_flight for entry in entries if entry.in_flight}", "()"),),
        decisions.nobody_stays_on_an_append_that_was_lost,
        "decided on a state that never was",
    ),
    Guard(
        TRANSACT,
        "an append expects every stream it was decided on, written or not",
        (
            (
                "for stream, entry in zip(streams, entries, strict=True)]\n",
                "for stream, entry, new in zip(streams, entries, events) if new]\n",
            ),
        ),
        decisions.a_pair_falls_with_a_stream_that_it_only_read,
        "decided on a stream that has moved on",
    ),
    Guard(
        CACHE,
        "abandoned: nothing is decided on what was given up",
        (("if entry.abandoned:", "if False:"),),
        decisions.nothing_is_decided_on_a_state_given_up,
        "round in circles",
    ),
    Guard(
        CACHE,
        "what came to nothing leaves the cache",
        (("            del self._entries[key]\n\n    async", "            pass\n\n    async"),),
        decisions.a_lost_race_is_run_again,
        "round in circles",
    ),
    Guard(
        CACHE,
        "a refusal waits for the append that it was decided on",
        (
            (
                "return in_flight.exception() is None and isinstance(in_flight.result(), Appended)",
                "return True",
            ),
        ),
        decisions.nobody_is_refused_for_an_append_that_failed,
        "refused for a visit that never was",
    ),
    Guard(
        TRANSACT,
        "a refusal looks once more",
        ((CONFIRMED, f"if not isinstance(answer, Refused) and{CONFIRMED.removeprefix('if')}"),),
        decisions.nobody_is_refused_from_an_old_state,
        "refused from an old state",
    ),
    Guard(
        CACHE,
        "the look is for the version that was decided on",
        (
            ("if entry.version == version and await", "if await"),
            ("if entry.in_flight is not None:\n            return False\n        # M", "# M"),
        ),
        decisions.nobody_is_refused_from_an_old_state_while_others_go_on,
        "refused from an old state",
    ),
    Guard(
        CACHE,
        "what was moved on stood only if that came to be",
        (("entry.read <= version and await _has_committed(entry)", "entry.read <= version"),),
        decisions.nobody_is_refused_from_an_old_state_while_others_go_on,
        "refused from an old state",
    ),
    Guard(
        CACHE,
        "what was moved on stood only if nobody else did it",
        (("entry.read <= version and await _has_committed(entry)", "await _has_committed(entry)"),),
        decisions.nobody_is_refused_from_an_old_state,
        "refused from an old state",
    ),
    Guard(
        CACHE,
        "a read that overlaps another brings what that one lacked",
        (("if one.version > entry.version", "if entry.version == version"),),
        decisions.what_is_loaded_is_no_older_than_the_question,
        "loaded an older state than was there",
    ),
    Guard(
        TRANSACT,
        "silence looks once more",
        ((CONFIRMED, f"if isinstance(answer, Refused) and{CONFIRMED.removeprefix('if')}"),),
        decisions.nobody_is_silent_from_an_old_state,
        "nothing was done, from an old state",
    ),
    Guard(
        CACHE,
        "what was read is folded only where it is new",
        (("if one.version > entry.version", ""),),
        decisions.what_is_read_twice_is_folded_once,
        "an event was folded twice",
    ),
    Guard(
        NEEDS,
        "what is needed is asked from the first call on",
        (
            (
                "call_with_needs(decide, first, known)",
                "(loaded, call(decide, [known[one.name] for one in loaded]))",
            ),
        ),
        decisions.what_is_needed_belongs_to_the_present_state,
        "decided on what an older state had needed",
    ),
    Guard(
        NEEDS,
        "what was given up while the needs were read is not decided on",
        (
            (
                "if not cache.is_current(tenant, loaded,",
                "if False and (tenant, loaded,",
            ),
        ),
        decisions.nothing_is_decided_on_a_state_given_up_while_the_needs_are_read,
        "decided on a state given up",
    ),
    Guard(
        TRANSACT,
        "an append expects what was needed",
        (("streams, entries, answer = met", "answer = met[2]"),),
        decisions.a_decision_falls_with_a_stream_that_it_needed,
        "decided on a stream that has moved on",
    ),
    Guard(
        NEEDS,
        "needs end",
        (("for _ in range(MAX_ROUNDS):", "while True:"),),
        decisions.needs_that_grow_for_ever_end,
        "called without an end",
    ),
    Guard(
        NEEDS,
        "nothing is needed that is there already",
        (("if not answer.streams or len(names) < len(streams):", "if len(names) > 99:"),),
        decisions.what_is_there_is_not_needed_again,
        "called without an end",
    ),
    Guard(
        TRANSACT,
        "the client's command id is the log's",
        (("command_id or new_id()", "new_id()"),),
        decisions.one_command_sent_to_two_processes_is_done_once,
        "a visit was done twice",
    ),
    Guard(
        TRANSACT,
        "a refusal asks whether it had been done",
        ((REPEATED, f"{REPEATED} not isinstance(answer, Refused) and"),),
        decisions.what_was_done_is_not_refused_when_repeated,
        "refused, though it had been done",
    ),
    Guard(
        TRANSACT,
        "silence asks whether it had been done",
        ((REPEATED, f"{REPEATED} isinstance(answer, Refused) and"),),
        decisions.what_was_done_is_told_when_repeated,
        "told nothing of what was done before",
    ),
]

IN_WRITER = [
    Guard(
        WRITER,
        "the log is told what a command was decided on",
        (("(one.command, after=after)", "(one.command, after=())"),),
        decisions.nobody_stays_on_an_append_that_was_lost,
        "decided on a state that never was",
    ),
    Guard(
        WRITER,
        "a command falls with an earlier call",
        (("if any(earlier.done() and not _appended(earlier) for earlier in one.after):", "if 0:"),),
        decisions.nobody_stays_on_an_earlier_call_that_was_lost,
        "decided on a state that never was",
    ),
    Guard(
        WRITER,
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
    Guard(
        WRITER,
        "a bad command is tried by itself",
        (("if len(batch) > 1 and not is_unavailable(error):", "if False:"),),
        decisions.a_bad_command_spoils_no_other,
        "spoiled",
    ),
]

GUARDS = IN_TRANSACT + IN_WRITER
