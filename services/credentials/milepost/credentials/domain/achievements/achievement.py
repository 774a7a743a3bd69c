"""Achievements: what each attests, as it is defined now and was before. Pure."""

from typing import TypeAlias, assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementEndorsed,
    AchievementRetired,
    Criterion,
    EndorsementWithdrawn,
)
from milepost.credentials.events import AchievementEvent
from milepost.events.codec import Codec
from milepost.events.streams import Category


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
