"""What an import needs before the first learner: courses, offerings, achievements."""

from functools import partial
from uuid import UUID, uuid5

from milepost.contracts.courses import CoursePublished
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.domain.achievement import ACHIEVEMENT, Definition, define
from milepost.enrollment.domain.course.course import COURSE, publish
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.enrollment.domain.offering.terms import Terms, open_offering
from milepost.events.commands.transact import Transactor
from milepost.operations.history.past import Attested, Past, Run
from milepost.progress.domain.plan import Plan
from milepost.progress.plan_cache import pinned

NAMESPACE = UUID("1d2a86b4-7a0c-5f5e-9f65-3e0f9ce2b0a7")


async def offer(transactor: Transactor, tenant: str, past: Past) -> dict[str, Plan]:
    """Publish, open and define all of it, once. Each offering's plan, as it was published."""
    plans = {}
    for run in past.runs:
        published = await _publish(transactor, tenant, past.name, run)
        await _open(transactor, tenant, run, published.version)
        plans[run.offering] = pinned(published)
    for one in past.achievements:
        await _define(transactor, tenant, one)
    return plans


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
        event = COURSE.codec.decode(one.type, one.data, one.occurred_at)
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
