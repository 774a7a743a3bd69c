"""Who a learner is: put, read, export, erase. For learners themselves and for the registrar."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import msgspec
import structlog
from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from milepost.contracts.ids import ADDRESS, ID, KEY, LANGUAGE, NAME
from milepost.enrollment.domain.erasure import VAULT, erase
from milepost.enrollment.vault.export import archive, gather
from milepost.enrollment.vault.keyring import MasterKeyMissing
from milepost.enrollment.vault.store import AlreadyErased, Person, UnknownLearner, Vault
from milepost.web.auth.tokens import NotYourOwn
from milepost.web.openapi.documented_answers import ETAG, Answers, command, query, versioned_query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import attachment, location, positioned
from milepost.web.room import Context

KEEPERS = ("registrar", "service")
ERASERS = ("registrar",)

_LEARNER, _ERASED = "learner-4711", datetime(2026, 9, 1, 8, tzinfo=UTC)
_LOCKED = MasterKeyMissing("3f9a0c51")
NOT_YOUR_OWN, NOT_AN_ERASER = NotYourOwn(_LEARNER, KEEPERS), NotYourOwn(_LEARNER, ERASERS)
UNKNOWN_LEARNER = UnknownLearner(_LEARNER, _ERASED)

_log = structlog.get_logger()

_OPAQUE = "The learner's opaque id"
LearnerPath = Annotated[str, PathParameter(pattern=ID, description=_OPAQUE)]
# Whoever was ever given an id can be erased.
KnownLearner = Annotated[str, PathParameter(pattern=KEY, description=_OPAQUE)]


class PutLearner(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All there is: what is left out is forgotten."""

    name: Annotated[
        str, Meta(min_length=1, max_length=200, pattern=NAME, examples=["Ada Lovelace"])
    ]
    email: Annotated[str, Meta(pattern=ADDRESS, examples=["ada@example.org"])] | None = None
    locale: Annotated[str, Meta(pattern=LANGUAGE, examples=["en", "pt-BR"])] | None = None

    def __repr__(self) -> str:
        return "PutLearner(…)"


class NamedLearner(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    learner: Annotated[str, Meta(pattern=KEY, description=_OPAQUE, examples=[_LEARNER])]


class LearnerView(msgspec.Struct, frozen=True, kw_only=True):
    learner: str
    name: str
    email: str | None
    locale: str | None


class ErasureView(msgspec.Struct, frozen=True, kw_only=True):
    learner: str
    erased_at: datetime


class VaultWiring(msgspec.Struct, frozen=True):
    """What these routes are given to work with."""

    vault: Vault
    context: Context


@put(
    "/{learner:str}",
    summary="Say who a learner is",
    description="Encrypted before it is stored, and in no event. 201 for the first time.",
    answers=Answers(
        refusals=(NOT_YOUR_OWN, AlreadyErased(_LEARNER, _ERASED), _LOCKED),
        response_headers=(ETAG,),
        also=201,
        creates=True,
    ),
    roles=("learner", *KEEPERS),
    links=("getLearner", "exportLearner"),
)
async def put_learner(
    request: Call,
    learner: LearnerPath,
    data: JSONBody[PutLearner],
    wiring: NamedDependency[VaultWiring],
) -> Response[LearnerView]:
    request.user.may_act_for(learner, *KEEPERS)
    person = Person(name=data.name, email=data.email, locale=data.locale)
    version = await wiring.vault.put(request.user.tenant, learner, person)
    headers = {"ETag": f'"{version}"'}
    if version == 1:
        headers["Location"] = location(("enrollment", "learners", learner))
    status = 201 if version == 1 else 200
    return Response(_view(learner, person), status_code=status, headers=headers)


@get(
    "/{learner:str}",
    summary="Read who a learner is",
    description="Nothing is known of who has been erased.",
    answers=versioned_query(NOT_YOUR_OWN, UNKNOWN_LEARNER, _LOCKED),
)
async def get_learner(
    request: Call, learner: KnownLearner, wiring: NamedDependency[VaultWiring]
) -> Response[LearnerView]:
    request.user.may_act_for(learner, *KEEPERS)
    version, person = await wiring.vault.get(request.user.tenant, learner)
    return versioned(request, _view(learner, person), version)


@post(
    "/{learner:str}/erase",
    status_code=200,
    summary="Erase a learner's personal data",
    description="For good: nobody reads them from now on. What old rows and backups still hold, "
    "sealed, is opened by no key that exists within `MILEPOST_ERASURE_DAYS`. Enrollments and "
    "credentials stay, under the learner's id alone. Repeating it does nothing.",
    answers=command(NOT_AN_ERASER),
    roles=("learner", *ERASERS),
)
async def erase_learner(
    request: Call, learner: KnownLearner, wiring: NamedDependency[VaultWiring]
) -> Response[ErasureView]:
    return await _erase(request, wiring, learner)


@get(
    "/{learner:str}/export",
    summary="Export everything about a learner",
    description="A ZIP archive: about.json tells what is in it.",
    answers=query(NOT_AN_ERASER, UNKNOWN_LEARNER, _LOCKED),
    media_type="application/zip",
)
async def export_learner(
    request: Call, learner: KnownLearner, wiring: NamedDependency[VaultWiring]
) -> Response[bytes]:
    return await _export(request, wiring, learner)


@post(
    "/erasures",
    status_code=200,
    summary="Erase a learner's personal data, named in the body",
    description="The same, for ids from before that have a slash: no path can hold one.",
    answers=command(NOT_AN_ERASER),
    roles=("learner", *ERASERS),
)
async def erase_named_learner(
    request: Call, data: JSONBody[NamedLearner], wiring: NamedDependency[VaultWiring]
) -> Response[ErasureView]:
    return await _erase(request, wiring, data.learner)


@post(
    "/exports",
    status_code=200,
    summary="Export everything about a learner, named in the body",
    description="The same, for ids from before that have a slash: no path can hold one.",
    answers=query(NOT_AN_ERASER, UNKNOWN_LEARNER, _LOCKED),
    media_type="application/zip",
    roles=("learner", *ERASERS),
)
async def export_named_learner(
    request: Call, data: JSONBody[NamedLearner], wiring: NamedDependency[VaultWiring]
) -> Response[bytes]:
    return await _export(request, wiring, data.learner)


async def _erase(request: Call, wiring: VaultWiring, learner: str) -> Response[ErasureView]:
    request.user.may_act_for(learner, *ERASERS)
    tenant, at = request.user.tenant, wiring.context.clock()
    # First the receipt: should this process die now, the policy that hears it erases.
    decide = partial(erase, learner=learner, occurred_at=at)
    outcome = await run_command(request, wiring.context.transactor, VAULT.of(learner), decide)
    erased_at = outcome.state(VAULT)
    assert erased_at is not None
    await wiring.vault.erase(tenant, learner, erased_at)
    return positioned(ErasureView(learner=learner, erased_at=erased_at), outcome.position)


async def _export(request: Call, wiring: VaultWiring, learner: str) -> Response[bytes]:
    request.user.may_act_for(learner, *ERASERS)
    known = await gather(wiring.context, wiring.vault, request.user.tenant, learner)
    _log.info("learner_exported", learner=learner, actor=request.user.subject)
    content = archive(known, wiring.context.clock())
    return Response(content, media_type="application/zip", headers=attachment(f"{learner}.zip"))


def _view(learner: str, person: Person) -> LearnerView:
    return LearnerView(learner=learner, name=person.name, email=person.email, locale=person.locale)


def routes(wiring: VaultWiring) -> Router:
    learners = Router(
        "/learners", route_handlers=[put_learner, get_learner, erase_learner, export_learner]
    )
    return Router(
        "/enrollment",
        route_handlers=[learners, erase_named_learner, export_named_learner],
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["learners"],
    )
