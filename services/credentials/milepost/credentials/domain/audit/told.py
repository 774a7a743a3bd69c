"""A learner's record as it follows from the log itself. Pure.

Results come from what was told of learning, credentials from the record. What the record noted of
learning is left out: whether that is right is what is asked.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple, TypeAlias, get_args

from milepost.contracts.records import (
    CredentialAwarded,
    RecordEvent,
)
from milepost.credentials.domain.records.credential import Step
from milepost.credentials.domain.records.record import Fact, Record, empty_record, evolve_record

Placed: TypeAlias = tuple[int, RecordEvent]
_STEPS = get_args(Step)
_FACTS = get_args(Fact)


class Told(NamedTuple):
    """`facts` as learning tells them, `record` as it stands, each in the order of the log."""

    learner: str
    facts: Sequence[Fact]
    record: Sequence[Placed]


class Derived(NamedTuple):
    """`awarded`: where the award of each credential stands. `twice`: awards of what was held.

    `unknown`: what is said of credentials that were never awarded.
    """

    record: Record
    awarded: dict[str, int]
    twice: list[tuple[int, CredentialAwarded]]
    unknown: list[tuple[int, Step]]


def derive(told: Told, before: int | None = None) -> Derived:
    """Of all there is, or of what stands before a position."""
    derived = Derived(empty_record(), {}, [], [])
    facts: list[Placed] = [(fact.position, fact) for fact in told.facts]
    record = [one for one in told.record if not isinstance(one[1], _FACTS)]
    for position, event in sorted([*facts, *record], key=itemgetter(0)):
        if before is not None and position >= before:
            break
        if isinstance(event, _STEPS) and event.credential not in derived.record.credentials:
            derived.unknown.append((position, event))  # nothing can be done with it
            continue
        if isinstance(event, CredentialAwarded):
            _note_award(derived, position, event)
        evolve_record(derived.record, event)
    return derived


def _note_award(derived: Derived, position: int, event: CredentialAwarded) -> None:
    active = derived.record.active.get(event.achievement)
    if active and not active.has_expired(event.occurred_at):
        derived.twice.append((position, event))
    derived.awarded[event.credential] = position
