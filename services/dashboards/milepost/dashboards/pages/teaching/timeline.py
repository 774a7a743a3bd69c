"""What happened in one enrollment, as the log has it: the story behind every number. Pure.

Events of the enrollment and of its progress stand in the log's order. Visits that follow each
other on one day are told together; nothing else is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal, TypeAlias

import msgspec

from milepost.contracts.progress import LessonProgressed
from milepost.dashboards.pages.teaching.events_of_enrollment import EVENTS
from milepost.events.codec import UnknownEvent
from milepost.events.event import Event
from milepost.events.log import Recorded
from milepost.events.metadata import metadata_of

By: TypeAlias = Literal["learner", "staff", "rule", "unknown"]

POLICY = "policy/"
# What arrives later than that was done without a connection, or was imported.
LATE = timedelta(hours=1)


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the story.

    tag         the event's, `visits` for several that are told together
    facts       the event's fields; of visits their sums
    first, last positions in the log that it stands for
    late        the log was told of it more than an hour after it happened
    actor       the subject, or the policy, that caused it
    """

    tag: str
    facts: Mapping[str, Any]
    first: int
    last: int
    occurred_at: datetime
    recorded_at: datetime
    late: bool
    by: By
    actor: str | None


def timeline(recorded: Iterable[Recorded], learner: str) -> list[Happened]:
    """In the log's order. `recorded`: of one enrollment's streams."""
    ordered = sorted(recorded, key=lambda one: one.position)
    return [_entry(group, learner) for group in _days_of_visits(ordered)]


def _days_of_visits(ordered: Sequence[Recorded]) -> Iterator[list[Recorded]]:
    """Each event alone, visits of one day together."""

    def key(one: Recorded) -> object:
        visit = one.type == "lesson_progressed"
        return one.occurred_at.date() if visit else one.position

    for _, group in groupby(ordered, key):
        yield list(group)


def _entry(group: list[Recorded], learner: str) -> Happened:
    first, last = group[0], group[-1]
    event = _event(first)
    tag, facts = first.type, _facts(event)
    if isinstance(event, LessonProgressed):
        tag, facts = "visits", _visits([EVENTS.read(one) for one in group])
    by, actor = _by(first, learner)
    return Happened(
        tag=tag,
        facts=facts,
        first=first.position,
        last=last.position,
        occurred_at=first.occurred_at,
        recorded_at=last.recorded_at,
        late=first.recorded_at - first.occurred_at > LATE,
        by=by,
        actor=actor,
    )


def _event(recorded: Recorded) -> Event | None:
    """None: of a kind that a later version of Milepost wrote."""
    try:
        return EVENTS.read(recorded)
    except UnknownEvent:
        return None


def _facts(event: Event | None) -> Mapping[str, Any]:
    return {} if event is None else msgspec.structs.asdict(event)


def _visits(events: Sequence[Any]) -> Mapping[str, Any]:
    lessons = tuple(dict.fromkeys(one.lesson for one in events))
    return {
        "visits": sum(1 + len(one.merged) for one in events),
        "lesson": lessons[0] if len(lessons) == 1 else None,
        "lessons": lessons,
        "clicks": sum(one.clicks for one in events),
        "seconds_spent": sum(one.seconds_spent for one in events),
        "progress": max((one.progress for one in events if one.progress is not None), default=None),
    }


def _by(recorded: Recorded, learner: str) -> tuple[By, str | None]:
    actor = metadata_of(recorded).actor
    if actor is None:
        return "unknown", None
    if actor.startswith(POLICY):
        return "rule", actor.removeprefix(POLICY)
    return ("learner", None) if actor == learner else ("staff", actor)
