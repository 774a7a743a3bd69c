"""The decisions on an achievement: define it by criteria that can hold, retire it. Pure."""

from datetime import datetime

import msgspec

from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementHeld,
    AchievementRetired,
    Criterion,
)
from milepost.contracts.rules.criteria import circle, leaves, steps_of
from milepost.credentials.domain.achievements.achievement import AchievementState
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.achievements.criteria_tree import require_valid
from milepost.credentials.domain.achievements.definition import (
    UNCHECKED,
    Definition,
    References,
    definition_faults,
)
from milepost.credentials.domain.refusals import (
    CircularCriteria,
    DefinitionInvalid,
    RetiredAchievement,
    UnknownAchievement,
    UnknownCriteria,
)
from milepost.credentials.events import AchievementEvent


def define(
    state: AchievementState,
    achievement: str,
    definition: Definition,
    catalog: Catalog,
    at: datetime,
    *,
    references: References = UNCHECKED,
) -> list[AchievementEvent]:
    """A next version, only when something changed.

    Raises `RetiredAchievement`, `DefinitionInvalid`, `OversizedCriteria`, `ImpossibleCriteria`,
    `UnknownCriteria`, `CircularCriteria`.
    """
    if state and state.retired:
        raise RetiredAchievement(achievement)
    if state and state.definition == definition:
        return []
    if faults := tuple(definition_faults(definition, references)):
        raise DefinitionInvalid(achievement, faults)
    require_valid(definition.criteria)
    _require_known(achievement, definition.criteria, catalog)
    _require_acyclic(achievement, definition.criteria, catalog)
    version = state.version + 1 if state else 1
    facts = msgspec.structs.asdict(definition)
    return [AchievementDefined(achievement=achievement, version=version, **facts, occurred_at=at)]


def retire(state: AchievementState, achievement: str, at: datetime) -> list[AchievementEvent]:
    """Raises `UnknownAchievement`."""
    if state is None:
        raise UnknownAchievement(achievement)
    if state.retired:
        return []
    return [AchievementRetired(achievement=achievement, occurred_at=at)]


def _require_known(achievement: str, criteria: Criterion, catalog: Catalog) -> None:
    """Programs may be defined later: they are told of, not refused."""
    named = (leaf.achievement for leaf in leaves(criteria) if isinstance(leaf, AchievementHeld))
    known = {achievement, *catalog.achievements}
    if missing := tuple(one for one in dict.fromkeys(named) if one not in known):
        raise UnknownCriteria(missing)


def _require_acyclic(achievement: str, criteria: Criterion, catalog: Catalog) -> None:
    if path := circle(achievement, steps_of(criteria), catalog.steps):
        raise CircularCriteria(path)
