"""The decisions on endorsements: an issuer of the school vouches for what another awards. Pure."""

from datetime import datetime
from typing import Final

from milepost.contracts.achievements import AchievementEndorsed, EndorsementWithdrawn
from milepost.credentials.domain.achievements.achievement import AchievementState
from milepost.credentials.domain.achievements.definition import DEFAULT_ISSUER
from milepost.credentials.domain.refusals import (
    AlreadyEndorsed,
    OwnEndorsement,
    TooManyEndorsements,
    UnknownAchievement,
    UnknownEndorsement,
)
from milepost.credentials.events import AchievementEvent

# Each is signed and stands in every badge.
MAX_ENDORSEMENTS: Final = 10


def endorse(
    state: AchievementState,
    achievement: str,
    issuer: str,
    comment: str,
    *,
    endorsement: str,
    at: datetime,
) -> list[AchievementEvent]:
    """Once an issuer, until it is withdrawn; nothing is to be done for the same comment again.

    Raises `UnknownAchievement`, `OwnEndorsement`, `AlreadyEndorsed`, `TooManyEndorsements`.
    """
    if state is None:
        raise UnknownAchievement(achievement)
    definition = state.definition
    if issuer in {definition.issuer or DEFAULT_ISSUER, *definition.co_issuers}:
        raise OwnEndorsement(achievement, issuer)
    for known in state.endorsements.values():
        if known.issuer == issuer:
            if known.comment == comment:
                return []
            raise AlreadyEndorsed(achievement, issuer, known.endorsement)
    if len(state.endorsements) >= MAX_ENDORSEMENTS:
        raise TooManyEndorsements(achievement, MAX_ENDORSEMENTS)
    return [
        AchievementEndorsed(
            achievement=achievement,
            endorsement=endorsement,
            issuer=issuer,
            comment=comment,
            occurred_at=at,
        )
    ]


def withdraw(
    state: AchievementState, achievement: str, endorsement: str, reason: str, at: datetime
) -> list[AchievementEvent]:
    """Raises `UnknownAchievement`, `UnknownEndorsement`: also of one that is withdrawn."""
    if state is None:
        raise UnknownAchievement(achievement)
    if endorsement not in state.endorsements:
        raise UnknownEndorsement(achievement, endorsement)
    return [
        EndorsementWithdrawn(
            achievement=achievement, endorsement=endorsement, reason=reason, occurred_at=at
        )
    ]
