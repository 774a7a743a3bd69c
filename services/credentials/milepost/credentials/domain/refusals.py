"""What the credentials service refuses. The fields are what a client needs to act."""

from dataclasses import dataclass
from datetime import datetime

from milepost.credentials.domain.achievements.definition import DefinitionFault
from milepost.events.event import Conflicting, Forbidden, Invalid, Unknown


@dataclass
class UnknownAchievement(Unknown):
    achievement: str


@dataclass
class UnknownProgram(Unknown):
    program: str


@dataclass
class UnknownAchievementVersion(Unknown):
    """The achievement has no such version; `latest`: the newest that there is."""

    achievement: str
    version: int
    latest: int


@dataclass
class NotHeld(Unknown):
    """The learner has never been awarded this credential."""

    learner: str
    credential: str


@dataclass
class NotRecognized(Invalid):
    """The credential from elsewhere is not valid here, or not known to be the learner's.

    `checks` are those that did not pass, and why: see `POST /credentials/verify`.
    """

    verdict: str
    checks: tuple[str, ...]


@dataclass
class AlreadyHeld(Conflicting):
    achievement: str
    credential: str


@dataclass
class AlreadyRevoked(Conflicting):
    credential: str
    reason: str
    revoked_at: datetime


@dataclass
class CredentialEnded(Conflicting):
    """Declined, superseded, or followed by a newer one: nothing changes it any more."""

    credential: str
    ended_as: str


@dataclass
class StepOutOfOrder(Conflicting):
    """Something later has happened to the credential."""

    credential: str
    changed_at: datetime


@dataclass
class CredentialWithheld(Conflicting):
    """It has not been released: until then it is awarded to nobody's eyes but the issuer's."""

    credential: str
    embargo_until: datetime | None


@dataclass
class NotWithheld(Conflicting):
    """It is released already."""

    credential: str


@dataclass
class AlreadySuspended(Conflicting):
    credential: str
    reason: str
    suspended_at: datetime


@dataclass
class NotSuspended(Conflicting):
    credential: str


@dataclass
class NeverExpires(Conflicting):
    """What has no end is not renewed."""

    credential: str


@dataclass
class UnknownEndorsement(Unknown):
    """Not given, or withdrawn."""

    achievement: str
    endorsement: str


@dataclass
class OwnEndorsement(Conflicting):
    """Who awards an achievement vouches for it already."""

    achievement: str
    issuer: str


@dataclass
class AlreadyEndorsed(Conflicting):
    """With another comment: withdraw that one first."""

    achievement: str
    issuer: str
    endorsement: str


@dataclass
class TooManyEndorsements(Conflicting):
    achievement: str
    most: int


@dataclass
class UnknownIssuer(Unknown):
    issuer: str


@dataclass
class RetiredIssuer(Conflicting):
    """It signs nothing new; what it signed stays readable."""

    issuer: str


@dataclass
class UnknownKey(Unknown):
    issuer: str
    key: str


@dataclass
class LastKey(Conflicting):
    """Nothing else signs by its algorithm: rotate first."""

    issuer: str
    key: str


@dataclass
class NotFlagged(Conflicting):
    """Nothing asks for a decision on this credential."""

    credential: str


@dataclass
class NotYetAwarded(Conflicting):
    """Nothing is revoked before it was awarded."""

    credential: str
    awarded_at: datetime


@dataclass
class RetiredAchievement(Conflicting):
    """It is neither awarded nor defined any more; credentials already held stay."""

    achievement: str


@dataclass
class NotShareable(Conflicting):
    """What has not been released, or was declined, is shown to nobody."""

    credential: str
    state: str


@dataclass
class LinkEndsBefore(Invalid):
    """The link would have ended already."""

    ends: datetime
    now: datetime


@dataclass
class TooManyLinks(Conflicting):
    """So many links work at a time: take one back first."""

    credential: str
    most: int


@dataclass
class DefinitionInvalid(Invalid):
    """All faults of the definition at once."""

    achievement: str
    faults: tuple[DefinitionFault, ...]


@dataclass
class ApprovalNotAsked(Conflicting):
    """The criteria ask for nobody's approval."""

    achievement: str


@dataclass
class NotApproved(Conflicting):
    """The caller has not approved of this award, or has taken it back."""

    achievement: str


@dataclass
class OwnAward(Forbidden):
    """Nobody approves of an award to themselves."""

    achievement: str


@dataclass
class UnknownCriteria(Invalid):
    """The criteria name achievements that are not defined."""

    achievements: tuple[str, ...]


@dataclass
class CircularCriteria(Invalid):
    """Each step on the path needs the next one, and the last is the first.

    A step is an achievement, or `program/` and a program.
    """

    path: tuple[str, ...]


@dataclass
class ImpossibleCriteria(Invalid):
    """`n` must lie between 1 and the number of criteria in the group."""

    n: int
    criteria: int


@dataclass
class OversizedCriteria(Invalid):
    """At most this many conditions and levels make a criteria tree."""

    max_conditions: int
    max_depth: int


@dataclass
class UnknownImage(Invalid):
    """No picture with this SHA-256 was uploaded."""

    image: str


@dataclass
class ImageRefused(Invalid):
    """What it is that cannot be taken: `not_png_or_jpeg`, `too_many_bytes`, `too_many_scans`,
    `too_small`, `too_large`, `unreadable`.
    """

    because: str


@dataclass
class TooManyImages(Conflicting):
    """A school has so many at most."""

    most: int
