"""Whom a badge is about, said only to who knows the identifier already."""

from hashlib import sha256
from hmac import compare_digest

from milepost.credentials.open_badges.parts import IdentityObject


def hashed(identifier: str, salt: str, identity_type: str) -> IdentityObject:
    """`sha256$` and the hex of SHA-256 over identifier and salt (Open Badges 3.0, IdentityHash)."""
    return IdentityObject(
        hashed=True,
        identity_hash=_hash(identifier, salt),
        identity_type=identity_type,
        salt=salt,
    )


def is_about(identity: IdentityObject, identifier: str) -> bool:
    """Whether `identity` is that of `identifier`; hashes that are not SHA-256 are nobody's."""
    if not identity.hashed:
        return compare_digest(identity.identity_hash.encode(), identifier.encode())
    expected = _hash(identifier, identity.salt or "")
    return compare_digest(identity.identity_hash.lower().encode(), expected.encode())


def _hash(identifier: str, salt: str) -> str:
    return "sha256$" + sha256((identifier + salt).encode()).hexdigest()
