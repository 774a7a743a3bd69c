"""Who is at risk of not completing a course, and why: a rule, not a model of any person. Pure.

    inactive         nothing done for 7 days, in which most of the others did something
    behind_own_pace  something that counts is overdue for more than 3 days, by the own due dates
    behind_cohort    something that counts is not done, which three of four have done;
                     not in the first 7 days
    failed_twice     two failed attempts at what has not been passed since
    due_soon         something that counts is due within 3 days, and not done

Each reason carries the facts that make it, so that a person can check it, and disagree. One of them
suffices, but for `due_soon`: most of whom it is true hand in in time. The limits are those that
docs/concepts/at-risk.md measures.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec

INACTIVE = timedelta(days=7)
GRACE = timedelta(days=3)
SOON = timedelta(days=3)
FAILURES = 2
MOST_ARE_ACTIVE = 0.5  # more than
MOST_HAVE_DONE_IT = 0.75  # at least
# Of fewer, no share says anything: who is inactive is then judged alone, and nobody by the cohort.
SMALLEST_COHORT = 5
DAY = timedelta(days=1)


class Learning(msgspec.Struct, frozen=True, kw_only=True):
    """What one learner has done by a moment, in one enrollment.

    entered        when they came, or the offering began if that was later
    last_activity  None: nothing yet
    counting       the lessons of their plan that are required, or have a weight
    done           lessons handed in, completed or waived
    due            when each of the former that has a due date is due, by their own dates
    failed         how many attempts failed at each lesson that has not been passed since
    judged         is in, and has not completed; others are of the cohort only
    """

    enrollment: str
    learner: str
    entered: datetime
    last_activity: datetime | None = None
    counting: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()
    due: Mapping[str, datetime] = {}
    failed: Mapping[str, int] = {}
    judged: bool = True


class Inactive(msgspec.Struct, frozen=True, kw_only=True, tag="inactive", tag_field="reason"):
    """`days` are whole ones; `others_active` of `cohort` did something in the last 7 days."""

    days: int
    last_activity: datetime | None
    others_active: int
    cohort: int


class BehindOwnPace(
    msgspec.Struct, frozen=True, kw_only=True, tag="behind_own_pace", tag_field="reason"
):
    """`lesson` has been overdue longest, for so many whole days; `lessons` are overdue in all."""

    lesson: str
    due_at: datetime
    days: int
    lessons: int


class BehindCohort(
    msgspec.Struct, frozen=True, kw_only=True, tag="behind_cohort", tag_field="reason"
):
    """`lesson` is what most have done: `done_by` of `cohort`; `lessons` are like it in all."""

    lesson: str
    done_by: int
    cohort: int
    lessons: int


class FailedTwice(
    msgspec.Struct, frozen=True, kw_only=True, tag="failed_twice", tag_field="reason"
):
    """`attempts` failed at `lessons`, none of which has been passed since."""

    attempts: int
    lessons: tuple[str, ...]


class DueSoon(msgspec.Struct, frozen=True, kw_only=True, tag="due_soon", tag_field="reason"):
    """`lesson` is due first; `lessons` are due within 3 days in all."""

    lesson: str
    due_at: datetime
    lessons: int


Reason: TypeAlias = Inactive | BehindOwnPace | BehindCohort | FailedTwice | DueSoon


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """All who are in or have completed. `done_by`: how many of them, by lesson that counts."""

    learners: int
    active: int
    done_by: Mapping[str, int]


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """`at_risk`: of the reasons, one is more than that something is due soon."""

    enrollment: str
    learner: str
    last_activity: datetime | None
    at_risk: bool
    reasons: tuple[Reason, ...]


def judge(learners: Sequence[Learning], at: datetime, *, together: bool) -> list[Judgement]:
    """Everyone of one offering who is judged, with their reasons at this moment, in their order.

    `together`: they go at one pace. Else nobody is behind the others, who came at other times.
    """
    cohort = cohort_of(learners, at, together=together)
    return [judgement_of(one, cohort, at) for one in learners if one.judged]


def cohort_of(learners: Sequence[Learning], at: datetime, *, together: bool) -> Cohort:
    done = Counter(lesson for one in learners for lesson in one.done & one.counting)
    return Cohort(
        learners=len(learners),
        active=sum(_is_active(one, at) for one in learners),
        done_by=done if together else {},
    )


def judgement_of(one: Learning, cohort: Cohort, at: datetime) -> Judgement:
    found = (
        _inactive(one, cohort, at),
        _behind_own_pace(one, at),
        _behind_cohort(one, cohort, at),
        _failed_twice(one),
        _due_soon(one, at),
    )
    reasons = tuple(reason for reason in found if reason is not None)
    return Judgement(
        enrollment=one.enrollment,
        learner=one.learner,
        last_activity=one.last_activity,
        at_risk=any(not isinstance(reason, DueSoon) for reason in reasons),
        reasons=reasons,
    )


def _is_active(one: Learning, at: datetime) -> bool:
    return one.last_activity is not None and at - one.last_activity < INACTIVE


def _inactive(one: Learning, cohort: Cohort, at: datetime) -> Inactive | None:
    silent = at - max(one.entered, one.last_activity or one.entered)
    # In a break nobody does anything, and that is no sign.
    quiet = cohort.active <= MOST_ARE_ACTIVE * cohort.learners
    if silent < INACTIVE or (quiet and cohort.learners >= SMALLEST_COHORT):
        return None
    return Inactive(
        days=silent // DAY,
        last_activity=one.last_activity,
        others_active=cohort.active,
        cohort=cohort.learners,
    )


def _behind_own_pace(one: Learning, at: datetime) -> BehindOwnPace | None:
    overdue = _open(one, lambda due: at - due > GRACE)
    if not overdue:
        return None
    due_at, lesson = overdue[0]
    return BehindOwnPace(
        lesson=lesson, due_at=due_at, days=(at - due_at) // DAY, lessons=len(overdue)
    )


def _behind_cohort(one: Learning, cohort: Cohort, at: datetime) -> BehindCohort | None:
    if cohort.learners < SMALLEST_COHORT or at - one.entered < INACTIVE:
        return None
    most = MOST_HAVE_DONE_IT * cohort.learners
    missed = sorted(
        (-done_by, lesson)
        for lesson, done_by in cohort.done_by.items()
        if done_by >= most and lesson in one.counting and lesson not in one.done
    )
    if not missed:
        return None
    done_by, lesson = missed[0]
    return BehindCohort(
        lesson=lesson, done_by=-done_by, cohort=cohort.learners, lessons=len(missed)
    )


def _failed_twice(one: Learning) -> FailedTwice | None:
    attempts = sum(one.failed.values())
    if attempts < FAILURES:
        return None
    return FailedTwice(attempts=attempts, lessons=tuple(sorted(one.failed)))


def _due_soon(one: Learning, at: datetime) -> DueSoon | None:
    soon = _open(one, lambda due: at <= due <= at + SOON)
    if not soon:
        return None
    due_at, lesson = soon[0]
    return DueSoon(lesson=lesson, due_at=due_at, lessons=len(soon))


def _open(one: Learning, within: Callable[[datetime], bool]) -> list[tuple[datetime, str]]:
    """What is not done of what is due then, the earliest first."""
    return sorted(
        (due, lesson) for lesson, due in one.due.items() if lesson not in one.done and within(due)
    )
