"""Due dates, what comes off for being late, and deadlines that are reset."""

import asyncio
from datetime import timedelta
from math import inf

import pytest
from msgspec.structs import replace
from tests.progress.conftest import COURSE, ENROLLED, ENROLLMENT
from tests.progress.given import (
    OPENED,
    after,
    decided,
    lesson,
    live,
    opened,
    plan,
    reported,
    scored,
)

from milepost.contracts.courses import CoursePublished, LatePolicy, Lesson
from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.progress import (
    CourseCompleted,
    DeadlinesReset,
    LessonFailed,
    LessonPassed,
    ProgressOpened,
)
from milepost.contracts.rules.attempts import Attempt, due_at, effective
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.learning.scores import counting, scores
from milepost.progress.domain.state import PROGRESS
from milepost.progress.offering_starts import OfferingStarts
from milepost.progress.plan_cache import PlanCache

DAY = 24 * 60
TENTH = LatePolicy(percent_per_day=10)
HALF_AT_LEAST = LatePolicy(percent_per_day=30, floor=0.5)
HOURS_OF_GRACE = LatePolicy(percent_per_day=10, grace_hours=2)
WEEK = {"weight": 1, "due_day": 7}


@pytest.mark.parametrize(
    ("late", "minutes_late", "score"),
    [
        (TENTH, -inf, 0.8),
        (TENTH, 0, 0.8),
        (TENTH, 1 / 60, 0.72),
        (TENTH, DAY, 0.72),
        (TENTH, DAY + 1, 0.64),
        (TENTH, 9 * DAY, 0.08),
        (TENTH, 9 * DAY + 1, 0),
        (TENTH, 400 * DAY, 0),
        (HALF_AT_LEAST, 1, 0.56),
        (HALF_AT_LEAST, DAY + 1, 0.4),
        (HALF_AT_LEAST, 400 * DAY, 0.4),
        (HOURS_OF_GRACE, 120, 0.8),
        (HOURS_OF_GRACE, 121, 0.72),
        (HOURS_OF_GRACE, 120 + DAY, 0.72),
        (HOURS_OF_GRACE, 121 + DAY, 0.64),
        (LatePolicy(percent_per_day=100), 1, 0),
        (LatePolicy(percent_per_day=2.5), 3 * DAY, 0.74),
        (None, 400 * DAY, 0.8),
    ],
)
def test_a_score_loses_some_percent_for_each_day_that_has_begun(late, minutes_late, score):
    due = OPENED + timedelta(days=7)
    at = OPENED if minutes_late == -inf else due + timedelta(minutes=minutes_late)
    rule = lesson("quiz", due_day=7, late=late)
    assert due_at(rule, OPENED) == due
    assert effective(Attempt(at, "r", 0.8, 1), rule, due) == score


def test_a_lesson_without_a_due_day_is_never_late():
    rule = lesson("quiz", late=TENTH)
    assert due_at(rule, OPENED) is None
    assert effective(Attempt(OPENED + timedelta(days=999), "r", 0.8, 1), rule, None) == 0.8


@pytest.mark.parametrize(
    ("counts", "allowed", "score", "number"),
    [
        ("best", None, 0.7, 1),  # 0.9 four days late is worth 0.54
        ("best", 1, 0.7, 1),
        ("last", None, 0.54, 2),
        ("last", 1, 0.7, 1),
        ("first", None, 0.7, 1),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_attempt_that_counts_is_chosen_by_what_it_is_worth(
    counts, allowed, score, number, backwards
):
    rule = lesson("quiz", **WEEK, late=TENTH, counts=counts, attempts_allowed=allowed)
    rules = plan(rule, passing=1)
    sent = [scored("quiz", 0.7, at=6 * DAY), scored("quiz", 0.9, at=10 * DAY + 1)]
    state = live(rules, *([one] for one in (reversed(sent) if backwards else sent)))
    assert scores(state.lessons, rules, state.starts) == {"quiz": score}
    standing = state.lessons["quiz"]
    assert [one.score for one in standing.attempts][:1] == [0.7]
    assert counting(standing, rule, state.starts).at == sent[number - 1].occurred_at


def test_mastery_and_completion_judge_what_the_attempt_is_worth():
    rules = plan(lesson("quiz", **WEEK, late=TENTH, mastery_score=0.6), passing=0.6)
    late = [scored("quiz", 0.65, at=7 * DAY + 1), scored("quiz", 0.7, at=7 * DAY + 2)]
    events, _ = decided(opened(), rules, *late)
    verdicts = [(type(e), e.score) for e in events if isinstance(e, LessonPassed | LessonFailed)]
    assert verdicts == [(LessonFailed, 0.585), (LessonPassed, 0.63)]
    assert [e.grade for e in events if isinstance(e, CourseCompleted)] == [0.63]


def test_due_days_count_from_the_start_that_progress_was_opened_with():
    starts = OPENED + timedelta(days=30)
    opening = ProgressOpened(
        enrollment="e-1",
        learner="ada",
        offering="rust-2026",
        course="rust",
        version=3,
        starts=starts,
        occurred_at=OPENED,
    )
    rules = plan(lesson("quiz", **WEEK, late=TENTH), passing=1)
    state = after(PROGRESS.initial(), [opening])
    state, _ = reported(state, rules, scored("quiz", 0.9, at=36 * DAY))
    assert scores(state.lessons, rules, state.starts) == {"quiz": 0.9}
    moved = after(state, [DeadlinesReset(enrollment="e-1", starts=OPENED, occurred_at=OPENED)])
    assert scores(state.lessons, rules, moved.starts) == {"quiz": 0.0}


def test_a_plan_knows_what_may_be_late():
    late, own = LatePolicy(percent_per_day=5), LatePolicy(percent_per_day=50, floor=0.2)
    lessons = (
        Lesson(id="as-the-course", title="A", due_day=3),
        Lesson(id="its-own", title="B", due_day=3, late=own),
        Lesson(id="takes-nothing", title="C", due_day=3, late=LatePolicy(percent_per_day=0)),
        Lesson(id="never-due", title="D"),
        Lesson(id="absurd", title="E", due_day=10**12),
    )
    plan = pinned(
        CoursePublished(
            course="c",
            version=1,
            title="C",
            lessons=lessons,
            late=late,
            deadline_resets=2,
            occurred_at=OPENED,
        )
    )
    assert [rule.late for rule in plan.lessons.values()] == [late, own, None, None, late]
    assert (plan.has_due_dates, plan.deadline_resets) == (True, 2)
    assert due_at(plan.lessons["absurd"], OPENED) is None
    assert not pinned(COURSE).has_due_dates


EARLIER, LATER = OPENED - timedelta(days=9), OPENED + timedelta(days=9)
COHORT = OfferingOpened(
    offering="rust-2026", course="rust", version=3, pace="cohort", starts=LATER, occurred_at=EARLIER
)
DUE = replace(COURSE, lessons=(Lesson(id="quiz", title="Quiz", kind="quiz", due_day=7),))


@pytest.mark.parametrize(
    ("facts", "starts"),
    [
        ({}, LATER),
        ({"starts": EARLIER}, None),
        ({"starts": OPENED}, None),
        ({"starts": None}, None),
        ({"pace": "self_paced"}, None),
    ],
)
async def test_due_days_count_from_a_cohorts_start_but_not_from_before_the_enrollment(
    school, facts, starts
):
    await school.write(replace(COHORT, **facts))
    await school.begin(DUE)
    assert await opened_with(school) == starts


async def test_an_offering_is_read_once_for_all_who_enroll_and_only_where_something_is_due(school):
    await school.write(COHORT)
    await school.write(DUE)
    await school.write(replace(COURSE, version=4))
    log, read = school.transactor.log, []
    whole = log.read_stream

    async def watched(tenant, stream, after=0):
        read.append(stream)
        await asyncio.sleep(0)
        return await whole(tenant, stream, after)

    log.read_stream = watched
    starts = OfferingStarts(log, PlanCache(log))
    undue = replace(ENROLLED, version=4)
    assert await starts.of("north", undue) is None
    assert "offering-rust-2026" not in read
    together = await asyncio.gather(*(starts.of("north", ENROLLED) for _ in range(20)))
    assert together == [LATER] * 20
    assert read.count("offering-rust-2026") == 1


async def opened_with(school):
    _, state = await school.transactor.load("north", PROGRESS.of(ENROLLMENT))
    return state.opened.starts
