"""Routes on who may see a credential's page: everybody, who has a link, nobody. The holder decides.

A link's secret is told once. What is stored is its SHA-256, which is also the link's id.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Annotated, Literal, TypeAlias

import msgspec
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from milepost.contracts.records import RecordEvent
from milepost.contracts.times import Moment
from milepost.credentials.api.wire import KnownLearner, PathCredential
from milepost.credentials.api.wiring import ISSUING, Wiring
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.records.record import Record
from milepost.credentials.domain.records.sharing import (
    MAX_LINKS,
    NOT_SHARED,
    Link,
    Shared,
    Sharing,
    hide,
    require_seen,
    share_by_link,
    share_publicly,
)
from milepost.credentials.domain.refusals import (
    LinkEndsBefore,
    NotHeld,
    NotShareable,
    TooManyLinks,
)
from milepost.events.commands.transact import Outcome
from milepost.web.auth.tokens import NotYourOwn
from milepost.web.openapi.documented_answers import command, query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned
from milepost.web.requests.times import in_calendar

# A front end acts for the holder with a token of its own.
ACTING = ("service",)
HIDING = ISSUING
SECRET_BYTES = 24

_LEARNER, _CREDENTIAL = "learner-4711", "5d2b6c0e-8f0f-5b5a-9d0e-1b2c3d4e5f60"
_NOT_HELD = NotHeld(_LEARNER, _CREDENTIAL)
_NOT_YOUR_OWN = NotYourOwn(_LEARNER, ACTING)
_NOT_YOURS_TO_HIDE = NotYourOwn(_LEARNER, HIDING)
_ENDED = LinkEndsBefore(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC))

PathLink: TypeAlias = Annotated[
    str,
    PathParameter(pattern=r"^[0-9a-f]{64}(?![\s\S])", description="The link's id, a SHA-256"),
]
Decision: TypeAlias = Callable[[Sharing, Shared], list[RecordEvent]]


class Share(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`public`: everybody may see the page. `link`: who has the link, until it `ends`."""

    kind: Literal["public", "link"]
    shows_name: Annotated[
        bool, Meta(description="The page says whose credential it is, as the vault has the name")
    ] = False
    ends: Annotated[Moment, Meta(description="Of a link; none: until it is taken back")] | None = (
        None
    )


class LinkView(msgspec.Struct, frozen=True, kw_only=True):
    """`link` is its id, and opens nothing."""

    link: str
    shows_name: bool
    ends: datetime | None


class SharingView(msgspec.Struct, frozen=True, kw_only=True):
    """`public` is None until the holder decides: the achievement's `visibility` holds then."""

    credential: str
    public: bool | None
    shows_name: bool
    links: tuple[LinkView, ...]

    @classmethod
    def of(cls, credential: str, sharing: Sharing, now: datetime) -> "SharingView":
        links = tuple(
            LinkView(link=one.digest, shows_name=one.shows_name, ends=one.ends)
            for one in sharing.open_links(now)
        )
        return cls(
            credential=credential,
            public=sharing.public,
            shows_name=sharing.shows_name,
            links=links,
        )


class SharedView(SharingView, frozen=True, kw_only=True):
    """`address` of what was shared. A link's holds its secret, and is told once."""

    address: str | None


@get(
    "/learners/{learner:str}/credentials/{credential:str}/shares",
    summary="Who may see a credential's page",
    answers=query(_NOT_YOURS_TO_HIDE, _NOT_HELD),
)
async def get_credential_shares(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    wiring: NamedDependency[Wiring],
) -> Response[SharingView]:
    """The learner themselves, or issuer, registrar, operator, service."""
    request.user.may_act_for(learner, *HIDING)
    _, record = await wiring.transactor.load(request.user.tenant, RECORD.of(learner))
    _about(request, record, learner, credential, wiring.clock())
    sharing = record.sharing.get(credential, NOT_SHARED)
    view = SharingView.of(credential, sharing, wiring.clock())
    return Response(view, headers={"Cache-Control": "private, no-cache"})


@post(
    "/learners/{learner:str}/credentials/{credential:str}/shares",
    summary="Show a credential to others",
    status_code=200,
    answers=command(
        _NOT_YOUR_OWN,
        _NOT_HELD,
        NotShareable(_CREDENTIAL, "withheld"),
        TooManyLinks(_CREDENTIAL, MAX_LINKS),
        _ENDED,
    ),
    roles=("learner", *ACTING),
    links=("getCredentialShares",),
)
async def share_credential(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    data: JSONBody[Share],
    wiring: NamedDependency[Wiring],
) -> Response[SharedView]:
    """To everybody, or to who has the link that the answer tells. A link's secret is told once: a
    repeated request is told none.

    The learner themselves, or service.
    """
    request.user.may_act_for(learner, *ACTING)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    decide = _sharing(data, secret, wiring.clock())
    outcome = await _decide(request, wiring, learner, credential, decide, at=wiring.clock())
    told = data.kind == "public" or (bool(outcome.events) and not outcome.repeated)
    query = "" if data.kind == "public" else f"?k={secret}"
    address = f"{wiring.settings.public_origin}/c/{credential}{query}" if told else None
    view = _view(outcome, credential, wiring.clock())
    shared = SharedView(**msgspec.structs.asdict(view), address=address)
    response = positioned(shared, outcome.position)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@delete(
    "/learners/{learner:str}/credentials/{credential:str}/shares/{link:str}",
    summary="Take a link back",
    status_code=200,
    answers=command(_NOT_YOURS_TO_HIDE, _NOT_HELD),
    roles=("learner", *HIDING),
)
async def withdraw_credential_link(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    link: PathLink,
    wiring: NamedDependency[Wiring],
) -> Response[SharingView]:
    """It opens nothing from now on. Repeating it does nothing.

    The learner themselves, or issuer, registrar, operator, service.
    """
    request.user.may_act_for(learner, *HIDING)
    decide = partial(hide, link=link, at=wiring.clock())
    outcome = await _decide(request, wiring, learner, credential, decide)
    return positioned(_view(outcome, credential, wiring.clock()), outcome.position)


@post(
    "/learners/{learner:str}/credentials/{credential:str}/hide",
    summary="Hide a credential",
    status_code=200,
    answers=command(_NOT_YOURS_TO_HIDE, _NOT_HELD),
    roles=("learner", *HIDING),
)
async def hide_credential(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    wiring: NamedDependency[Wiring],
) -> Response[SharingView]:
    """The page and every link are gone, whatever the achievement says. Repeating it does nothing.

    The learner themselves, or issuer, registrar, operator, service.
    """
    request.user.may_act_for(learner, *HIDING)
    decide = partial(hide, at=wiring.clock())
    outcome = await _decide(request, wiring, learner, credential, decide)
    return positioned(_view(outcome, credential, wiring.clock()), outcome.position)


def _sharing(data: Share, secret: str, at: datetime) -> Decision:
    if data.kind == "public":
        return partial(share_publicly, shows_name=data.shows_name, at=at)
    ends = in_calendar(data.ends, field="ends") if data.ends else None
    digest = sha256(secret.encode()).hexdigest()
    return partial(
        share_by_link, link=Link(digest=digest, shows_name=data.shows_name, ends=ends), at=at
    )


async def _decide(
    request: Call,
    wiring: Wiring,
    learner: str,
    credential: str,
    decision: Decision,
    *,
    at: datetime | None = None,
) -> Outcome[Sequence[RecordEvent]]:
    """`at`: only what may be seen then. Raises `NotHeld`, `NotShareable`."""

    def decide(record: Record) -> list[RecordEvent]:
        about = _about(request, record, learner, credential, wiring.clock())
        if at is not None:
            require_seen(record.credentials[credential], at)
        return decision(record.sharing.get(credential, NOT_SHARED), about)

    return await run_command(request, wiring.transactor, RECORD.of(learner), decide)


def _about(request: Call, record: Record, learner: str, credential: str, now: datetime) -> Shared:
    """Raises `NotHeld`: what is withheld is there for who issues it only."""
    found, issues = record.credentials.get(credential), not request.user.roles.isdisjoint(ISSUING)
    if found is None or (found.is_withheld(now) and not issues):
        raise NotHeld(learner, credential)
    return Shared(credential=credential, learner=learner, achievement=found.achievement)


def _view(outcome: Outcome[Sequence[RecordEvent]], credential: str, now: datetime) -> SharingView:
    sharing = outcome.state(RECORD).sharing.get(credential, NOT_SHARED)
    return SharingView.of(credential, sharing, now)


HANDLERS = (
    get_credential_shares,
    share_credential,
    withdraw_credential_link,
    hide_credential,
)
