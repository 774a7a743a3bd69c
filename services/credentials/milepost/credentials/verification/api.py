"""The routes that verify: a credential of anybody, ours or not, by whoever has a token."""

import base64
import binascii
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Final

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import JSONBody
from msgspec import Meta

from milepost.contracts.ids import KEY
from milepost.contracts.records import CredentialAwarded, ForeignCredentialNoted, RecordEvent
from milepost.credentials.api.wire import Code, CredentialView, PathLearner
from milepost.credentials.api.wiring import (
    ISSUING,
    READING,
    RETIRED_ACHIEVEMENT,
    UNKNOWN_ACHIEVEMENT,
    Wiring,
)
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.records.record import Record
from milepost.credentials.domain.refusals import AlreadyHeld, NotRecognized
from milepost.credentials.verification.presented import MAX_BYTES
from milepost.credentials.verification.recognition import recognize
from milepost.credentials.verification.report import Report
from milepost.credentials.verification.verifier import Question
from milepost.events.commands.transact import Outcome
from milepost.web.openapi.documented_answers import Answers, command, query
from milepost.web.problems import BodyTooLarge, Malformed
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import created

ANYBODY: Final = ("learner", "instructor", *READING)
MAX_JSON: Final = MAX_BYTES * 4 // 3 + 100_000  # an image as a data: address, and the rest
_CREDENTIAL: Final = "5d2b6c0e-8f0f-5b5a-9d0e-1b2c3d4e5f60"
MAX_TRUSTED: Final = 100
_MEDIA: Final = (
    *("image/png", "image/svg+xml", "application/vc", "application/ld+json"),
    *("application/json", "application/vc+jwt", "application/jwt", "application/octet-stream"),
)

Identifier = Annotated[str, Meta(min_length=1, max_length=1_000)]


class ToVerify(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be verified.

    credential the document itself, or a text: a JWT, or an image as `data:image/png;base64,…`
    recipient  whom it should be about: an e-mail address, an id. Nothing keeps it
    trusted    ids of issuers that the caller knows, as `issuer.id` in their badges
    """

    for_people: ClassVar[bool] = False  # its bytes are signed: none may be changed

    credential: msgspec.Raw
    recipient: Identifier | None = None
    trusted: Annotated[tuple[Identifier, ...], Meta(max_length=MAX_TRUSTED)] = ()


@post(
    "/verify",
    status_code=200,
    summary="Verify a credential",
    request_max_body_size=MAX_JSON,
    answers=query(BodyTooLarge(MAX_JSON)),
    roles=ANYBODY,
)
async def verify_credential(
    request: Call, data: JSONBody[ToVerify], wiring: NamedDependency[Wiring]
) -> Response[Report]:
    """A report, check by check, with one verdict: `valid`, `not_valid` or `undecided`.

    Also what holds no credential has a report. An issuer that nobody here knows is `undecided`,
    not forged. Nothing is fetched but from hosts that the operator has named.

    Roles: all.
    """
    known = frozenset(data.trusted)
    report = await _report(request, wiring, presented(data.credential), data.recipient, known)
    return Response(report)


@post(
    "/verify/file",
    status_code=200,
    summary="Verify a credential in a file",
    request_max_body_size=MAX_BYTES,
    answers=Answers(
        refusals=(BodyTooLarge(MAX_BYTES),),
        request_body=RequestBody(
            required=True,
            description="A baked PNG or SVG, a JSON document or a JWT, as it is; its bytes tell "
            "which.",
            content={
                media: OpenAPIMediaType(
                    schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
                )
                for media in _MEDIA
            },
        ),
    ),
    roles=ANYBODY,
)
async def verify_file(request: Call, wiring: NamedDependency[Wiring]) -> Response[Report]:
    """The report of `POST /credentials/verify`, of the body as it is.

    Roles: all.
    """
    return Response(await _report(request, wiring, await request.body()))


async def _report(
    request: Call,
    wiring: Wiring,
    data: bytes,
    recipient: str | None = None,
    trusted: frozenset[str] = frozenset(),
) -> Report:
    tenant = request.user.tenant
    question = Question(
        at=wiring.clock(),
        recipient=recipient,
        ours=await wiring.verifier.issuers(tenant),
        trusted=wiring.trusted | trusted,
    )
    return await wiring.verifier.verify(data, question)


def presented(credential: msgspec.Raw) -> bytes:
    """What stands in a JSON body as the bytes that were signed. Raises `Malformed`."""
    raw = bytes(credential)
    if not raw.startswith(b'"'):
        return raw
    text = msgspec.json.decode(raw, type=str)
    if not text.startswith("data:image/"):
        return text.encode("utf-8", "surrogatepass")
    head, _, encoded = text.partition(",")
    try:
        return base64.b64decode(encoded if head.endswith(";base64") else "-", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("The image is no base64.", path="$.credential") from error


class Recognition(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A credential from elsewhere, and what it stands for here.

    credential   as in `POST /credentials/verify`
    recipient    by which it names the learner: an e-mail address, an id. Nothing keeps it
    achievement  of this school, which is awarded
    """

    for_people: ClassVar[bool] = False

    credential: msgspec.Raw
    recipient: Identifier
    achievement: Annotated[str, Meta(pattern=KEY, examples=["data-analyst"])]
    reason: Code


@post(
    "/learners/{learner:str}/recognitions",
    summary="Award by a credential from elsewhere",
    request_max_body_size=MAX_JSON,
    answers=command(
        BodyTooLarge(MAX_JSON),
        UNKNOWN_ACHIEVEMENT,
        RETIRED_ACHIEVEMENT,
        AlreadyHeld("data-analyst", _CREDENTIAL),
        NotRecognized("undecided", ("issuer: issuer_unknown",)),
        creates=True,
    ),
    roles=ISSUING,
    links=("getCredentialDocument", "getCredentialShares", "getLearnerRecord"),
)
async def recognize_credential(
    request: Call,
    learner: PathLearner,
    data: JSONBody[Recognition],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[CredentialView]:
    """Prior learning: the credential is verified, noted with its source, and is the evidence of
    the award, which ends no later. Its issuer must be known here (`MILEPOST_VERIFY_TRUSTED`).

    Roles: issuer, registrar, operator, service.
    """
    report = await _report(request, wiring, presented(data.credential), data.recipient)
    catalog = await wiring.achievements.latest(request.user.tenant)

    def decide(record: Record) -> list[RecordEvent]:
        noted = _noted(report, learner, data.achievement)
        return recognize(
            record, catalog, noted, reason=data.reason, awarded_by=request.user.subject
        )

    outcome = await run_command(request, wiring.transactor, RECORD.of(learner), decide)
    award = next(event for event in _read(outcome) if isinstance(event, CredentialAwarded))
    credential = outcome.state(RECORD).credentials[award.credential]
    view = CredentialView.of(credential, wiring.clock())
    address = ("credentials", "learners", learner, "achievements", data.achievement)
    return created(view, outcome.position, address)


def _noted(report: Report, learner: str, achievement: str) -> ForeignCredentialNoted:
    """Of a credential that is valid, and the learner's. Raises `NotRecognized`."""
    about = report.credential
    if report.verdict != "valid" or about is None or about.id is None or about.issuer is None:
        doubts = [one for one in report.checks if one.outcome in {"failed", "unknown"}]
        raise NotRecognized(report.verdict, tuple(f"{one.check}: {one.reason}" for one in doubts))
    return ForeignCredentialNoted(
        learner=learner,
        source=about.id,
        issuer=about.issuer,
        name=about.achievement or "",
        digest=report.digest,
        achievement=achievement,
        valid_from=about.valid_from,
        valid_until=about.valid_until,
        occurred_at=report.judged_at,
    )


def _read(outcome: Outcome[Any]) -> Iterator[RecordEvent]:
    return (RECORD.codec.read(event) for event in outcome.events)


HANDLERS: Final = (verify_credential, verify_file, recognize_credential)
