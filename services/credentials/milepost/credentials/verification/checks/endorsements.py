"""What others say of a credential, its achievement or its issuer, embedded in it. Pure.

It decides nothing about the credential. An endorsement is believed when its own issuer signed it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from milepost.credentials.open_badges.proof import issuer_id, key_urls
from milepost.credentials.verification.checks.shape import many
from milepost.credentials.verification.checks.signatures import signature_checks
from milepost.credentials.verification.judgement_inputs import Facts
from milepost.credentials.verification.presented import Presented
from milepost.credentials.verification.report import Check
from milepost.credentials.verification.texts.shown import shown

MAX_ENDORSEMENTS: Final = 20


def endorsements_of(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Of the credential, its achievement and its issuer; at most so many."""
    return [one for one in _all_of(document) if isinstance(one, dict)][:MAX_ENDORSEMENTS]


def endorsement_methods(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys that their proofs name."""
    return tuple(url for one in endorsements_of(document) for url in key_urls(one))


def endorsements_check(document: Mapping[str, Any], facts: Facts) -> Check:
    found = endorsements_of(document)
    if not found:
        words = "Nobody else vouches for it inside of it."
        return Check(check="endorsements", outcome="not_applicable", reason="none", words=words)
    checks = [(one, _signature(one, facts)) for one in found]
    for outcome, reason, verb in (
        ("failed", "endorsement_forged", "is not by"),
        ("unknown", "endorsement_unknown", "cannot be said to be by"),
    ):
        for one, told in checks:
            if told == outcome:
                words = f"One of {len(found)} endorsements {verb} {shown(issuer_id(one))}."
                return Check(check="endorsements", outcome=told, reason=reason, words=words)
    words = f"Endorsements by who signed them: {len(found)}."
    return Check(check="endorsements", outcome="passed", reason="endorsed", words=words)


def _signature(endorsement: Mapping[str, Any], facts: Facts) -> Any:
    """The worse outcome of its proof and its key."""
    presented = Presented(format="json", digest="", document=endorsement)
    outcomes = {one.outcome for one in signature_checks(presented, facts)}
    return next(one for one in ("failed", "unknown", "passed") if one in outcomes)


def _all_of(document: Mapping[str, Any]) -> Iterator[Any]:
    yield from many(document.get("endorsement"))
    for subject in many(document.get("credentialSubject")):
        achievement = subject.get("achievement") if isinstance(subject, dict) else None
        if isinstance(achievement, dict):
            yield from many(achievement.get("endorsement"))
            yield from _of_profile(achievement.get("creator"))
    yield from _of_profile(document.get("issuer"))


def _of_profile(profile: Any) -> Iterator[Any]:
    if isinstance(profile, dict):
        yield from many(profile.get("endorsement"))
