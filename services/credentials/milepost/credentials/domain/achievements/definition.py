"""What an achievement attests, whole, and what makes no sense about it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

import msgspec

from milepost.contracts.achievements import (
    AchievementDefined,
    Criterion,
    EuropeanElements,
    EvidenceRule,
    Visibility,
)
from milepost.contracts.courses import Skill

# Every school has it, without a command.
DEFAULT_ISSUER = "default"


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """The fields are those of `AchievementDefined`, which says what they mean."""

    name: str
    criteria: Criterion
    narrative: str = ""
    validity_days: int | None = None
    renewal_days: int = 0
    embargo_until: datetime | None = None
    held_for_release: bool = False
    evidence_rule: EvidenceRule = "results"
    description: str = ""
    achievement_type: str = "MicroCredential"
    skills: tuple[Skill, ...] = ()
    tags: tuple[str, ...] = ()
    image: str | None = None
    language: str = "en"
    names: Mapping[str, str] = {}
    issuer: str | None = None
    co_issuers: tuple[str, ...] = ()
    revoke_when_fallen: bool = False
    visibility: Visibility = "hidden"
    european: EuropeanElements | None = None


class DefinitionFault(msgspec.Struct, frozen=True):
    """Where a definition makes no sense, and how: `$.skills[2].url`, `duplicate`."""

    path: str
    condition: str


class References(msgspec.Struct, frozen=True, kw_only=True):
    """What there is beside achievements; None: it is not asked.

    issuers  codes of the school's issuers that are not retired
    images   the SHA-256 of pictures that were uploaded
    """

    issuers: AbstractSet[str] | None = None
    images: AbstractSet[str] | None = None


UNCHECKED = References()


def defined_by(event: AchievementDefined) -> Definition:
    return Definition(**{name: getattr(event, name) for name in Definition.__struct_fields__})


def definition_faults(
    definition: Definition, references: References = UNCHECKED
) -> Iterator[DefinitionFault]:
    """All of them; those of its criteria are refusals of their own."""
    yield from _name_faults(definition)
    yield from _renewal_faults(definition)
    yield from _skill_faults(definition.skills)
    yield from _repeated("$.tags", [tag.casefold() for tag in definition.tags])
    yield from _issuer_faults(definition, references)
    if (
        definition.image
        and references.images is not None
        and definition.image not in references.images
    ):
        yield DefinitionFault("$.image", "unknown_image")


def _name_faults(definition: Definition) -> Iterator[DefinitionFault]:
    """Language tags are compared without regard to case (RFC 5646, section 2.1.1)."""
    seen = {definition.language.lower(): "is_the_language"}
    for tag in definition.names:
        if condition := seen.get(tag.lower()):
            yield DefinitionFault(f"$.names.{tag}", condition)
        seen.setdefault(tag.lower(), "duplicate")


def _renewal_faults(definition: Definition) -> Iterator[DefinitionFault]:
    """A window as long as the validity would renew a credential by what earned it."""
    if not definition.renewal_days:
        return
    if definition.validity_days is None:
        yield DefinitionFault("$.renewal_days", "never_ends")
    elif definition.renewal_days >= definition.validity_days:
        yield DefinitionFault("$.renewal_days", "not_less_than_validity_days")


def _skill_faults(skills: Sequence[Skill]) -> Iterator[DefinitionFault]:
    """A skill is one address, and one code of its framework."""
    yield from _repeated("$.skills", [skill.url for skill in skills], field=".url")
    codes = [(skill.framework, skill.code) if skill.code else None for skill in skills]
    yield from _repeated("$.skills", codes, field=".code")


def _issuer_faults(definition: Definition, references: References) -> Iterator[DefinitionFault]:
    issuer = definition.issuer or DEFAULT_ISSUER
    places = [("$.issuer", issuer)]
    places += [(f"$.co_issuers[{at}]", one) for at, one in enumerate(definition.co_issuers)]
    if references.issuers is not None:
        for path, code in places:
            if code not in {DEFAULT_ISSUER, *references.issuers}:
                yield DefinitionFault(path, "unknown_issuer")
    for path, code in places[1:]:
        if code == issuer:
            yield DefinitionFault(path, "is_the_issuer")
    yield from _repeated("$.co_issuers", definition.co_issuers)


def _repeated(path: str, values: Sequence[object], *, field: str = "") -> Iterator[DefinitionFault]:
    """None is no value."""
    seen: set[object] = set()
    for at, value in enumerate(values):
        if value is not None and value in seen:
            yield DefinitionFault(f"{path}[{at}]{field}", "duplicate")
        seen.add(value)
