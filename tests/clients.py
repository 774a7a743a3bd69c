"""One client for the tests of every room: an application in this process, or a Milepost that runs.

It has a token for whoever asks, reads what it wrote, and holds every answer against OpenAPI.
"""

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import httpx2
from httpx2 import AsyncClient, ConnectError, Response, TransportError
from litestar import Litestar
from tests.documented import Document, documented
from tests.eventually import wait_until

from milepost.events.commands.transact import Transactor
from milepost.events.event import name_of
from milepost.events.log import Recorded
from milepost.events.policies.policy import reaction_id
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Service
from milepost.web.settings import Settings

__all__ = [
    "PLAN",
    "PROGRAM",
    "AsyncClient",
    "Client",
    "ConnectError",
    "Response",
    "Running",
    "School",
    "TransportError",
    "connection_to",
    "fetch",
    "is_ready",
    "school_of",
]

PLAN = {
    "title": "Data",
    "lessons": [
        {"id": "intro", "title": "Introduction"},
        {"id": "exam", "title": "Exam", "kind": "exam", "weight": 1.0},
    ],
    "passing_rule": {"passing_grade": 0.5},
}
PROGRAM = {
    "title": "Data analyst",
    "achievements": ["sql-basics", "statistics", "python-basics"],
}
POSITION = "Milepost-Position"


class Client:
    """Somebody at a school. Each call may be another's: `by` is their role or roles."""

    def __init__(
        self,
        connection: AsyncClient,
        issuer: DevelopmentIssuer,
        *,
        by: str | Sequence[str] = "registrar",
        subject: str = "office",
        tenant: str = "default",
    ) -> None:
        self.connection = connection
        self.issuer = issuer
        self.by = by
        self.subject = subject
        self.tenant = tenant
        self._written: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.connection.aclose()

    def of(self, tenant: str) -> Self:
        """The same at another school."""
        other = copy(self)
        other.tenant = tenant
        return other

    def headers(
        self,
        *,
        by: str | Sequence[str] | None = None,
        subject: str | None = None,
        tenant: str | None = None,
    ) -> dict[str, str]:
        roles = by or self.by
        token = self.issuer.issue(
            subject or self.subject,
            tenant or self.tenant,
            [roles] if isinstance(roles, str) else roles,
        )
        return {"Authorization": f"Bearer {token}"}

    async def ask(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        by: str | Sequence[str] | None = None,
        subject: str | None = None,
        tenant: str | None = None,
        key: str | None = None,
        etag: str | None = None,
        at: int | None = None,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Response:
        """`at` is the position to read at: without it, a dashboard shows what was written here."""
        school = tenant or self.tenant
        if at is None and method == "GET" and path.startswith("/dashboards/"):
            at = self._written.get(school)
        named = {"Idempotency-Key": key, "If-None-Match": etag, POSITION: at}
        response = await self.connection.request(
            method,
            path,
            json=json,
            content=content,
            headers={
                **self.headers(by=by, subject=subject, tenant=school),
                **{name: str(value) for name, value in named.items() if value is not None},
                **(headers or {}),
            },
            params=query or None,
        )
        if method != "GET" and POSITION in response.headers:
            self._written[school] = int(response.headers[POSITION])
        return response

    async def get(self, path: str, **asked: Any) -> Response:
        return await self.ask("GET", path, **asked)

    async def post(self, path: str, json: object = None, **asked: Any) -> Response:
        return await self.ask("POST", path, json, **asked)

    async def put(self, path: str, json: object = None, **asked: Any) -> Response:
        return await self.ask("PUT", path, json, **asked)

    async def publish(
        self, course: str = "DATA-101", plan: object = PLAN, **asked: Any
    ) -> Response:
        return await self.post(f"/enrollment/courses/{course}/versions", plan, **asked)

    async def open(
        self,
        offering: str = "spring",
        *,
        course: str = "DATA-101",
        plan: object = PLAN,
        tenant: str | None = None,
        **facts: object,
    ) -> None:
        """An offering of the course, which is published if it is not yet."""
        published = await self.publish(course, plan, tenant=tenant)
        assert published.status_code in (200, 201), published.text
        body = {"course": course, **facts}
        opened = await self.put(f"/enrollment/offerings/{offering}", body, tenant=tenant)
        assert opened.status_code == 201, opened.text

    async def enroll(
        self,
        learner: str,
        offering: str = "spring",
        *,
        facts: Mapping[str, object] | None = None,
        **asked: Any,
    ) -> Response:
        body = {"learner": learner, **(facts or {})}
        return await self.post(f"/enrollment/offerings/{offering}/enrollments", body, **asked)

    async def step(
        self,
        enrollment: str,
        name: str,
        facts: Mapping[str, object] | None = None,
        **asked: Any,
    ) -> Response:
        """`accept`, `transfer` and so on."""
        return await self.post(f"/enrollment/enrollments/{enrollment}/{name}", facts or {}, **asked)

    async def withdraw(
        self, enrollment: str, *, facts: Mapping[str, object] | None = None, **asked: Any
    ) -> Response:
        return await self.step(
            enrollment, "withdraw", {"reason": "no_time", **(facts or {})}, **asked
        )

    async def report(self, enrollment: str, *reports: object, **asked: Any) -> Response:
        path = f"/progress/enrollments/{enrollment}/reports"
        return await self.post(path, {"reports": reports}, **asked)

    async def define(self, achievement: str, definition: object, **asked: Any) -> dict[str, Any]:
        path = f"/credentials/achievements/{achievement}"
        answer = await self.put(path, definition, **asked)
        assert answer.status_code == 200, answer.text
        defined: dict[str, Any] = answer.json()
        return defined

    async def award(self, learner: str, award: object, **asked: Any) -> Response:
        return await self.post(f"/credentials/learners/{learner}/credentials", award, **asked)


class School(Client):
    """An application in this process, whose policies and timers hear only when told to."""

    def __init__(
        self,
        connection: AsyncClient,
        issuer: DevelopmentIssuer,
        transactor: Transactor,
        services: Sequence[Service],
        **whose: Any,
    ) -> None:
        super().__init__(connection, issuer, **whose)
        self.transactor = transactor
        self.policies = [policy for service in services for policy in service.policies]
        self.timers = [timer for service in services for timer in service.timers]

    async def policies_hear(self, tenant: str | None = None) -> None:
        """All that has happened so far, as the consumer would bring it."""
        for recorded in await self.transactor.log.read(tenant or self.tenant):
            await self.hear(recorded)

    async def hear(self, recorded: Recorded) -> None:
        for policy in self.policies:
            if name_of(recorded.type) not in {tag for _, tag in policy.types}:
                continue
            for number, reaction in enumerate(await policy.react(recorded)):
                await self.transactor.transact(
                    recorded.tenant,
                    reaction.stream,
                    reaction.decide,
                    command_id=reaction_id(policy.name, recorded.event_id, number),
                )

    async def time_comes(self, now: datetime, tenant: str | None = None) -> None:
        """All timers that are due by then go off, with what they start themselves."""
        school = tenant or self.tenant
        for timer in self.timers:
            heard = {tag for _, tag in timer.types}
            for recorded in await self.transactor.log.read(school):
                due = timer.due(recorded) if recorded.type in heard else None
                if due is not None and due <= now:
                    for reaction in await timer.react(recorded, now):
                        await self.transactor.transact(school, reaction.stream, reaction.decide)

    async def happened(self, tenant: str | None = None) -> list[str]:
        events = await self.transactor.log.read(tenant or self.tenant, limit=1_000_000)
        return [recorded.type for recorded in events]


@asynccontextmanager
async def connection_to(app: Litestar, *, raises: bool = True) -> AsyncIterator[AsyncClient]:
    """In the test's own event loop, which is its pool's. `raises` what the app does not answer."""
    transport = httpx2.ASGITransport(cast("Any", app), raise_app_exceptions=raises)
    async with AsyncClient(
        transport=transport, base_url="http://milepost", event_hooks=documented(app)
    ) as connection:
        yield connection


@asynccontextmanager
async def school_of(
    services: Sequence[Service],
    transactor: Transactor,
    settings: Settings,
    *,
    raises: bool = True,
    **whose: Any,
) -> AsyncIterator[School]:
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    async with connection_to(app, raises=raises) as connection:
        issuer = DevelopmentIssuer(settings.data_dir)
        yield School(connection, issuer, transactor, services, **whose)


class Running:
    """A Milepost in processes of its own, as its users have it."""

    def __init__(self, http: str, data_dir: Path) -> None:
        self.http = http
        self.data_dir = data_dir
        given = Settings(data_dir=data_dir)
        self._issuer = DevelopmentIssuer(
            data_dir, issuer=given.token_issuer, audience=given.token_audience
        )
        self._issuer.ensure_keys()

    @cached_property
    def _document(self) -> Document:
        def answered() -> Response | None:  # a busy one may turn a connection away
            answer = fetch(f"{self.http}/schema/openapi.json", timeout=30)
            return answer if answer.is_success else None

        answer = wait_until(answered)
        assert answer
        return Document(answer.json())

    async def _documented(self, response: Response) -> None:
        await response.aread()
        self._document.check(response)

    def headers(
        self, *roles: str, tenant: str = "default", subject: str = "someone", lifetime: int = 600
    ) -> dict[str, str]:
        token = self._issuer.issue(subject, tenant, roles or ("registrar",), lifetime)
        return {"Authorization": f"Bearer {token}"}

    def connection(self, **options: Any) -> AsyncClient:
        """Without a token."""
        hooks = {"response": [self._documented]}
        return AsyncClient(
            verify=tls(),
            base_url=self.http,
            timeout=30,
            trust_env=False,
            event_hooks=hooks,
            **options,
        )

    def client(self, by: str = "registrar", **whose: Any) -> Client:
        return Client(self.connection(), self._issuer, by=by, **{"subject": "someone", **whose})


@cache
def tls() -> ssl.SSLContext:
    """One for all clients: each would read the authorities anew, for 40 ms of work."""
    return ssl.create_default_context()


def fetch(url: str, **options: Any) -> Response:
    return httpx2.get(url, trust_env=False, verify=tls(), **options)


def is_ready(http: str) -> bool:
    try:
        return fetch(f"{http}/health/ready").status_code == 200
    except TransportError:
        return False
