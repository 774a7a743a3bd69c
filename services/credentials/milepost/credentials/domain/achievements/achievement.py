"""Achievements: what each attests, as it is defined now and was before. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from milepost.contracts import streams
from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementEndorsed,
    AchievementRetired,
    Criterion,
    EndorsementWithdrawn,
)
from milepost.credentials.domain.achievements.definition import Definition, defined_by
from milepost.credentials.events import AchievementEvent
from milepost.events.codec import Codec
from milepost.events.streams import Category


class Endorsement(msgspec.Struct, frozen=True, kw_only=True):
    endorsement: str
    issuer: str
    comment: str
    endorsed_at: datetime


class Achievement(msgspec.Struct, frozen=True, kw_only=True):
    """As it is defined now; `earlier`: the definitions of version 1, 2 and so on before it.

    defined_at    when each version was defined, the first one first
    endorsements  those that stand, by their ids
    """

    achievement: str
    version: int
    definition: Definition
    retired: bool = False
    earlier: tuple[Definition, ...] = ()
    defined_at: tuple[datetime, ...] = ()
    endorsements: Mapping[str, Endorsement] = {}

    def definition_of(self, version: int) -> Definition:
        """The present one for a version that is not known."""
        known = 1 <= version <= len(self.earlier)
        return self.earlier[version - 1] if known else self.definition

    def criteria_of(self, version: int) -> Criterion:
        """Those of the present version for one that is not known."""
        return self.definition_of(version).criteria


AchievementState: TypeAlias = Achievement | None


def evolve_achievement(state: AchievementState, event: AchievementEvent) -> AchievementState:
    match event:
        case AchievementDefined():
            return Achievement(
                achievement=event.achievement,
                version=event.version,
                definition=defined_by(event),
                earlier=(*state.earlier, state.definition) if state else (),
                defined_at=(*(state.defined_at if state else ()), event.occurred_at),
                endorsements=state.endorsements if state else {},
            )
        case AchievementRetired():
            return replace(state, retired=True) if state else None
        case AchievementEndorsed():
            return replace(state, endorsements=_endorsed(state, event)) if state else None
        case EndorsementWithdrawn():
            return replace(state, endorsements=_withdrawn(state, event)) if state else None
        case _:
            assert_never(event)


def _endorsed(state: Achievement, event: AchievementEndorsed) -> dict[str, Endorsement]:
    one = Endorsement(
        endorsement=event.endorsement,
        issuer=event.issuer,
        comment=event.comment,
        endorsed_at=event.occurred_at,
    )
    return {**state.endorsements, event.endorsement: one}


def _withdrawn(state: Achievement, event: EndorsementWithdrawn) -> dict[str, Endorsement]:
    left = dict(state.endorsements)
    left.pop(event.endorsement, None)
    return left


ACHIEVEMENT: Category[AchievementState, AchievementEvent] = Category(
    streams.ACHIEVEMENT, lambda: None, evolve_achievement, Codec(AchievementEvent)
)
