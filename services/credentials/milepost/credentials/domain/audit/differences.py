"""Who has earned an achievement, and who holds it: the differences, each explained. Pure.

missing    earned, and not held                 unearned   held, and not earned
twice      awarded while it was held            unknown    told of, and never awarded

Rightly held: the criteria hold now, or held when it was awarded and nothing of the learner's own
results has fallen since without a flag. What a person awarded rests on the person, what was revoked
or declined is not earned again by the same evidence: the domain's own rules decide, nothing else.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from milepost.contracts.records import CredentialAwarded, CredentialRenewed, Evidence
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.achievements.condition import Condition, evidence_of
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.audit.told import Derived, Told, derive
from milepost.credentials.domain.records.awards import award_if_earned
from milepost.credentials.domain.records.credential import Credential, was_given_by_hand
from milepost.credentials.domain.records.record import Record

Kind: TypeAlias = Literal["missing", "unearned", "twice", "unknown"]
Cause: TypeAlias = Literal[
    "not_noted", "defined_later", "not_awarded", "not_renewed", "never_earned", "fell_unflagged",
    "held_already", "award_missing",
]  # fmt: skip
RESTS_ON_OTHERS = ("achievement_held", "program_completed")


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`decided_by`: positions of the events that decide, `position` where the award stands.

    not_noted       the record has not heard of what earned it (yet)
    defined_later   it was defined, or made easier, after it had been earned
    not_awarded     the record has heard, and no award stands there
    not_renewed     later evidence should have renewed it
    never_earned    its criteria did not hold when it was awarded, and do not hold
    fell_unflagged  they held; what they rest on has fallen, and nobody was told
    held_already    the learner held one already
    award_missing   something happened to a credential that no event awards
    """

    learner: str
    achievement: str
    kind: Kind
    because: Cause
    credential: str | None = None
    position: int | None = None
    decided_by: tuple[int, ...] = ()
    condition: Condition | None = None


def explained(one: Difference, noted: AbstractSet[int]) -> Difference:
    """With what the record has noted, by the positions of those facts."""
    if one.because != "not_awarded" or one.condition is None:
        return one
    facts = {evidence.position for evidence in evidence_of(one.condition) if evidence.enrollment}
    return one if noted >= facts else msgspec.structs.replace(one, because="not_noted")


def differences(
    told: Told, catalog: Catalog, defined: Mapping[str, int], at: datetime
) -> tuple[Record, list[Difference]]:
    """With the record that follows. `defined`: where each achievement's version of now stands."""
    derived = derive(told)
    found = [
        *_missing(told, derived.record, catalog, defined, at),
        *_unearned(told, derived, catalog, at),
        *_twice(told, derived),
        *_unknown(told, derived),
    ]
    return derived.record, found


def candidates(told: Told, record: Record, catalog: Catalog) -> dict[str, None]:
    """The achievements that anything of this learner's counts for."""
    found = dict[str, None]()
    for fact in told.facts:
        found |= dict.fromkeys(catalog.touched_by(fact))
    for held in record.active:
        found |= dict.fromkeys(catalog.by_achievement.get(held, ()))
    found |= dict.fromkeys(one for one in record.approvals if one in catalog.achievements)
    return found


def _missing(
    told: Told, record: Record, catalog: Catalog, defined: Mapping[str, int], at: datetime
) -> Iterator[Difference]:
    found = dict[str, Difference]()
    for candidate in candidates(told, record, catalog):
        held = record.active.get(candidate)
        if catalog.achievements[candidate].retired or (held and held.valid_until is None):
            continue
        for event in award_if_earned(record, catalog, told.learner, candidate, at):
            if isinstance(event, CredentialAwarded | CredentialRenewed):
                code = event.achievement
                criteria = catalog.achievements[code].definition.criteria
                one = Difference(
                    learner=told.learner,
                    achievement=code,
                    kind="missing",
                    because=_why_missing(event, defined),
                    decided_by=_positions(event.evidence),
                    condition=explain(criteria, record, catalog, at, achievement=code),
                )
                found.setdefault(code, one)
    yield from found.values()


def _why_missing(event: CredentialAwarded | CredentialRenewed, defined: Mapping[str, int]) -> Cause:
    if isinstance(event, CredentialRenewed):
        return "not_renewed"
    decided_by = _positions(event.evidence)
    later = decided_by and max(decided_by) < defined.get(event.achievement, 0)
    return "defined_later" if later else "not_awarded"


def _unearned(told: Told, derived: Derived, catalog: Catalog, at: datetime) -> Iterator[Difference]:
    for one in derived.record.active.values():
        if one.flag or one.let_stand or was_given_by_hand(one):
            continue
        condition = _condition(one, derived.record, catalog, at)
        if condition.holds:
            continue
        because: Cause | None = None
        position = derived.awarded[one.credential]
        then = _condition(one, derive(told, position).record, catalog, one.awarded_at)
        if not (then.holds or one.renewals):
            because = "never_earned"
        elif not _holds_by_results(condition):
            because = "fell_unflagged"
        if because:
            yield Difference(
                learner=told.learner,
                achievement=one.achievement,
                kind="unearned",
                because=because,
                credential=one.credential,
                position=position,
                decided_by=_positions(one.evidence),
                condition=condition,
            )


def _condition(one: Credential, record: Record, catalog: Catalog, at: datetime) -> Condition:
    """By the version that it was awarded by; it never holds of what nobody has defined."""
    achievement = catalog.achievements.get(one.achievement)
    if achievement is None:
        return Condition(kind="all_of", holds=False)
    criteria = achievement.criteria_of(one.achievement_version)
    return explain(criteria, record, catalog, at, achievement=one.achievement)


def _holds_by_results(condition: Condition) -> bool:
    """As if every achievement that it asks for were held: those end by themselves."""
    if condition.kind in RESTS_ON_OTHERS:
        return True
    if not condition.conditions:
        return condition.holds
    count = sum(map(_holds_by_results, condition.conditions))
    match condition.kind:
        case "all_of":
            return count == len(condition.conditions)
        case "n_of":
            return count >= (condition.n or 1)
        case _:
            return count >= 1


def _twice(told: Told, derived: Derived) -> Iterator[Difference]:
    for position, event in derived.twice:
        yield Difference(
            learner=told.learner,
            achievement=event.achievement,
            kind="twice",
            because="held_already",
            credential=event.credential,
            position=position,
            decided_by=_positions(event.evidence),
        )


def _unknown(told: Told, derived: Derived) -> Iterator[Difference]:
    """Once for each credential."""
    for credential in dict.fromkeys(event.credential for _, event in derived.unknown):
        steps = [one for one in derived.unknown if one[1].credential == credential]
        yield Difference(
            learner=told.learner,
            achievement=steps[0][1].achievement,
            kind="unknown",
            because="award_missing",
            credential=credential,
            decided_by=tuple(position for position, _ in steps),
        )


def _positions(evidence: tuple[Evidence, ...]) -> tuple[int, ...]:
    return tuple(sorted({one.position for one in evidence if one.position is not None}))
