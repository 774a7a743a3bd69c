"""A verification from end to end: what was handed in and the facts → the report. Pure.

The order of the checks is that in which a person would ask: can it be read, does it mean one thing,
is it a badge, is it signed, by its issuer, do we know that issuer, does it hold now, is it about
this person?
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

from milepost.credentials.open_badges.documents import CREDENTIALS
from milepost.credentials.open_badges.errors import NotCanonical, NotJudged
from milepost.credentials.open_badges.linked_data.contexts import CONTEXTS
from milepost.credentials.open_badges.proof import issuer_id
from milepost.credentials.open_badges.quads import quads
from milepost.credentials.verification.checks.endorsements import endorsements_check
from milepost.credentials.verification.checks.recipient import recipient_check
from milepost.credentials.verification.checks.shape import class_of, many, shape_faults
from milepost.credentials.verification.checks.signatures import signature_checks
from milepost.credentials.verification.checks.status_lists import status_check
from milepost.credentials.verification.judgement_inputs import Facts
from milepost.credentials.verification.presented import Presented
from milepost.credentials.verification.report import (
    About,
    Check,
    Report,
    summary_of,
    verdict_of,
)
from milepost.credentials.verification.texts.shown import MAX_ADDRESS, shown, shown_text
from milepost.credentials.verification.texts.times import SKEW, numeric_date, parse_time

DATA_MODEL_1: Final = "https://www.w3.org/2018/credentials/v1"


def judge(presented: Presented, facts: Facts) -> Report:
    checks = tuple(_checks(presented, facts))
    verdict = verdict_of(checks)
    return Report(
        verdict=verdict,
        summary=summary_of(verdict, checks),
        digest=presented.digest,
        judged_at=facts.at,
        checks=checks,
        credential=_about(presented),
    )


def unreadable(data: bytes, words: str, facts: Facts) -> Report:
    """Of what holds no credential that can be read."""
    check = Check(check="format", outcome="failed", reason="unreadable", words=words)
    return Report(
        verdict="not_valid",
        summary=summary_of("not_valid", (check,)),
        digest=sha256(data).hexdigest(),
        judged_at=facts.at,
        checks=(check,),
    )


def _checks(presented: Presented, facts: Facts) -> Iterator[Check]:
    document = presented.document
    yield _format_check(presented)
    yield _contexts_check(presented)
    yield _shape_check(document)
    yield from signature_checks(presented, facts)
    yield _issuer_check(issuer_id(document), facts)
    yield _dates_check(presented, facts)
    yield status_check(document, facts)
    yield recipient_check(document, facts.recipient)
    yield endorsements_check(document, facts)


def _format_check(presented: Presented) -> Check:
    words = {
        "json": "It is a JSON document.",
        "jwt": "It is a JWT.",
        "png": "It is baked into a PNG image.",
        "svg": "It is baked into an SVG image.",
    }[presented.format]
    if presented.presentation:
        words += " It came in a presentation, whose own proof was not judged."
    return Check(check="format", outcome="passed", reason=presented.format, words=words)


def _contexts_check(presented: Presented) -> Check:
    """What a JWT says is signed as it stands; a document's meaning hangs on its contexts."""
    named = many(presented.document.get("@context"))
    if not named or named[0] != CREDENTIALS:
        return _other_base(named)
    unknown = [one for one in named if not isinstance(one, str) or one not in CONTEXTS]
    if presented.jwt is not None:
        words = "A JWT's text is signed as it stands."
        return Check(check="contexts", outcome="passed", reason="signed_text", words=words)
    if unknown:
        return _context_unknown(f"{shown(unknown[0])} is not known here", "@context")
    try:
        quads({name: value for name, value in presented.document.items() if name != "proof"})
    except NotJudged as error:
        return _context_unknown(shown(error.problem), shown(error.path))
    except NotCanonical as error:
        words = f"The signature does not cover all of it: {shown(error.problem)}."
        return Check(check="contexts", outcome="failed", reason="term_undefined", words=words,
                     path=shown(error.path))  # fmt: skip
    words = "Every word in it has a meaning that is known here."
    return Check(check="contexts", outcome="passed", reason="contexts_known", words=words)


def _other_base(named: list[Any]) -> Check:
    if named and named[0] == DATA_MODEL_1:
        words = "It is written in an older form (data model 1.1), which is not judged here."
        return Check(check="contexts", outcome="unknown", reason="older_data_model", words=words)
    words = "It does not begin with the context of verifiable credentials."
    return Check(check="contexts", outcome="failed", reason="no_base_context", words=words,
                 path="@context")  # fmt: skip


def _context_unknown(problem: str, path: str) -> Check:
    words = f"What its words mean cannot be said: {problem}."
    return Check(check="contexts", outcome="unknown", reason="context_unknown", words=words,
                 path=path)  # fmt: skip


def _shape_check(document: Mapping[str, Any]) -> Check:
    if many(document.get("@context"))[:1] == [DATA_MODEL_1]:
        words = "An older form is not judged here."
        return Check(check="shape", outcome="unknown", reason="older_data_model", words=words)
    kind = class_of(document)
    if kind is None:
        words = "It is no Open Badge."
        return Check(check="shape", outcome="failed", reason="no_badge", words=words, path="type")
    if faults := shape_faults(document, kind):
        path, problem = faults[0]
        words = f"It is not a proper Open Badge: {shown(path or 'the document')}: {problem}."
        return Check(check="shape", outcome="failed", reason="malformed", words=words,
                     path=shown(path))  # fmt: skip
    words = "It has all that an Open Badge must have."
    return Check(check="shape", outcome="passed", reason="well_formed", words=words)


def _issuer_check(issuer: str | None, facts: Facts) -> Check:
    if issuer in facts.ours:
        words = "The issuer that it names is this school."
        return Check(check="issuer", outcome="passed", reason="ours", words=words)
    if issuer in facts.trusted:
        words = f"The issuer that it names is known: {shown(issuer)}."
        return Check(check="issuer", outcome="passed", reason="trusted", words=words)
    words = f"The issuer {shown(issuer) if issuer else 'is not named and'} is not known here."
    if host := _host(issuer):
        words += f" Whoever holds {shown(host)} says so: ask yourself whether that is who you mean."
    return Check(check="issuer", outcome="unknown", reason="issuer_unknown", words=words)


def _host(issuer: str | None) -> str | None:
    if issuer and issuer.startswith("did:web:"):
        return issuer.split(":")[2] or None
    try:
        return urlsplit(issuer or "").hostname
    except ValueError:
        return None


def _dates_check(presented: Presented, facts: Facts) -> Check:
    begins, ends = _span(presented)
    if begins is None:
        words = "It does not say since when it is valid."
        return Check(check="dates", outcome="unknown", reason="no_dates", words=words)
    if begins > facts.at + SKEW:
        words = f"It is not valid before {begins.isoformat()}."
        return Check(check="dates", outcome="failed", reason="not_yet_valid", words=words)
    if ends is not None and ends < facts.at:
        words = f"It was valid until {ends.isoformat()}."
        return Check(check="dates", outcome="failed", reason="expired", words=words)
    until = f" until {ends.isoformat()}" if ends else ", without end"
    words = f"It is valid since {begins.isoformat()}{until}."
    return Check(check="dates", outcome="passed", reason="in_time", words=words)


def _span(presented: Presented) -> tuple[Any, Any]:
    document, claims = presented.document, presented.jwt.claims if presented.jwt else {}
    begins = [parse_time(document.get("validFrom")), numeric_date(claims.get("nbf"))]
    ends = [parse_time(document.get("validUntil")), numeric_date(claims.get("exp"))]
    return (
        max((one for one in begins if one is not None), default=None),
        min((one for one in ends if one is not None), default=None),
    )


def _about(presented: Presented) -> About:
    document, (begins, ends) = presented.document, _span(presented)
    issuer, subject = document.get("issuer"), document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    return About(
        format=presented.format,
        id=shown_text(document.get("id"), MAX_ADDRESS),
        name=shown_text(document.get("name")),
        achievement=shown_text(achievement.get("name")) if isinstance(achievement, dict) else None,
        issuer=shown_text(issuer_id(document), MAX_ADDRESS),
        issuer_name=shown_text(issuer.get("name")) if isinstance(issuer, dict) else None,
        valid_from=begins,
        valid_until=ends,
    )
