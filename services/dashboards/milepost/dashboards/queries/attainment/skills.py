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


UNDER_WAY = "e.state in ('enrolled', 'active', 'suspended')"


def _level(grade: str) -> str:
    return f"""case when {grade} >= {DISTINCTION} then 'distinction'
        when {grade} >= {MERIT} then 'merit' else 'achieved' end"""


def _naming(table: str, key: str) -> str:
    """The skills of the page, and what names them: a row each."""
    return f"""select distinct named ->> 'url' as skill, x.{key}
        from dashboards.{table} x cross join lateral jsonb_array_elements(x.skills::jsonb) named
        where x.tenant = :tenant and named ->> 'url' in (select skill from page)"""


# All skills of a page are counted at once: each alone would walk through its holders several times.
COUNTED = f"""attests as materialized ({_naming("catalog_achievement", "achievement")}),
    teaches as materialized ({_naming("catalog_course", "course")}),
    holder as materialized (
        select a.skill, c.learner, max(o.grade) as grade from attests a
        join lateral (
            select c.* from ({CREDENTIAL}) c
            where c.tenant = :tenant and c.achievement = a.achievement
            offset 0) c on c.status = 'active'
        left join dashboards.learner_overview o
            on o.tenant = :tenant and o.enrollment = c.enrollment
        group by a.skill, c.learner),
    held as (
        select skill, count(*) as held, count(*) filter (where level = 'achieved') as achieved,
            count(*) filter (where level = 'merit') as merit,
            count(*) filter (where level = 'distinction') as distinction
        from (select skill, {_level("grade")} as level from holder) leveled group by skill),
    learning as (
        select distinct t.skill, e.learner from teaches t
        join dashboards.learner_overview e on e.tenant = :tenant and e.course = t.course
            and {UNDER_WAY}),
    in_progress as (
        select skill, count(*) as in_progress from learning left join holder using (skill, learner)
        where holder.learner is null group by skill)
    select page.*, coalesce(held, 0) as held, coalesce(achieved, 0) as achieved,
        coalesce(merit, 0) as merit, coalesce(distinction, 0) as distinction,
        coalesce(in_progress, 0) as in_progress,
        (select count(*) from attests where attests.skill = page.skill) as achievements,
        (select count(*) from teaches where teaches.skill = page.skill) as courses
    from page left join held using (skill) left join in_progress using (skill)"""
SKILLS = Listing(
    models=MODELS,
    rows=Decoder(list[SkillListed]),
    sql="""select skill, name, framework, code from (
        select tenant, skill, coalesce(name, skill) as name, framework, code
        from dashboards.catalog_skill) listed""",
    counted=COUNTED,
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
