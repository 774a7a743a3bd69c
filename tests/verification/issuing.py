"""An issuer of the tests: its documents, and badges that it signs."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from milepost.credentials.open_badges.bitstring import bitstring, encode
from milepost.credentials.open_badges.documents import (
    Achievement,
    AchievementSubject,
    EndorsementCredential,
    EndorsementSubject,
    OpenBadgeCredential,
    Profile,
    StatusList,
    StatusListCredential,
)
from milepost.credentials.open_badges.documents import encode as to_json
from milepost.credentials.open_badges.identity import hashed
from milepost.credentials.open_badges.jwt import open_badges_jwt, vc_jwt
from milepost.credentials.open_badges.multikey import multikey
from milepost.credentials.open_badges.parts import Criteria, StatusEntry
from milepost.credentials.open_badges.proof import sign
from milepost.credentials.verification.report import Report
from milepost.credentials.verification.verifier import Question, Verifier

AT = datetime(2026, 9, 1, 8, tzinfo=UTC)
BEFORE = datetime(2026, 8, 1, 8, tzinfo=UTC)
ISSUER = "https://badges.example.edu/issuers/1"
LIST = "https://badges.example.edu/status/1"
SALT = "a-salt"


class Key(msgspec.Struct, frozen=True):
    kid: str
    private: Any


class Issuer:
    def __init__(self, identifier: str | None = ISSUER) -> None:
        self.ed = Ed25519PrivateKey.generate()
        self.ec: EllipticCurvePrivateKey = ec_key(SECP256R1())
        name = multikey(self.ed.public_key())
        self.id = identifier or f"did:key:{name}"
        self.key = Key(f"{self.id}#{name}", self.ed)
        self.jwt_key = Key(f"{self.id}#{multikey(self.ec.public_key())}", self.ec)

    def document(self) -> bytes:
        keys = [
            {
                "id": one.kid,
                "type": "Multikey",
                "controller": self.id,
                "publicKeyMultibase": multikey(one.private.public_key()),
            }
            for one in (self.key, self.jwt_key)
        ]
        asserts = [one["id"] for one in keys]
        return json.dumps(
            {"id": self.id, "verificationMethod": keys, "assertionMethod": asserts}
        ).encode()

    def badge(self, **changed: Any) -> OpenBadgeCredential:
        """Not signed yet."""
        achievement = Achievement(
            id="https://badges.example.edu/achievements/sql",
            name="SQL",
            description="Databases",
            criteria=Criteria(narrative="Pass."),
        )
        subject = AchievementSubject(
            achievement=achievement, identifier=(hashed("ann@example.org", SALT, "emailAddress"),)
        )
        profile = Profile(id=self.id, name="Example School")
        known: dict[str, Any] = {
            "id": "https://badges.example.edu/c/1",
            "name": "SQL",
            "issuer": profile,
            "valid_from": BEFORE,
            "credential_subject": subject,
        }
        return OpenBadgeCredential(**known | changed)

    def signed(self, **changed: Any) -> dict[str, Any]:
        """With its proof, as JSON values."""
        document: dict[str, Any] = json.loads(to_json(self.proved(self.badge(**changed))))
        return document

    def proved(self, badge: Any) -> Any:
        return sign(badge, self.key, BEFORE)

    def vc_jwt(self, **changed: Any) -> str:
        return vc_jwt(self.badge(**changed), self.jwt_key)

    def open_badges_jwt(self, **changed: Any) -> str:
        return open_badges_jwt(self.badge(**changed), self.jwt_key)

    def status_list(
        self, indexes: Iterable[int] = (), purpose: str = "revocation", **changed: Any
    ) -> bytes:
        subject = StatusList(
            id=f"{LIST}#list", status_purpose=purpose, encoded_list=encode(bitstring(indexes))
        )
        known: dict[str, Any] = {
            "id": LIST, "issuer": self.id, "valid_from": BEFORE, "credential_subject": subject,
        }  # fmt: skip
        return to_json(sign(StatusListCredential(**known | changed), self.key, BEFORE))

    def endorsement(self, of: str) -> EndorsementCredential:
        return sign(
            EndorsementCredential(
                id=f"{self.id}/endorsements/1",
                name="endorsed",
                issuer=Profile(id=self.id, name="Council"),
                valid_from=BEFORE,
                credential_subject=EndorsementSubject(id=of, endorsement_comment="good"),
            ),
            self.key,
            BEFORE,
        )


def entry(index: int = 7, purpose: str = "revocation") -> StatusEntry:
    return StatusEntry(
        id=f"{LIST}#{index}",
        status_purpose=purpose,
        status_list_index=str(index),
        status_list_credential=LIST,
    )


async def verified(
    what: dict[str, Any] | bytes | str,
    *issuers: Issuer,
    documents: dict[str, bytes] | None = None,
    trusted: Iterable[str] | None = None,
    recipient: str | None = None,
    at: datetime = AT,
) -> Report:
    """With the issuers' documents at hand, who are trusted unless others are named."""
    data = json.dumps(what).encode() if isinstance(what, dict) else what
    known = {one.id: one.document() for one in issuers} | (documents or {})
    question = Question(
        at=at,
        recipient=recipient,
        trusted=frozenset(known if trusted is None else trusted),
    )
    return await Verifier(documents=known).verify(
        data.encode() if isinstance(data, str) else data, question
    )


def outcomes(report: Report) -> dict[str, str]:
    return {one.check: one.outcome for one in report.checks}


def reasons(report: Report) -> dict[str, str]:
    """Of the checks that did not pass."""
    return {one.check: one.reason for one in report.checks if one.outcome in {"failed", "unknown"}}
