"""What may stand in this service's streams. Others read all of it: see `milepost.contracts`."""

from typing import TypeAlias

from milepost.contracts.achievements import AchievementDefined, AchievementRetired
from milepost.contracts.records import CourseResultNoted, CredentialAwarded, CredentialRevoked

AchievementEvent: TypeAlias = AchievementDefined | AchievementRetired
RecordEvent: TypeAlias = CourseResultNoted | CredentialAwarded | CredentialRevoked
