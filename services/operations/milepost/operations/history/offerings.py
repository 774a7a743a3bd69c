"""What an import needs before the first learner: courses, offerings, achievements."""

import re
from functools import partial
from uuid import UUID, uuid5

import msgspec

from milepost.contracts.achievements import CoursePassed
from milepost.contracts.courses import CoursePublished
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.learning.plan import Plan
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.achievements.define import define
from milepost.credentials.domain.achievements.definition import Definition
from milepost.enrollment.domain.course.course import COURSE, publish
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.enrollment.domain.offering.terms import Terms, open_offering
from milepost.events.commands.transact import Transactor
from milepost.events.event import Refused
from milepost.operations.history.past import Attested, Past, Run

NAMESPACE = UUID("1d2a86b4-7a0c-5f5e-9f65-3e0f9ce2b0a7")


class Offered(msgspec.Struct, frozen=True):
    """Each offering's plan, as it was published; and why the others are not there."""

    plans: dict[str, Plan]
    refused: dict[str, str]


async def offer(transactor: Transactor, tenant: str, past: Past) -> Offered:
    """Publish, open and define all of it, once. What a rule refuses is told, the rest is done."""
    offered = Offered({}, dict.fromkeys(past.nowhere, "unknown_course"))
    for run in past.runs:
        try:
            published = await _publish(transactor, tenant, past.name, run)
            await _open(transactor, tenant, run, published.version)
            offered.plans[run.offering] = pinned(published)
        except Refused as refused:
            offered.refused[run.offering] = reason_of(refused)
    courses = {run.course for run in past.runs if run.offering in offered.plans}
    for one in past.achievements:
        if isinstance(one.criteria, CoursePassed) and one.criteria.course not in courses:
            continue  # nobody could earn it
        try:
            await _define(transactor, tenant, one)
        except Refused as refused:
            offered.refused[one.achievement] = reason_of(refused)
    return offered


def reason_of(refusal: Refused) -> str:
    """Its name, and the faults of a plan where there are any."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(refusal).__name__).lower()
    faults = getattr(refusal, "faults", ())
    return (
        f"{name}: {', '.join(f'{one.path} {one.condition}' for one in faults)}" if faults else name
    )


async def _publish(transactor: Transactor, tenant: str, name: str, run: Run) -> CoursePublished:
    """By its command id, for a later version may stand above it already."""
    outcome = await transactor.transact(
        tenant,
        COURSE.of(run.course),
        partial(
            publish,
            course=run.course,
            title=run.title,
            lessons=run.lessons,
            passing_rule=run.passing_rule,
            occurred_at=run.announced_at,
        ),
        command_id=uuid5(NAMESPACE, f"{name}/{run.offering}"),
    )
    for one in outcome.events:
        event = COURSE.codec.read(one)
        if isinstance(event, CoursePublished):
            return event
    latest = outcome.state(COURSE).latest
    assert isinstance(latest, CoursePublished), "nothing to publish: the latest says the same"
    return latest


async def _open(transactor: Transactor, tenant: str, run: Run, version: int) -> None:
    terms = Terms(
        course=run.course, version=version, pace="cohort", starts=run.starts, ends=run.ends
    )
    await transactor.transact(
        tenant,
        (OFFERING.of(run.offering), COURSE.of(run.course)),
        lambda state, catalog: (
            open_offering(
                state, catalog, terms, offering=run.offering, occurred_at=run.announced_at
            ),
            (),
        ),
    )


async def _define(transactor: Transactor, tenant: str, one: Attested) -> None:
    catalog = await AchievementCache(transactor.log).latest(tenant)
    definition = Definition(name=one.name, criteria=one.criteria)
    await transactor.transact(
        tenant,
        ACHIEVEMENT.of(one.achievement),
        partial(
            define,
            achievement=one.achievement,
            definition=definition,
            catalog=catalog,
            at=one.announced_at,
        ),
    )
