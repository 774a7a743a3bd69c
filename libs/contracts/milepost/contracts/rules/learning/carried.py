"""What came over from other runs of the course, by the enrollment it was done in. Pure.

A ledger per origin makes it safe to carry the same work twice, or on a way back: what an origin has
already brought is known, so only what is more counts.

    own work of A ──▶ B: {A}        A's work is A's, wherever it goes
    B goes on in C ──▶ C: {A, B}    both, each under its own name
    C goes back to A ─▶ A: {B, C}   its own work stays out
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace

from milepost.contracts.progress import CarriedAttempt, CarriedBookmark, CarriedLesson


class CarriedFrom(msgspec.Struct, frozen=True):
    """All that one origin has brought, up to the version `since` of its stream."""

    since: int = 0
    lessons: Mapping[str, CarriedLesson] = {}


NOTHING = CarriedFrom()


def united(before: CarriedLesson | None, new: CarriedLesson) -> CarriedLesson:
    """Both together; of one attempt the newer score."""
    if before is None:
        return new
    attempts = {one.report: one for one in (*before.attempts, *new.attempts)}
    return CarriedLesson(
        lesson=new.lesson,
        started_at=_earlier(before.started_at, new.started_at),
        completed_at=_earlier(before.completed_at, new.completed_at),
        progress=max(before.progress, new.progress),
        milliseconds=max(before.milliseconds, new.milliseconds),
        clicks=max(before.clicks, new.clicks),
        bookmark=_later(before.bookmark, new.bookmark),
        attempts=tuple(sorted(attempts.values(), key=_order)),
        done=before.done or new.done,
        waived=before.waived or new.waived,
    )


def news(before: CarriedLesson | None, now: CarriedLesson) -> CarriedLesson | None:
    """What `now` adds to what was brought before; None: nothing."""
    if before is None:
        return now
    after = united(before, now)
    if after == before:
        return None
    known = set(before.attempts)
    return replace(after, attempts=tuple(one for one in now.attempts if one not in known))


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at), default=None)


def _later(one: CarriedBookmark | None, other: CarriedBookmark | None) -> CarriedBookmark | None:
    return max((mark for mark in (one, other) if mark), default=None)


def _order(attempt: CarriedAttempt) -> tuple[datetime, str]:
    return attempt.at, attempt.report
