"""A small school on a log in memory, with the policies of credentials as they are wired."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

from tests.credentials.scenes import day

from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementHeld,
    AllOf,
    CoursePassed,
    Criterion,
    LessonScored,
)
from milepost.contracts.courses import CoursePublished, Lesson
from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    ProgressOpened,
)
from milepost.contracts.records import RecordEvent
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.app import course_policy, lesson_policy
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.achievements.define import define
from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.audit.differences import Difference
from milepost.credentials.domain.records.awards import RECORD, award_by_hand
from milepost.credentials.domain.records.life import revoke
from milepost.credentials.learning import Learning
from milepost.credentials.queries.audit import audit
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.log import Command, NewEvent
from milepost.events.policies.reactions import run_to_quiescence
from milepost.events.store.memory import MemoryLog

TENANT = "school"
DEFINED: dict[str, Criterion] = {
    "badge": CoursePassed(course="AAA", min_grade=0.6),
    "exam": LessonScored(course="AAA", lesson="exam", min_score=0.9),
    "program": AllOf(criteria=(AchievementHeld(achievement="badge"), CoursePassed(course="BBB"))),
}
EVENTS = Codec[Any](
    CoursePublished
    | ProgressOpened
    | AttemptScored
    | CourseCompleted
    | CourseGradeChanged
    | CourseCompletionRevoked
    | AchievementDefined
    | RecordEvent
)


class Campus:
    """A school on a log in memory, and the policies of credentials as they are wired."""

    def __init__(self) -> None:
        self.log, self.settled = MemoryLog(), 0
        self.transactor = Transactor(self.log)
        achievements, learning = AchievementCache(self.log), Learning(self.log)
        self.policies = [
            course_policy(achievements, learning),
            lesson_policy(achievements, learning),
        ]

    async def append(self, stream: str, *events: Any) -> None:
        new = []
        for event in events:
            tag, data = EVENTS.encode(event)
            one = NewEvent(
                stream=stream, type=tag, data=data, occurred_at=event.occurred_at, event_id=uuid4()
            )
            new.append(one)
        version = len(await self.log.read_stream(TENANT, stream))
        command = Command(command_id=uuid4(), expects=((stream, version),), events=tuple(new))
        await self.log.append(TENANT, [command])

    async def define(self, code: str, definition: Definition) -> None:
        catalog = await AchievementCache(self.log).latest(TENANT)
        decide = partial(
            define, achievement=code, definition=definition, catalog=catalog, at=day(0)
        )
        await self.transactor.transact(TENANT, ACHIEVEMENT.of(code), decide)

    async def open(self) -> None:
        lessons = (Lesson(id="exam", title="Exam", kind="exam"),)
        for course in ("AAA", "BBB"):
            published = CoursePublished(
                course=course, version=1, title=course, lessons=lessons, occurred_at=day(0)
            )
            await self.append(f"course-{course}", published)
        for code, criteria in DEFINED.items():
            await self.define(code, Definition(name=code, criteria=criteria))

    async def completes(
        self, learner: str, course: str = "AAA", grade: float = 0.8, on: int = 1
    ) -> None:
        run = f"{course}-{learner}"
        own: dict[str, Any] = {
            "enrollment": run,
            "learner": learner,
            "offering": course,
            "course": course,
        }
        scored = AttemptScored(
            enrollment=run, lesson="exam", report="1", attempt=1, score=grade, occurred_at=day(on)
        )
        opened = ProgressOpened(**own, version=1, occurred_at=day(0))
        completed = CourseCompleted(**own, version=1, grade=grade, occurred_at=day(on))
        await self.append(f"progress-{run}", opened, scored, completed)

    async def regraded(self, learner: str, grade: float) -> None:
        own: dict[str, Any] = {
            "enrollment": f"AAA-{learner}",
            "learner": learner,
            "offering": "AAA",
        }
        event = CourseGradeChanged(
            **own, course="AAA", version=1, because="score_revised", grade=grade, before=0.8,
            occurred_at=day(5),
        )  # fmt: skip
        await self.append(f"progress-AAA-{learner}", event)

    async def settle(self) -> None:
        news = await self.log.read(TENANT, self.settled, 10_000)
        await run_to_quiescence(self.transactor, self.policies, news)
        self.settled = (await self.log.heads())[TENANT]

    async def catalog(self) -> Any:
        return await AchievementCache(self.log).latest(TENANT)

    async def decides(self, learner: str, decide: Any) -> None:
        await self.transactor.transact(TENANT, RECORD.of(learner), decide)

    async def without(self, *positions: int) -> "Campus":
        """The same school, with something else where these events stand."""
        other = Campus()
        for one in await self.log.read(TENANT, 0, 10_000):
            if one.position in positions:
                course = CoursePublished(
                    course="C", version=1, title="C", lessons=(), occurred_at=day(0)
                )
                await other.append(f"course-{one.position}", course)
            else:
                await other.append(one.stream, EVENTS.read(one))
        return other

    async def places(self, tag: str, learner: str) -> list[int]:
        stream = await self.log.read_stream(TENANT, f"record-{learner}")
        return [one.position for one in stream if one.type == tag]

    async def audit(self, **bounds: Any) -> tuple[int, list[Difference]]:
        """How many learners, and the differences by learner and achievement."""
        head, learners, found = (await self.log.heads())[TENANT], 0, list[Difference]()
        async for part in audit(self.log, TENANT, at=day(30), upto=head, **bounds):
            learners += part.learners
            found += part.differences
        return learners, sorted(found, key=lambda one: (one.learner, one.achievement))


@asynccontextmanager
async def graded() -> AsyncIterator[Campus]:
    """Grades that earn, fall and rise; a person awards, another revokes."""
    campus = Campus()
    await campus.open()
    for number, grade in enumerate((0.5, 0.6, 0.8, 0.95)):
        await campus.completes(f"l{number}", grade=grade)
        await campus.completes(f"l{number}", "BBB", grade=grade)
    await campus.settle()
    await campus.completes("fell")
    await campus.settle()
    await campus.regraded("fell", 0.3)
    await campus.settle()
    catalog = await campus.catalog()
    by_hand = partial(
        award_by_hand, catalog=catalog, learner="l0", achievement="badge", reason="prior_learning",
        awarded_by="ivy", at=day(6),
    )  # fmt: skip
    await campus.decides("l0", by_hand)
    await campus.completes("revoked")
    await campus.settle()
    [award] = [
        one
        for one in await campus.log.read_stream(TENANT, "record-revoked")
        if one.type == "credential_awarded"
    ]
    credential = EVENTS.read(award).credential
    await campus.decides(
        "revoked", partial(revoke, learner="revoked", credential=credential, reason="x", at=day(9))
    )
    yield campus
    await campus.transactor.close()
