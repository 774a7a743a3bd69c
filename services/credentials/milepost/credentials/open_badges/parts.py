"""The parts of Open Badges documents that stand in others: images, alignments, results, evidence.

The fields are those of Open Badges 3.0, appendix A, in snake case.
"""

from datetime import datetime
from typing import Any

import msgspec


def always(*names: str) -> Any:
    """A default that is written all the same."""
    return msgspec.field(default_factory=lambda: names)


def word(name: str) -> Any:
    return msgspec.field(default_factory=lambda: name)


def context_field(*urls: str) -> Any:
    return msgspec.field(name="@context", default_factory=lambda: urls)


def as_in_json(document: msgspec.Struct, *fields: str) -> None:
    """42.0 becomes 42: JSON has one kind of number, and others would sign the second."""
    for field in fields:
        value = getattr(document, field)
        if isinstance(value, float) and value.is_integer():
            msgspec.structs.force_setattr(document, field, int(value))


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Omits what is None or empty; `achievement_type` is `achievementType`."""


class DataIntegrityProof(Document, frozen=True, kw_only=True):
    """`verification_method`: the URL of the key; `proof_value`: `z` and base58btc."""

    type: str = word("DataIntegrityProof")
    created: datetime
    verification_method: str
    cryptosuite: str = word("eddsa-rdfc-2022")
    proof_purpose: str = word("assertionMethod")
    proof_value: str | None = None


class Image(Document, frozen=True, kw_only=True):
    """`id`: where it is, or a `data:` address."""

    id: str
    type: str = word("Image")
    caption: str | None = None


class IdentifierEntry(Document, frozen=True, kw_only=True):
    type: str = word("IdentifierEntry")
    identifier: str
    identifier_type: str


class IdentityObject(Document, frozen=True, kw_only=True):
    """Whom the badge is about, without saying so: see `identity.hashed`."""

    type: str = word("IdentityObject")
    hashed: bool
    identity_hash: str
    identity_type: str
    salt: str | None = None


class Alignment(Document, frozen=True, kw_only=True):
    """`target_type`: CFItem, ceasn:Competency, ceterms:Credential, CTDL, … or `ext:…`."""

    type: tuple[str, ...] = always("Alignment")
    target_name: str
    target_url: str
    target_code: str | None = None
    target_description: str | None = None
    target_framework: str | None = None
    target_type: str | None = None


class GeoCoordinates(Document, frozen=True, kw_only=True):
    type: str = word("GeoCoordinates")
    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        as_in_json(self, "latitude", "longitude")


class Address(Document, frozen=True, kw_only=True):
    """`address_country_code`: ISO 3166-1 alpha-2."""

    type: tuple[str, ...] = always("Address")
    address_country: str | None = None
    address_country_code: str | None = None
    address_region: str | None = None
    address_locality: str | None = None
    street_address: str | None = None
    post_office_box_number: str | None = None
    postal_code: str | None = None
    geo: GeoCoordinates | None = None


class Criteria(Document, frozen=True, kw_only=True):
    """`id`: a page that says them; `narrative`: Markdown."""

    id: str | None = None
    narrative: str | None = None


class Related(Document, frozen=True, kw_only=True):
    """Another version of the achievement, or the same one in another language (BCP 47)."""

    id: str
    type: tuple[str, ...] = always("Related")
    in_language: str | None = None
    version: str | None = None


class RubricCriterionLevel(Document, frozen=True, kw_only=True):
    id: str
    type: tuple[str, ...] = always("RubricCriterionLevel")
    alignment: tuple[Alignment, ...] = ()
    description: str | None = None
    level: str | None = None
    name: str
    points: str | None = None


class ResultDescription(Document, frozen=True, kw_only=True):
    """A kind of result. `result_type`: Percent, LetterGrade, RawScore, Status, … or `ext:…`."""

    id: str
    type: tuple[str, ...] = always("ResultDescription")
    alignment: tuple[Alignment, ...] = ()
    allowed_value: tuple[str, ...] = ()
    name: str
    required_level: str | None = None
    required_value: str | None = None
    result_type: str
    rubric_criterion_level: tuple[RubricCriterionLevel, ...] = ()
    value_max: str | None = None
    value_min: str | None = None


class Result(Document, frozen=True, kw_only=True):
    """`result_description`, `achieved_level`: the ids of what the achievement describes."""

    type: tuple[str, ...] = always("Result")
    achieved_level: str | None = None
    alignment: tuple[Alignment, ...] = ()
    result_description: str | None = None
    status: str | None = None
    value: str | None = None


class Evidence(Document, frozen=True, kw_only=True):
    """`id`: where it is; `narrative`: Markdown."""

    id: str | None = None
    type: tuple[str, ...] = always("Evidence")
    name: str | None = None
    description: str | None = None
    narrative: str | None = None
    genre: str | None = None
    audience: str | None = None


class StatusEntry(Document, frozen=True, kw_only=True):
    """Which bit of which list tells about this credential; the index is a decimal string."""

    id: str
    type: str = word("BitstringStatusListEntry")
    status_purpose: str
    status_list_index: str
    status_list_credential: str
