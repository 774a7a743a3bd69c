"""Skills: how many hold each, by level, and how many are learning it; and one learner's.

A skill is held by a credential that attests it: active now, of an achievement whose latest version
names the skill. It is in progress for who is in a course that teaches it and does not hold it.

    level        of the best grade, 0 to 1, among the credentials that attest it
    -----------  ----------------------------------------------------------------
    achieved     held
    merit        held, with 0.75 or more
    distinction  held, with 0.9 or more
"""

from datetime import datetime
from typing import Final, Literal, TypeAlias

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.lists.credentials import CREDENTIAL
from milepost.dashboards.queries.lists.keyset import by_text
from milepost.dashboards.queries.lists.listing import Listing, ListQuery

MODELS = (CATALOG, CREDENTIAL_REGISTRY, LEARNER_OVERVIEW)
MERIT: Final = 0.75
DISTINCTION: Final = 0.9
Level: TypeAlias = Literal["in_progress", "achieved", "merit", "distinction"]
SkillSort: TypeAlias = Literal["name", "skill"]


class SkillListed(msgspec.Struct, kw_only=True):
    """`skill` is its address. Learners, each counted once: `held` is the sum of the three levels;
    `in_progress` do not hold it.
    """

    skill: str
    name: str
    framework: str | None
    code: str | None
    achievements: int
    courses: int
    held: int
    achieved: int
    merit: int
    distinction: int
    in_progress: int


class SkillsQuery(ListQuery, frozen=True, kw_only=True):
    sort: SkillSort = "name"
    framework: str | None = None


class LearnerSkill(msgspec.Struct, kw_only=True):
    """`level` and `since` when the first of the credentials that attest it became valid.

    `grade` (0 to 1) is the best; null where nothing is graded, and to others than the learner.
    """

    skill: str
    name: str
    framework: str | None
    code: str | None
    level: Level
    since: datetime | None
    grade: float | None
    credentials: list[str]
    courses: list[str]


class LearnerSkills(Snapshot, frozen=True, kw_only=True):
    """By framework, then by name; `courses` are those under way that teach it."""

    learner: str
    skills: list[LearnerSkill]


NAMES = "jsonb_build_array(jsonb_build_object('url', {skill}))"
ATTESTS = f"a.skills::jsonb @> {NAMES.format(skill='s.skill')}"
TEACHES = f"k.skills::jsonb @> {NAMES.format(skill='s.skill')}"
UNDER_WAY = "e.state in ('enrolled', 'active', 'suspended')"


def _level(grade: str) -> str:
    return f"""case when {grade} >= {DISTINCTION} then 'distinction'
        when {grade} >= {MERIT} then 'merit' else 'achieved' end"""


# Learners who hold skill `s`, with the best grade behind it.
HOLDERS = f"""select c.learner, max(o.grade) as grade from dashboards.catalog_achievement a
    join ({CREDENTIAL}) c on c.tenant = a.tenant and c.achievement = a.achievement
        and c.status = 'active'
    left join dashboards.learner_overview o on o.tenant = c.tenant and o.enrollment = c.enrollment
    where a.tenant = s.tenant and {ATTESTS} group by c.learner"""
LEARNING = f"""select distinct e.learner from dashboards.catalog_course k
    join dashboards.learner_overview e on e.tenant = k.tenant and e.course = k.course
        and {UNDER_WAY}
    where k.tenant = s.tenant and {TEACHES}"""
SKILLS = Listing(
    models=MODELS,
    rows=Decoder(list[SkillListed]),
    sql=f"""select * from (
        select s.tenant, s.skill, s.name, s.framework, s.code, counted.*, learning.*
        from (select tenant, skill, coalesce(name, skill) as name, framework, code
            from dashboards.catalog_skill) s
        cross join lateral (select count(*) as held,
                count(*) filter (where level = 'achieved') as achieved,
                count(*) filter (where level = 'merit') as merit,
                count(*) filter (where level = 'distinction') as distinction
            from (select {_level("grade")} as level from ({HOLDERS}) holder) leveled) counted
        cross join lateral (select
            (select count(*) from ({LEARNING}) learner
                where learner.learner not in (select learner from ({HOLDERS}) holder))
                as in_progress,
            (select count(*) from dashboards.catalog_achievement a
                where a.tenant = s.tenant and {ATTESTS}) as achievements,
            (select count(*) from dashboards.catalog_course k
                where k.tenant = s.tenant and {TEACHES}) as courses) learning
    ) listed""",
    key="skill",
    sorts={"name": by_text("name"), "skill": by_text("skill")},
    filters={"framework": "framework = :framework"},
)
OF_LEARNER = Select(
    Decoder(list[LearnerSkill]),
    f"""select s.skill, coalesce(s.name, s.skill) as name, s.framework, s.code,
        case when h.skill is null then 'in_progress' else {_level("h.grade")} end as level,
        h.since, h.grade, coalesce(h.credentials, '{{}}') as credentials,
        coalesce(l.courses, '{{}}') as courses
    from (select named ->> 'url' as skill, min(c.valid_from) as since, max(o.grade) as grade,
            array_agg(distinct c.credential) as credentials
        from ({CREDENTIAL}) c
        join dashboards.catalog_achievement a
            on a.tenant = c.tenant and a.achievement = c.achievement
        cross join lateral jsonb_array_elements(a.skills::jsonb) named
        left join dashboards.learner_overview o
            on o.tenant = c.tenant and o.enrollment = c.enrollment
        where c.tenant = :tenant and c.learner = :learner and c.status = 'active' group by 1) h
    full join (select named ->> 'url' as skill, array_agg(distinct e.course) as courses
        from dashboards.learner_overview e
        join dashboards.catalog_course k on k.tenant = e.tenant and k.course = e.course
        cross join lateral jsonb_array_elements(k.skills::jsonb) named
        where e.tenant = :tenant and e.learner = :learner and {UNDER_WAY} group by 1) l
        on l.skill = h.skill
    join dashboards.catalog_skill s on s.tenant = :tenant and s.skill = coalesce(h.skill, l.skill)
    order by s.framework nulls last, name, s.skill limit 500""",
)


async def read_learner_skills(
    pool: asyncpg.Pool, tenant: str, learner: str, *, own: bool, awaited: int | None = None
) -> LearnerSkills:
    """`own`: told to the learner, who alone sees the grade behind a level."""
    found = await read(pool, tenant, MODELS, (OF_LEARNER,), {"learner": learner}, awaited=awaited)
    skills: list[LearnerSkill] = found.rows[0]
    if not own:
        for one in skills:
            one.grade = None
    return LearnerSkills(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        learner=learner,
        skills=skills,
    )
