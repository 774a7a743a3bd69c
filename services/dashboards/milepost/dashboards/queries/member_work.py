"""What of an enrollment's rows decides how far its learner has come, in SQL."""

from typing import Final

from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY

MODELS: Final = (CATALOG, LEARNER_OVERVIEW, OFFERING_SUMMARY)

# Who is suspended, or has left, does not go on.
GOES_ON: Final = "x.state in ('enrolled', 'active', 'completed')"
PLAN: Final = """(select p.plan from dashboards.course_plan p where p.tenant = m.tenant
    and p.course = m.course and p.version = m.version::text)"""
# Of an enrollment `x` and its member `m`, as JSON; null while there was no seat yet.
MEMBERS: Final = """dashboards.learner_overview x
    left join dashboards.offering_member m on m.tenant = x.tenant and m.enrollment = x.enrollment
        and m.enrolled"""


def work(plan: str) -> str:
    """`plan`: the condition under which the plan is wanted; it is long."""
    return f"""case when m.enrollment is not null then json_build_object(
        'work', m.work, 'lessons_done', m.lessons_done, 'lessons', m.lessons,
        'starts', m.starts, 'completed', m.completed, 'goes_on', {GOES_ON},
        'final_grade', x.grade, 'plan', case when {plan} then {PLAN} end) end as work"""
