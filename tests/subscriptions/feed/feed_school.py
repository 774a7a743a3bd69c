"""A school whose log is read over HTTP: in memory, of any events, with somebody to ask for them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx2
import msgspec
from litestar import Litestar
from tests.clients import AsyncClient, connection_to
from tests.web.test_server import served

from milepost.events.commands.transact import Transactor
from milepost.events.log import Command, Log, NewEvent
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.subscriptions.feed.app import service
from milepost.subscriptions.feed.large_answers import AnswerRoom
from milepost.web.answers.open_requests import OpenRequests
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context, Worker
from milepost.web.settings import Settings

AT = datetime(2026, 5, 4, tzinfo=UTC)
NDJSON = {"Accept": "application/x-ndjson"}


class Patient(httpx2.AsyncHTTPTransport):
    """Asks again where a server on a busy machine turns a connection away."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        for _ in range(100):
            answer = await super().handle_async_request(request)
            if answer.status_code != 503:
                return answer
            await answer.aclose()
            await asyncio.sleep(0.1)
        return await super().handle_async_request(request)


class FeedSchool:
    """`client` asks in this process, or over a socket where it is `served`."""

    def __init__(self, log: Log, data_dir: Path, tenant: str = "north") -> None:
        self.log = log
        self.tenant = tenant
        self.settings = Settings(data_dir=data_dir, shutdown_seconds=5)
        self._issuer = DevelopmentIssuer(data_dir)
        feed = service(Context(Transactor(log), self.settings, cast("Any", None)))
        [self.tail] = cast("tuple[Worker]", feed.workers)
        wiring = cast("Any", feed.routes[0].dependencies["wiring"]).dependency()
        self.feed_open: OpenRequests = wiring.open
        self.feed_room: AnswerRoom = wiring.room
        self.app: Litestar = create_app(
            [feed], self.settings, TokenVerifier(self.settings), ready={}
        )
        self._versions: dict[tuple[str, str], int] = {}

    async def happens(
        self, stream: str, *tags: str, tenant: str | None = None, **data: object
    ) -> None:
        """One command; each event has these data."""
        tenant = tenant or self.tenant
        before = self._versions.get((tenant, stream), 0)
        self._versions[tenant, stream] = before + len(tags)
        events = tuple(
            NewEvent(
                stream=stream,
                type=tag,
                data=msgspec.json.encode({"type": tag, **data}),
                occurred_at=AT,
                event_id=uuid4(),
            )
            for tag in tags
        )
        command = Command(command_id=uuid4(), expects=((stream, before),), events=events)
        await self.log.append(tenant, [command])

    def headers(
        self, *roles: str, subject: str = "lms", tenant: str | None = None, **issued: Any
    ) -> dict[str, str]:
        token = self._issuer.issue(subject, tenant or self.tenant, roles or ("service",), **issued)
        return {"Authorization": f"Bearer {token}"}

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """While the tail runs, as a process's worker does."""
        self.following = asyncio.create_task(self.tail())
        try:
            yield
        finally:
            await cancel_and_wait(self.following)

    @asynccontextmanager
    async def asked(self) -> AsyncIterator[AsyncClient]:
        async with self.followed(), connection_to(self.app) as client:
            yield client

    @asynccontextmanager
    async def served(self) -> AsyncIterator[AsyncClient]:
        async with self.followed(), served(self.app) as (answering, stop):
            self.stop = stop
            asked = {"base_url": answering.base_url, "timeout": answering.timeout}
            async with AsyncClient(transport=Patient(), **asked) as client:
                yield client

    async def stops(self) -> None:
        """As a process does that is told to: its workers are canceled, its server ends."""
        self.stop.set()
        await cancel_and_wait(self.following)


def positions(answer: httpx2.Response) -> list[int]:
    """Of the events in it; they come in order, each once."""
    events: Sequence[Any] = (
        [msgspec.json.decode(line) for line in answer.content.splitlines()]
        if "ndjson" in answer.headers["content-type"]
        else answer.json()
    )
    found = [int(event["position"]) for event in events]
    assert found == sorted(set(found))
    return found
