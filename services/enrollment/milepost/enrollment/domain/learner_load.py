"""A learner's load: in which offerings that have a limit they are, wait, or ask to be."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import msgspec

from milepost.enrollment.events import LearnerCommitted, LearnerEvent, LearnerFreed
from milepost.events.codec import Codec
from milepost.events.event import Conflicting
from milepost.events.streams import Category


@dataclass
class ParallelLimitReached(Conflicting):
    """The learner is in as many offerings at once as this one allows: leave one of these first."""

    learner: str
    limit: int
    enrollments: tuple[str, ...]


class Load(msgspec.Struct):
    """The stays that count, by enrollment, in the order they began."""

    committed: dict[str, int] = msgspec.field(default_factory=dict)


def evolve(state: Load, event: LearnerEvent) -> Load:
    match event:
        case LearnerCommitted():
            state.committed[event.enrollment] = event.stay
        case LearnerFreed():
            state.committed.pop(event.enrollment, None)
        case _:
            assert_never(event)
    return state


LEARNER: Category[Load, LearnerEvent] = Category("learner", Load, evolve, Codec(LearnerEvent))


def over_limit(
    state: Load, limit: int, *, learner: str, enrollment: str, leaving: str | None = None
) -> ParallelLimitReached | None:
    """Why there is no room for one more, if there is none."""
    others = tuple(one for one in state.committed if one not in (enrollment, leaving))
    return ParallelLimitReached(learner, limit, others) if len(others) >= limit else None


def commit(
    state: Load,
    *,
    learner: str,
    enrollment: str,
    offering: str,
    stay: int,
    occurred_at: datetime,
) -> list[LearnerEvent]:
    if state.committed.get(enrollment) == stay:
        return []
    return [
        LearnerCommitted(
            learner=learner,
            enrollment=enrollment,
            offering=offering,
            stay=stay,
            occurred_at=occurred_at,
        )
    ]


def free(
    state: Load, *, learner: str, enrollment: str, stay: int, occurred_at: datetime
) -> list[LearnerEvent]:
    """That stay is over; a later one in the same offering goes on."""
    if state.committed.get(enrollment) != stay:
        return []
    return [LearnerFreed(learner=learner, enrollment=enrollment, occurred_at=occurred_at)]
