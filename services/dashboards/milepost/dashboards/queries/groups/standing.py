"""How a group's members stand, in SQL: what its staff may know, and no more.

Only in the courses that the group names (in all, if it names none), of who is a member now.
"""

from typing import Final

from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.projections.groups import GROUPS
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.queries.lists.credentials import CREDENTIAL
from milepost.dashboards.queries.lists.titles import title_language_of, title_of

MODELS: Final = (CATALOG, LEARNER_OVERVIEW, CREDENTIAL_REGISTRY, GROUPS)

# Of an enrollment `e`: has a seat now, or has completed. Started and completed are of these.
ENROLLED: Final = "e.state in ('enrolled', 'active', 'suspended', 'completed')"
STARTED: Final = f"{ENROLLED} and e.started_at is not null"
COMPLETED: Final = "e.state = 'completed'"


def in_courses(course: str) -> str:
    """Of a group `g`: whether it shows this course."""
    return f"(g.courses = '[]' or g.courses::jsonb ? {course})"


# Who is a member `m` of group `g` now.
MEMBERS: Final = """dashboards.learner_group g
    join dashboards.group_member m on m.tenant = g.tenant and m.group_id = g.group_id
        and m.added_at is not null"""
OF_THIS_GROUP: Final = "g.tenant = :tenant and g.group_id = :group"
ENROLLMENTS: Final = f"""{MEMBERS} join dashboards.learner_overview e
        on e.tenant = m.tenant and e.learner = m.learner and {in_courses("e.course")}"""
# Held: awarded, out, and neither revoked, suspended nor over.
CREDENTIALS: Final = f"""{MEMBERS} join lateral (
        select c.* from ({CREDENTIAL}) c where c.tenant = m.tenant and c.learner = m.learner
        offset 0) c on c.status = 'active' and {in_courses("c.course")}"""


def achievement_title(of: str) -> str:
    """Of what has a column `achievement`. Names the tags as `:languages`."""
    return f"""(select {title_of("titled")} from dashboards.catalog_achievement titled
        where titled.tenant = :tenant and titled.achievement = {of}.achievement
        ) as achievement_title"""


def course_title(of: str) -> str:
    """Of what has a column `course`; two columns. Names the tags as `:languages`."""
    found = f"""from dashboards.catalog_course titled
        where titled.tenant = :tenant and titled.course = {of}.course"""
    title, language = title_of("titled"), title_language_of("titled")
    return f"""(select {title} {found}) as course_title,
        (select {language} {found}) as course_title_language"""
