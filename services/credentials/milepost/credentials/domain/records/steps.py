"""What every step of a credential's life asks first: may it still happen, and when. Pure."""

from datetime import datetime, timedelta

from milepost.contracts.times import not_before
from milepost.credentials.domain.records.credential import Credential
from milepost.credentials.domain.records.record import Record
from milepost.credentials.domain.refusals import (
    AlreadyRevoked,
    CredentialEnded,
    CredentialWithheld,
    NotHeld,
    NotYetAwarded,
    StepOutOfOrder,
)

NO_SKEW = timedelta(0)


def living(record: Record, learner: str, credential: str) -> Credential:
    """Raises `NotHeld`, `AlreadyRevoked`, `CredentialEnded`."""
    held = record.credentials.get(credential)
    if held is None:
        raise NotHeld(learner, credential)
    if held.revoked:
        raise AlreadyRevoked(credential, held.revoked.reason, held.revoked.at)
    if held.superseded or held.declined_at:
        raise CredentialEnded(credential, "superseded" if held.superseded else "declined")
    return held


def shown(record: Record, learner: str, credential: str, at: datetime) -> Credential:
    """As the learner sees it: what is withheld is not there."""
    held = record.credentials.get(credential)
    if held is None or held.is_withheld(at):
        raise NotHeld(learner, credential)
    return living(record, learner, credential)


def require_released(held: Credential, at: datetime) -> None:
    if held.is_withheld(at):
        raise CredentialWithheld(held.credential, held.embargo_until)


def step_moment(held: Credential, at: datetime, skew: timedelta) -> datetime:
    """Raises `NotYetAwarded`, `StepOutOfOrder`."""
    at = not_before(at, held.changed_at, skew)
    if at < held.awarded_at:
        raise NotYetAwarded(held.credential, held.awarded_at)
    if at < held.changed_at:
        raise StepOutOfOrder(held.credential, held.changed_at)
    return at
