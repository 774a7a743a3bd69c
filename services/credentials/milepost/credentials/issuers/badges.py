"""The Open Badge of a credential, from the events it rests on. Pure: the same bytes each time."""

from datetime import datetime
from hmac import digest
from typing import Final

import msgspec

from milepost.contracts import records
from milepost.contracts.achievements import AchievementDefined
from milepost.contracts.courses import Skill
from milepost.contracts.records import CredentialAwarded
from milepost.credentials.domain.records.credential import Credential
from milepost.credentials.issuers import issuer as issuers
from milepost.credentials.issuers.addresses import Addresses, IdBy, ListPlace
from milepost.credentials.issuers.herd import place_of
from milepost.credentials.open_badges.documents import (
    Achievement,
    AchievementSubject,
    EndorsementCredential,
    EndorsementSubject,
    OpenBadgeCredential,
    Profile,
)
from milepost.credentials.open_badges.identity import hashed
from milepost.credentials.open_badges.parts import (
    Address,
    Alignment,
    Criteria,
    Evidence,
    IdentityObject,
    Image,
    Result,
    ResultDescription,
    StatusEntry,
)

# A learner's id is the school's own system's.
IDENTITY: Final = "systemId"
TARGET_TYPES: Final = {
    "ESCO": "ext:ESCOSkill",
    "CASE": "CFItem",
    "CTDL": "ceasn:Competency",
}


class Body(msgspec.Struct, frozen=True):
    """An issuer, and the id it goes by."""

    code: str
    identifier: str
    profile: issuers.Profile


class Endorsement(msgspec.Struct, frozen=True):
    endorsement: str
    issuer: Body
    comment: str
    at: datetime


class Badge(msgspec.Struct, frozen=True, kw_only=True):
    """What a badge is made of. `ordinal` is its number in its school, `secret` the school's."""

    tenant: str
    awarded: CredentialAwarded
    credential: Credential
    definition: AchievementDefined
    issuer: Body
    addresses: Addresses
    ordinal: int
    secret: bytes

    def document(self, endorsements: tuple[EndorsementCredential, ...] = ()) -> OpenBadgeCredential:
        held, awarded = self.credential, self.awarded
        return OpenBadgeCredential(
            id=awarded.url or self.addresses.credential(held.credential),
            name=awarded.name or self.definition.name,
            description=awarded.description or None,
            issuer=profile_of(self.tenant, self.issuer, self.addresses),
            valid_from=held.valid_from,
            valid_until=held.valid_until,
            awarded_date=held.awarded_at,
            credential_subject=self._subject(),
            credential_status=self._status(),
            endorsement=endorsements,
            evidence=self._evidence(),
        )

    def _subject(self) -> AchievementSubject:
        achievement, value = self._achievement(), _percent(self.credential.grade)
        return AchievementSubject(
            achievement=achievement,
            identifier=(self._identity(),),
            result=tuple(
                Result(result_description=one.id, value=value)
                for one in achievement.result_description
            ),
        )

    def _achievement(self) -> Achievement:
        defined = self.definition
        address = self.addresses.achievement(self.tenant, defined.achievement, defined.version)
        described = ResultDescription(
            id=f"{address}#grade",
            name="Grade",
            result_type="Percent",
            value_min="0",
            value_max="100",
        )
        tells = defined.evidence_rule == "results"
        graded = tells and self.credential.grade is not None
        return achievement_of(
            self.tenant,
            defined,
            self.addresses,
            described=(described,) if graded else (),
        )

    def _identity(self) -> IdentityObject:
        learner = self.awarded.learner
        if self.issuer.profile.hashed_recipient:
            message = f"salt {self.awarded.credential}".encode()
            return hashed(learner, digest(self.secret, message, "sha256")[:16].hex(), IDENTITY)
        return IdentityObject(hashed=False, identity_hash=learner, identity_type=IDENTITY)

    def _status(self) -> StatusEntry:
        number, index = place_of(self.secret, self.ordinal)
        id_by: IdBy = "did" if self.issuer.profile.did else "https"
        place = ListPlace(self.issuer.code, id_by, number)
        address = self.addresses.status_list(self.tenant, place)
        return StatusEntry(
            id=f"{address}#{index}",
            status_purpose="revocation",
            status_list_index=str(index),
            status_list_credential=address,
        )

    def _evidence(self) -> tuple[Evidence, ...]:
        if self.definition.evidence_rule == "none":
            return ()
        told = self.definition.evidence_rule == "results"
        return tuple(_evidence(one, told=told) for one in self.credential.evidence)


def profile_of(tenant: str, body: Body, addresses: Addresses) -> Profile:
    profile = body.profile
    return Profile(
        id=body.identifier,
        name=profile.name,
        url=profile.url,
        description=profile.description or None,
        email=profile.email,
        address=Address(address_country_code=profile.country) if profile.country else None,
        image=Image(id=addresses.image(tenant, profile.image)) if profile.image else None,
    )


def achievement_of(
    tenant: str,
    defined: AchievementDefined,
    addresses: Addresses,
    *,
    described: tuple[ResultDescription, ...] = (),
) -> Achievement:
    address = addresses.achievement(tenant, defined.achievement, defined.version)
    return Achievement(
        id=address,
        name=defined.name,
        description=defined.description or defined.narrative or defined.name,
        criteria=Criteria(id=address, narrative=defined.narrative or None),
        achievement_type=defined.achievement_type,
        alignment=tuple(map(alignment_of, defined.skills)),
        credits_available=defined.european.ects if defined.european else None,
        human_code=defined.achievement,
        image=Image(id=addresses.image(tenant, defined.image)) if defined.image else None,
        in_language=defined.language,
        result_description=described,
        tag=defined.tags,
        version=str(defined.version),
    )


def alignment_of(skill: Skill) -> Alignment:
    return Alignment(
        target_name=skill.name,
        target_url=skill.url,
        target_code=skill.code,
        target_framework=skill.framework,
        target_type=TARGET_TYPES.get(skill.framework or ""),
    )


def endorsement_of(
    tenant: str, achievement: str, one: Endorsement, endorsed: str, addresses: Addresses
) -> EndorsementCredential:
    return EndorsementCredential(
        id=addresses.endorsement(tenant, achievement, one.endorsement),
        name=f"Endorsement by {one.issuer.profile.name}",
        issuer=profile_of(tenant, one.issuer, addresses),
        valid_from=one.at,
        credential_subject=EndorsementSubject(id=endorsed, endorsement_comment=one.comment or None),
    )


def _evidence(one: records.Evidence, *, told: bool) -> Evidence:
    """`told`: with what was achieved where; else only its place in the school's log."""
    place = f"Event {one.position} of the school's log" if one.position is not None else None
    if not told:
        return Evidence(name="Evidence", narrative=place)
    named = {
        "course": one.course,
        "lesson": one.lesson,
        "offering": one.offering,
        "achievement": one.achievement,
        "credential": one.source,
    }
    parts = [f"{what} {value}" for what, value in named.items() if value]
    if one.grade is not None:
        parts.append(f"grade {_percent(one.grade)} %")
    text = ", ".join(parts)
    sentence = f"{text[:1].upper()}{text[1:]}." if text else None
    words = " ".join(part for part in (sentence, f"{place}." if place else None) if part)
    return Evidence(name=one.course or one.achievement or "Evidence", narrative=words or None)


def _percent(grade: float | None) -> str:
    return f"{(grade or 0.0) * 100:.2f}".rstrip("0").rstrip(".")
