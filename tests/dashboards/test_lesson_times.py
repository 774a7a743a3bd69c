"""How long learners needed for a lesson, as it is counted, read and told to others."""

from datetime import timedelta

import pytest
from tests.clients import Client, connection_to
from tests.clocks import Clock
from tests.dashboards.desk import happens
from tests.dashboards.history import DAY, Life, rows

from milepost.contracts.courses import CoursePublished, Lesson
from milepost.contracts.progress import CarriedLesson, LessonPassed, ProgressCarriedOver
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog
from milepost.progress.app import service
from milepost.progress.projections.lesson_times import LAST_BUCKET, bucket_of
from milepost.progress.queries.lesson_times import KEPT_SECONDS, LessonTimes
from milepost.progress.queries.time_left import LessonTime
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings


def learns(name, lesson, *visits, offering="red"):
    """Enrolls, visits a lesson for so many seconds each, completes it."""
    life = Life(offering, name)
    steps = [life.visits(lesson, seconds=seconds) for seconds in visits]
    return [*life.enrolls(), *(entry for step in steps for entry in step)], life


def completes(name, lesson, *visits, **where):
    entries, life = learns(name, lesson, *visits, **where)
    return [*entries, *life.completes_lesson(lesson)]


def counted(found):
    return {
        (one["course"], one["lesson"]): (one["learners"], one["milliseconds"])
        for one in found["lesson_time"]
    }


async def test_the_time_until_a_lesson_was_completed_is_counted_once(pool, tenant):
    life = Life("red", "ann")
    steps = [
        life.enrolls(),
        life.visits("x", seconds=40.0),
        life.visits("y", seconds=7.5),
        life.visits("x", seconds=20.5),
        life.completes_lesson("x"),
        life.visits("x", seconds=999.0),
        [passed(life, "x")],
        [passed(life, "y")],
        life.completes_lesson("y"),
    ]
    await happens(pool, tenant, *steps)
    found = counted(await rows(pool, tenant))
    assert found == {("ART", "x"): (1, 60_500), ("ART", "y"): (1, 7_500)}


def passed(life, lesson):
    event = LessonPassed(enrollment=life.id, lesson=lesson, score=0.9)
    return f"progress-{life.id}", event


async def test_who_reports_no_time_or_brings_work_along_does_not_count(pool, tenant):
    entries, life = learns("ann", "x", 40.0)
    brought = ProgressCarriedOver(
        enrollment=life.id,
        source="blue.ann",
        since=3,
        lessons=(CarriedLesson(lesson="y", started_at=DAY),),
    )
    carried = [*entries, (f"progress-{life.id}", brought), *life.completes_lesson("x")]
    await happens(pool, tenant, carried, completes("ben", "x"), completes("cleo", "x", 0.0004))
    assert counted(await rows(pool, tenant)) == {}


async def test_the_median_is_that_of_the_course_over_all_its_offerings(pool, tenant):
    spent = {"a": 60.0, "b": 70.0, "c": 300.0, "d": 2_000.0, "e": 90_000.0}
    lives = [
        completes(name, "x", seconds, offering="red" if name < "c" else "blue")
        for name, seconds in spent.items()
    ]
    await happens(pool, tenant, *lives, completes("ann", "y", 30.0))
    times = await LessonTimes(pool).get(tenant, "ART")
    assert times == {"x": LessonTime(5, 300.0), "y": LessonTime(1, 30.0)}
    assert await LessonTimes(pool).get(tenant, "BIO") == {}


async def test_a_course_is_read_again_after_a_minute(pool, tenant):
    clock = Clock(0.0)
    known = LessonTimes(pool, clock)
    await happens(pool, tenant, completes("ann", "x", 30.0))
    first = await known.get(tenant, "ART")
    await happens(pool, tenant, completes("ben", "x", 30.0))
    clock.now = KEPT_SECONDS
    assert await known.get(tenant, "ART") == first
    clock.now = KEPT_SECONDS + 1
    assert (await known.get(tenant, "ART"))["x"].learners == 2


@pytest.mark.parametrize(
    ("milliseconds", "bucket"),
    [(1, "00"), (1_000, "00"), (2_000, "04"), (60_000, "24"), (10**15, str(LAST_BUCKET))],
)
def test_times_of_a_bucket_are_close_and_buckets_are_in_order(milliseconds, bucket):
    assert bucket_of(milliseconds) == bucket


async def test_a_learner_is_told_how_long_it_will_take(pool, tenant, tmp_path):
    lessons = tuple(Lesson(id=name, title=name) for name in "xyz")
    course = CoursePublished(course="ART", version=1, title="Art", lessons=lessons)
    others = [completes(name, "x", 120.0) for name in "abcde"]
    ann, _ = learns("ann", "x", 45.0)
    await happens(pool, tenant, [("course-ART", course)], *others, ann)
    settings = Settings(data_dir=tmp_path)
    context = Context(
        Transactor(PostgresLog(pool)), settings, pool, lambda: DAY + timedelta(days=1)
    )
    app = create_app([service(context)], settings, TokenVerifier(settings), ready={})
    async with connection_to(app) as connection:
        desk = Client(connection, DevelopmentIssuer(tmp_path), tenant=tenant)
        answer = await desk.get("/progress/enrollments/red.ann", by="registrar")
        left = answer.json()["time_left"]
    assert left == {"seconds": 75.0, "based_on": 5, "lessons": 3, "lessons_without": 2}
