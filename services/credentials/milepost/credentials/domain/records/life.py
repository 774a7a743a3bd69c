"""The steps of a credential's life after its award, each a decision. Pure.

No step is dated before the one that it follows: `skew` is how far the caller's clock may be behind.
What has ended for good (revoked, superseded, declined) is changed no more.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain

from milepost.contracts.records import (
    CredentialAccepted,
    CredentialDeclined,
    CredentialExpired,
    CredentialReinstated,
    CredentialReleased,
    CredentialRevoked,
    CredentialSuspended,
    RecordEvent,
)
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.records.cascade import cascade
from milepost.credentials.domain.records.credential import Credential
from milepost.credentials.domain.records.flags import lift_flags
from milepost.credentials.domain.records.record import Record, evolve_record
from milepost.credentials.domain.records.steps import NO_SKEW, living, shown, step_moment
from milepost.credentials.domain.refusals import (
    AlreadySuspended,
    CredentialWithheld,
    NotSuspended,
    NotWithheld,
)


def release(
    record: Record,
    catalog: Catalog,
    learner: str,
    credential: str,
    at: datetime,
    *,
    skew: timedelta = NO_SKEW,
) -> list[RecordEvent]:
    """A person lets it go out. Raises `NotWithheld`; `CredentialWithheld` under an embargo."""
    held = living(record, learner, credential)
    at = step_moment(held, at, skew)
    if not held.is_withheld(at):
        raise NotWithheld(credential)
    if held.embargo_until and at < held.embargo_until:
        raise CredentialWithheld(credential, held.embargo_until)
    return _released(record, catalog, learner, held, at)


def end_embargo(
    record: Record, catalog: Catalog, learner: str, credential: str, now: datetime
) -> list[RecordEvent]:
    """Nothing if a person is to release it, or nothing is left to release."""
    held = record.credentials.get(credential)
    if held is None or held.ended or held.released_at or held.held_for_release:
        return []
    if held.embargo_until is None or now < held.embargo_until:
        return []
    at = max(held.embargo_until, held.changed_at)
    return _released(record, catalog, learner, held, at)


def expire(
    record: Record, catalog: Catalog, learner: str, credential: str, now: datetime
) -> list[RecordEvent]:
    """Its validity has ended, and what was achieved meanwhile begins the next cycle."""
    held = record.credentials.get(credential)
    if held is None or held.ended or held.expired_at or not held.has_expired(now):
        return []
    assert held.valid_until is not None
    at = held.valid_until
    event = CredentialExpired(**held.named(learner), occurred_at=at)
    after = evolve_record(record.copy(), event)
    if held.achievement not in catalog.achievements:
        return [event]
    return [event, *cascade(after, catalog, (held.achievement,), learner, at)]


def accept(
    record: Record,
    learner: str,
    credential: str,
    at: datetime,
    *,
    skew: timedelta = NO_SKEW,
) -> list[RecordEvent]:
    """Nothing if it is accepted already."""
    held = shown(record, learner, credential, at)
    if held.accepted_at:
        return []
    facts = {"credential": credential, "learner": learner, "achievement": held.achievement}
    return [CredentialAccepted(**facts, occurred_at=step_moment(held, at, skew))]


def decline(
    record: Record, learner: str, credential: str, at: datetime, *, skew: timedelta = NO_SKEW
) -> list[RecordEvent]:
    """For good. Nothing if it is declined already."""
    known = record.credentials.get(credential)
    if known and known.declined_at:
        return []
    held = shown(record, learner, credential, at)
    facts = {"credential": credential, "learner": learner, "achievement": held.achievement}
    return [CredentialDeclined(**facts, occurred_at=step_moment(held, at, skew))]


def suspend(
    record: Record,
    learner: str,
    credential: str,
    reason: str,
    at: datetime,
    *,
    skew: timedelta = NO_SKEW,
) -> list[RecordEvent]:
    """Raises `AlreadySuspended`."""
    held = living(record, learner, credential)
    if held.suspended:
        raise AlreadySuspended(credential, held.suspended.reason, held.suspended.at)
    return [
        CredentialSuspended(
            **held.named(learner),
            reason=reason,
            occurred_at=step_moment(held, at, skew),
        )
    ]


def reinstate(
    record: Record,
    catalog: Catalog,
    learner: str,
    credential: str,
    *,
    reason: str,
    at: datetime,
    skew: timedelta = NO_SKEW,
) -> list[RecordEvent]:
    """And award what waited for it. Raises `NotSuspended`."""
    held = living(record, learner, credential)
    if not held.suspended:
        raise NotSuspended(credential)
    event = CredentialReinstated(
        **held.named(learner),
        reason=reason,
        occurred_at=step_moment(held, at, skew),
    )
    return _with_dependents(record, catalog, event, held, learner)


def revoke(
    record: Record,
    learner: str,
    credential: str,
    reason: str,
    at: datetime,
    *,
    skew: timedelta = NO_SKEW,
) -> list[RecordEvent]:
    """Takes one credential away; those that rest on it stay until a person decides.

    Raises `NotHeld`, `AlreadyRevoked`, `NotYetAwarded`, `CredentialEnded`, `StepOutOfOrder`.
    """
    held = living(record, learner, credential)
    return [
        CredentialRevoked(
            **held.named(learner),
            reason=reason,
            occurred_at=step_moment(held, at, skew),
        )
    ]


def dependents_of(record: Record, credential: str) -> list[Credential]:
    """The active credentials whose evidence names this one."""
    return [
        one
        for one in record.active.values()
        if any(evidence.credential == credential for evidence in one.evidence)
    ]


def _released(
    record: Record, catalog: Catalog, learner: str, held: Credential, at: datetime
) -> list[RecordEvent]:
    event = CredentialReleased(**held.named(learner), occurred_at=at)
    return _with_dependents(record, catalog, event, held, learner)


def _with_dependents(
    record: Record,
    catalog: Catalog,
    event: CredentialReleased | CredentialReinstated,
    held: Credential,
    learner: str,
) -> list[RecordEvent]:
    """Its own renewal or next cycle, and what rests on it: neither came while it did not count."""
    at = event.occurred_at
    after = evolve_record(record.copy(), event)
    own = (held.achievement,) if held.achievement in catalog.achievements else ()
    waited = (*own, *catalog.by_achievement.get(held.achievement, ()))
    follows: Iterator[RecordEvent] = chain(
        lift_flags(after, catalog, learner, at), cascade(after, catalog, waited, learner, at)
    )
    return [event, *follows]
