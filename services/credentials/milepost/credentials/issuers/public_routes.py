"""Routes that machines verify by: issuers, their keys, achievements, endorsements, status lists.

Nobody needs a token; anybody's page may read them.
"""

from hashlib import blake2b
from typing import Any, TypeAlias

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from milepost.credentials.domain.achievements.definition import DEFAULT_ISSUER
from milepost.credentials.issuers.addresses import Addresses, may_exist
from milepost.credentials.issuers.badges import achievement_of
from milepost.credentials.issuers.issuer import Issuer
from milepost.credentials.issuers.key_documents import did_document, profile_document
from milepost.credentials.issuers.signer import TTL_SECONDS, Signer, list_place
from milepost.credentials.open_badges.documents import BADGE_CONTEXT, encode, plain
from milepost.events.log import Log
from milepost.web.problems import Problem, RequestFault
from milepost.web.requests.etags import etag_matches

AnyRequest: TypeAlias = Request[Any, Any, Any]
JSON_LD, CREDENTIAL = "application/ld+json", "application/vc"


class NotPublished(RequestFault):
    def problem(self) -> Problem:
        return Problem(
            status=404,
            name="not_published",
            title="Not published",
            detail="Nothing is published at this address.",
        )


def _require_codes(*codes: str) -> None:
    """Raises `NotPublished`."""
    if not may_exist(*codes):
        raise NotPublished


class Published(msgspec.Struct, frozen=True):
    """What the routes are given to work with."""

    log: Log
    signer: Signer
    addresses: Addresses

    async def issuer(self, tenant: str, code: str) -> Issuer:
        """Raises `NotPublished`: it was never defined, and has signed nothing."""
        issuer = await self.signer.issuer(tenant, code)
        if issuer.version or issuer.keys:
            return issuer
        if code != DEFAULT_ISSUER or tenant not in await self.log.heads():
            raise NotPublished
        return issuer


@get("/issuers/{tenant:str}/{issuer:str}")
async def get_issuer_profile(
    request: AnyRequest,
    tenant: FromPath[str],
    issuer: FromPath[str],
    published: NamedDependency[Published],
) -> Response[bytes]:
    """Who it is, and its keys: a controlled identifier document."""
    _require_codes(tenant, issuer)
    state = await published.issuer(tenant, issuer)
    document = profile_document(tenant, issuer, state, published.addresses)
    return _answer(request, msgspec.json.encode(document), JSON_LD)


@get("/issuers/{tenant:str}/{issuer:str}/did.json")
async def get_issuer_did(
    request: AnyRequest,
    tenant: FromPath[str],
    issuer: FromPath[str],
    published: NamedDependency[Published],
) -> Response[bytes]:
    """The document of its did:web."""
    _require_codes(tenant, issuer)
    state = await published.issuer(tenant, issuer)
    document = did_document(tenant, issuer, state, published.addresses)
    return _answer(request, msgspec.json.encode(document), "application/did+ld+json")


@get("/achievements/{tenant:str}/{achievement:str}/{version:int}")
async def get_achievement_document(
    request: AnyRequest,
    tenant: FromPath[str],
    achievement: FromPath[str],
    version: FromPath[int],
    published: NamedDependency[Published],
) -> Response[bytes]:
    """A version of an achievement, as badges describe it."""
    _require_codes(tenant, achievement)
    defined = await published.signer.definition(tenant, achievement, version)
    if defined is None:
        raise NotPublished
    document = achievement_of(tenant, defined, published.addresses)
    whole = {"@context": list(BADGE_CONTEXT), **plain(document)}
    return _answer(request, msgspec.json.encode(whole), JSON_LD)


@get("/endorsements/{tenant:str}/{achievement:str}/{endorsement:str}")
async def get_endorsement_document(
    request: AnyRequest,
    tenant: FromPath[str],
    achievement: FromPath[str],
    endorsement: FromPath[str],
    published: NamedDependency[Published],
) -> Response[bytes]:
    _require_codes(tenant, achievement, endorsement)
    document = await published.signer.endorsement(tenant, achievement, endorsement)
    if document is None:
        raise NotPublished
    return _answer(request, encode(document), CREDENTIAL)


@get("/status/{tenant:str}/{place:path}")
async def get_status_list(
    request: AnyRequest,
    tenant: FromPath[str],
    place: FromPath[str],
    published: NamedDependency[Published],
) -> Response[bytes]:
    """A Bitstring Status List: `revocation` tells what does not count, `suspension` what may
    count again.
    """
    at = list_place(tenant, str(place).strip("/"))
    signed = await published.signer.status_list(tenant, at) if at else None
    if signed is None:
        raise NotPublished
    return _answer(request, signed, CREDENTIAL, seconds=TTL_SECONDS)


def _answer(
    request: AnyRequest, content: bytes, media_type: str, *, seconds: int = 300
) -> Response[bytes]:
    etag = f'"{blake2b(content, digest_size=12).hexdigest()}"'
    headers = {
        "ETag": etag,
        "Cache-Control": f"public, max-age={seconds}",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
        "Content-Type": media_type,
    }
    if etag_matches(request, etag):
        return Response(b"", status_code=304, headers=headers)
    return Response(content, headers=headers)


def routes(published: Published) -> Router:
    return Router(
        "/",
        route_handlers=[
            get_issuer_profile,
            get_issuer_did,
            get_achievement_document,
            get_endorsement_document,
            get_status_list,
        ],
        dependencies={"published": Provide(lambda: published, sync_to_thread=False)},
        opt={"public": True},
        include_in_schema=False,
    )
