from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import pytest
from tests.clients import School, connection_to
from tests.clocks import Clock
from tests.no_read_models import NO_READ_MODELS
from tests.progress.given import OPENED

from milepost.contracts.achievements import AchievementDefined
from milepost.contracts.courses import CoursePublished, Lesson, PassingRule
from milepost.contracts.enrollments import (
    EnrollmentTransferred,
    LearnerEnrolled,
    LearnerWaitlisted,
)
from milepost.contracts.offerings import InstructorAssigned, InstructorRemoved, OfferingOpened
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.log import Command, NewEvent
from milepost.events.store.memory import MemoryLog
from milepost.progress import app as progress
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings

ENROLLMENT = "5c1f6a0e-8f0f-5b5a-9d0e-1b2c3d4e5f60"
COURSE = CoursePublished(
    course="rust",
    version=3,
    title="Rust",
    lessons=(
        Lesson(id="intro", title="Hello"),
        Lesson(id="loops", title="Loops", prerequisites=("intro",)),
        Lesson(id="quiz", title="Quiz", kind="quiz", weight=1, required=False),
        Lesson(id="exam", title="Exam", kind="exam", weight=3, required=False),
    ),
    passing_rule=PassingRule(passing_grade=0.5),
    occurred_at=OPENED,
)
ENROLLED = LearnerEnrolled(
    enrollment=ENROLLMENT,
    learner="ada",
    offering="rust-2026",
    course="rust",
    version=3,
    occurred_at=OPENED,
)
WAITLISTED = LearnerWaitlisted(
    enrollment=ENROLLMENT,
    learner="ada",
    offering="rust-2026",
    course="rust",
    version=3,
    occurred_at=OPENED,
)
# Who scores in these tests, as an instructor.
TEACHES = InstructorAssigned(offering="rust-2026", instructor="ines", occurred_at=OPENED)

Written: TypeAlias = (
    CoursePublished
    | OfferingOpened
    | InstructorAssigned
    | InstructorRemoved
    | LearnerEnrolled
    | LearnerWaitlisted
    | EnrollmentTransferred
    | AchievementDefined
)
CODEC: Codec[Any] = Codec(Written)


class Fed(School):
    """A school whose other services have written these events."""

    async def write(self, event: Written) -> None:
        match event:
            case CoursePublished():
                stream = f"course-{event.course}"
            case OfferingOpened():
                stream = f"offering-{event.offering}"
            case InstructorAssigned() | InstructorRemoved():
                stream = f"instructors-{event.offering}"
            case AchievementDefined():
                stream = f"achievement-{event.achievement}"
            case _:
                stream = f"enrollment-{event.enrollment}"
        log = self.transactor.log
        tag, data = CODEC.encode(event)
        version = len(await log.read_stream(self.tenant, stream))
        new = NewEvent(
            stream=stream, type=tag, data=data, occurred_at=event.occurred_at, event_id=uuid4()
        )
        command = Command(command_id=uuid4(), expects=((stream, version),), events=(new,))
        await log.append(self.tenant, [command])

    async def begin(self, course: CoursePublished = COURSE) -> None:
        await self.write(course)
        await self.write(TEACHES)
        await self.write(ENROLLED)
        await self.policies_hear()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
async def transactor(log: MemoryLog) -> AsyncIterator[Transactor]:
    transactor = Transactor(log)
    yield transactor
    await transactor.close()


@pytest.fixture
def calendar() -> Clock[datetime]:
    """It is a day after the enrollment."""
    return Clock(OPENED + timedelta(days=1))


@pytest.fixture
async def school(
    transactor: Transactor, settings: Settings, calendar: Clock[datetime]
) -> AsyncIterator[Fed]:
    """Where the learner `ada` asks, unless the test says otherwise."""
    service = progress.service(Context(transactor, settings, NO_READ_MODELS, calendar))
    app = create_app([service], settings, TokenVerifier(settings), ready={})
    async with connection_to(app, raises=False) as connection:
        issuer = DevelopmentIssuer(settings.data_dir)
        yield Fed(
            connection, issuer, transactor, [service], by="learner", subject="ada", tenant="north"
        )
