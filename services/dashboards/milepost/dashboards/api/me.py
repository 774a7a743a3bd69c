"""Who is calling, and what is their own: `GET /me`, with which a front end begins."""

from datetime import UTC, datetime
from hashlib import blake2b

import asyncpg
import msgspec
from litestar import Response, Router, get
from litestar.di import Provide

from milepost.dashboards.api.parameters import Call, Language, Pool
from milepost.dashboards.api.responses import answer_not_visible, read_answers, respond
from milepost.dashboards.queries.consistent_read import NotVisibleYet, shows
from milepost.dashboards.queries.lists.credentials import CredentialView
from milepost.dashboards.queries.lists.enrollments import EnrollmentListed
from milepost.dashboards.queries.me import MODELS, OwnRows, read_own
from milepost.web.answers.settled import SHOWS
from milepost.web.auth.tokens import LEEWAY_SECONDS
from milepost.web.requests.positions import awaited_position


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """What Milepost takes from the token, which ends at `expires_at`, and of a learner the latest
    200 enrollments and credentials. What is next: `GET /dashboards/learners/{learner}/home`.
    """

    position: int
    as_of: datetime | None
    subject: str
    tenant: str
    roles: list[str]
    expires_at: datetime
    enrollments: list[EnrollmentListed]
    credentials: list[CredentialView]


@get("", summary="Who I am, and what is my own", answers=read_answers())
async def get_me(request: Call, pool: Pool, language: Language = None) -> Response[Me]:
    """Any role; both lists are empty for who is no learner."""
    caller, awaited = request.user, awaited_position(request)
    learner = caller.subject if "learner" in caller.roles else None
    found = await read_own(pool, caller.tenant, learner, language=language, awaited=awaited)
    me = Me(
        position=found.position,
        as_of=found.as_of,
        subject=caller.subject,
        tenant=caller.tenant,
        roles=sorted(caller.roles),
        expires_at=datetime.fromtimestamp(caller.expires_at - LEEWAY_SECONDS, UTC),
        enrollments=found.enrollments,
        credentials=found.credentials,
    )
    return respond(request, me, _of_token(found, me))


def _of_token(found: OwnRows, me: Me) -> OwnRows:
    """With an ETag that a renewed token changes, too."""
    token = msgspec.json.encode((found.etag, me.subject, me.tenant, me.roles, me.expires_at))
    etag = f'"{blake2b(token, digest_size=12).hexdigest()}"'
    return msgspec.structs.replace(found, etag=etag)


def routes(pool: asyncpg.Pool) -> Router:
    async def all_show(tenant: str, position: int, seconds: float) -> bool:
        return await shows(pool, tenant, MODELS, position, seconds)

    return Router(
        "/me",
        route_handlers=[get_me],
        dependencies={"pool": Provide(lambda: pool, sync_to_thread=False)},
        exception_handlers={NotVisibleYet: answer_not_visible},
        opt={SHOWS: all_show},
        tags=["dashboards"],
    )
