"""An achievement's definition as requests state it and answers show it, with its bounds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, structs

from milepost.contracts.achievements import (
    Criterion,
    EuropeanElements,
    EvidenceRule,
    Visibility,
)
from milepost.contracts.courses import Skill
from milepost.contracts.ids import ID, LANGUAGE, TEXT
from milepost.contracts.times import Moment
from milepost.credentials.domain.achievements.achievement import Achievement
from milepost.credentials.domain.achievements.criteria_warnings import CriteriaWarning
from milepost.credentials.domain.achievements.definition import Definition
from milepost.web.requests.json_body import Body
from milepost.web.requests.times import in_calendar

EXAMPLE_CRITERIA = {
    "type": "all_of",
    "criteria": [
        {"type": "course_passed", "course": "DATA-101", "min_grade": 0.6},
        {"type": "achievement_held", "achievement": "python-basics"},
    ],
}
# Open Badges 3.0, AchievementType: an open list, whose additions begin with `ext:`.
TYPES = (
    "Achievement|ApprenticeshipCertificate|Assessment|Assignment|AssociateDegree|Award|Badge|"
    "BachelorDegree|Certificate|CertificateOfCompletion|Certification|CommunityService|"
    "Competency|Course|CoCurricular|Degree|Diploma|DoctoralDegree|Fieldwork|"
    "GeneralEducationDevelopment|JourneymanCertificate|LearningProgram|License|Membership|"
    "ProfessionalDoctorate|QualityAssuranceCredential|MasterCertificate|MasterDegree|"
    "MicroCredential|ResearchDoctorate|SecondarySchoolDiploma|ext:[A-Za-z0-9._-]{1,100}"
)
DIGEST = r"^[0-9a-f]{64}(?![\s\S])"
WEB_ADDRESS = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!-~]*)?(?![\s\S])"

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200, pattern=TEXT)]
Language: TypeAlias = Annotated[str, Meta(pattern=LANGUAGE, description="A BCP 47 language tag")]
Text: TypeAlias = Annotated[str, Meta(max_length=4_000, pattern=TEXT)]
Statement: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500, pattern=TEXT)]
Issuer: TypeAlias = Annotated[str, Meta(pattern=ID, description="An issuer's code")]


class AttestedSkill(
    Skill, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True
):
    """As an alignment of Open Badges 3.0 names it: targetName, targetUrl, targetFramework and
    targetCode; the framework is ESCO, CASE, CTDL, O*NET or another.
    """

    name: Name
    url: Annotated[
        str,
        Meta(
            pattern=WEB_ADDRESS,
            max_length=500,
            examples=["http://data.europa.eu/esco/skill/2b92a5b2"],
        ),
    ]
    framework: (
        Annotated[str, Meta(min_length=1, max_length=100, pattern=TEXT, examples=["ESCO"])] | None
    ) = None
    code: (
        Annotated[str, Meta(min_length=1, max_length=100, pattern=TEXT, examples=["2b92a5b2"])]
        | None
    ) = None


class EuropeanBody(
    EuropeanElements, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True
):
    """What a European micro-credential says beyond name, issuer, date and learner: Council
    Recommendation of 16 June 2022, Annex I. GET …/european says which are missing.
    """

    learning_outcomes: Annotated[
        tuple[Statement, ...],
        Meta(max_length=50, examples=[["Cleans a data set and says what was left out."]]),
    ] = ()
    workload_hours: Annotated[float, Meta(gt=0, le=10_000, examples=[50])] | None = None
    ects: Annotated[float, Meta(gt=0, le=1_000, examples=[2])] | None = None
    eqf_level: Annotated[int, Meta(ge=1, le=8, examples=[5])] | None = None
    assessment_type: Annotated[Statement, Meta(examples=["Project and oral exam"])] | None = None
    participation: Annotated[Statement, Meta(examples=["Online"])] | None = None
    quality_assurance: Annotated[Statement, Meta(examples=["Accredited school"])] | None = None
    supervision: (
        Annotated[Statement, Meta(examples=["Supervised online, with identity verification"])]
        | None
    ) = None
    grade: Statement | None = None
    integration: Annotated[Statement, Meta(examples=["Stackable towards others"])] | None = None


class AchievementDefinition(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole definition: what is left out is as usual, not as it was.

    validity_days       from the day it was earned; absent: without end
    renewal_days        later evidence renews it so many days before it ends; fewer than those
    embargo_until       what is awarded is withheld before this moment
    held_for_release    a person releases each award
    evidence_rule       what others see of the evidence: results, positions in the log, nothing
    image               an uploaded picture: POST /credentials/images; absent: it is drawn
    names               translations of `name`, which is in `language`
    issuer              absent: the school's own; `co_issuers` stand for it as well
    revoke_when_fallen  what holds no longer is revoked; else it is flagged for a person
    visibility          of a new credential's page, until the holder decides
    """

    name: Annotated[Name, Meta(examples=["Data analyst"])]
    criteria: Annotated[
        Criterion,
        Meta(
            description="A tree, at most 8 levels deep and 256 conditions large",
            examples=[EXAMPLE_CRITERIA],
        ),
    ]
    narrative: Annotated[Text, Meta(description="The criteria in words, for people")] = ""
    validity_days: (
        Annotated[
            int, Meta(ge=1, le=36_500, description="From the day it was earned", examples=[730])
        ]
        | None
    ) = None
    renewal_days: Annotated[int, Meta(ge=0, le=36_500, examples=[60])] = 0
    embargo_until: Moment | None = None
    held_for_release: bool = False
    evidence_rule: EvidenceRule = "results"
    description: Annotated[Text, Meta(description="What it attests, for people")] = ""
    achievement_type: Annotated[
        str,
        Meta(
            pattern=rf"^({TYPES})(?![\s\S])",
            description="Of Open Badges 3.0, as MicroCredential, Certificate or ext:OfOurs",
        ),
    ] = "MicroCredential"
    skills: Annotated[tuple[AttestedSkill, ...], Meta(max_length=100)] = ()
    tags: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=100, pattern=TEXT)], ...],
        Meta(max_length=50, examples=[["data", "statistics"]]),
    ] = ()
    image: Annotated[str, Meta(pattern=DIGEST, description="Its SHA-256 in hex")] | None = None
    language: Language = "en"
    names: Annotated[
        dict[Language, Name], Meta(max_length=100, examples=[{"de": "Datenanalyse"}])
    ] = msgspec.field(default_factory=dict)
    issuer: Issuer | None = None
    co_issuers: Annotated[tuple[Issuer, ...], Meta(max_length=10)] = ()
    revoke_when_fallen: bool = False
    visibility: Visibility = "hidden"
    european: EuropeanBody | None = None


class EndorsementView(msgspec.Struct, frozen=True, kw_only=True):
    endorsement: str
    issuer: str
    comment: str
    endorsed_at: datetime


class AchievementView(msgspec.Struct, frozen=True, kw_only=True):
    """The definition of `version`, whole; `latest_version` is the newest there is.

    endorsements  those that stand now, of the achievement
    """

    achievement: str
    version: int
    latest_version: int
    retired: bool
    defined_at: datetime
    name: str
    criteria: Criterion
    narrative: str
    validity_days: int | None
    renewal_days: int
    embargo_until: datetime | None
    held_for_release: bool
    evidence_rule: EvidenceRule
    description: str
    achievement_type: str
    skills: tuple[AttestedSkill, ...]
    tags: tuple[str, ...]
    image: str | None
    language: str
    names: Mapping[str, str]
    issuer: str | None
    co_issuers: tuple[str, ...]
    revoke_when_fallen: bool
    visibility: Visibility
    european: EuropeanBody | None
    endorsements: tuple[EndorsementView, ...]

    @classmethod
    def of(cls, state: Achievement, version: int | None = None) -> "AchievementView":
        number = state.version if version is None else version
        definition = state.definition_of(number)
        european = definition.european
        facts = structs.asdict(definition) | {
            "skills": tuple(AttestedSkill(**structs.asdict(one)) for one in definition.skills),
            "european": EuropeanBody(**structs.asdict(european)) if european else None,
        }
        return cls(
            achievement=state.achievement,
            version=number,
            latest_version=state.version,
            retired=state.retired,
            defined_at=state.defined_at[number - 1],
            endorsements=tuple(
                EndorsementView(**structs.asdict(one)) for one in state.endorsements.values()
            ),
            **facts,
        )


class DefinedAchievement(AchievementView, frozen=True, kw_only=True):
    """`warnings`: what the criteria ask for and nobody can have as things are now."""

    warnings: tuple[CriteriaWarning, ...]


def definition_of(body: AchievementDefinition) -> Definition:
    """As the domain knows it. Raises `Malformed` for an embargo beyond the calendar."""
    facts = {name: getattr(body, name) for name in Definition.__struct_fields__}
    if body.embargo_until:
        facts["embargo_until"] = in_calendar(body.embargo_until, path="$.embargo_until")
    european = body.european
    facts["skills"] = tuple(Skill(**structs.asdict(one)) for one in body.skills)
    facts["european"] = EuropeanElements(**structs.asdict(european)) if european else None
    return Definition(**facts)
