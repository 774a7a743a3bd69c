"""Jobs on read models: build, compare, switch, roll back, drop."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

import asyncpg
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from milepost.events.projections.positions import ModelStatus, model_status
from milepost.events.projections.tables import Connection
from milepost.operations.console.api.wiring import (
    OPERATORS,
    READERS,
    JobPath,
    ModelJobsView,
    ModelJobView,
    NewModelJob,
    Wiring,
    command,
)
from milepost.operations.console.commands import run_once
from milepost.operations.console.jobs import store
from milepost.operations.console.jobs.ask import ask
from milepost.operations.console.jobs.job import (
    UNFINISHED_AT_MOST,
    GenerationMissing,
    ModelJob,
    ModelJobEnded,
    NotConfirmed,
    RebuildOfOthers,
    SharedInstallation,
    TooManyModelJobs,
    UnknownModelJob,
    UnknownReadModel,
)
from milepost.web.openapi.documented_answers import query
from milepost.web.requests.commands import Call

PATH: Final = "/operations/jobs"
JOB: Final = UUID("0199058e-6f5c-7d3a-8f7e-21c4b0a9d613")
UNKNOWN: Final = UnknownModelJob(JOB)
Cursor = Annotated[UUID | None, QueryParameter(description="`next` of the page before")]
Limit = Annotated[int, QueryParameter(ge=1, le=100, description="Jobs in a page")]


@post(
    "/jobs",
    status_code=202,
    summary="Rebuild, compare or switch a read model",
    description="`rebuild`: build a new generation beside the one that is shown, compare the two, "
    "let it take over if they are identical, or its version is newer. `build`: the same, and only "
    "say what the comparison finds. `compare`: what was built, else what was shown before, with "
    "what is shown. `switch`: let what was built take over. `rollback`: let what was shown before "
    "take over again. `drop`: give up what was built. The last three want `confirm`. Where other "
    "schools use the installation, it is about the rows of this one, and `rollback` is refused. "
    "Readers see one generation or the other, never an earlier position. `milepost project` does "
    "it, one job at a time. Roles: operator.",
    answers=command(
        UnknownReadModel("catalogue", ("catalog", "enrollments")),
        NotConfirmed("catalog"),
        GenerationMissing("catalog", "building"),
        RebuildOfOthers("catalog"),
        SharedInstallation("rollback"),
        TooManyModelJobs(UNFINISHED_AT_MOST),
    ),
    roles=OPERATORS,
    links=("getModelJob",),
)
async def start_model_job(
    request: Call, data: JSONBody[NewModelJob], wiring: NamedDependency[Wiring]
) -> Response[ModelJobView]:
    async def work(connection: Connection) -> ModelJobView:
        caller = request.user
        job = await ask(
            connection, caller.tenant, data.action, data.model,
            actor=caller.subject, confirm=data.confirm,
        )  # fmt: skip
        return view(job, ())

    made = await run_once(request, wiring.pool, ModelJobView, work)
    return Response(made, status_code=202, headers={"Location": f"{PATH}/{made.job}"})


@get(
    "/jobs",
    summary="List jobs on read models",
    description="The newest first. They are kept for 30 days after their end. "
    "Roles: operator, auditor.",
    answers=query(),
    roles=READERS,
)
async def list_model_jobs(
    request: Call,
    wiring: NamedDependency[Wiring],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ModelJobsView:
    found = await store.page(wiring.pool, request.user.tenant, cursor, limit + 1)
    return ModelJobsView(
        jobs=await views(wiring.pool, found[:limit]),
        next=found[limit - 1].job if len(found) > limit else None,
    )


@get(
    "/jobs/{job:uuid}",
    summary="Read how far a job on a read model is",
    description="Roles: operator, auditor.",
    answers=query(UNKNOWN),
    roles=READERS,
)
async def get_model_job(
    request: Call, job: JobPath, wiring: NamedDependency[Wiring]
) -> ModelJobView:
    found = await store.find(wiring.pool, request.user.tenant, job)
    return (await views(wiring.pool, [found]))[0]


@post(
    "/jobs/{job:uuid}/cancel",
    status_code=200,
    summary="Cancel a job on a read model",
    description="It ends within a second or two. What was built stays: another rebuild goes on "
    "from there, `drop` gives it up. Roles: operator.",
    answers=command(UNKNOWN, ModelJobEnded(JOB, "done")),
    roles=OPERATORS,
)
async def cancel_model_job(
    request: Call, job: JobPath, wiring: NamedDependency[Wiring]
) -> ModelJobView:
    async def work(connection: Connection) -> ModelJobView:
        return view(await store.cancel(connection, request.user.tenant, job), ())

    return await run_once(request, wiring.pool, ModelJobView, work)


async def views(pool: asyncpg.Pool, jobs: Sequence[ModelJob]) -> list[ModelJobView]:
    running = any(one.state == "running" for one in jobs)
    standing = await model_status(pool, jobs[0].tenant) if running else []
    return [view(one, standing) for one in jobs]


def view(job: ModelJob, standing: Sequence[ModelStatus]) -> ModelJobView:
    """`standing`: of the job's school."""
    building = next(
        (one for one in standing if (one.name, one.status) == (job.model, "building")), None
    )
    shown = building if job.state == "running" and job.action in {"rebuild", "build"} else None
    return ModelJobView(
        job=job.job,
        action=job.action,
        model=job.model,
        generation=job.generation,
        whole=job.whole,
        state=job.state,
        canceling=job.cancel and job.ended_at is None,
        by=job.actor,
        events=shown.position if shown else None,
        head=shown.head if shown else None,
        outcome=job.outcome,
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
    )
