"""The routes that verify: a credential of anybody, ours or not, by whoever has a token."""

import base64
import binascii
from typing import Annotated, ClassVar, Final

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import JSONBody
from msgspec import Meta

from milepost.credentials.api.wiring import Wiring
from milepost.credentials.verification.presented import MAX_BYTES
from milepost.credentials.verification.report import Report
from milepost.credentials.verification.verifier import Question
from milepost.web.openapi.documented_answers import Answers, query
from milepost.web.problems import BodyTooLarge, Malformed
from milepost.web.requests.commands import Call
from milepost.web.requests.json_body import Body

ANYBODY: Final = ("learner", "instructor", "issuer", "registrar", "operator", "service")
MAX_JSON: Final = MAX_BYTES * 4 // 3 + 100_000  # an image as a data: address, and the rest
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
    report = await _report(request, wiring, presented(data.credential), data)
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
    return Response(await _report(request, wiring, await request.body(), None))


async def _report(request: Call, wiring: Wiring, data: bytes, asked: ToVerify | None) -> Report:
    tenant = request.user.tenant
    question = Question(
        at=wiring.clock(),
        recipient=asked.recipient if asked else None,
        ours=await wiring.verifier.issuers(tenant),
        trusted=wiring.trusted | frozenset(asked.trusted if asked else ()),
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


HANDLERS: Final = (verify_credential, verify_file)
