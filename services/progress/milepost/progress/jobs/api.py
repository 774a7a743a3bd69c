"""Jobs of progress over HTTP: upload, watch, read what came of each row, cancel."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Stream

from milepost.jobs import documents as job_documents
from milepost.jobs import parameters
from milepost.jobs.formats import MAX_BYTES
from milepost.jobs.http import NDJSON, JobStatus, JobStatuses, lines, status_of, uploaded
from milepost.jobs.store import Store
from milepost.progress.jobs import documents
from milepost.web.auth.own_offerings import is_limited
from milepost.web.requests.body import Received
from milepost.web.requests.etags import versioned

SENDERS = ("instructor", "registrar", "service")
READERS = (*SENDERS, "operator", "auditor")
# Which version of a course enrollments are judged by is not one instructor's to say.
KEEPERS = ("registrar", "service")

KindName: TypeAlias = Literal["scores", "waivers", "migrations", "rule-changes"]
OF_INSTRUCTORS: tuple[KindName, ...] = ("scores", "waivers")


class JobWiring(msgspec.Struct, frozen=True):
    """What these routes are given to work with."""

    store: Store


@post(
    "",
    status_code=202,
    summary="Score, waive or migrate many",
    description="Up to 100,000 rows about an `enrollment`, or a `learner` in an `offering` (unless "
    "given for all of them), as NDJSON, CSV with a header, or a JSON array of up to 1 MiB. "
    "`scores`: `lesson` and a `score`, or `raw` of `maximum`; a first one is reported, another "
    "one revises the `attempt`, the latest unless one is named, and says a `reason`. `waivers`: "
    "`lesson` and `reason`; `withdraw` takes it back. `migrations` and `rule-changes`: another "
    "`version` of the course and `reason`; migrated, what was earned stays, changed, all is "
    "judged anew. Instructors score and waive, in their own offerings. Each row is decided as "
    "the single request would be, and has a result of its own. `dry_run`: only say what would "
    "come of them. The same Idempotency-Key is the same job; the same file again changes nothing.",
    request_max_body_size=MAX_BYTES,
    answers=documents.UPLOAD,
    roles=SENDERS,
    links=("getProgressJob", "getProgressJobResults"),
)
async def start_progress_job(
    request: Received,
    wiring: NamedDependency[JobWiring],
    kind: Annotated[KindName, QueryParameter(description="What the rows ask for")],
    offering: parameters.Offering = None,
    dry_run: parameters.DryRun = False,
) -> Response[JobStatus]:
    own_only = is_limited(request.user, SENDERS)
    if own_only and kind not in OF_INSTRUCTORS:
        request.user.require(*KEEPERS)
    job = await uploaded(request, wiring.store, kind, offering, dry_run=dry_run, own_only=own_only)
    where = {"Location": f"{documents.PATH}/{job.job}"}
    return Response(status_of(job), status_code=202, headers=where)


@get(
    "",
    summary="List jobs of progress",
    description=parameters.LISTED,
    answers=job_documents.LIST,
    roles=READERS,
)
async def list_progress_jobs(
    request: Received,
    wiring: NamedDependency[JobWiring],
    cursor: parameters.Cursor = None,
    limit: parameters.Limit = 50,
) -> JobStatuses:
    jobs = await wiring.store.page(request.user.tenant, cursor, limit + 1, by=_own(request))
    return JobStatuses(
        jobs=[status_of(job) for job in jobs[:limit]],
        next=jobs[limit - 1].job if len(jobs) > limit else None,
    )


@get(
    "/{job:uuid}",
    summary="Read how far a job of progress is",
    description=parameters.VERSIONED,
    answers=job_documents.READ,
    roles=READERS,
)
async def get_progress_job(
    request: Received, job: parameters.JobPath, wiring: NamedDependency[JobWiring]
) -> Response[JobStatus]:
    found = await wiring.store.find(request.user.tenant, job, by=_own(request))
    return versioned(request, status_of(found), found.version)


@get(
    "/{job:uuid}/results",
    summary="Read what came of each row",
    description=parameters.RESULTS,
    media_type=NDJSON,
    responses={200: documents.LINES},
    answers=job_documents.RESULTS,
    roles=READERS,
)
async def get_progress_job_results(
    request: Received,
    job: parameters.JobPath,
    wiring: NamedDependency[JobWiring],
    *,
    refused: parameters.Refused = False,
    follow: parameters.Follow = False,
    after: parameters.After = 0,
) -> Stream:
    found = await wiring.store.find(request.user.tenant, job, by=_own(request))
    told = lines(wiring.store, found, after, follow=follow, refused_only=refused)
    return Stream(told, media_type=NDJSON)


@post(
    "/{job:uuid}/cancel",
    status_code=200,
    summary="Cancel a job of progress",
    description=parameters.CANCELED,
    answers=job_documents.CANCEL,
    roles=SENDERS,
)
async def cancel_progress_job(
    request: Received, job: parameters.JobPath, wiring: NamedDependency[JobWiring]
) -> JobStatus:
    await wiring.store.find(request.user.tenant, job, by=_own(request))
    return status_of(await wiring.store.cancel(request.user.tenant, job))


def _own(request: Received) -> str | None:
    """Instructors see the jobs that they sent themselves."""
    return request.user.subject if is_limited(request.user, READERS) else None


def routes(wiring: JobWiring) -> Router:
    return Router(
        documents.PATH,
        route_handlers=[
            start_progress_job,
            list_progress_jobs,
            get_progress_job,
            get_progress_job_results,
            cancel_progress_job,
        ],
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["progress jobs"],
    )
