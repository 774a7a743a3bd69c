"""The facts of achievements, learner records and awards. These names are the storage format."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec

from milepost.contracts.courses import Skill
from milepost.contracts.ids import TEXT
from milepost.contracts.offerings import Mode
from milepost.events.event import Event

Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=TEXT)]
Grade: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1, description="0 to 1")]


# A reader that overlooked part of a criterion would award what was not earned: nothing unknown
# is allowed here, neither from a client nor from the log.
class CoursePassed(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag="course_passed",
):
    """Holds when the course was completed with at least `min_grade`.

    mode        the enrollment was in this mode when it was completed
    not_before  completed at this moment or later
    not_after   completed at this moment or earlier
    """

    course: Name
    min_grade: Grade = 0.0
    mode: Mode | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None


class AchievementHeld(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="achievement_held"
):
    """Holds while the learner holds the achievement: neither expired, suspended nor revoked."""

    achievement: Name


class LessonScored(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="lesson_scored"
):
    """Holds when the attempt that counts at this lesson has at least `min_score`."""

    course: Name
    lesson: Name
    min_score: Grade


class SkillShown(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag="skill_shown",
):
    """Holds when a course that teaches the skill (by its address) was passed with `min_grade`."""

    skill: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000, pattern=TEXT)]
    min_grade: Grade = 0.0


class HoursLearned(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag="hours_learned",
):
    """Holds when the workloads of the courses passed, of these or of all, come to so many hours."""

    hours: Annotated[float, msgspec.Meta(gt=0, le=1_000_000)]
    courses: Annotated[tuple[Name, ...], msgspec.Meta(max_length=256)] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None


class ProgramCompleted(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="program_completed"
):
    """Holds while the learner holds what the program asks for, by its rule as it is now."""

    program: Name


class Approved(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag="approved",
):
    """Holds when so many different persons have approved of the award to this learner."""

    persons: Annotated[int, msgspec.Meta(ge=1, le=2)] = 1


class AllOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="all_of"):
    criteria: "tuple[Criterion, ...]"


class AnyOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="any_of"):
    criteria: "tuple[Criterion, ...]"


class NOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="n_of"):
    """Holds when at least `n` of the criteria hold."""

    n: int
    criteria: "tuple[Criterion, ...]"


Criterion: TypeAlias = (
    CoursePassed
    | AchievementHeld
    | LessonScored
    | SkillShown
    | HoursLearned
    | ProgramCompleted
    | Approved
    | AllOf
    | AnyOf
    | NOf
)

EvidenceRule: TypeAlias = Literal["results", "positions", "none"]
Visibility: TypeAlias = Literal["hidden", "public"]


class EuropeanElements(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a European micro-credential says beyond name, issuer, date and learner.

    Source: Council Recommendation of 16 June 2022, Annex I. The country is the issuer's.

    learning_outcomes  what the learner knows, understands and can do
    workload_hours     and `ects`, credit points, where they can be given
    eqf_level          1 to 8, where one applies
    """

    learning_outcomes: tuple[str, ...] = ()
    workload_hours: float | None = None
    ects: float | None = None
    eqf_level: int | None = None
    assessment_type: str | None = None
    participation: str | None = None
    quality_assurance: str | None = None
    supervision: str | None = None
    grade: str | None = None
    integration: str | None = None


class AchievementDefined(Event, frozen=True, kw_only=True, tag="achievement_defined"):
    """A later definition of the same achievement has the next version; awards keep theirs.

    criteria, narrative  as a tree, and in words
    validity_days        from the day it was earned; None: without end
    renewal_days         it may be renewed so many days before it ends
    embargo_until        nothing is released before this moment
    held_for_release     a person releases each award
    evidence_rule        what of the evidence others see: results, positions in the log, nothing
    skills               what who holds it can do
    image                the SHA-256 in hex of a picture that was uploaded; None: it is drawn
    names                translations of `name`, which is in `language`, by BCP 47 tag
    issuer               the code of an issuer of this school; None: its first
    co_issuers           further issuers who stand for it
    revoke_when_fallen   what holds no longer is revoked; else it is flagged for a person
    visibility           of a new credential's page, until the holder decides
    """

    achievement: str
    version: int
    name: str
    criteria: Criterion
    narrative: str = ""
    validity_days: int | None = None
    renewal_days: int = 0
    embargo_until: datetime | None = None
    held_for_release: bool = False
    evidence_rule: EvidenceRule = "results"
    description: str = ""
    achievement_type: str = "MicroCredential"
    skills: tuple[Skill, ...] = ()
    tags: tuple[str, ...] = ()
    image: str | None = None
    language: str = "en"
    names: Mapping[str, str] = {}
    issuer: str | None = None
    co_issuers: tuple[str, ...] = ()
    revoke_when_fallen: bool = False
    visibility: Visibility = "hidden"
    european: EuropeanElements | None = None


class AchievementRetired(Event, frozen=True, kw_only=True, tag="achievement_retired"):
    achievement: str


class AchievementEndorsed(Event, frozen=True, kw_only=True, tag="achievement_endorsed"):
    """An issuer of this school vouches for the achievement; `comment` says why."""

    achievement: str
    endorsement: str
    issuer: str
    comment: str = ""


class EndorsementWithdrawn(Event, frozen=True, kw_only=True, tag="endorsement_withdrawn"):
    achievement: str
    endorsement: str
    reason: str
