"""A registrar's office on a real Postgres: uploads, the worker that does them, what came of it."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import asyncpg
from tests.clients import Response, School, connection_to
from tests.tenants import new_tenant

from milepost.enrollment.bulk.enrollment_kind import ENROLLMENT_JOB, store_on
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog
from milepost.jobs.kinds import DecidePage
from milepost.jobs.store import Store
from milepost.jobs.worker import Worker
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings

JOBS = "/enrollment/jobs"
NDJSON, CSV = "application/x-ndjson", "text/csv"


def rows(learners: Iterable[str], **facts: object) -> bytes:
    return b"".join(
        json.dumps({"learner": learner, **facts}).encode() + b"\n" for learner in learners
    )


class Office(School):
    """Its worker works when told to."""

    path = JOBS
    store: Store
    worker: Worker

    def of_new_school(self) -> Self:
        """With a worker of its own."""
        other = self.of(new_tenant())
        assert isinstance(self.transactor.log, PostgresLog)
        other.store = store_on(self.transactor.log.pool)
        other.worker = Worker(self.transactor, other.store, Settings())
        return other

    def decide_by(self, decide: DecidePage[Any]) -> None:
        """Its worker's pages from now on."""
        self.store.kinds["enrollment"] = replace(ENROLLMENT_JOB, decide=decide)

    async def send(self, content: Any, media: str = NDJSON, **asked: Any) -> Response:
        return await self.post(self.path, content=content, headers={"Content-Type": media}, **asked)

    async def upload(self, content: Any, media: str = NDJSON, **asked: Any) -> str:
        """The id of the job that it becomes."""
        answer = await self.send(content, media, **asked)
        assert answer.status_code == 202, answer.text
        job: str = answer.json()["job"]
        assert answer.headers["location"] == f"{self.path}/{job}"
        return job

    async def do(self, content: Any, media: str = NDJSON, **asked: Any) -> dict[str, Any]:
        """Upload it and do it: the job in the end."""
        job = await self.upload(content, media, **asked)
        while await self.worker.turn():
            pass
        return await self.job(job)

    async def job(self, job: str) -> dict[str, Any]:
        answer = await self.get(f"{self.path}/{job}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def cancel(self, job: str) -> Response:
        return await self.post(f"{self.path}/{job}/cancel")

    async def results(self, job: str, **query: Any) -> list[dict[str, Any]]:
        answer = await self.get(f"{self.path}/{job}/results", **query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith(NDJSON)
        return [json.loads(line) for line in answer.text.splitlines()]

    async def outcomes(self, job: str) -> list[tuple[int, str]]:
        """Row by row: what it came to, or the problem's name."""
        return [(one["row"], said(one)) for one in await self.results(job)]

    async def count(self, type_: str) -> int:
        """How often it has happened."""
        return (await self.happened()).count(type_)

    async def head(self) -> int:
        return (await self.transactor.log.heads()).get(self.tenant, 0)


def said(result: dict[str, Any]) -> str:
    problem = result.get("problem")
    return str(problem["type"].rpartition(":")[2] if problem else result["outcome"])


def numbered(outcomes: Sequence[str], first: int = 1) -> list[tuple[int, str]]:
    return list(enumerate(outcomes, first))


@asynccontextmanager
async def offices_on(pool: asyncpg.Pool, data_dir: Path) -> AsyncIterator[Office]:
    """Of every school: each test takes a new one (`Office.of_new_school`)."""
    settings = Settings(data_dir=data_dir)
    transactor = Transactor(PostgresLog(pool))
    services = services_of("enrollment", Context(transactor, settings, pool))
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    async with connection_to(app) as connection:
        yield Office(connection, DevelopmentIssuer(data_dir), transactor, services)
    await transactor.close()
