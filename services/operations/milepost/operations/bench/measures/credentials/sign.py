"""`sign`: Open Badges signed a second by one core, against PyLD with the same key and badge.

PyLD reads contexts as JSON-LD; they are written here from Milepost's own terms, which tests hold
against the published ones.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from milepost.credentials.open_badges.documents import (
    Achievement,
    AchievementSubject,
    OpenBadgeCredential,
    Profile,
    encode,
    plain,
)
from milepost.credentials.open_badges.identity import hashed
from milepost.credentials.open_badges.linked_data.contexts import CONTEXTS
from milepost.credentials.open_badges.linked_data.term import Term, Terms, Vocabulary
from milepost.credentials.open_badges.multikey import base58, multikey
from milepost.credentials.open_badges.parts import (
    Alignment,
    Criteria,
    DataIntegrityProof,
    Evidence,
    Result,
    ResultDescription,
    StatusEntry,
)
from milepost.credentials.open_badges.proof import sign
from milepost.credentials.open_badges.quads import quads
from milepost.operations.bench.figures import Measured, WentWrong
from milepost.web.settings import Settings

TARGET_RATIO = 10
TARGET_PER_SECOND = 2_000
ROUNDS = 5
YARDSTICK_SHARE = 8  # PyLD signs one badge of so many
ISSUER = "https://school.example/issuers/demo/default"
AWARDED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


class Key(msgspec.Struct, frozen=True):
    kid: str
    private: Ed25519PrivateKey


Sign = Callable[[OpenBadgeCredential], OpenBadgeCredential]


async def measure(_settings: Settings, count: int = 8_000) -> Measured:
    """`count` badges, each with another id; in CPU time, so that nobody else slows it."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    key = Key(f"{ISSUER}#{multikey(private.public_key())}", private)
    ours, theirs = _by_milepost(key), _by_pyld(key)
    first = next(_badges(1))
    if encode(ours(first)) != encode(theirs(first)):
        raise WentWrong("PyLD signs the same badge otherwise")
    each = max(1, count // ROUNDS)
    seconds, yardstick_seconds = 0.0, 0.0
    for _ in range(ROUNDS):
        seconds += _cpu_seconds(ours, each) / each
        fewer = max(1, each // YARDSTICK_SHARE)
        yardstick_seconds += _cpu_seconds(theirs, fewer) / fewer
    rate, yardstick = ROUNDS / seconds, ROUNDS / yardstick_seconds
    return Measured(
        name="sign",
        figures={
            "badges_per_second": round(rate),
            "cpu_us_per_badge": round(1e6 / rate, 1),
            "statements_per_badge": len(quads(plain(first))),
        },
        yardstick="PyLD, same key and badge",
        yardstick_per_second=round(yardstick),
        ratio=round(rate / yardstick, 1),
        target=f"ratio >= {TARGET_RATIO}, >= {TARGET_PER_SECOND:,}/s a core",
        met=rate >= TARGET_RATIO * yardstick and rate >= TARGET_PER_SECOND,
    )


def _cpu_seconds(signing: Sign, count: int) -> float:
    badges = list(_badges(count))
    begin = time.process_time()
    for badge in badges:
        encode(signing(badge))
    return time.process_time() - begin


def _badges(count: int) -> Iterator[OpenBadgeCredential]:
    badge = _badge()
    for number in range(count):
        yield msgspec.structs.replace(badge, id=f"https://school.example/c/{number}")


def _badge() -> OpenBadgeCredential:
    """As a school awards it: skills, a result, evidence, a hashed recipient, a status."""
    address = "https://school.example/achievements/demo/first-aid/1"
    skills = ("resuscitation", "bandaging", "transport")
    achievement = Achievement(
        id=address,
        name="First aid",
        description="Gives first aid, and knows when not to.",
        criteria=Criteria(narrative="Passed the course *first aid* with 60 % or more."),
        achievement_type="MicroCredential",
        alignment=tuple(_skill(name) for name in skills),
        result_description=(
            ResultDescription(id=f"{address}#grade", name="Grade", result_type="Percent"),
        ),
        tag=("health", "safety"),
    )
    lists = "https://school.example/status/demo/1"
    return OpenBadgeCredential(
        id="https://school.example/c/0",
        name="First aid",
        issuer=Profile(id=ISSUER, name="School of Health", url="https://school.example"),
        valid_from=AWARDED,
        awarded_date=AWARDED,
        credential_subject=AchievementSubject(
            achievement=achievement,
            identifier=(hashed("learner-17", "c0ffee", "sourcedId"),),
            result=(Result(result_description=f"{address}#grade", value="87.5"),),
        ),
        credential_status=StatusEntry(
            id=f"{lists}#94567",
            status_purpose="revocation",
            status_list_index="94567",
            status_list_credential=lists,
        ),
        evidence=(Evidence(name="Course first-aid", narrative="Completed, position 4711."),),
    )


def _skill(name: str) -> Alignment:
    return Alignment(
        target_name=name,
        target_url=f"http://data.europa.eu/esco/skill/{name}",
        target_framework="ESCO",
        target_type="ext:ESCOSkill",
    )


def _by_milepost(key: Key) -> Sign:
    return lambda badge: sign(badge, key, AWARDED)


def _by_pyld(key: Key) -> Sign:
    try:
        jsonld = import_module("pyld.jsonld")
    except ImportError:
        raise WentWrong("the yardstick is PyLD: pip install pyld") from None
    options = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": lambda url, _options: _published(url),
    }

    def digest(document: dict[str, Any]) -> bytes:
        return sha256(jsonld.normalize(document, options).encode()).digest()

    def signed(badge: OpenBadgeCredential) -> OpenBadgeCredential:
        document = msgspec.json.decode(encode(badge))
        proof = DataIntegrityProof(created=AWARDED, verification_method=key.kid)
        how = {"@context": document["@context"], **plain(proof)}
        value = "z" + base58(key.private.sign(digest(how) + digest(document)))
        return msgspec.structs.replace(
            badge, proof=(msgspec.structs.replace(proof, proof_value=value),)
        )

    return signed


def _published(url: str) -> dict[str, Any]:
    context = as_json_ld(CONTEXTS[url])
    return {"contextUrl": None, "documentUrl": url, "document": {"@context": context}}


def as_json_ld(vocabulary: Vocabulary) -> dict[str, Any]:
    """A JSON-LD 1.1 context of the same meaning."""
    everything = {"@vocab": vocabulary.everything} if vocabulary.everything else {}
    return {**_terms(vocabulary.terms, protected=vocabulary.protected), **everything}


def _terms(terms: Terms, *, protected: bool) -> dict[str, Any]:
    words = {word: _term(term, protected=protected) for word, term in terms.items()}
    guard = {"@protected": True} if protected else {}
    return {**guard, "id": "@id", "type": "@type", **words}


def _term(term: Term, *, protected: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"@id": term.iri}
    if term.kind:
        found["@type"] = term.kind
    if term.container:
        found["@container"] = term.container
    if term.scoped is not None:
        found["@context"] = _terms(term.scoped, protected=protected)
    return {**found, "@context": None} if term.resets else found
