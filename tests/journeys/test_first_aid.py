"""First aid, valid for one year: passed, expired, asked for in vain, passed again, renewed."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from milepost.contracts.achievements import AchievementDefined, CoursePassed
from milepost.contracts.courses import CoursePublished, Lesson, PassingRule
from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.prerequisites import AchievementHeld
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.app import course_policy
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.records.credential import status
from milepost.credentials.domain.records.renewal import renew
from milepost.credentials.learning import Learning
from milepost.credentials.timers import timers
from milepost.enrollment.app import policies as enrollment_policies
from milepost.enrollment.commands.enroll import enroll_learner
from milepost.enrollment.domain.course.course import COURSE
from milepost.enrollment.domain.enrollment.admission import AdmissionRequest
from milepost.enrollment.domain.enrollment.refusals import PrerequisitesMissing
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.events.commands.transact import Transactor
from milepost.events.policies.reactions import run_to_quiescence
from milepost.events.policies.timers import TimerRunner
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.progress.app import policy as progress_policy
from milepost.progress.domain.decisions import report
from milepost.progress.domain.reports import Scored
from milepost.progress.domain.state import PROGRESS
from milepost.progress.plan_cache import PlanCache

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
YEAR = 365


def day(number):
    return START + timedelta(days=number)


def course(code):
    return CoursePublished(
        course=code,
        version=1,
        title=code,
        lessons=(Lesson(id="exam", title="Exam", kind="quiz", weight=1.0),),
        passing_rule=PassingRule(passing_grade=0.5),
        occurred_at=START,
    )


class School:
    """On a real log, with the policies of all services; its clock stands at `now` (days)."""

    def __init__(self, pool, tenant):
        self.pool, self.tenant, self.now = pool, tenant, 0
        log = PostgresLog(pool)
        self.transactor, self.achievements = Transactor(log), AchievementCache(log)
        self.policies = (
            *enrollment_policies(log),
            progress_policy(log, PlanCache(log)),
            course_policy(self.achievements, Learning(log)),
        )

    async def happens(self, stream, decide):
        outcome = await self.transactor.transact(self.tenant, stream, decide)
        await run_to_quiescence(self.transactor, self.policies, outcome.events)

    async def publish(self, code, *runs, prerequisites=()):
        await self.happens(COURSE.of(code), lambda _: [course(code)])
        for run in runs:
            opened = OfferingOpened(
                offering=run,
                course=code,
                version=1,
                prerequisites=prerequisites,
                occurred_at=START,
            )
            await self.happens(OFFERING.of(run), lambda _, opened=opened: [opened])

    async def enroll(self, run):
        request = AdmissionRequest(offering=run, learner="eve", occurred_at=day(self.now))
        outcome = await enroll_learner(self.transactor, self.tenant, request)
        await run_to_quiescence(self.transactor, self.policies, outcome.events)
        return request.enrollment

    async def passes(self, run):
        stream, plan = PROGRESS.of(await self.enroll(run)), pinned(course("fa-1"))
        one = Scored(id=run, lesson="exam", score=1.0, occurred_at=day(self.now))
        await self.happens(stream, lambda state: report(state, plan, [one]))

    async def comes(self, number):
        """That day, and whatever goes off until then."""
        self.now = number
        for timer in timers(self.achievements):
            runner = TimerRunner(timer, self.transactor, self.pool, clock=lambda: day(self.now))
            await runner.turn()

    async def record(self):
        return (await self.transactor.load(self.tenant, RECORD.of("eve")))[1]

    async def statuses(self):
        record = await self.record()
        return [status(one, day(self.now)) for one in record.credentials.values()]


@pytest.fixture
async def school(postgres, tenant):
    pool = await connect_pool(postgres, name="test", size=4)
    school = School(pool, tenant)
    yield school
    await school.transactor.close()
    await pool.close()


async def test_it_lasts_a_year_and_is_earned_again(school):
    await school.publish("fa-1", "march", "next-march", "autumn")
    needs = (AchievementHeld(achievement="first-aid"),)
    await school.publish("fa-2", "instructors", prerequisites=needs)
    first_aid = AchievementDefined(
        achievement="first-aid",
        version=1,
        name="First aid",
        criteria=CoursePassed(course="fa-1"),
        validity_days=YEAR,
        renewal_days=60,
        occurred_at=START,
    )
    await school.happens(ACHIEVEMENT.of("first-aid"), lambda _: [first_aid])

    await school.passes("march")
    await school.comes(YEAR - 1)
    assert await school.statuses() == ["active"]

    await school.comes(YEAR + 1)
    assert await school.statuses() == ["expired"]
    with pytest.raises(PrerequisitesMissing):
        await school.enroll("instructors")

    await school.passes("next-march")
    assert await school.statuses() == ["expired", "active"]
    await school.enroll("instructors")

    # Passed again within the window: the same credential lasts another year.
    await school.comes(2 * YEAR - 30)
    await school.passes("autumn")
    await school.comes(2 * YEAR + 10)
    assert await school.statuses() == ["expired", "active"]
    await school.comes(3 * YEAR + 10)
    assert await school.statuses() == ["expired", "expired"]

    first, second = (await school.record()).credentials.values()
    by_ivy = partial(renew, learner="eve", reason="refresher", renewed_by="ivy")
    catalog = await school.achievements.latest(school.tenant)
    await school.happens(
        RECORD.of("eve"),
        lambda record: by_ivy(record, catalog, credential=second.credential, at=day(school.now)),
    )
    assert await school.statuses() == ["expired", "active"]

    assert second.renews == first.credential
    recorded = await school.transactor.log.read_stream(school.tenant, "record-eve")
    assert [one.type for one in recorded if one.type.startswith("credential")] == [
        "credential_awarded",
        "credential_expired",
        "credential_awarded",
        "credential_renewed",
        "credential_expired",
        "credential_renewed",
    ]
    moments = [one.occurred_at for one in recorded if one.type == "credential_expired"]
    assert moments == [day(YEAR), day(YEAR + 1 + 2 * YEAR)]
