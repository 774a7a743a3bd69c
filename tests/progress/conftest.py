from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient
from tests.documented import documented
from tests.progress.given import OPENED

from milepost.contracts.courses import CoursePublished, Lesson, PassingRule
from milepost.contracts.enrollments import LearnerEnrolled, LearnerWaitlisted
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


class School:
    """What the other services have written, and the running of progress's policy."""

    def __init__(self, log, transactor, tenant="north"):
        self.log = log
        self.transactor = transactor
        self.tenant = tenant

    async def publish(self, course=COURSE):
        await self._append(f"course-{course.course}", course)

    async def enroll(self, event=ENROLLED):
        await self._append(f"enrollment-{event.enrollment}", event)

    async def open(self):
        await self.publish()
        await self.enroll()
        await self.run_policy()

    async def run_policy(self):
        policy = progress.policy()
        heard = [tag for _, tag in policy.types]
        for recorded in await self.log.read(self.tenant, types=heard):
            for reaction in await policy.react(recorded):
                await self.transactor.transact(self.tenant, reaction.stream, reaction.decide)

    async def _append(self, stream, event):
        tag, data = Codec(type(event)).encode(event)
        version = len(await self.log.read_stream(self.tenant, stream))
        new = NewEvent(
            stream=stream, type=tag, data=data, occurred_at=event.occurred_at, event_id=uuid4()
        )
        command = Command(command_id=uuid4(), expects=((stream, version),), events=(new,))
        await self.log.append(self.tenant, [command])


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path)


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
async def transactor(log):
    transactor = Transactor(log)
    yield transactor
    await transactor.close()


@pytest.fixture
def school(log, transactor):
    return School(log, transactor)


@pytest.fixture
def headers(settings):
    """Of the learner `ada` at the school `north`, unless the test says otherwise."""
    issuer = DevelopmentIssuer(settings.data_dir)

    def headers(subject="ada", tenant="north", roles=("learner",), **more):
        return {"Authorization": f"Bearer {issuer.issue(subject, tenant, roles)}", **more}

    return headers


@pytest.fixture
async def client(transactor, settings) -> AsyncIterator[AsyncClient]:
    """In the test's own loop: litestar's test client would block it while a report waits."""
    nowhere = cast("Any", None)  # nothing is asked of the database
    service = progress.service(Context(transactor, settings, nowhere))
    app = create_app([service], settings, TokenVerifier(settings), ready={})
    transport = ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    hooks = documented(app)
    async with AsyncClient(
        transport=transport, base_url="http://milepost", event_hooks=hooks
    ) as client:
        yield client
