"""Achievements: what is defined, by criteria that can hold, are known and never circular. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias, assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementEndorsed,
    AchievementHeld,
    AchievementRetired,
    AllOf,
    AnyOf,
    Approved,
    CoursePassed,
    Criterion,
    EndorsementWithdrawn,
    HoursLearned,
    LessonScored,
    NOf,
    ProgramCompleted,
    SkillShown,
)
from milepost.credentials.domain.achievements.criteria import leaves
from milepost.credentials.domain.refusals import (
    CircularCriteria,
    ImpossibleCriteria,
    OversizedCriteria,
    RetiredAchievement,
    UnknownAchievement,
    UnknownCriteria,
)
from milepost.credentials.events import AchievementEvent
from milepost.events.codec import Codec
from milepost.events.streams import Category

MAX_CONDITIONS = 256
MAX_DEPTH = 8


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What an achievement attests. `validity_days` counts from the day it was earned."""

    name: str
    criteria: Criterion
    narrative: str = ""
    validity_days: int | None = None


class Achievement(msgspec.Struct, frozen=True, kw_only=True):
    """As it is defined now; `earlier`: the criteria of version 1, 2 and so on before it."""

    achievement: str
    version: int
    definition: Definition
    retired: bool = False
    earlier: tuple[Criterion, ...] = ()

    def criteria_of(self, version: int) -> Criterion:
        """Those of the present version for one that is not known."""
        known = 1 <= version <= len(self.earlier)
        return self.earlier[version - 1] if known else self.definition.criteria


AchievementState: TypeAlias = Achievement | None


def evolve_achievement(state: AchievementState, event: AchievementEvent) -> AchievementState:
    match event:
        case AchievementDefined():
            definition = Definition(
                name=event.name,
                criteria=event.criteria,
                narrative=event.narrative,
                validity_days=event.validity_days,
            )
            return Achievement(
                achievement=event.achievement,
                version=event.version,
                definition=definition,
                earlier=(*state.earlier, state.definition.criteria) if state else (),
            )
        case AchievementRetired():
            return msgspec.structs.replace(state, retired=True) if state else None
        case AchievementEndorsed() | EndorsementWithdrawn():
            return state
        case _:
            assert_never(event)


ACHIEVEMENT: Category[AchievementState, AchievementEvent] = Category(
    streams.ACHIEVEMENT, lambda: None, evolve_achievement, Codec(AchievementEvent)
)


class Catalog(msgspec.Struct, frozen=True):
    """A tenant's achievements, and which of them a course or another achievement counts for."""

    achievements: Mapping[str, Achievement]
    by_course: Mapping[str, tuple[str, ...]]
    by_achievement: Mapping[str, tuple[str, ...]]
    school: str = ""

    def find(self, achievement: str) -> Achievement:
        """Raises `UnknownAchievement`."""
        found = self.achievements.get(achievement)
        if found is None:
            raise UnknownAchievement(achievement)
        return found


def catalog_of(achievements: Iterable[Achievement], school: str = "") -> Catalog:
    by_name = {one.achievement: one for one in achievements}
    by_course: dict[str, dict[str, None]] = {}
    by_achievement: dict[str, dict[str, None]] = {}
    for name in sorted(by_name):
        for leaf in leaves(by_name[name].definition.criteria):
            match leaf:
                case CoursePassed(course=course):
                    by_course.setdefault(course, {})[name] = None
                case AchievementHeld(achievement=needed):
                    by_achievement.setdefault(needed, {})[name] = None
    return Catalog(
        by_name,
        {course: tuple(names) for course, names in by_course.items()},
        {needed: tuple(names) for needed, names in by_achievement.items()},
        school,
    )


def define(
    state: AchievementState,
    achievement: str,
    definition: Definition,
    catalog: Catalog,
    at: datetime,
) -> list[AchievementEvent]:
    """A next version, only when something changed.

    Raises `RetiredAchievement`, `OversizedCriteria`, `ImpossibleCriteria`, `UnknownCriteria`,
    `CircularCriteria`.
    """
    if state and state.retired:
        raise RetiredAchievement(achievement)
    if state and state.definition == definition:
        return []
    _require_valid(definition.criteria)
    _require_known(achievement, definition.criteria, catalog)
    _require_acyclic(achievement, definition.criteria, catalog)
    return [
        AchievementDefined(
            achievement=achievement,
            version=state.version + 1 if state else 1,
            name=definition.name,
            criteria=definition.criteria,
            narrative=definition.narrative,
            validity_days=definition.validity_days,
            occurred_at=at,
        )
    ]


def retire(state: AchievementState, achievement: str, at: datetime) -> list[AchievementEvent]:
    """Raises `UnknownAchievement`."""
    if state is None:
        raise UnknownAchievement(achievement)
    if state.retired:
        return []
    return [AchievementRetired(achievement=achievement, occurred_at=at)]


def _require_valid(criteria: Criterion) -> None:
    """Level by level, since a hostile tree may be deeper than the stack."""
    level, depth, conditions = [criteria], 0, 0
    while level:
        depth, conditions = depth + 1, conditions + len(level)
        if depth > MAX_DEPTH or conditions > MAX_CONDITIONS:
            raise OversizedCriteria(MAX_CONDITIONS, MAX_DEPTH)
        level = [part for one in level for part in _parts(one)]


def _parts(criterion: Criterion) -> tuple[Criterion, ...]:
    match criterion:
        case AllOf(criteria=parts) | AnyOf(criteria=parts) | NOf(criteria=parts):
            n = criterion.n if isinstance(criterion, NOf) else 1
            if not 1 <= n <= len(parts):
                raise ImpossibleCriteria(n, len(parts))
            return parts
        case (
            CoursePassed()
            | AchievementHeld()
            | LessonScored()
            | SkillShown()
            | HoursLearned()
            | ProgramCompleted()
            | Approved()
        ):
            return ()
        case _:
            assert_never(criterion)


def _required_achievements(criteria: Criterion) -> list[str]:
    needed = (leaf.achievement for leaf in leaves(criteria) if isinstance(leaf, AchievementHeld))
    return list(dict.fromkeys(needed))


def _require_known(achievement: str, criteria: Criterion, catalog: Catalog) -> None:
    known = {achievement, *catalog.achievements}
    if missing := tuple(one for one in _required_achievements(criteria) if one not in known):
        raise UnknownCriteria(missing)


def _require_acyclic(achievement: str, criteria: Criterion, catalog: Catalog) -> None:
    paths: list[tuple[str, ...]] = [
        (achievement, needed) for needed in _required_achievements(criteria)
    ]
    seen = set()
    while paths:
        path = paths.pop()
        if path[-1] == achievement:
            raise CircularCriteria(path)
        if path[-1] not in seen:
            seen.add(path[-1])
            deeper = _required_achievements(catalog.achievements[path[-1]].definition.criteria)
            paths += [(*path, needed) for needed in deeper]
