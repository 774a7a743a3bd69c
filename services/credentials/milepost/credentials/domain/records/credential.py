"""One credential of a learner: what has happened to it, and how it stands at a moment. Pure.

    awarded ─▶ withheld ─ embargo over, or released ─▶ active ◀─▶ suspended
                                                         │ ▲
                                        valid_until      ▼ │ renewed
                                                       expired ── later evidence ─▶ a new credential

    ends for good: revoked, superseded, declined

The clock ends an embargo and a validity, whether or not the timer's event has been written yet.
"""

from datetime import datetime
from typing import Any, Literal, TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from milepost.contracts.records import (
    CredentialAccepted,
    CredentialAwarded,
    CredentialDeclined,
    CredentialExpired,
    CredentialFlagged,
    CredentialFlagLifted,
    CredentialReinstated,
    CredentialReleased,
    CredentialRenewed,
    CredentialRevoked,
    CredentialSuperseded,
    CredentialSuspended,
    Evidence,
)

HOLDS_AGAIN = "holds_again"

Status: TypeAlias = Literal[
    "withheld", "active", "suspended", "expired", "declined", "superseded", "revoked"
]

# What happens to a credential once it is awarded.
Step: TypeAlias = (
    CredentialReleased
    | CredentialAccepted
    | CredentialDeclined
    | CredentialSuspended
    | CredentialReinstated
    | CredentialRevoked
    | CredentialExpired
    | CredentialRenewed
    | CredentialSuperseded
    | CredentialFlagged
    | CredentialFlagLifted
)


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    at: datetime


class Suspension(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    at: datetime


class Supersession(msgspec.Struct, frozen=True, kw_only=True):
    """`by`: the credential that stands for it from then on."""

    by: str
    reason: str
    at: datetime


class Renewal(msgspec.Struct, frozen=True, kw_only=True):
    """Valid anew, on this evidence; `renewed_by` as `awarded_by`."""

    achievement_version: int
    evidence: tuple[Evidence, ...]
    valid_from: datetime
    valid_until: datetime | None
    at: datetime
    renewed_by: str
    reason: str | None


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """Why a person should look at a credential; `position` is where that stands in the log."""

    reason: str
    at: datetime
    position: int


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """`valid_from` and `valid_until` are those of the last renewal, `evidence` all there was.

    position    where its latest evidence stands; None when a person awarded without any
    changed_at  the last step that a person or the policy took: no later one is dated before it
    flag        a person has to decide; `let_stand`: the flag in spite of which one let it stand
    expired_at  when it was recorded as expired; until it is renewed
    """

    credential: str
    achievement: str
    achievement_version: int
    evidence: tuple[Evidence, ...]
    position: int | None
    awarded_at: datetime
    awarded_by: str
    reason: str | None
    valid_from: datetime
    valid_until: datetime | None
    changed_at: datetime
    name: str = ""
    issuer: str | None = None
    url: str | None = None
    grade: float | None = None
    embargo_until: datetime | None = None
    held_for_release: bool = False
    renews: str | None = None
    supersedes: str | None = None
    released_at: datetime | None = None
    accepted_at: datetime | None = None
    declined_at: datetime | None = None
    expired_at: datetime | None = None
    suspended: Suspension | None = None
    revoked: Revocation | None = None
    superseded: Supersession | None = None
    renewals: tuple[Renewal, ...] = ()
    flag: Flag | None = None
    let_stand: Flag | None = None

    def has_expired(self, at: datetime) -> bool:
        return self.valid_until is not None and self.valid_until <= at

    def is_withheld(self, at: datetime) -> bool:
        """What was revoked before it went out never goes out."""
        at = min(at, self.revoked.at) if self.revoked else at
        embargoed = self.embargo_until is not None and at < self.embargo_until
        return self.released_at is None and (self.held_for_release or embargoed)

    def named(self, learner: str) -> dict[str, Any]:
        """What every later event says of it."""
        return {
            "credential": self.credential,
            "learner": learner,
            "achievement": self.achievement,
            "name": self.name,
            "issuer": self.issuer,
            "url": self.url,
        }

    @property
    def ended(self) -> bool:
        """For good: nothing changes it any more."""
        return bool(self.revoked or self.superseded or self.declined_at)


def status(credential: Credential, at: datetime) -> Status:
    """The gravest that applies. Only `active` counts as held."""
    if credential.revoked:
        return "revoked"
    if credential.superseded:
        return "superseded"
    if credential.declined_at:
        return "declined"
    if credential.is_withheld(at):
        return "withheld"
    if credential.suspended:
        return "suspended"
    return "expired" if credential.has_expired(at) else "active"


def was_given_by_hand(credential: Credential) -> bool:
    """It rests on a person's word, not on criteria: awarded so, or renewed so the last time."""
    renewed = credential.renewals[-1].renewed_by if credential.renewals else "policy"
    return credential.awarded_by != "policy" or renewed != "policy"


def awarded(event: CredentialAwarded) -> Credential:
    return Credential(
        credential=event.credential,
        achievement=event.achievement,
        achievement_version=event.achievement_version,
        evidence=event.evidence,
        position=_latest(event.evidence),
        awarded_at=event.occurred_at,
        awarded_by=event.awarded_by,
        reason=event.reason,
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        changed_at=event.occurred_at,
        name=event.name,
        issuer=event.issuer,
        url=event.url,
        grade=event.grade,
        embargo_until=event.embargo_until,
        held_for_release=event.held_for_release,
        renews=event.renews,
        supersedes=event.supersedes,
    )


def evolve_credential(credential: Credential, event: Step) -> Credential:
    at, after = event.occurred_at, credential
    match event:
        case CredentialReleased():
            after = replace(credential, released_at=at)
        case CredentialAccepted():
            after = replace(credential, accepted_at=at)
        case CredentialDeclined():
            after = replace(credential, declined_at=at, flag=None)
        case CredentialSuspended():
            after = replace(credential, suspended=Suspension(reason=event.reason, at=at))
        case CredentialReinstated():
            after = replace(credential, suspended=None)
        case CredentialRevoked():
            after = replace(credential, revoked=Revocation(reason=event.reason, at=at), flag=None)
        case CredentialRenewed():
            after = _renewed(credential, event)
        case CredentialSuperseded():
            superseded = Supersession(by=event.by, reason=event.reason, at=at)
            after = replace(credential, superseded=superseded, flag=None)
        case CredentialExpired() | CredentialFlagged() | CredentialFlagLifted():
            return _marked(credential, event)
        case _:
            assert_never(event)
    return replace(after, changed_at=max(credential.changed_at, at))


def _marked(
    credential: Credential, event: CredentialExpired | CredentialFlagged | CredentialFlagLifted
) -> Credential:
    """What no later step has to follow in time."""
    match event:
        case CredentialExpired():
            return replace(credential, expired_at=event.occurred_at)
        case CredentialFlagged():
            flag = Flag(reason=event.reason, at=event.occurred_at, position=event.position)
            return replace(credential, flag=flag, let_stand=None)
        case CredentialFlagLifted():
            let_stand = None if event.reason == HOLDS_AGAIN else credential.flag
            return replace(credential, flag=None, let_stand=let_stand)
        case _:
            assert_never(event)


def _renewed(credential: Credential, event: CredentialRenewed) -> Credential:
    renewal = Renewal(
        achievement_version=event.achievement_version,
        evidence=event.evidence,
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        at=event.occurred_at,
        renewed_by=event.renewed_by,
        reason=event.reason,
    )
    return replace(
        credential,
        achievement_version=event.achievement_version,
        evidence=(*credential.evidence, *event.evidence),
        position=_latest(event.evidence) or credential.position,
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        expired_at=None,
        renewals=(*credential.renewals, renewal),
    )


def _latest(evidence: tuple[Evidence, ...]) -> int | None:
    return max((one.position for one in evidence if one.position is not None), default=None)
