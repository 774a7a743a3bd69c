"""A whole Milepost in this process, for pages: what is written is seen once it has settled."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.browser import Reader, reader
from tests.clients import Response, School, connection_to
from tests.dashboards.history import project
from tests.tenants import new_tenant

from milepost.dashboards.pages import own_writes
from milepost.enrollment.bulk.enrollment_kind import store_on
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog
from milepost.jobs.worker import Worker
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings

ORIGIN = "http://127.0.0.1:8400"
QUIET_AFTER = 6
PLAN: Mapping[str, Any] = {
    "title": "Data for everybody",
    "titles": {"de": "Daten für alle"},
    "lessons": [
        {"id": "intro", "title": "Why data"},
        {"id": "tables", "title": "Tables and what they hide", "prerequisites": ["intro"]},
        {"id": "quiz", "title": "Quiz: reading a chart", "kind": "quiz", "weight": 1.0},
        {"id": "essay", "title": "Essay", "kind": "assignment", "weight": 2.0},
    ],
    "passing_rule": {"passing_grade": 0.5},
}


class Campus(School):
    """`read` opens pages as somebody; `settle` lets rules and read models catch up."""

    pool: asyncpg.Pool
    worker: Worker
    seats: Mapping[str, str]

    async def settle(self) -> None:
        head = -1
        for _ in range(QUIET_AFTER):
            await self.policies_hear()
            if (now := len(await self.happened())) == head:
                break
            head = now
        await project(self.pool)

    async def read(self, address: str, **asked: Any) -> Response:
        """A page. Where it leads elsewhere is not followed."""
        return await self.get(address, **asked)

    async def seat(self, learner: str, offering: str = "spring", **facts: Any) -> str:
        answer = await self.enroll(learner, offering, facts=facts)
        assert answer.is_success, answer.text
        enrollment: str = answer.json()["enrollment"]
        return enrollment

    async def learn(
        self, enrollment: str, *reports: tuple[str, str] | tuple[str, str, float]
    ) -> None:
        """Each a type, a lesson, and of `scored` the score."""
        now = datetime.now(UTC).isoformat()
        told = [
            {"type": kind, "id": f"{kind}-{number}-{now}", "lesson": lesson, "occurred_at": now}
            | ({"score": score[0]} if score else {})
            for number, (kind, lesson, *score) in enumerate(reports)
        ]
        answer = await self.report(enrollment, *told)
        assert {one["outcome"] for one in answer.json()["results"]} == {"accepted"}, answer.text

    async def teach(self, instructor: str, offering: str = "spring") -> None:
        path = f"/enrollment/offerings/{offering}/instructors/{instructor}"
        answer = await self.put(path)
        assert answer.is_success, answer.text

    @asynccontextmanager
    async def window(
        self, browser: Any, *, by: Any = "registrar", subject: str = "office", **options: Any
    ) -> AsyncIterator[Reader]:
        self.connection.cookies.clear()  # another window's language is not this one's
        headers = self.headers(by=by, subject=subject)
        async with reader(
            browser, ORIGIN, self.connection, extra_http_headers=headers, **options
        ) as opened:
            yield opened


@asynccontextmanager
async def campus_on(pool: asyncpg.Pool, data_dir: Path) -> AsyncIterator[Campus]:
    settings = Settings(data_dir=data_dir)
    transactor = Transactor(PostgresLog(pool))
    context = Context(transactor, settings, pool)
    services = services_of("all", context)
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    async with connection_to(app, raises=False) as connection:
        issuer = DevelopmentIssuer(data_dir)
        campus = Campus(connection, issuer, transactor, services, tenant=new_tenant())
        campus.pool = pool
        campus.worker = Worker(transactor, store_on(pool), settings)
        yield campus


async def tab_to(window: Reader, name: str) -> None:
    """Until the field of this name has the focus."""
    for _ in range(60):
        await window.page.keyboard.press("Tab")
        if await window.page.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"{name} is not reached")


@asynccontextmanager
async def projecting(campus: Campus) -> AsyncIterator[None]:
    """What is sent by a form is waited for: the models follow all the while, however slowly."""

    async def follow() -> None:
        while True:
            await project(campus.pool)
            await asyncio.sleep(0.05)

    following = asyncio.create_task(follow())
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(own_writes, "WAIT_SECONDS", 60.0)
            yield
    finally:
        following.cancel()
        [ended] = await asyncio.gather(following, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError), ended
