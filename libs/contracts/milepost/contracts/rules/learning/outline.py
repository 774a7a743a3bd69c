"""The lessons of a plan as they stand for one learner: done, begun, open, locked by what. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import chain
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from milepost.contracts.courses import MAX_ATTEMPTS
from milepost.contracts.rules.attempts import due_at
from milepost.contracts.rules.learning.lesson_state import LessonState
from milepost.contracts.rules.learning.percent import percent
from milepost.contracts.rules.learning.plan import LessonRule, Plan, lesson_satisfied
from milepost.contracts.rules.learning.progress import Progress, satisfying
from milepost.contracts.rules.learning.scores import counting

Status: TypeAlias = Literal["locked", "open", "started", "done"]
Standing: TypeAlias = tuple[Status, tuple[str, ...]]


class LessonView(msgspec.Struct, frozen=True, kw_only=True):
    """`missing` are the lessons that lock this one, `unlocks` how many wait for this one.

    `progress` and `score` are 0 to 1; `score` is that of the attempt that counts. `attempts_left`
    is None without a limit. `overdue`: it was due and is not done. `resume_position`: where the
    learner left off, as the player said it. `waived`: staff excused the learner, so it is done.
    """

    id: str
    title: str
    kind: str
    required: bool
    weight: float
    status: Status
    missing: tuple[str, ...] = ()
    unlocks: int = 0
    waived: bool = False
    due_at: datetime | None = None
    overdue: bool = False
    progress: float = 0.0
    started_at: datetime | None = None
    completed_at: datetime | None = None
    resume_position: str | None = None
    seconds_spent: float = 0.0
    clicks: int = 0
    attempts: int = 0
    attempts_left: int | None = None
    score: float | None = None
    passed: bool | None = None


def outline(state: Progress, plan: Plan, at: datetime) -> list[LessonView]:
    """In the plan's order, as it stands at `at`. Costs as much as there are prerequisites."""
    completed, passed = satisfying(state)
    rules = plan.lessons.values()
    # Once for all: thousands of lessons may each have a hundred that come first.
    satisfied = {rule.id for rule in rules if lesson_satisfied(rule, completed, passed)}
    standings = {rule.id: _standing(state, satisfied, completed, rule) for rule in rules}
    waiting = Counter(chain.from_iterable(missing for _, missing in standings.values()))
    return [_lesson(state, rule, standings[rule.id], waiting, at) for rule in rules]


def is_demanded(lesson: LessonView, plan: Plan) -> bool:
    """Whether the course cannot be completed without it, by itself."""
    return lesson.required and plan.lessons[lesson.id].move_on != "NotApplicable"


def percent_done(lessons: Sequence[LessonView]) -> float:
    """Of these lessons, each counting the same."""
    return percent(sum(lesson.status == "done" for lesson in lessons), len(lessons))


def _standing(
    state: Progress,
    satisfied: AbstractSet[str],
    completed: AbstractSet[str],
    rule: LessonRule,
) -> Standing:
    # A lesson that nothing is asked of is done when it was completed all the same.
    if rule.id in (completed if rule.move_on == "NotApplicable" else satisfied):
        return "done", ()
    if rule.id in state.lessons:
        return "started", ()
    missing = tuple(one for one in rule.prerequisites if one not in satisfied)
    return ("locked", missing) if missing else ("open", ())


def _lesson(
    state: Progress,
    rule: LessonRule,
    standing: Standing,
    waiting: Mapping[str, int],
    at: datetime,
) -> LessonView:
    status, missing = standing
    due = due_at(rule, state.starts)
    view = LessonView(
        id=rule.id,
        title=rule.title,
        kind=rule.kind,
        required=rule.required,
        weight=rule.weight,
        status=status,
        missing=missing,
        unlocks=waiting.get(rule.id, 0),
        waived=rule.id in state.waived,
        due_at=due,
        overdue=due is not None and due < at and status != "done",
        attempts_left=rule.attempts_allowed,
    )
    known = state.lessons.get(rule.id)
    return _with_known(view, known, rule, state.starts) if known else view


def _with_known(
    view: LessonView, known: LessonState, rule: LessonRule, starts: datetime | None
) -> LessonView:
    return replace(
        view,
        progress=1.0 if known.completed_at else known.progress,
        started_at=known.started_at,
        completed_at=known.completed_at,
        resume_position=known.bookmark.position if known.bookmark else None,
        seconds_spent=known.milliseconds / 1000,
        clicks=known.clicks,
        attempts=known.tries,
        attempts_left=_attempts_left(known, rule),
        score=counting(known, rule, starts).score if known.attempts else None,
        passed=known.passed,
    )


def _attempts_left(known: LessonState, rule: LessonRule) -> int | None:
    had = len(known.attempts)
    if rule.attempts_allowed is None:
        return None if had < MAX_ATTEMPTS else 0
    return max(0, min(rule.attempts_allowed, MAX_ATTEMPTS) - had)
