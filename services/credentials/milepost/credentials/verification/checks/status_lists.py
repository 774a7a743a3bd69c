"""Whether a credential was revoked or suspended, by its entry in a Bitstring Status List. Pure.

A list is believed when the credential's own issuer has signed it. One under another id than asked
for may be an old or a foreign one: a bit that is set there counts, one that is not vouches for
nothing. Source: Bitstring Status List 1.0, section 3.2.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from milepost.credentials.open_badges.bitstring import decode, status
from milepost.credentials.open_badges.errors import NotABitstring
from milepost.credentials.open_badges.proof import issuer_id
from milepost.credentials.verification.checks.shape import many, types_of
from milepost.credentials.verification.checks.signatures import signature_checks
from milepost.credentials.verification.judgement_inputs import Facts
from milepost.credentials.verification.presented import Presented
from milepost.credentials.verification.report import Check
from milepost.credentials.verification.texts.shown import shown
from milepost.credentials.verification.texts.times import SKEW, parse_time

MAX_ENTRIES: Final = 8
ENTRY: Final = "BitstringStatusListEntry"
LIST: Final = "BitstringStatusListCredential"
ENDING: Final = {"revocation": "revoked", "suspension": "suspended"}
_WORDS: Final = {
    "revoked": "The issuer has revoked it.",
    "suspended": "The issuer has suspended it: it does not count until it is reinstated.",
}


class Entry(NamedTuple):
    purpose: str
    place: int
    address: str


class CannotTell(Exception):
    """The message says why, in words."""


def list_addresses(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Of the lists that must be had before judging."""
    found = []
    for one in _entries(document):
        try:
            found.append(_entry(one).address)
        except CannotTell:
            continue
    return tuple(dict.fromkeys(found))


def status_check(document: Mapping[str, Any], facts: Facts) -> Check:
    entries = list(_entries(document))
    if not entries:
        words = "It names no list in which it could be revoked."
        return Check(check="status", outcome="not_applicable", reason="no_status", words=words)
    doubts = []
    if len(many(document.get("credentialStatus"))) > MAX_ENTRIES:
        doubts.append(f"it names more than {MAX_ENTRIES} lists")
    for one in entries:
        try:
            entry = _entry(one)
            if (ended := ENDING.get(entry.purpose)) and _is_set(entry, document, facts):
                words = _WORDS[ended]
                return Check(check="status", outcome="failed", reason=ended, words=words)
        except CannotTell as error:
            doubts.append(str(error))
    if doubts:
        words = f"Whether it was revoked or suspended cannot be said: {doubts[0]}."
        return Check(check="status", outcome="unknown", reason="status_unknown", words=words)
    words = "It was neither revoked nor suspended."
    return Check(check="status", outcome="passed", reason="not_revoked", words=words)


def _entries(document: Mapping[str, Any]) -> Iterator[Any]:
    yield from many(document.get("credentialStatus"))[:MAX_ENTRIES]


def _entry(value: Any) -> Entry:
    """The index is a decimal text; some write a number. Raises `CannotTell`."""
    if not isinstance(value, dict) or ENTRY not in types_of(value):
        kind = ", ".join(sorted(types_of(value))) if isinstance(value, dict) else "no object"
        raise CannotTell(f"its status is of a kind that is not known here ({shown(kind)})")
    index, address = value.get("statusListIndex"), value.get("statusListCredential")
    digits = str(index) if isinstance(index, str | int) and not isinstance(index, bool) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        raise CannotTell("its place in the list is malformed")
    if not isinstance(address, str) or value.get("statusSize", 1) != 1:
        raise CannotTell("its status is malformed, or of more than one bit")
    return Entry(str(value.get("statusPurpose")), int(digits), address)


def _is_set(entry: Entry, document: Mapping[str, Any], facts: Facts) -> bool:
    """Raises `CannotTell`."""
    presented = facts.lists.get(entry.address, "its list was not at hand")
    if isinstance(presented, str):
        raise CannotTell(presented)
    _require_signed(presented, document, facts)
    listed = _list(presented.document, entry.purpose)
    try:
        bit = status(decode(listed), entry.place) == 1
    except NotABitstring as error:
        raise CannotTell(f"its list cannot be read: {error}") from error
    if not bit and presented.document.get("id") != entry.address:
        raise CannotTell("the list at its address says that it is another one")
    return bit


def _require_signed(presented: Presented, document: Mapping[str, Any], facts: Facts) -> None:
    """By the same issuer, and not for another time. Raises `CannotTell`."""
    if issuer_id(presented.document) != issuer_id(document):
        raise CannotTell("its list is signed by somebody else")
    if any(one.outcome != "passed" for one in signature_checks(presented, facts)):
        raise CannotTell("its list is not signed by its issuer, or that cannot be checked")
    ends, begins = (parse_time(presented.document.get(one)) for one in ("validUntil", "validFrom"))
    if (ends is not None and ends < facts.at) or (begins is not None and begins > facts.at + SKEW):
        raise CannotTell("its list is for another time")


def _list(document: Mapping[str, Any], purpose: str) -> str:
    """The encoded list for this purpose. Raises `CannotTell`."""
    for subject in many(document.get("credentialSubject")):
        if isinstance(subject, dict) and purpose in many(subject.get("statusPurpose")):
            encoded = subject.get("encodedList")
            if LIST in types_of(document) and isinstance(encoded, str):
                return encoded
    raise CannotTell("its list is for another purpose, or no list")
