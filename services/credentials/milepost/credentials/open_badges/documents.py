"""Open Badges 3.0 documents as values. `encode` gives their JSON, exactly as others read it.

What is missing is left out: None, an empty tuple. The order of members is that of the fields, so
the same value has the same bytes. Sets are arrays, `proof` too.

Sources: Open Badges 3.0, appendix A; Verifiable Credentials Data Model 2.0; Bitstring Status List
1.0. The fields are those of the standards, in snake case.
"""

from datetime import datetime
from typing import Any, TypeAlias, TypeVar

import msgspec

from milepost.credentials.open_badges.parts import (
    Address,
    Alignment,
    Criteria,
    DataIntegrityProof,
    Document,
    Evidence,
    IdentifierEntry,
    IdentityObject,
    Image,
    Related,
    Result,
    ResultDescription,
    StatusEntry,
    always,
    as_in_json,
    context_field,
    word,
)

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
MULTIKEY = "https://w3id.org/security/multikey/v1"
BADGE_CONTEXT = (CREDENTIALS, OPEN_BADGES)


class Profile(Document, frozen=True, kw_only=True):
    """An issuer, a creator, a source. `id`: its https address or its DID."""

    id: str
    type: tuple[str, ...] = always("Profile")
    name: str | None = None
    url: str | None = None
    phone: str | None = None
    description: str | None = None
    endorsement: "tuple[EndorsementCredential, ...]" = ()
    image: Image | None = None
    email: str | None = None
    address: Address | None = None
    other_identifier: tuple[IdentifierEntry, ...] = ()
    official: str | None = None
    parent_org: "Profile | None" = None
    family_name: str | None = None
    given_name: str | None = None
    additional_name: str | None = None
    patronymic_name: str | None = None
    honorific_prefix: str | None = None
    honorific_suffix: str | None = None
    family_name_prefix: str | None = None


class Achievement(Document, frozen=True, kw_only=True):
    """What may be achieved. `achievement_type`: MicroCredential, Course, … or `ext:…`."""

    id: str
    type: tuple[str, ...] = always("Achievement")
    name: str
    description: str
    criteria: Criteria
    achievement_type: str | None = None
    alignment: tuple[Alignment, ...] = ()
    creator: Profile | None = None
    credits_available: float | None = None
    endorsement: "tuple[EndorsementCredential, ...]" = ()
    field_of_study: str | None = None
    human_code: str | None = None
    image: Image | None = None
    in_language: str | None = None
    other_identifier: tuple[IdentifierEntry, ...] = ()
    related: tuple[Related, ...] = ()
    result_description: tuple[ResultDescription, ...] = ()
    specialization: str | None = None
    tag: tuple[str, ...] = ()
    version: str | None = None

    def __post_init__(self) -> None:
        as_in_json(self, "credits_available")


class AchievementSubject(Document, frozen=True, kw_only=True):
    """Who achieved it, by `id`, `identifier` or both, and how well."""

    id: str | None = None
    type: tuple[str, ...] = always("AchievementSubject")
    achievement: Achievement
    identifier: tuple[IdentityObject, ...] = ()
    result: tuple[Result, ...] = ()
    activity_start_date: datetime | None = None
    activity_end_date: datetime | None = None
    credits_earned: float | None = None
    image: Image | None = None
    license_number: str | None = None
    narrative: str | None = None
    role: str | None = None
    source: Profile | None = None
    term: str | None = None

    def __post_init__(self) -> None:
        as_in_json(self, "credits_earned")


class EndorsementSubject(Document, frozen=True, kw_only=True):
    """`id`: of the achievement, profile or credential that is endorsed."""

    id: str
    type: tuple[str, ...] = always("EndorsementSubject")
    endorsement_comment: str | None = None


class EndorsementCredential(Document, frozen=True, kw_only=True):
    context: tuple[str, ...] = context_field(*BADGE_CONTEXT)
    id: str
    type: tuple[str, ...] = always("VerifiableCredential", "EndorsementCredential")
    name: str
    description: str | None = None
    issuer: Profile
    valid_from: datetime
    valid_until: datetime | None = None
    awarded_date: datetime | None = None
    credential_subject: EndorsementSubject
    credential_status: StatusEntry | None = None
    proof: tuple[DataIntegrityProof, ...] = ()


class OpenBadgeCredential(Document, frozen=True, kw_only=True):
    context: tuple[str, ...] = context_field(*BADGE_CONTEXT)
    id: str
    type: tuple[str, ...] = always("VerifiableCredential", "OpenBadgeCredential")
    name: str | None = None
    description: str | None = None
    image: Image | None = None
    issuer: Profile
    valid_from: datetime
    valid_until: datetime | None = None
    awarded_date: datetime | None = None
    credential_subject: AchievementSubject
    # The data model allows several; the schemas of Open Badges 3.0 take one, and no array.
    credential_status: StatusEntry | tuple[StatusEntry, ...] | None = None
    endorsement: tuple[EndorsementCredential, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    proof: tuple[DataIntegrityProof, ...] = ()


class StatusList(Document, frozen=True, kw_only=True):
    """`encoded_list`: see `bitstring`; `ttl`: how long it may be kept, in milliseconds."""

    id: str
    type: str = word("BitstringStatusList")
    status_purpose: str
    encoded_list: str
    ttl: int | None = None


class StatusListCredential(Document, frozen=True, kw_only=True):
    context: tuple[str, ...] = context_field(CREDENTIALS)
    id: str
    type: tuple[str, ...] = always("VerifiableCredential", "BitstringStatusListCredential")
    issuer: str
    valid_from: datetime
    valid_until: datetime | None = None
    credential_subject: StatusList
    proof: tuple[DataIntegrityProof, ...] = ()


class Multikey(Document, frozen=True, kw_only=True):
    """A public key, by its URL; `controller`: whose it is, equal to the issuer's id."""

    id: str
    type: str = word("Multikey")
    controller: str
    public_key_multibase: str


Credential: TypeAlias = OpenBadgeCredential | EndorsementCredential | StatusListCredential
AnyCredential = TypeVar("AnyCredential", bound=Credential)

_encoder = msgspec.json.Encoder()


def encode(document: Document) -> bytes:
    """The document's JSON in UTF-8, without white space: the same bytes for the same value."""
    return _encoder.encode(document)


def plain(document: Document) -> dict[str, Any]:
    """The document as JSON values: what `quads` reads."""
    values: dict[str, Any] = msgspec.to_builtins(document)
    return values
