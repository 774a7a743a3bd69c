"""The largest requests that are taken do not hold up everybody else."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import pytest
from tests.clients import Response, School
from tests.loop_lag import loop_free

from milepost.contracts.courses import CoursePublished, Lesson
from milepost.contracts.enrollments import LearnerEnrolled
from milepost.contracts.ids import enrollment_id
from milepost.contracts.records import CourseResultNoted, CredentialAwarded, Evidence
from milepost.credentials.domain.records.awards import RECORD
from milepost.enrollment.domain.course.course import COURSE
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.events.sizes import COURSE_FILE, HTTP_BODY

Call: TypeAlias = Callable[[], Awaitable[Response]]
BADGE = {"name": "Badge", "criteria": {"type": "course_passed", "course": "DATA-101"}}
MANY: Final = 1_000
NOW = datetime.now(UTC)


def learners() -> list[str]:
    return [f"learner-{number}@{'x' * 90}.example.org" for number in range(MANY)]


async def happens(school: School, stream: Any, *events: Any) -> None:
    await school.transactor.transact(school.tenant, stream, lambda _: list(events))


def entry(learner: str) -> LearnerEnrolled:
    return LearnerEnrolled(
        enrollment=enrollment_id("spring", learner),
        learner=learner,
        offering="spring",
        course="DATA-101",
        version=1,
        mode="audit",
        occurred_at=NOW,
    )


def version(number: int, letters: int = 200) -> CoursePublished:
    title = "T" * letters
    lessons = tuple(Lesson(id=f"l-{n}", title=title, titles={"de": title}) for n in range(2_000))
    return CoursePublished(
        course="large", version=number, title=f"Large {number}", lessons=lessons, occurred_at=NOW
    )


async def transfers(school: School) -> Call:
    await school.open("spring")
    await school.open("fall")
    entered = [entry(learner) for learner in learners()]
    for one in entered:
        await happens(school, ENROLLMENT.of(one.enrollment), one)
    body = {
        "to": "fall",
        "reason": "moved",
        "enrollments": [one.enrollment for one in entered],
    }
    return lambda: school.post("/enrollment/offerings/spring/transfers", body)


async def evaluation(school: School) -> Call:
    await school.publish()
    await school.define("badge", BADGE)
    path = "/credentials/achievements/badge/evaluate"
    return lambda: school.post(path, {"learners": learners()})


async def record(school: School) -> Call:
    for number in range(MANY):
        facts: dict[str, Any] = {"learner": "ann", "occurred_at": NOW}
        await happens(
            school,
            RECORD.of("ann"),
            CourseResultNoted(
                course=f"course-{number}",
                offering="o" * 100,
                enrollment=f"e-{number}",
                version=1,
                grade=1.0,
                position=number,
                **facts,
            ),
            CredentialAwarded(
                credential=f"credential-{number}",
                achievement=f"achievement-{number}",
                achievement_version=1,
                valid_from=NOW,
                evidence=(Evidence(position=number, course=f"course-{number}"),),
                **facts,
            ),
        )
    return lambda: school.get("/credentials/learners/ann/record")


async def export(school: School) -> Call:
    for number in range(1, 41):
        await happens(school, COURSE.of("large"), version(number))

    async def call() -> Response:
        """To unpack 20 MB is the reader's work, and to look at them is ours."""
        connection, looks = school.connection, school.connection.event_hooks
        connection.event_hooks = {}
        path, headers = "/enrollment/courses/large/export", school.headers()
        async with connection.stream("GET", path, headers=headers) as answer:
            packed = [part async for part in answer.aiter_raw()]
        connection.event_hooks = looks
        assert sum(map(len, packed)) > MANY
        return answer

    return call


async def course_import(school: School) -> Call:
    await happens(school, COURSE.of("large"), version(1, 120), version(2, 120))
    file = (await school.get("/enrollment/courses/large/export")).json()
    body = json.dumps(file | {"course": "other"}).encode()
    assert HTTP_BODY < len(body) < COURSE_FILE
    headers = {"Content-Type": "application/json"}
    path = "/enrollment/courses/other/import"
    return lambda: school.post(path, content=body, headers=headers)


@pytest.mark.parametrize("prepare", [transfers, evaluation, record, export, course_import])
async def test_the_largest_is_answered_beside_the_others(
    whole_school: School, prepare: Callable[[School], Awaitable[Call]]
):
    call = await prepare(whole_school)
    async with loop_free():
        answer = await call()
    assert answer.is_success, answer.status_code
