"""Signs what others verify: badges, endorsements, status lists. Reads the log and the keys."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from milepost.contracts.achievements import AchievementDefined
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT, Achievement
from milepost.credentials.domain.achievements.definition import DEFAULT_ISSUER
from milepost.credentials.issuers.addresses import Addresses, ListPlace, may_exist
from milepost.credentials.issuers.badges import Badge, Body, Endorsement, endorsement_of
from milepost.credentials.issuers.herd import place_of
from milepost.credentials.issuers.issuer import ISSUER, Issuer
from milepost.credentials.issuers.key_documents import did_document, identifier, profile_document
from milepost.credentials.issuers.keys import IssuerKeys
from milepost.credentials.issuers.register import Register
from milepost.credentials.open_badges.bitstring import MIN_BITS, bitstring
from milepost.credentials.open_badges.bitstring import encode as encode_bits
from milepost.credentials.open_badges.documents import (
    EndorsementCredential,
    StatusList,
    StatusListCredential,
    encode,
)
from milepost.credentials.open_badges.jwt import open_badges_jwt, vc_jwt
from milepost.credentials.open_badges.proof import sign
from milepost.credentials.public.forms import Signed
from milepost.credentials.public.found import Found
from milepost.events.commands.transact import Transactor
from milepost.events.runtime.lru_cache import LruCache
from milepost.web.problems import Problem, RequestFault

# So long may others keep a status list.
TTL_SECONDS: Final = 300
CO_ISSUER: Final = "co-"
KEPT: Final = 2_000
KEPT_LISTS: Final = 64


class NotRegistered(RequestFault):
    """It was awarded a moment ago: its place in the status lists is being given out."""

    def problem(self) -> Problem:
        return Problem(
            status=503,
            name="not_registered_yet",
            title="Not registered yet",
            detail="It was awarded a moment ago. Ask again.",
            headers={"Retry-After": "1"},
        )


class Signer:
    def __init__(
        self,
        transactor: Transactor,
        keys: IssuerKeys,
        register: Register,
        addresses: Addresses,
        clock: Callable[[], datetime],
    ) -> None:
        self._transactor = transactor
        self._keys = keys
        self._register = register
        self._addresses = addresses
        self._clock = clock
        self._signed: LruCache[tuple[Any, ...], Signed] = LruCache(KEPT)
        self._lists: LruCache[tuple[Any, ...], bytes] = LruCache(KEPT_LISTS)

    async def credential(self, found: Found) -> Signed:
        """The same bytes each time. Raises `NotRegistered`, `KeysLocked`."""
        ordinal = await self._register.ordinal(found.tenant, found.awarded.credential)
        if ordinal is None:
            raise NotRegistered
        code, at = found.awarded.issuer or DEFAULT_ISSUER, _issued_at(found)
        issuer = await self.issuer(found.tenant, code)
        endorsements = await self._endorsements(found)
        key = (found.tenant, found.credential, issuer, endorsements)
        if known := self._signed.get(key):
            return known
        badge = Badge(
            tenant=found.tenant,
            awarded=found.awarded,
            credential=found.credential,
            definition=found.definition,
            issuer=self._body(found.tenant, code, issuer, at),
            addresses=self._addresses,
            ordinal=ordinal,
            secret=await self._keys.secret(found.tenant),
        )
        return self._signed.put(key, await self._sign(badge, endorsements, at))

    async def _sign(
        self, badge: Badge, endorsements: tuple[EndorsementCredential, ...], at: datetime
    ) -> Signed:
        document = badge.document(endorsements)
        whose = (badge.tenant, badge.issuer.code, badge.issuer.identifier, at)
        proving, signing = await self._keys.ed25519(*whose), await self._keys.es256(*whose)
        return await asyncio.to_thread(
            lambda: Signed(
                document=encode(sign(document, proving, at)),
                open_badges_jwt=open_badges_jwt(document, signing),
                vc_jwt=vc_jwt(document, signing),
            )
        )

    async def issuer(self, tenant: str, code: str) -> Issuer:
        return (await self._transactor.load(tenant, ISSUER.of(code)))[1]

    async def endorsement(
        self, tenant: str, achievement: str, endorsement: str
    ) -> EndorsementCredential | None:
        """By another issuer of the school, or, `co-VERSION-CODE`, by one that awards it too."""
        _, state = await self._transactor.load(tenant, ACHIEVEMENT.of(achievement))
        told = _endorsement(state, endorsement) if state else None
        if told is None:
            return None
        code, comment, at, version = told
        issuer = await self.issuer(tenant, code)
        body = self._body(tenant, code, issuer, at)
        document = endorsement_of(
            tenant,
            achievement,
            Endorsement(endorsement, body, comment, at),
            self._addresses.achievement(tenant, achievement, version),
            self._addresses,
        )
        key = await self._keys.ed25519(tenant, code, body.identifier, at)
        return sign(document, key, at)

    async def definition(
        self, tenant: str, achievement: str, version: int
    ) -> AchievementDefined | None:
        recorded = await self._transactor.log.read_stream(tenant, ACHIEVEMENT.of(achievement).name)
        for one in recorded:
            event = ACHIEVEMENT.codec.read(one)
            if isinstance(event, AchievementDefined) and event.version == version:
                return event
        return None

    async def status_list(self, tenant: str, at: ListPlace) -> bytes | None:
        """Signed when it is asked for; None: there is no such list."""
        first = at.number * MIN_BITS
        if first >= await self._register.count(tenant):
            return None
        issuer = await self.issuer(tenant, at.issuer)
        if not (issuer.version or issuer.keys or at.issuer == DEFAULT_ISSUER):
            return None
        secret = await self._keys.secret(tenant)
        ordinals = await self._register.set_bits(tenant, first, first + MIN_BITS, at.purpose)
        kept = (tenant, at, tuple(ordinals), issuer)
        if known := self._lists.get(kept):
            return known
        now = self._clock().astimezone(UTC).replace(microsecond=0)
        by_did = at.id_by == "did"
        own = self._addresses.did if by_did else self._addresses.issuer
        whose = own(tenant, at.issuer)
        key = await self._keys.ed25519(tenant, at.issuer, whose, now)
        address = self._addresses.status_list(tenant, at)

        def made() -> bytes:
            bits = bitstring(place_of(secret, one)[1] for one in ordinals)
            document = StatusListCredential(
                id=address,
                issuer=whose,
                valid_from=now,
                credential_subject=StatusList(
                    id=f"{address}#list",
                    status_purpose=at.purpose,
                    encoded_list=encode_bits(bits),
                    ttl=TTL_SECONDS * 1_000,
                ),
            )
            return encode(sign(document, key, now))

        return self._lists.put(kept, await asyncio.to_thread(made))

    def _body(self, tenant: str, code: str, issuer: Issuer, at: datetime) -> Body:
        """As it presented itself at that moment."""
        profile = issuer.named(tenant, at)
        return Body(code, identifier(tenant, code, profile, self._addresses), profile)

    async def _endorsements(self, found: Found) -> tuple[EndorsementCredential, ...]:
        """Those that stood when it was awarded, and of the issuers who award it together."""
        achievement = found.awarded.achievement
        _, state = await self._transactor.load(found.tenant, ACHIEVEMENT.of(achievement))
        told = state.endorsements.values() if state else ()
        before = [one.endorsement for one in told if one.endorsed_at <= _issued_at(found)]
        version = found.definition.version
        names = [f"{CO_ISSUER}{version}-{code}" for code in found.definition.co_issuers] + before
        made = [await self.endorsement(found.tenant, achievement, name) for name in names]
        return tuple(one for one in made if one is not None)


def _issued_at(found: Found) -> datetime:
    """The award, or the last renewal: proofs are dated so."""
    renewals = found.credential.renewals
    return renewals[-1].at if renewals else found.credential.awarded_at


def _endorsement(state: Achievement, endorsement: str) -> tuple[str, str, datetime, int] | None:
    """Whose it is, what it says, since when, of which version: the one of that moment."""
    if known := state.endorsements.get(endorsement):
        version = sum(at <= known.endorsed_at for at in state.defined_at)
        return known.issuer, known.comment, known.endorsed_at, max(version, 1)
    number, _, code = endorsement.removeprefix(CO_ISSUER).partition("-")
    if not (endorsement.startswith(CO_ISSUER) and number.isdecimal() and len(number) < 10):
        return None
    version = int(number)
    if not 1 <= version <= state.version:
        return None
    if code not in state.definition_of(version).co_issuers:
        return None
    return code, "Awarded together with the issuer.", state.defined_at[version - 1], version


class Own:
    """What this installation publishes itself, for who verifies: read without a network."""

    def __init__(self, transactor: Transactor, signer: Signer, addresses: Addresses) -> None:
        self._transactor = transactor
        self._signer = signer
        self._addresses = addresses

    async def issuers(self, tenant: str) -> frozenset[str]:
        recorded = await self._transactor.log.read_category(tenant, ISSUER.name)
        codes = {DEFAULT_ISSUER, *(one.stream.partition("-")[2] for one in recorded)}
        ids = [self._addresses.issuer(tenant, code) for code in codes]
        return frozenset((*ids, *(self._addresses.did(tenant, code) for code in codes)))

    async def key_document(self, identifier: str) -> Mapping[str, Any] | None:
        place = _place(identifier, self._addresses)
        if place is None:
            return None
        tenant, code, by_did = place
        issuer = await self._signer.issuer(tenant, code)
        document = did_document if by_did else profile_document
        return document(tenant, code, issuer, self._addresses) if issuer.keys else None

    async def status_list(self, address: str) -> bytes | None:
        prefix = f"{self._addresses.base}/status/"
        if not address.startswith(prefix):
            return None
        tenant, _, path = address.removeprefix(prefix).partition("/")
        at = list_place(unquote(tenant), path)
        return await self._signer.status_list(unquote(tenant), at) if at else None


def list_place(tenant: str, path: str) -> ListPlace | None:
    """Of an address behind the school's; None: none of ours is written so."""
    parts = [unquote(one) for one in path.split("/")]
    if len(parts) != 4 or not may_exist(tenant, parts[0]):
        return None
    issuer, id_by, number, purpose = parts
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    try:
        return msgspec.convert(
            {"issuer": issuer, "id_by": id_by, "number": int(number), "purpose": purpose},
            ListPlace,
        )
    except msgspec.ValidationError:
        return None


def _place(identifier: str, addresses: Addresses) -> tuple[str, str, bool] | None:
    """School and code of an issuer of ours, and whether it was named by its DID."""
    https, did = f"{addresses.base}/issuers/", addresses.did("", "").removesuffix(":")
    if identifier.startswith(https):
        parts, by_did = identifier.removeprefix(https).split("/"), False
    elif identifier.startswith(did):
        parts, by_did = identifier.removeprefix(did).strip(":").split(":"), True
    else:
        return None
    codes = [unquote(one) for one in parts]
    return (codes[0], codes[1], by_did) if len(codes) == 2 and may_exist(*codes) else None
