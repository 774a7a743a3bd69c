"""Who gains and who loses by a definition that is not published yet: one learner at a time. Pure.

    gains    it would be awarded, or renewed, by the new definition and is not by the present one;
             with it what asks for it, to any depth
    loses    it is held, rightly, and would not be earned by the new definition

Nothing is taken away by a new definition: credentials stay with the version that they were awarded
by. Who loses is told so that a person decides: leave them, or supersede or revoke by a job.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from milepost.contracts.records import CredentialAwarded, CredentialRenewed
from milepost.credentials.domain.achievements.achievement import Achievement
from milepost.credentials.domain.achievements.catalog import Catalog, catalog_of
from milepost.credentials.domain.achievements.condition import Condition
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.records.awards import award_if_earned
from milepost.credentials.domain.records.credential import Credential, was_given_by_hand
from milepost.credentials.domain.records.record import Record

Effect: TypeAlias = Literal["gains", "loses"]


class Affected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`follows`: further achievements that would be awarded with it. `condition`: the new criteria,
    and how the learner stands to them. `credential`: the one that is held.
    """

    learner: str
    effect: Effect
    condition: Condition
    credential: str | None = None
    follows: tuple[str, ...] = ()


def with_definition(catalog: Catalog, achievement: str, definition: Definition) -> Catalog:
    """As if it had been published; retired ones too, for it is asked before."""
    known = catalog.achievements.get(achievement)
    new = Achievement(
        achievement=achievement,
        version=known.version + 1 if known else 1,
        definition=definition,
        earlier=(*known.earlier, known.definition) if known else (),
    )
    found = {**catalog.achievements, achievement: new}
    changed = catalog_of(found.values(), catalog.school, catalog.programs)
    return msgspec.structs.replace(
        changed, issuer_names=catalog.issuer_names, public_url=catalog.public_url
    )


def impact_on(
    learner: str,
    record: Record,
    achievement: str,
    at: datetime,
    *,
    now: Catalog | None,
    changed: Catalog,
) -> Affected | None:
    """None: nothing would change for them. `now` is None: nobody is awarded it by itself."""
    definition = changed.achievements[achievement].definition
    condition = explain(definition.criteria, record, changed, at, achievement=achievement)
    held = record.held(at).get(achievement)
    if held is not None and not condition.holds:
        if was_given_by_hand(held) or not _is_earned(held, record, changed, at):
            return None
        return Affected(
            learner=learner, effect="loses", condition=condition, credential=held.credential
        )
    if not condition.holds:
        return None
    new = list(_earned(learner, record, achievement, changed, at))
    if achievement not in new or achievement in _earned(learner, record, achievement, now, at):
        return None
    follows = tuple(one for one in new if one != achievement)
    return Affected(learner=learner, effect="gains", condition=condition, follows=follows)


def _is_earned(held: Credential, record: Record, catalog: Catalog, at: datetime) -> bool:
    """By the version that it was awarded by: what has fallen already is not lost by this."""
    code = held.achievement
    criteria = catalog.achievements[code].criteria_of(held.achievement_version)
    return explain(criteria, record, catalog, at, achievement=code).holds


def _earned(
    learner: str, record: Record, achievement: str, catalog: Catalog | None, at: datetime
) -> Iterator[str]:
    known = catalog.achievements.get(achievement) if catalog else None
    if catalog is None or known is None or known.retired:
        return
    for event in award_if_earned(record, catalog, learner, achievement, at):
        if isinstance(event, CredentialAwarded | CredentialRenewed):
            yield event.achievement
