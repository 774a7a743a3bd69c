"""What learners do at lessons, counted by offering and lesson, and how many each has done."""

from functools import lru_cache
from typing import TypeAlias

import msgspec

from milepost.contracts.courses import CoursePublished
from milepost.contracts.progress import (
    AttemptScored,
    DeadlinesReset,
    PlanMigrated,
    ProgressCarriedOver,
    ScoreRevised,
)
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.learning.plan import LessonRule, Plan
from milepost.dashboards.projections.funnel.lesson_work import (
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
OPENED_AT_ONCE = 5_000  # some 4 kB each

read_published = msgspec.json.Decoder(CoursePublished).decode


@lru_cache(maxsize=64)
def plan_in(text: str) -> Plan:
    return pinned(read_published(text))


def plan_of(rows: Rows, member: Member) -> Plan | None:
    """None while the version is not known here."""
    key = plan_key_in(member)
    row = rows.look_up(COURSE_PLANS, *key) if key else None
    return plan_in(row.plan) if row and row.plan else None


def fold_lesson(rows: Rows, member: Member, event: LessonEvent) -> None:
    works = _opened(rows, member)
    work = works.get(event.lesson)
    if work is None:
        work = works[event.lesson] = Work()
    plan = plan_of(rows, member)
    rule, bits = _rule_in(plan, event.lesson), work.bits
    # After any other event the score that counts is the same.
    scored = type(event) is AttemptScored or type(event) is ScoreRevised
    before = count_of(work, rule, member.starts) if scored else NOTHING
    attempts = evolve_work(work, event)
    judge(work, rule)
    _write(rows, member, works)
    changed = (bits ^ work.bits) & (STARTED | DONE)
    if changed & DONE and (plan is None or event.lesson in plan.lessons):
        member.lessons_done += 1 if work.bits & DONE else -1
    if member.stage == OUTSIDE:
        return
    if attempts is not None:
        after = count_by(work.bits, attempts, rule, member.starts)
        _count(rows, member, event.lesson, before, after)
    elif changed:
        _count_bits(rows.of(LESSONS, member.offering, event.lesson), bits, work.bits)


def _opened(rows: Rows, member: Member) -> Works:
    """To be changed, and written then: what fails half way is read again."""
    text, works = rows.opened.pop(member.enrollment, ("", {}))
    return works if text is member.work else read_works(member.work)


def _write(rows: Rows, member: Member, works: Works) -> None:
    member.work = write_works(works)
    if len(rows.opened) >= OPENED_AT_ONCE:
        rows.opened.clear()
    rows.opened[member.enrollment] = (member.work, works)


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
