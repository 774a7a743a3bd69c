"""A registrar's office on a real Postgres: uploads, the worker that does them, what came of it."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import asyncpg
import httpx2
from tests.documented import documented
from tests.enrollment.school import PLAN

from milepost.enrollment.bulk.store import Store
from milepost.enrollment.bulk.worker import Worker
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog
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


class Office(NamedTuple):
    client: httpx2.AsyncClient
    issuer: DevelopmentIssuer
    transactor: Transactor
    worker: Worker
    tenant: str

    def headers(self, role: str = "registrar", tenant: str | None = None) -> dict[str, str]:
        token = self.issuer.issue("office", tenant or self.tenant, [role])
        return {"Authorization": f"Bearer {token}"}

    async def open(self, offering: str, **facts: object) -> None:
        headers = self.headers()
        course = await self.client.post(
            "/enrollment/courses/DATA-101/versions", json=PLAN, headers=headers
        )
        assert course.status_code in (200, 201), course.text
        body = {"course": "DATA-101", **facts}
        opened = await self.client.put(
            f"/enrollment/offerings/{offering}", json=body, headers=headers
        )
        assert opened.status_code == 201, opened.text

    async def post(
        self, content: Any, kind: str = NDJSON, *, key: str | None = None, **query: Any
    ) -> httpx2.Response:
        headers = {**self.headers(query.pop("role", "registrar")), "Content-Type": kind}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.client.post(JOBS, content=content, headers=headers, params=query)

    async def upload(self, content: Any, kind: str = NDJSON, **asked: Any) -> str:
        """The id of the job that it becomes."""
        answer = await self.post(content, kind, **asked)
        assert answer.status_code == 202, answer.text
        job: str = answer.json()["job"]
        assert answer.headers["location"] == f"{JOBS}/{job}"
        return job

    async def do(self, content: Any, kind: str = NDJSON, **asked: Any) -> dict[str, Any]:
        """Upload it and do it: the job in the end."""
        job = await self.upload(content, kind, **asked)
        while await self.worker.turn():
            pass
        return await self.job(job)

    async def job(self, job: str) -> dict[str, Any]:
        answer = await self.get(f"/{job}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str, *, role: str = "registrar", **query: Any) -> httpx2.Response:
        known = {"If-None-Match": query.pop("If_None_Match", "")}
        headers = {**self.headers(role), **{name: given for name, given in known.items() if given}}
        return await self.client.get(f"{JOBS}{path}", headers=headers, params=query)

    async def cancel(self, job: str) -> httpx2.Response:
        return await self.client.post(f"{JOBS}/{job}/cancel", headers=self.headers())

    async def results(self, job: str, **query: Any) -> list[dict[str, Any]]:
        answer = await self.get(f"/{job}/results", **query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith(NDJSON)
        return [json.loads(line) for line in answer.text.splitlines()]

    async def outcomes(self, job: str) -> list[tuple[int, str]]:
        """Row by row: what it came to, or the problem's name."""
        return [(one["row"], said(one)) for one in await self.results(job)]

    async def happened(self) -> Counter[str]:
        events = await self.transactor.log.read(self.tenant, limit=1_000_000)
        return Counter(one.type for one in events)

    async def head(self) -> int:
        return (await self.transactor.log.heads()).get(self.tenant, 0)


def said(result: dict[str, Any]) -> str:
    problem = result.get("problem")
    return str(problem["type"].rpartition(":")[2] if problem else result["outcome"])


def numbered(outcomes: Sequence[str], first: int = 1) -> list[tuple[int, str]]:
    return list(enumerate(outcomes, first))


@asynccontextmanager
async def office_on(pool: asyncpg.Pool, data_dir: Path, tenant: str) -> AsyncIterator[Office]:
    """Its worker works when told to."""
    settings = Settings(data_dir=data_dir)
    transactor = Transactor(PostgresLog(pool))
    services = services_of("enrollment", Context(transactor, settings, pool))
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    transport = httpx2.ASGITransport(cast("Any", app))  # in this event loop, which is the pool's
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://milepost", event_hooks=documented(app)
    ) as client:
        worker = Worker(transactor, Store(pool), settings)
        yield Office(client, DevelopmentIssuer(data_dir), transactor, worker, tenant)
    await transactor.close()
