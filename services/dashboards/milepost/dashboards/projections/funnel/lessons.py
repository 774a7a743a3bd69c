"""What learners do at lessons, counted by offering and lesson, and how many each has done."""

from functools import lru_cache
from typing import TypeAlias

import msgspec

from milepost.contracts.courses import CoursePublished
from milepost.contracts.progress import (
    AttemptScored,
    DeadlinesReset,
    LessonCompleted,
    LessonStarted,
    PlanMigrated,
    ProgressCarriedOver,
    ScoreRevised,
)
from milepost.contracts.rules.attempts import Attempt
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.learning.plan import LessonRule, Plan
from milepost.dashboards.projections.funnel.lesson_work import (
    COMPLETED,
    DONE,
    EARNED,
    HANDED_IN,
    NOTHING,
    SCORE_BUCKETS,
    STARTED,
    LessonCount,
    LessonEvent,
    Work,
    Works,
    count_by,
    count_of,
    evolve_work,
    judge,
    read_works,
    take_over,
    write_works,
)
from milepost.dashboards.projections.funnel.stages import OUTSIDE, Member
from milepost.dashboards.projections.funnel.tables import (
    COURSE_PLANS,
    LESSONS,
    LessonRow,
    plan_key_in,
)
from milepost.events.projections.read_model import Rows

Moved: TypeAlias = PlanMigrated | DeadlinesReset | ProgressCarriedOver

BUCKETS = tuple(f"s{number}" for number in range(SCORE_BUCKETS))
A_PAGE = LessonRule(id="")

read_published = msgspec.json.Decoder(CoursePublished).decode


@lru_cache(maxsize=64)
def plan_in(text: str) -> Plan:
    return pinned(read_published(text))


def plan_of(rows: Rows, member: Member) -> Plan | None:
    """None while the version is not known here."""
    key = plan_key_in(member)
    row = rows.look_up(COURSE_PLANS, *key) if key else None
    return plan_in(row.plan) if row and row.plan else None


class Learning:
    """What follows each other of a learner's work: read out of their row once, and written once.

    Only what has come of it is counted: a lesson that is begun, tried and done meanwhile is one
    change. `completed` and `attempts`: how many of these events there were.
    """

    def __init__(self, rows: Rows, member: Member) -> None:
        self.completed = self.attempts = 0
        self._rows = rows
        self._member = member
        self._works = read_works(member.work)
        self._plan = plan_of(rows, member)
        # By lesson, as it was at first: all bits, and the attempts where they change.
        self._bits: dict[str, int] = {}
        self._tried: dict[str, tuple[Attempt, ...]] = {}

    def fold(self, event: LessonEvent) -> None:
        lesson, kind = event.lesson, type(event)
        work = self._works.get(lesson)
        if work is None:
            work = self._works[lesson] = Work()
        if lesson not in self._bits:
            self._bits[lesson] = work.bits
        if kind is LessonStarted:
            self._member.started = True
            work.bits |= STARTED
        elif kind is LessonCompleted:
            self.completed += 1
            work.bits |= COMPLETED
        else:
            self.attempts += kind is AttemptScored
            if (kind is AttemptScored or kind is ScoreRevised) and lesson not in self._tried:
                self._tried[lesson] = work.attempts
            evolve_work(work, event)

    def close(self) -> None:
        """How many lessons are done, and the work, stands in the row then."""
        member, plan = self._member, self._plan
        for lesson, bits in self._bits.items():
            work, rule = self._works[lesson], _rule_in(plan, lesson)
            judge(work, rule)
            if (bits ^ work.bits) & DONE and (plan is None or lesson in plan.lessons):
                member.lessons_done += 1 if work.bits & DONE else -1
            if member.stage != OUTSIDE:
                self._count(lesson, bits, work, rule)
        member.work = write_works(self._works)

    def _count(self, lesson: str, bits: int, work: Work, rule: LessonRule) -> None:
        member, tried = self._member, self._tried.get(lesson)
        if tried is not None:
            before = count_by(bits, tried, rule, member.starts)
            _count(self._rows, member, lesson, before, count_of(work, rule, member.starts))
        elif (bits ^ work.bits) & (STARTED | DONE):
            _count_bits(self._rows.of(LESSONS, member.offering, lesson), bits, work.bits)


def fold_moved(rows: Rows, member: Member, event: Moved) -> None:
    """What may change many lessons at once, or the rules that they are judged by."""
    works, plan = read_works(member.work), plan_of(rows, member)
    before = _counts(works, plan, member)
    match event:
        case PlanMigrated():
            member.version = event.version if event.course else member.version
            plan = plan_of(rows, member)
            _migrate(works, event)
        case DeadlinesReset():
            member.starts = event.starts
        case ProgressCarriedOver():
            for brought in event.lessons:
                take_over(works.setdefault(brought.lesson, Work()), brought)
                member.started |= brought.started_at is not None
    _judge_all(works, plan, member)
    if member.stage != OUTSIDE:
        after = _counts(works, plan, member)
        for lesson in before.keys() | after.keys():
            _count(rows, member, lesson, before.get(lesson, NOTHING), after.get(lesson, NOTHING))


def move_lessons(rows: Rows, member: Member, sign: int) -> None:
    """All that they have done counts from now on, or does no more."""
    counts = _counts(read_works(member.work), plan_of(rows, member), member)
    for lesson, count in counts.items():
        old, new = (NOTHING, count) if sign > 0 else (count, NOTHING)
        _count(rows, member, lesson, old, new)


def _migrate(works: Works, event: PlanMigrated) -> None:
    for work in works.values():
        work.bits &= ~HANDED_IN
    for names, bit in ((event.earned, EARNED), (event.handed_in, HANDED_IN)):
        for lesson in names:
            works.setdefault(lesson, Work()).bits |= bit


def _judge_all(works: Works, plan: Plan | None, member: Member) -> None:
    for lesson, work in works.items():
        judge(work, _rule_in(plan, lesson))
    member.work = write_works(works)
    member.lessons_done = sum(
        bool(work.bits & DONE) and (plan is None or lesson in plan.lessons)
        for lesson, work in works.items()
    )
    member.lessons = len(plan.lessons) if plan else 0


def _counts(works: Works, plan: Plan | None, member: Member) -> dict[str, LessonCount]:
    return {
        lesson: count_of(work, _rule_in(plan, lesson), member.starts)
        for lesson, work in works.items()
    }


def _rule_in(plan: Plan | None, lesson: str) -> LessonRule:
    """Of a lesson that is not in the plan, a page's."""
    rule = plan.lessons.get(lesson) if plan else None
    return rule or A_PAGE


def _count(
    rows: Rows, member: Member, lesson: str, before: LessonCount, after: LessonCount
) -> None:
    row = rows.of(LESSONS, member.offering, lesson)
    row.started += after.started - before.started
    row.done += after.done - before.done
    row.unfinished += (after.started and not after.done) - (before.started and not before.done)
    if before.bucket is not None:
        _add(row, before.bucket, before.score_units, -1)
    if after.bucket is not None:
        _add(row, after.bucket, after.score_units, 1)


def _count_bits(row: LessonRow, before: int, after: int) -> None:
    """Where the score is the same."""
    row.started += (after & STARTED) - (before & STARTED)
    row.done += (after & DONE > 0) - (before & DONE > 0)
    begun = STARTED | DONE
    row.unfinished += (after & begun == STARTED) - (before & begun == STARTED)


def _add(row: LessonRow, bucket: int, score_units: int, sign: int) -> None:
    row.scored += sign
    row.score_units += sign * score_units
    name = BUCKETS[bucket]
    setattr(row, name, getattr(row, name) + sign)
