"""What the page shows, in the reader's language: the page, the PDF and the tests read this."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, TypeAlias
from urllib.parse import quote, urlencode

import msgspec

from milepost.contracts.courses import Skill
from milepost.contracts.records import Evidence
from milepost.credentials.domain.records.credential import Status
from milepost.credentials.public.criteria_words import (
    Clause,
    Wording,
    achievements_in,
    courses_in,
)
from milepost.credentials.public.found import Allowed, Found
from milepost.credentials.public.titles import Titles
from milepost.pages.locales import Locale

Tone: TypeAlias = Literal["good", "warn", "bad"]
TONES: dict[Status, Tone] = {
    "active": "good",
    "withheld": "warn",
    "declined": "warn",
    "expired": "warn",
    "suspended": "warn",
    "superseded": "warn",
    "revoked": "bad",
}
# To a profile: what is expired was once valid, and LinkedIn tells until when.
WORTH_ADDING: frozenset[Status] = frozenset({"active", "expired"})
OVER: frozenset[Status] = frozenset({"declined", "superseded", "revoked"})
# Evidence beyond is told by its number alone.
MAX_EVIDENCE = 50


class StatusView(msgspec.Struct, frozen=True):
    """`sentence` says what it means; `successor` is the address of what stands for it now.

    `ends`: its last day still says something; of one that is revoked it would promise too much.
    """

    word: str
    tone: Tone
    sentence: str
    ends: bool
    successor: str | None


class EvidenceView(msgspec.Struct, frozen=True):
    """`position` is where it stands in the school's log, if the evidence rule shows that."""

    name: str
    grade: str | None
    position: int | None


class Addresses(msgspec.Struct, frozen=True):
    """Absolute, and with the link's secret where there is one: `page` is what is shared."""

    page: str
    base: str
    query: str

    def form(self, suffix: str) -> str:
        """The same credential as another form, from the page's own origin."""
        path = self.page.removeprefix(self.base).partition("?")[0]
        return f"{path}.{suffix}{self.query}"

    def absolute(self, suffix: str) -> str:
        return self.base + self.form(suffix)


class CredentialPage(msgspec.Struct, frozen=True, kw_only=True):
    """`holder` is None unless the holder lets the name be seen, and the vault still has it.

    `language` is the one in which the description, the outcomes and the narrative are written.
    """

    credential: str
    achievement: str
    name: str
    name_language: str
    language: str
    description: str
    outcomes: Sequence[str]
    issuer: str
    issuer_url: str | None
    issuer_country: str | None
    holder: str | None
    awarded_on: str
    valid_from: str
    valid_until: str | None
    status: StatusView
    skills: Sequence[Skill]
    narrative: str
    criteria: Clause
    evidence: Sequence[EvidenceView]
    more_evidence: int
    workload: str | None
    level: str | None
    addresses: Addresses
    linkedin: str | None
    by_link: bool


def addresses(base: str, credential: str, secret: str | None) -> Addresses:
    query = f"?k={quote(secret, safe='')}" if secret else ""
    return Addresses(f"{base}/c/{credential}{query}", base, query)


async def view(
    found: Found,
    allowed: Allowed,
    locale: Locale,
    *,
    holder: str | None,
    titles: Titles,
    base: str,
) -> CredentialPage:
    definition, held = found.definition, found.credential
    places = addresses(base, held.credential, allowed.secret)
    language, name = _name(found, locale)
    shown = _shown_evidence(found)
    wording = await _wording(found, shown, locale, titles)
    european = definition.european
    level = european.eqf_level if european else None
    return CredentialPage(
        credential=held.credential,
        achievement=held.achievement,
        name=name,
        name_language=language,
        language=definition.language,
        description=definition.description,
        outcomes=european.learning_outcomes if european else (),
        issuer=found.issuer_name,
        issuer_url=found.issuer.url if found.issuer else None,
        issuer_country=found.issuer.country if found.issuer else None,
        holder=holder,
        awarded_on=locale.date(held.awarded_at),
        valid_from=locale.date(held.valid_from),
        valid_until=locale.date(held.valid_until) if held.valid_until else None,
        status=_status(found, locale, base),
        skills=definition.skills,
        narrative=definition.narrative,
        criteria=wording.clause(definition.criteria),
        evidence=tuple(_evidence(shown[:MAX_EVIDENCE], found, wording)),
        more_evidence=max(0, len(shown) - MAX_EVIDENCE),
        workload=_workload(found, locale),
        level=locale.text("eqf_level", level=level) if level else None,
        addresses=places,
        linkedin=linkedin(found, name, places.page) if found.status in WORTH_ADDING else None,
        by_link=allowed.secret is not None,
    )


async def _wording(
    found: Found, shown: Sequence[Evidence], locale: Locale, titles: Titles
) -> Wording:
    """What criteria and evidence name, in the reader's language."""
    definition, tenant, language = found.definition, found.tenant, locale.language
    courses = {*courses_in(definition.criteria), *(one.course for one in shown if one.course)}
    awards = {
        *achievements_in(definition.criteria),
        *(one.achievement for one in shown if one.achievement),
    }
    return Wording(
        locale,
        await titles.of(tenant, "course", sorted(courses), language),
        await titles.of(tenant, "achievement", sorted(awards), language),
        {skill.url: skill.name for skill in definition.skills},
    )


def linkedin(found: Found, name: str, address: str) -> str:
    """The address at which LinkedIn offers to add the credential to one's own profile."""
    held = found.credential
    facts = {
        "startTask": "CERTIFICATION_NAME",
        "name": name,
        "organizationName": found.issuer_name,
        "issueYear": held.valid_from.year,
        "issueMonth": held.valid_from.month,
        "certUrl": address,
        "certId": held.credential,
    }
    if held.valid_until:
        facts |= {
            "expirationYear": held.valid_until.year,
            "expirationMonth": held.valid_until.month,
        }
    return f"https://www.linkedin.com/profile/add?{urlencode(facts)}"


def _name(found: Found, locale: Locale) -> tuple[str, str]:
    """Language and name; in the definition's own language where there is no translation."""
    definition = found.definition
    for language, name in definition.names.items():
        if language.lower().partition("-")[0] == locale.language:
            return language, name
    return definition.language, definition.name


def _status(found: Found, locale: Locale, base: str) -> StatusView:
    word, held = found.status, found.credential
    at: datetime | None = {
        "expired": held.valid_until,
        "suspended": held.suspended.at if held.suspended else None,
        "superseded": held.superseded.at if held.superseded else None,
        "revoked": held.revoked.at if held.revoked else None,
    }.get(word)
    key = "active_until" if word == "active" and held.valid_until else word
    day = at or held.valid_until
    sentence = locale.text(f"status.{key}.sentence", day=locale.date(day) if day else "")
    successor = f"{base}/c/{found.successor}" if found.successor else None
    said = locale.text(f"status.{word}")
    return StatusView(said, TONES[word], sentence, word not in OVER, successor)


def _shown_evidence(found: Found) -> Sequence[Evidence]:
    hidden = found.definition.evidence_rule == "none"
    return () if hidden else found.credential.evidence


def _evidence(
    evidence: Sequence[Evidence], found: Found, wording: Wording
) -> Iterator[EvidenceView]:
    positions = found.definition.evidence_rule == "positions"
    for one in evidence:
        grade = wording.locale.percent(one.grade) if one.grade is not None else None
        yield EvidenceView(_evidence_name(one, wording), grade, one.position if positions else None)


def _evidence_name(one: Evidence, wording: Wording) -> str:
    if one.course:
        return wording.courses.get(one.course, one.course)
    if one.achievement:
        return wording.achievements.get(one.achievement, one.achievement)
    return wording.locale.text("evidence.elsewhere" if one.source else "evidence.approval")


def _workload(found: Found, locale: Locale) -> str | None:
    european = found.definition.european
    if european is None:
        return None
    told = []
    if european.workload_hours:
        told.append(locale.text("hours", hours=f"{european.workload_hours:g}"))
    if european.ects:
        told.append(locale.text("ects", ects=f"{european.ects:g}"))
    return " · ".join(told) or None
