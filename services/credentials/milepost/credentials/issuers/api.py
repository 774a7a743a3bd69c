"""Routes on a school's issuers and their keys, for staff."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, TypeAlias

import msgspec
from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from milepost.contracts.ids import ADDRESS, ID, KEY, NAME, TEXT
from milepost.contracts.issuers import KeyAlgorithm
from milepost.credentials.domain.achievements.definition import DEFAULT_ISSUER
from milepost.credentials.domain.refusals import (
    LastKey,
    RetiredIssuer,
    UnknownImage,
    UnknownIssuer,
    UnknownKey,
)
from milepost.credentials.images.store import Images
from milepost.credentials.issuers.addresses import Addresses
from milepost.credentials.issuers.issuer import (
    ISSUER,
    Issuer,
    Profile,
    add_key,
    define,
    retire,
    retire_key,
)
from milepost.credentials.issuers.key_documents import identifier
from milepost.credentials.issuers.keys import IssuerKeys
from milepost.events.commands.transact import Transactor
from milepost.events.streams import key_of
from milepost.web.openapi.documented_answers import command, query, versioned_query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned

ISSUING = ("issuer", "registrar", "operator", "service")
KEY_HOLDING = ("operator", "service")
_UNKNOWN, _RETIRED = UnknownIssuer("school"), RetiredIssuer("school")
_KEY = "z6MkrHKzgsahxBLyNAbLQyB1pcWNYC9GmywiWPgkrvntAZcj"

PathIssuer: TypeAlias = Annotated[
    str, PathParameter(pattern=ID, description="The issuer's code; every school has `default`")
]
KnownIssuer: TypeAlias = Annotated[
    str, PathParameter(pattern=KEY, description="The issuer's code; every school has `default`")
]
PathKey: TypeAlias = Annotated[
    str,
    PathParameter(pattern=r"^z[1-9A-HJ-NP-Za-km-z]{40,64}(?![\s\S])", description="The Multikey"),
]
Address = Annotated[
    str,
    Meta(
        max_length=2_000,
        pattern=r"^https://[^\s\x00-\x1f]+(?![\s\S])",
        examples=["https://school.example"],
    ),
]


class IssuerProfile(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`image`: the SHA-256 of a logo that was uploaded."""

    name: Annotated[str, Meta(pattern=NAME, examples=["School of Data"])]
    url: Address | None = None
    description: Annotated[str, Meta(max_length=4_000, pattern=TEXT)] = ""
    email: Annotated[str, Meta(pattern=ADDRESS, examples=["office@school.example"])] | None = None
    country: (
        Annotated[
            str,
            Meta(pattern=r"^[A-Z]{2}(?![\s\S])", description="ISO 3166-1 alpha-2", examples=["DE"]),
        ]
        | None
    ) = None
    image: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")] | None = None
    hashed_recipient: Annotated[
        bool, Meta(description="Badges name the holder by a salted hash only; else by the id")
    ] = True
    did: Annotated[bool, Meta(description="It goes by its did:web; else by its https address")] = (
        False
    )


class Compromise(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    compromised: Annotated[
        bool, Meta(description="Nothing that it signed is believed any more; it is unpublished")
    ] = False


class Rotation(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    algorithm: KeyAlgorithm = "Ed25519"


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """`Ed25519` signs embedded proofs, `ES256` JWTs."""

    key: str
    algorithm: KeyAlgorithm
    added_at: datetime
    retired_at: datetime | None
    compromised: bool


class IssuerView(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is the issuer's in badges. `version` is 0 while it was never defined."""

    issuer: str
    id: str
    did: str
    version: int
    retired: bool
    profile: Profile
    keys: tuple[KeyView, ...]


class IssuersView(msgspec.Struct, frozen=True, kw_only=True):
    issuers: tuple[IssuerView, ...]


class IssuerWiring(msgspec.Struct, frozen=True):
    transactor: Transactor
    keys: IssuerKeys
    images: Images
    addresses: Addresses
    clock: Callable[[], datetime]

    def view(self, tenant: str, code: str, state: Issuer) -> IssuerView:
        return IssuerView(
            issuer=code,
            id=identifier(tenant, code, state.named(tenant), self.addresses),
            did=self.addresses.did(tenant, code),
            version=state.version,
            retired=state.retired,
            profile=state.named(tenant),
            keys=tuple(KeyView(**msgspec.structs.asdict(one)) for one in state.keys),
        )


@put(
    "/issuers/{issuer:str}",
    summary="Define an issuer",
    answers=command(_RETIRED, UnknownImage("0" * 64)),
    roles=ISSUING,
    links=("getIssuer",),
)
async def put_issuer(
    request: Call,
    issuer: PathIssuer,
    data: JSONBody[IssuerProfile],
    wiring: NamedDependency[IssuerWiring],
) -> Response[IssuerView]:
    """Who awards credentials: name, address, country, logo. Badges that were awarded keep the
    profile of then.

    Roles: issuer, registrar, operator, service.
    """
    if data.image and not await wiring.images.knows(request.user.tenant, data.image):
        raise UnknownImage(data.image)
    profile = Profile(**msgspec.structs.asdict(data))
    decide = partial(define, issuer=issuer, profile=profile, at=wiring.clock())
    outcome = await run_command(request, wiring.transactor, ISSUER.of(issuer), decide)
    view = wiring.view(request.user.tenant, issuer, outcome.state(ISSUER))
    return positioned(view, outcome.position)


@get("/issuers/{issuer:str}", summary="An issuer and its keys", answers=versioned_query(_UNKNOWN))
async def get_issuer(
    request: Call, issuer: KnownIssuer, wiring: NamedDependency[IssuerWiring]
) -> Response[IssuerView]:
    """Any role."""
    tenant = request.user.tenant
    written, state = await wiring.transactor.load(tenant, ISSUER.of(issuer))
    if not written and issuer != DEFAULT_ISSUER:
        raise UnknownIssuer(issuer)
    return versioned(request, wiring.view(tenant, issuer, state), written)


@get("/issuers", summary="The school's issuers", answers=query())
async def list_issuers(
    request: Call, wiring: NamedDependency[IssuerWiring]
) -> Response[IssuersView]:
    """By code; retired ones too. Any role."""
    tenant = request.user.tenant
    states: dict[str, Issuer] = {DEFAULT_ISSUER: Issuer()}
    for one in await wiring.transactor.log.read_category(tenant, ISSUER.name):
        code = key_of(one.stream)
        states[code] = ISSUER.fold([one], states.get(code))
    views = (wiring.view(tenant, code, states[code]) for code in sorted(states))
    return Response(IssuersView(issuers=tuple(views)))


@post(
    "/issuers/{issuer:str}/retire",
    summary="Retire an issuer",
    status_code=200,
    answers=command(_UNKNOWN),
    roles=ISSUING,
)
async def retire_issuer(
    request: Call, issuer: KnownIssuer, wiring: NamedDependency[IssuerWiring]
) -> Response[IssuerView]:
    """No achievement names it from then on; what it signed stays readable. `default` stays.

    Roles: issuer, registrar, operator, service.
    """
    decide = partial(retire, issuer=issuer, at=wiring.clock())
    outcome = await run_command(request, wiring.transactor, ISSUER.of(issuer), decide)
    view = wiring.view(request.user.tenant, issuer, outcome.state(ISSUER))
    return positioned(view, outcome.position)


@post(
    "/issuers/{issuer:str}/keys/rotate",
    summary="Sign by a new key from now on",
    status_code=200,
    answers=command(_UNKNOWN),
    roles=KEY_HOLDING,
)
async def rotate_issuer_key(
    request: Call,
    issuer: KnownIssuer,
    data: JSONBody[Rotation],
    wiring: NamedDependency[IssuerWiring],
) -> Response[IssuerView]:
    """Old keys stay published, and sign what was awarded in their time, until they are retired.

    Roles: operator, service.
    """
    tenant = request.user.tenant
    written, _ = await wiring.transactor.load(tenant, ISSUER.of(issuer))
    if not written and issuer != DEFAULT_ISSUER:
        raise UnknownIssuer(issuer)
    key = await wiring.keys.prepare(tenant, issuer, data.algorithm)
    decide = partial(
        add_key, issuer=issuer, key=key, algorithm=data.algorithm, at=wiring.clock(), first=False
    )
    outcome = await run_command(request, wiring.transactor, ISSUER.of(issuer), decide)
    return positioned(wiring.view(tenant, issuer, outcome.state(ISSUER)), outcome.position)


@post(
    "/issuers/{issuer:str}/keys/{key:str}/retire",
    summary="Retire a key",
    status_code=200,
    answers=command(UnknownKey("school", _KEY), LastKey("school", _KEY)),
    roles=KEY_HOLDING,
)
async def retire_issuer_key(
    request: Call,
    issuer: KnownIssuer,
    key: PathKey,
    data: JSONBody[Compromise],
    *,
    wiring: NamedDependency[IssuerWiring],
) -> Response[IssuerView]:
    """It signs nothing more: what it had signed is signed by the present key when next asked for.
    It stays published, unless it is compromised.

    Roles: operator, service.
    """
    decide = partial(
        retire_key, issuer=issuer, key=key, at=wiring.clock(), compromised=data.compromised
    )
    outcome = await run_command(request, wiring.transactor, ISSUER.of(issuer), decide)
    view = wiring.view(request.user.tenant, issuer, outcome.state(ISSUER))
    return positioned(view, outcome.position)


def routes(wiring: IssuerWiring) -> Router:
    return Router(
        "/credentials",
        route_handlers=[
            put_issuer,
            get_issuer,
            list_issuers,
            retire_issuer,
            rotate_issuer_key,
            retire_issuer_key,
        ],
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["credentials"],
    )
