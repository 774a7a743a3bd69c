"""What may stand in this service's streams. Others read all of it: see `milepost.contracts`."""

from typing import TypeAlias

from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementEndorsed,
    AchievementRetired,
    EndorsementWithdrawn,
)

AchievementEvent: TypeAlias = (
    AchievementDefined | AchievementRetired | AchievementEndorsed | EndorsementWithdrawn
)
