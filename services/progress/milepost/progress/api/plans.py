"""HTTP of plans: what another version would change, to move there, and "what if"."""

from datetime import datetime
from functools import partial
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter

from milepost.contracts.ids import CODE
from milepost.contracts.rules.learning.progress import Progress
from milepost.events.runtime.outages import Overloaded
from milepost.progress.api.wiring import READERS, UNREADABLE, EnrollmentPath, Wiring, plan_for
from milepost.progress.domain.plan_changes.migration import migrate
from milepost.progress.domain.plan_changes.preview import MigrationPreview, preview
from milepost.progress.domain.plan_changes.what_if import RuleChanges
from milepost.progress.domain.reports import NotEnrolled, UnknownLesson, UnknownPlan
from milepost.progress.domain.state import PROGRESS
from milepost.progress.events import ProgressEvent
from milepost.progress.queries.what_if import MAX_LEARNERS, Question, WhatIf, WhatIfCursor, what_if
from milepost.web.openapi.documented_answers import command, query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned

MIGRATORS = ("registrar", "service")
ASKERS = ("registrar",)
Version = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Code = Annotated[str, msgspec.Meta(pattern=CODE)]


class MigratePlan(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`version` of the course; `reason` is a code."""

    version: Version
    reason: Code


class MigratedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How the course stands by the version.

    changed      whether it was another version before
    final_grade  0 to 1; None where the course is not completed, or nothing is graded
    passing      whether the version's rule holds; None where the course is not completed
    """

    enrollment: str
    version: int
    changed: bool
    completed_at: datetime | None
    final_grade: float | None
    passing: bool | None


class AskWhatIf(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`version`: only who is judged by it. `to_version`: by another published version's rules.

    `changes` come on top of either. At most `limit` enrollments are judged; `cursor` is the `next`
    of the answer before.
    """

    course: str
    offering: str | None = None
    version: Version | None = None
    to_version: Version | None = None
    changes: RuleChanges = RuleChanges()
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LEARNERS)] = 1_000
    cursor: WhatIfCursor | None = None


@get(
    "/enrollments/{enrollment:str}/plan/preview",
    summary="What another version would change",
    answers=query(*UNREADABLE),
    roles=("learner", *READERS),
)
async def preview_migration(
    request: Call,
    enrollment: EnrollmentPath,
    version: FromQuery[Annotated[int, QueryParameter(ge=1, le=1_000_000)]],
    wiring: NamedDependency[Wiring],
) -> MigrationPreview:
    """Lesson by lesson, with grade and completion before and after. Nothing is written."""
    plan = await plan_for(wiring, enrollment, request.user, READERS)
    other = await wiring.plans.get(request.user.tenant, plan.course, version)
    _, state = await wiring.transactor.load(request.user.tenant, PROGRESS.of(enrollment))
    return preview(state, plan, other, at=wiring.clock())


@post(
    "/enrollments/{enrollment:str}/plan/migrate",
    summary="Migrate to another version",
    status_code=200,
    answers=command(*UNREADABLE),
    roles=MIGRATORS,
)
async def migrate_plan(
    request: Call,
    enrollment: EnrollmentPath,
    data: JSONBody[MigratePlan],
    wiring: NamedDependency[Wiring],
) -> Response[MigratedPlan]:
    """Judges the enrollment by another version of its course, a newer or an older one.

    What was earned stays: lessons that were done, attempts, scores, and a completed course.
    """
    tenant = request.user.tenant
    course = (await plan_for(wiring, enrollment, request.user, MIGRATORS, own=False)).course
    plans = await wiring.plans.versions(tenant, course)
    if data.version not in plans:
        raise UnknownPlan(course, data.version)
    now = wiring.clock()

    def decide(state: Progress) -> list[ProgressEvent]:
        if state.opened is None:
            raise NotEnrolled
        old, new = plans[state.opened.version], plans[data.version]
        return migrate(state, old, new, at=now, reason=data.reason)

    outcome = await run_command(request, wiring.transactor, PROGRESS.of(enrollment), decide)
    state = outcome.state(PROGRESS)
    assert state.opened is not None
    stands = MigratedPlan(
        enrollment=enrollment,
        version=state.opened.version,
        changed=bool(outcome.events),
        completed_at=state.course.occurred_at if state.course else None,
        final_grade=state.grade if state.course else None,
        passing=state.passing if state.course else None,
    )
    return positioned(stands, outcome.position)


@post(
    "/what-if",
    summary="What a changed rule would mean",
    status_code=200,
    answers=query(UnknownPlan("DATA-101", 3), UnknownLesson("quiz")),
    roles=ASKERS,
)
async def ask_what_if(
    request: Call, data: JSONBody[AskWhatIf], wiring: NamedDependency[Wiring]
) -> WhatIf:
    """Who would gain or lose completion, whose grade would change, which credentials follow.

    It judges what has happened anew, says which events decide, and writes nothing. Transferred
    enrollments count where they went on.
    """
    if wiring.what_ifs.locked():
        raise Overloaded
    question = Question(
        course=data.course,
        offering=data.offering,
        version=data.version,
        to_version=data.to_version,
        changes=data.changes,
        limit=data.limit,
        cursor=data.cursor,
    )
    ask = partial(what_if, wiring.transactor.log, request.user.tenant, question)
    async with wiring.what_ifs:
        return await ask(at=wiring.clock())


HANDLERS = (preview_migration, migrate_plan, ask_what_if)
