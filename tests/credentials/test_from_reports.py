"""From what devices report to the credential: the same whatever arrives first, and whatever later.

Progress, enrollment and credentials as they are wired, on a log in memory; the policies answer
after each report.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import permutations
from typing import Any

import msgspec
import pytest
from tests.credentials.scenes import explained
from tests.enrollment.given import lesson, minute, opened, published

from milepost.contracts.achievements import (
    CoursePassed,
    Criterion,
    HoursLearned,
    LessonScored,
    SkillShown,
)
from milepost.contracts.courses import CoursePublished, PassingRule, Skill
from milepost.contracts.enrollments import EnrollmentModeChanged
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.learning.progress import Progress
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.app import course_policy, lesson_policy
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.achievements.define import define
from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.records.awards import RECORD, award_by_history, award_if_earned
from milepost.credentials.domain.records.record import Record
from milepost.credentials.learning import Learning
from milepost.enrollment.app import policies as enrollment_policies
from milepost.enrollment.commands.enroll import enroll_learner
from milepost.enrollment.domain.course.course import COURSE
from milepost.enrollment.domain.course.plan_warnings import plan_warnings
from milepost.enrollment.domain.enrollment.admission import AdmissionRequest
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT, Enrollment
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.events.commands.transact import Transactor
from milepost.events.policies.reactions import run_to_quiescence
from milepost.events.store.memory import MemoryLog
from milepost.progress.app import policy as progress_policy
from milepost.progress.domain.course_grade import revoke_course
from milepost.progress.domain.decisions import report
from milepost.progress.domain.reports import Completed, Report, Scored
from milepost.progress.domain.staff_decisions import revise_score
from milepost.progress.domain.state import PROGRESS
from milepost.progress.plan_cache import PlanCache

TENANT = "t"
QUIZ = lesson("quiz", kind="quiz", weight=1.0)
GRADED = published(lessons=(QUIZ,), passing_rule=PassingRule(passing_grade=0.6))
LAST = published(
    lessons=(lesson("quiz", kind="quiz", weight=1.0, counts="last"),),
    passing_rule=PassingRule(passing_grade=0.6),
)
UNGRADED = published(lessons=(lesson("a"), lesson("q", kind="quiz")), passing_rule=PassingRule())
NO_PASSING_GRADE = published(lessons=(QUIZ,), passing_rule=PassingRule())
OPTIONAL = published(
    lessons=tuple(lesson(name, required=False) for name in "abc"), passing_rule=PassingRule()
)


def scored(number: int, score: float, at: int) -> Scored:
    return Scored(id=f"r{number}", lesson="quiz", score=score, occurred_at=minute(at))


def done(number: int, name: str) -> Completed:
    return Completed(id=f"r{number}", lesson=name, occurred_at=minute(number))


class School:
    """One learner in one offering of this course; `pass` and `distinction` can be earned."""

    def __init__(self, course: CoursePublished) -> None:
        self.course, self.plan = course, pinned(course)
        log = MemoryLog()
        self.transactor, self.achievements = Transactor(log), AchievementCache(log)
        self.learning = Learning(log)
        self.policies = (
            *enrollment_policies(log),
            progress_policy(log, PlanCache(log)),
            course_policy(self.achievements, self.learning),
            lesson_policy(self.achievements, self.learning),
        )
        self.request = AdmissionRequest(offering="spring", learner="amy", occurred_at=minute(0))

    async def open(self) -> None:
        await self.define("pass", 0.0)
        await self.define("distinction", 0.9)
        await self.happens(COURSE.of(self.course.course), lambda _: [self.course])
        await self.happens(OFFERING.of("spring"), lambda _: [opened()])
        outcome = await enroll_learner(self.transactor, TENANT, self.request)
        await run_to_quiescence(self.transactor, self.policies, outcome.events)

    async def define(self, name: str, least: float) -> None:
        await self.asks(name, CoursePassed(course=self.course.course, min_grade=least))

    async def asks(self, name: str, criteria: Criterion) -> None:
        definition = Definition(name=name, criteria=criteria)
        (event,) = define(None, name, definition, catalog_of(()), minute(0))
        await self.happens(ACHIEVEMENT.of(name), lambda _: [event])

    async def happens(self, stream: Any, decide: Any) -> None:
        outcome = await self.transactor.transact(TENANT, stream, decide)
        await run_to_quiescence(self.transactor, self.policies, outcome.events)

    async def learns(self, decide: Any) -> None:
        await self.happens(PROGRESS.of(self.request.enrollment), decide)

    async def reports(self, *reports: Report) -> None:
        for one in reports:
            await self.learns(lambda state, one=one: report(state, self.plan, [one]))

    async def revise(self, attempt: int, score: float) -> None:
        facts: dict[str, Any] = {"lesson": "quiz", "attempt": attempt, "score": score}
        await self.learns(
            lambda state: revise_score(state, self.plan, reason="error", at=minute(50), **facts)
        )

    async def revoke(self) -> None:
        await self.learns(
            lambda state: list(revoke_course(state, self.plan, "misconduct", minute(60)))
        )

    async def now(self) -> tuple[Record, Enrollment, Progress]:
        enrollment = self.request.enrollment
        _, record = await self.transactor.load(TENANT, RECORD.of("amy"))
        _, entry = await self.transactor.load(TENANT, ENROLLMENT.of(enrollment))
        _, progress = await self.transactor.load(TENANT, PROGRESS.of(enrollment))
        return record, entry, progress


async def stands(school: School) -> tuple[Any, ...]:
    """Grades of record, enrollment and progress, which are one; what is held, what is in doubt."""
    record, entry, progress = await school.now()
    grades = {one.result.grade for one in record.results.values()}
    assert grades <= {entry.grade}
    assert entry.grade == progress.grade
    flagged = {name for name, one in record.active.items() if one.flag}
    return entry.state, entry.grade, set(record.active), flagged


async def after(course: CoursePublished, reports: Sequence[Report]) -> tuple[Any, ...]:
    school = School(course)
    await school.open()
    await school.reports(*reports)
    return await stands(school)


BOTH = {"pass", "distinction"}


@pytest.mark.parametrize(
    "reports",
    [
        [scored(0, 0.65, 1), scored(1, 0.95, 2)],
        [scored(0, 0.95, 1), scored(1, 0.65, 2)],
        [scored(0, 0.65, 1), scored(1, 0.95, 1)],
        [scored(1, 0.95, 1), scored(0, 0.65, 1)],
    ],
    ids=["amy", "ben", "cat", "dan"],
)
def test_a_better_attempt_counts_whenever_it_is_heard(reports):
    assert asyncio.run(after(GRADED, reports)) == ("completed", 0.95, BOTH, set())


def test_three_devices_in_any_order_come_to_the_same_credentials():
    attempts = [scored(0, 0.65, 1), scored(1, 0.95, 2), scored(2, 0.7, 3)]
    for order in permutations(attempts):
        assert asyncio.run(after(GRADED, order)) == ("completed", 0.95, BOTH, set())


def test_where_the_last_attempt_counts_a_fall_is_flagged_and_mended_in_any_order():
    high, low, mended = scored(0, 0.95, 1), scored(1, 0.1, 2), scored(2, 0.95, 3)
    for order in permutations([high, low]):
        assert asyncio.run(after(LAST, order)) == ("completed", 0.1, BOTH, BOTH)
    for order in permutations([high, low, mended]):
        assert asyncio.run(after(LAST, order)) == ("completed", 0.95, BOTH, set())


@pytest.mark.parametrize(
    "reports",
    [
        [done(1, "a"), done(2, "q")],
        [done(1, "a"), Scored(id="r2", lesson="q", score=0.1, occurred_at=minute(2))],
    ],
    ids=["never_taken", "failed"],
)
def test_a_course_that_grades_nothing_gives_no_grade_and_no_distinction(reports):
    async def play():
        school = School(UNGRADED)
        await school.open()
        await school.reports(*reports)
        record, *_ = await school.now()
        asked = explained(CoursePassed(course="DATA-101", min_grade=0.9), record)
        return await stands(school), (asked.holds, asked.grade)

    stood, asked = asyncio.run(play())
    assert stood == ("completed", None, {"pass"}, set())
    assert asked == (False, None)


@pytest.mark.parametrize(
    ("course", "reports", "grade"),
    [(NO_PASSING_GRADE, [scored(1, 0.0, 1)], 0.0), (OPTIONAL, [done(1, "a")], None)],
    ids=["every_score_passes", "nothing_required"],
)
def test_a_plan_that_lets_everybody_pass_does_what_it_says_and_is_warned_of(course, reports, grade):
    assert asyncio.run(after(course, reports)) == ("completed", grade, {"pass"}, set())
    assert plan_warnings(course.lessons, course.passing_rule, course.late) != ()


def test_a_revised_score_is_followed_down_and_up_and_a_revocation_to_the_end():
    async def play():
        school = School(GRADED)
        await school.open()
        await school.reports(scored(0, 0.95, 1))
        seen = [await stands(school)]
        for score in (0.7, 0.2, 0.95):
            await school.revise(1, score)
            seen.append(await stands(school))
        await school.revoke()
        record, *_ = await school.now()
        return [*seen, await stands(school), record.results]

    *seen, results = asyncio.run(play())
    assert seen == [
        ("completed", 0.95, BOTH, set()),
        ("completed", 0.7, BOTH, {"distinction"}),
        ("completed", 0.2, BOTH, BOTH),
        ("completed", 0.95, BOTH, set()),
        ("active", None, BOTH, BOTH),
    ]
    assert results == {}


def test_a_fall_that_is_heard_late_flags_what_was_defined_and_awarded_meanwhile():
    """By another process, after this one had read the achievements up to the fall."""

    async def play():
        school = School(GRADED)
        await school.open()
        await school.reports(scored(0, 0.95, 1))
        facts: dict[str, Any] = {"lesson": "quiz", "attempt": 1, "score": 0.2, "reason": "error"}
        fell = await school.transactor.transact(
            TENANT,
            PROGRESS.of(school.request.enrollment),
            lambda state: revise_score(state, school.plan, at=minute(50), **facts),
        )
        await school.achievements.up_to(TENANT, fell.position)
        await school.define("badge", 0.5)
        elsewhere = await AchievementCache(school.transactor.log).latest(TENANT)
        award = partial(award_if_earned, catalog=elsewhere, learner="amy", achievement="badge")
        await school.transactor.transact(
            TENANT, RECORD.of("amy"), lambda record: award(record, at=minute(51))
        )
        await run_to_quiescence(school.transactor, school.policies, fell.events)
        return await stands(school)

    everything = {*BOTH, "badge"}
    assert asyncio.run(play()) == ("completed", 0.2, everything, everything)


SQL = Skill(name="SQL", url="https://example.org/sql")
TAUGHT = msgspec.structs.replace(LAST, skills=(SQL,), workload_hours=40.0)


async def test_a_completion_is_noted_with_mode_hours_and_skills():
    school = School(TAUGHT)
    await school.open()
    await school.asks("verified", CoursePassed(course="DATA-101", mode="verified"))
    await school.asks("audited", CoursePassed(course="DATA-101", mode="audit"))
    await school.asks("week", HoursLearned(hours=40))
    await school.asks("sql", SkillShown(skill=SQL.url, min_grade=0.8))
    await school.reports(scored(1, 0.7, 1))
    record, *_ = await school.now()
    assert record.active.keys() == {"pass", "audited", "week"}
    await school.reports(scored(2, 0.8, 2))
    record, *_ = await school.now()
    assert record.active.keys() == {"pass", "audited", "week", "sql"}


async def test_a_lesson_score_is_noted_where_criteria_ask_for_it():
    school = School(LAST)
    await school.open()
    await school.asks("other", LessonScored(course="DATA-101", lesson="exam", min_score=0.5))
    await school.reports(scored(1, 0.3, 1))
    record, *_ = await school.now()
    assert record.lessons == {}
    await school.asks("quiz", LessonScored(course="DATA-101", lesson="quiz", min_score=0.5))
    await school.reports(scored(2, 0.5, 2))
    record, *_ = await school.now()
    assert record.active.keys() == {"quiz"}
    [history] = record.lessons["DATA-101", "quiz"].values()
    assert (history.score, [one.grade for one in history.reached]) == (0.5, [0.3, 0.5])
    await school.revise(2, 0.4)
    record, *_ = await school.now()
    flag = record.active["quiz"].flag
    assert flag is not None
    assert flag.reason == "score_fell"


async def test_a_completion_brings_the_scores_of_lessons_that_were_asked_for_later():
    school = School(GRADED)
    await school.open()
    await school.reports(scored(1, 0.9, 1))
    await school.asks("quiz", LessonScored(course="DATA-101", lesson="quiz", min_score=0.5))
    assert (await school.now())[0].active.keys() == {"pass", "distinction"}
    await school.revise(1, 0.8)
    assert (await school.now())[0].active.keys() == {"pass", "distinction", "quiz"}


async def test_all_facts_of_an_enrollment_are_what_was_noted_as_they_came():
    school = School(TAUGHT)
    await school.open()
    await school.asks("quiz", LessonScored(course="DATA-101", lesson="quiz", min_score=0.5))
    await school.reports(scored(1, 0.7, 1), scored(2, 0.9, 3), scored(3, 0.4, 2))
    await school.revise(2, 0.5)
    await school.revoke()
    record, *_ = await school.now()
    head = (await school.transactor.log.heads())[TENANT]
    enrollments = await school.learning.enrollments(TENANT, head, of={"amy"})
    assert enrollments == {"amy": [school.request.enrollment]}
    catalog = await school.achievements.latest(TENANT)
    [enrollment] = enrollments["amy"]
    facts = await school.learning.all_of(TENANT, enrollment, head, catalog.lessons)
    told = RECORD.initial()
    for fact in facts:
        assert record.knows(fact)
        RECORD.evolve(told, fact)
    assert (told.results, told.histories, told.lessons) == (
        record.results,
        record.histories,
        record.lessons,
    )


async def test_the_mode_is_that_of_the_moment_not_of_the_report():
    school = School(GRADED)
    await school.open()
    await school.asks("audited", CoursePassed(course="DATA-101", mode="audit"))
    enrollment = school.request.enrollment
    upgraded = EnrollmentModeChanged(
        enrollment=enrollment,
        learner="amy",
        offering="spring",
        mode="verified",
        occurred_at=minute(30),
    )
    await school.happens(ENROLLMENT.of(enrollment), lambda _: [upgraded])
    await school.reports(scored(1, 0.7, 10))
    record, *_ = await school.now()
    assert record.results["DATA-101"].result.mode == "audit"
    assert record.active.keys() == {"pass", "audited"}


async def test_history_is_applied_to_what_was_defined_late():
    school = School(TAUGHT)
    await school.open()
    await school.reports(scored(1, 0.7, 1))
    await school.asks("quiz", LessonScored(course="DATA-101", lesson="quiz", min_score=0.5))
    record, *_ = await school.now()
    head = (await school.transactor.log.heads())[TENANT]
    catalog = await school.achievements.latest(TENANT)
    facts = await school.learning.of_record(TENANT, record, head, catalog.lessons)
    facts_given: dict[str, Any] = {
        "catalog": catalog,
        "learner": "amy",
        "achievement": "quiz",
        "facts": facts,
    }
    applied: Any = partial(award_by_history, at=minute(90), **facts_given)
    await school.happens(RECORD.of("amy"), applied)
    record, *_ = await school.now()
    assert record.active["quiz"].valid_from == minute(1)
    assert applied(record) == []
