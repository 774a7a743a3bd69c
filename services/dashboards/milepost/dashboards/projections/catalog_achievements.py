"""What there is to earn, and who awards it: a row per achievement, issuer and skill."""

from datetime import datetime
from typing import Any, TypeAlias, assert_never

import msgspec

from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementRetired,
    CoursePassed,
    LessonScored,
)
from milepost.contracts.courses import Skill
from milepost.contracts.issuers import IssuerDefined, IssuerRetired
from milepost.contracts.rules.criteria import leaves
from milepost.events.projections.read_model import Fact, Key, Rows, Table

AchievementEvent: TypeAlias = AchievementDefined | AchievementRetired
IssuerEvent: TypeAlias = IssuerDefined | IssuerRetired

# Of every school, without a command.
DEFAULT_ISSUER = "default"


class AchievementRow(msgspec.Struct):
    """Its latest version. `titles`: a JSON object of translations, by language tag; `skills`: a
    JSON list, and `criteria` JSON, as the definition has them.
    """

    achievement: str
    title: str = ""
    language: str = ""
    titles: str = "{}"
    description: str = ""
    issuer: str = DEFAULT_ISSUER
    skills: str = "[]"
    criteria: str = "null"
    latest_version: int = 0
    validity_days: int | None = None
    defined_at: datetime | None = None
    retired_at: datetime | None = None


class CourseAchievementRow(msgspec.Struct):
    """A course that an achievement asks for: the latest version of it that does."""

    course: str
    achievement: str
    version: int | None = None


class IssuerRow(msgspec.Struct):
    issuer: str
    name: str = ""
    version: int = 0
    retired_at: datetime | None = None


class SkillRow(msgspec.Struct):
    """As the latest course or achievement that names it calls it; `skill` is its address."""

    skill: str
    name: str | None = None
    framework: str | None = None
    code: str | None = None


def achievement_of(fact: Fact[Any]) -> Key | None:
    return (fact.key,) if fact.category == "achievement" else None


def issuer_of(fact: Fact[Any]) -> Key | None:
    return (fact.key,) if fact.category == "issuer" else None


ACHIEVEMENTS = Table(
    "catalog_achievement",
    AchievementRow,
    ("achievement",),
    achievement_of,
    ("issuer, achievement",),  # an issuer's achievements
)
ISSUERS = Table("catalog_issuer", IssuerRow, ("issuer",), issuer_of)
# One event writes several rows, and a kept table loads one: so these are tallies.
ACHIEVEMENTS_OF_COURSE = Table(
    "catalog_course_achievement", CourseAchievementRow, ("course", "achievement")
)
SKILLS = Table("catalog_skill", SkillRow, ("skill",))


def fold_achievement(rows: Rows, event: AchievementEvent) -> None:
    row = rows.of(ACHIEVEMENTS, event.achievement)
    match event:
        case AchievementDefined():
            row.title = event.name
            row.language = event.language
            row.titles = msgspec.json.encode(event.names).decode()
            row.description = event.description
            row.issuer = event.issuer or DEFAULT_ISSUER
            row.skills = msgspec.json.encode(event.skills).decode()
            row.criteria = msgspec.json.encode(event.criteria).decode()
            for leaf in leaves(event.criteria):
                if isinstance(leaf, CoursePassed | LessonScored):
                    leads = rows.of(ACHIEVEMENTS_OF_COURSE, leaf.course, event.achievement)
                    leads.version = event.version
            row.latest_version = event.version
            row.validity_days = event.validity_days
            row.defined_at = event.occurred_at
            fold_skills(rows, event.skills)
        case AchievementRetired():
            row.retired_at = event.occurred_at
        case _:
            assert_never(event)


def fold_issuer(rows: Rows, event: IssuerEvent) -> None:
    row = rows.of(ISSUERS, event.issuer)
    match event:
        case IssuerDefined():
            row.name, row.version = event.name, event.version
        case IssuerRetired():
            row.retired_at = event.occurred_at
        case _:
            assert_never(event)


def fold_skills(rows: Rows, skills: tuple[Skill, ...]) -> None:
    for skill in skills:
        row = rows.of(SKILLS, skill.url)
        row.name, row.framework, row.code = skill.name, skill.framework, skill.code
