"""Open Badges 3.0 documents as values. `encode` gives their JSON, exactly as others read it.

What is missing is left out: None, an empty tuple. The order of members is that of the fields, so
the same value has the same bytes. Sets are arrays, `proof` too.

Sources: Open Badges 3.0, appendix A; Verifiable Credentials Data Model 2.0; Bitstring Status List
1.0. The fields are those of the standards, in snake case.
"""

from datetime import datetime
from typing import Any, TypeAlias, TypeVar

import msgspec

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
MULTIKEY = "https://w3id.org/security/multikey/v1"
CONTROLLERS = "https://www.w3.org/ns/cid/v1"
BADGE_CONTEXT = (CREDENTIALS, OPEN_BADGES)


def _always(*names: str) -> Any:
    """A default that is written all the same."""
    return msgspec.field(default_factory=lambda: names)


def _word(name: str) -> Any:
    return msgspec.field(default_factory=lambda: name)


def _context(*urls: str) -> Any:
    return msgspec.field(name="@context", default_factory=lambda: urls)


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Omits what is None or empty; `achievement_type` is `achievementType`."""


class DataIntegrityProof(Document, frozen=True, kw_only=True):
    """`verification_method`: the URL of the key; `proof_value`: `z` and base58btc."""

    type: str = _word("DataIntegrityProof")
    created: datetime
    verification_method: str
    cryptosuite: str = _word("eddsa-rdfc-2022")
    proof_purpose: str = _word("assertionMethod")
    proof_value: str | None = None


class Image(Document, frozen=True, kw_only=True):
    """`id`: where it is, or a `data:` address."""

    id: str
    type: str = _word("Image")
    caption: str | None = None


class IdentifierEntry(Document, frozen=True, kw_only=True):
    type: str = _word("IdentifierEntry")
    identifier: str
    identifier_type: str


class IdentityObject(Document, frozen=True, kw_only=True):
    """Whom the badge is about, without saying so: see `identity.hashed`."""

    type: str = _word("IdentityObject")
    hashed: bool
    identity_hash: str
    identity_type: str
    salt: str | None = None


class Alignment(Document, frozen=True, kw_only=True):
    """`target_type`: CFItem, ceasn:Competency, ceterms:Credential, CTDL, … or `ext:…`."""

    type: tuple[str, ...] = _always("Alignment")
    target_name: str
    target_url: str
    target_code: str | None = None
    target_description: str | None = None
    target_framework: str | None = None
    target_type: str | None = None


class GeoCoordinates(Document, frozen=True, kw_only=True):
    type: str = _word("GeoCoordinates")
    latitude: float
    longitude: float


class Address(Document, frozen=True, kw_only=True):
    """`address_country_code`: ISO 3166-1 alpha-2."""

    type: tuple[str, ...] = _always("Address")
    address_country: str | None = None
    address_country_code: str | None = None
    address_region: str | None = None
    address_locality: str | None = None
    street_address: str | None = None
    post_office_box_number: str | None = None
    postal_code: str | None = None
    geo: GeoCoordinates | None = None


class Profile(Document, frozen=True, kw_only=True):
    """An issuer, a creator, a source. `id`: its https address or its DID."""

    id: str
    type: tuple[str, ...] = _always("Profile")
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


class Criteria(Document, frozen=True, kw_only=True):
    """`id`: a page that says them; `narrative`: Markdown."""

    id: str | None = None
    narrative: str | None = None


class Related(Document, frozen=True, kw_only=True):
    """Another version of the achievement, or the same one in another language (BCP 47)."""

    id: str
    type: tuple[str, ...] = _always("Related")
    in_language: str | None = None
    version: str | None = None


class RubricCriterionLevel(Document, frozen=True, kw_only=True):
    id: str
    type: tuple[str, ...] = _always("RubricCriterionLevel")
    alignment: tuple[Alignment, ...] = ()
    description: str | None = None
    level: str | None = None
    name: str
    points: str | None = None


class ResultDescription(Document, frozen=True, kw_only=True):
    """A kind of result. `result_type`: Percent, LetterGrade, RawScore, Status, … or `ext:…`."""

    id: str
    type: tuple[str, ...] = _always("ResultDescription")
    alignment: tuple[Alignment, ...] = ()
    allowed_value: tuple[str, ...] = ()
    name: str
    required_level: str | None = None
    required_value: str | None = None
    result_type: str
    rubric_criterion_level: tuple[RubricCriterionLevel, ...] = ()
    value_max: str | None = None
    value_min: str | None = None


class Achievement(Document, frozen=True, kw_only=True):
    """What may be achieved. `achievement_type`: MicroCredential, Course, … or `ext:…`."""

    id: str
    type: tuple[str, ...] = _always("Achievement")
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


class Result(Document, frozen=True, kw_only=True):
    """`result_description`, `achieved_level`: the ids of what the achievement describes."""

    type: tuple[str, ...] = _always("Result")
    achieved_level: str | None = None
    alignment: tuple[Alignment, ...] = ()
    result_description: str | None = None
    status: str | None = None
    value: str | None = None


class AchievementSubject(Document, frozen=True, kw_only=True):
    """Who achieved it, by `id`, `identifier` or both, and how well."""

    id: str | None = None
    type: tuple[str, ...] = _always("AchievementSubject")
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


class Evidence(Document, frozen=True, kw_only=True):
    """`id`: where it is; `narrative`: Markdown."""

    id: str | None = None
    type: tuple[str, ...] = _always("Evidence")
    name: str | None = None
    description: str | None = None
    narrative: str | None = None
    genre: str | None = None
    audience: str | None = None


class StatusEntry(Document, frozen=True, kw_only=True):
    """Which bit of which list tells about this credential; the index is a decimal string."""

    id: str
    type: str = _word("BitstringStatusListEntry")
    status_purpose: str
    status_list_index: str
    status_list_credential: str


class EndorsementSubject(Document, frozen=True, kw_only=True):
    """`id`: of the achievement, profile or credential that is endorsed."""

    id: str
    type: tuple[str, ...] = _always("EndorsementSubject")
    endorsement_comment: str | None = None


class EndorsementCredential(Document, frozen=True, kw_only=True):
    context: tuple[str, ...] = _context(*BADGE_CONTEXT)
    id: str
    type: tuple[str, ...] = _always("VerifiableCredential", "EndorsementCredential")
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
    context: tuple[str, ...] = _context(*BADGE_CONTEXT)
    id: str
    type: tuple[str, ...] = _always("VerifiableCredential", "OpenBadgeCredential")
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
    type: str = _word("BitstringStatusList")
    status_purpose: str
    encoded_list: str
    ttl: int | None = None


class StatusListCredential(Document, frozen=True, kw_only=True):
    context: tuple[str, ...] = _context(CREDENTIALS)
    id: str
    type: tuple[str, ...] = _always("VerifiableCredential", "BitstringStatusListCredential")
    issuer: str
    valid_from: datetime
    valid_until: datetime | None = None
    credential_subject: StatusList
    proof: tuple[DataIntegrityProof, ...] = ()


class Multikey(Document, frozen=True, kw_only=True):
    """A public key, by its URL; `controller`: whose it is, equal to the issuer's id."""

    id: str
    type: str = _word("Multikey")
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
