"""Whether a credential is about whom somebody says it is, by an identifier. Pure.

Badges name their holder by an id, or by a hash of an identifier with a salt: only who knows the
identifier can ask.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from milepost.credentials.open_badges.identity import is_about
from milepost.credentials.open_badges.parts import IdentityObject
from milepost.credentials.verification.checks.shape import many
from milepost.credentials.verification.report import Check

MAX_IDENTITIES: Final = 50
MAX_IDENTIFIER: Final = 1_000  # characters


def recipient_check(document: Mapping[str, Any], identifier: str | None) -> Check:
    if identifier is None:
        words = "Nobody asked whom it is about."
        return Check(check="recipient", outcome="not_applicable", reason="not_asked", words=words)
    subjects = [one for one in many(document.get("credentialSubject")) if isinstance(one, dict)]
    ids = [one["id"] for one in subjects if isinstance(one.get("id"), str)]
    identities = [found for one in subjects for found in _identities(one)]
    spellings = _spellings(identifier)
    if any(one in spellings for one in ids) or any(
        is_about(identity, spelling) for identity in identities for spelling in spellings
    ):
        words = "It is about the person with this identifier."
        return Check(check="recipient", outcome="passed", reason="same_person", words=words)
    if not ids and not identities:
        words = "It does not say whom it is about, in a way that is known here."
        return Check(check="recipient", outcome="unknown", reason="nobody_named", words=words)
    words = "It is not about the person with this identifier."
    return Check(check="recipient", outcome="failed", reason="other_person", words=words)


def _identities(subject: Mapping[str, Any]) -> Iterator[IdentityObject]:
    for one in many(subject.get("identifier"))[:MAX_IDENTITIES]:
        if not isinstance(one, dict):
            continue
        text, salt, hashed = one.get("identityHash"), one.get("salt"), one.get("hashed")
        known = hashed is False or (hashed is True and str(text).lower().startswith("sha256$"))
        if isinstance(text, str) and known and isinstance(salt, str | None):
            yield IdentityObject(
                hashed=bool(hashed),
                identity_hash=text,
                identity_type=str(one.get("identityType")),
                salt=salt,
            )


def _spellings(identifier: str) -> tuple[str, ...]:
    """As it was typed, trimmed; an e-mail address also in small letters, and as an address."""
    plain = identifier.strip()[:MAX_IDENTIFIER]
    if "@" not in plain:
        return (plain,)
    small = plain.lower()
    return tuple(dict.fromkeys((plain, small, f"mailto:{plain}", f"mailto:{small}")))
