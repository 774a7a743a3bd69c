"""A school spoken to over HTTP, and its policies, which hear only when told to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient

from milepost.events.commands.transact import Transactor
from milepost.events.event import name_of
from milepost.events.policies.policy import Policy, reaction_id
from milepost.events.policies.timers import Timer
from milepost.web.auth.development_issuer import DevelopmentIssuer

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


class School(NamedTuple):
    client: AsyncTestClient[Litestar]
    issuer: DevelopmentIssuer
    transactor: Transactor
    policies: Sequence[Policy]
    timers: Sequence[Timer] = ()

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        by: str = "registrar",
        subject: str = "office",
        tenant: str = "default",
        **headers: str,
    ) -> Response:
        token = self.issuer.issue(subject, tenant, [by])
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(
            method,
            f"/enrollment{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}", **named},
        )

    async def open(self, **facts: object) -> None:
        assert (await self.ask("POST", "/courses/DATA-101/versions", PLAN)).status_code == 201
        body = {"course": "DATA-101", **facts}
        assert (await self.ask("PUT", "/offerings/spring", body)).status_code == 201

    async def enroll(self, learner: str, **asked: Any) -> Response:
        body = {"learner": learner, **asked.pop("facts", {})}
        return await self.ask("POST", "/offerings/spring/enrollments", body, **asked)

    async def withdraw(self, enrollment: str, **asked: Any) -> Response:
        body = {"reason": "no_time", **asked.pop("facts", {})}
        return await self.ask("POST", f"/enrollments/{enrollment}/withdraw", body, **asked)

    async def policies_hear(self, tenant: str = "default") -> None:
        """All that has happened so far, as the consumer would bring it."""
        for policy in self.policies:
            heard = {tag for _, tag in policy.types}
            for recorded in await self.transactor.log.read(tenant):
                if name_of(recorded.type) in heard:
                    await self._react(policy, recorded)

    async def time_comes(self, now: datetime, tenant: str = "default") -> None:
        """All timers that are due by then go off, with what they start themselves."""
        for timer in self.timers:
            heard = {tag for _, tag in timer.types}
            for recorded in await self.transactor.log.read(tenant):
                due = timer.due(recorded) if recorded.type in heard else None
                if due is not None and due <= now:
                    for reaction in await timer.react(recorded, now):
                        await self.transactor.transact(tenant, reaction.stream, reaction.decide)

    async def _react(self, policy: Policy, recorded: Any) -> None:
        for number, reaction in enumerate(await policy.react(recorded)):
            await self.transactor.transact(
                recorded.tenant,
                reaction.stream,
                reaction.decide,
                command_id=reaction_id(policy.name, recorded.event_id, number),
            )

    async def happened(self, tenant: str = "default") -> list[str]:
        return [recorded.type for recorded in await self.transactor.log.read(tenant)]
