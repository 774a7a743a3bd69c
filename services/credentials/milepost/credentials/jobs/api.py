"""Jobs of credentials over HTTP: upload, watch, read what came of each row, cancel."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Stream

from milepost.credentials.api.wiring import ISSUING, READING
from milepost.credentials.jobs import documents
from milepost.jobs import documents as job_documents
from milepost.jobs import parameters
from milepost.jobs.formats import MAX_BYTES
from milepost.jobs.http import NDJSON, JobStatus, JobStatuses, lines, status_of, uploaded
from milepost.jobs.store import Store
from milepost.web.requests.body import Received
from milepost.web.requests.etags import versioned

KindName: TypeAlias = Literal["awards", "revocations", "renewals", "supersessions"]


class JobWiring(msgspec.Struct, frozen=True):
    """What these routes are given to work with."""

    store: Store


@post(
    "",
    status_code=202,
    summary="Award, revoke or renew many",
    description="Up to 100,000 rows about a `learner`, as NDJSON, CSV with a header, or a JSON "
    "array of up to 1 MiB. `awards`: `achievement`, and a `reason` where a person awards; without "
    "one the criteria decide, over all that ever happened: a definition is applied to history. "
    "`revocations`, `renewals`, `supersessions` (by the present version): `reason`, and an "
    "`achievement`, whose latest credential is meant, or a `credential`. Each row is decided as "
    "the single request would be, and has a result of its own. `dry_run`: only say what would "
    "come of them. The same Idempotency-Key is the same job; the same file again changes nothing.",
    request_max_body_size=MAX_BYTES,
    answers=documents.UPLOAD,
    roles=ISSUING,
    links=("getCredentialJob", "getCredentialJobResults"),
)
async def start_credential_job(
    request: Received,
    wiring: NamedDependency[JobWiring],
    kind: Annotated[KindName, QueryParameter(description="What the rows ask for")],
    dry_run: parameters.DryRun = False,
) -> Response[JobStatus]:
    job = await uploaded(request, wiring.store, kind, None, dry_run=dry_run)
    where = {"Location": f"{documents.PATH}/{job.job}"}
    return Response(status_of(job), status_code=202, headers=where)


@get(
    "",
    summary="List jobs of credentials",
    description=parameters.LISTED,
    answers=job_documents.LIST,
    roles=READING,
)
async def list_credential_jobs(
    request: Received,
    wiring: NamedDependency[JobWiring],
    cursor: parameters.Cursor = None,
    limit: parameters.Limit = 50,
) -> JobStatuses:
    jobs = await wiring.store.page(request.user.tenant, cursor, limit + 1)
    return JobStatuses(
        jobs=[status_of(job) for job in jobs[:limit]],
        next=jobs[limit - 1].job if len(jobs) > limit else None,
    )


@get(
    "/{job:uuid}",
    summary="Read how far a job of credentials is",
    description=parameters.VERSIONED,
    answers=job_documents.READ,
    roles=READING,
)
async def get_credential_job(
    request: Received, job: parameters.JobPath, wiring: NamedDependency[JobWiring]
) -> Response[JobStatus]:
    found = await wiring.store.find(request.user.tenant, job)
    return versioned(request, status_of(found), found.version)


@get(
    "/{job:uuid}/results",
    summary="Read what came of each row",
    description=parameters.RESULTS,
    media_type=NDJSON,
    responses={200: documents.LINES},
    answers=job_documents.RESULTS,
    roles=READING,
)
async def get_credential_job_results(
    request: Received,
    job: parameters.JobPath,
    wiring: NamedDependency[JobWiring],
    *,
    refused: parameters.Refused = False,
    follow: parameters.Follow = False,
    after: parameters.After = 0,
) -> Stream:
    found = await wiring.store.find(request.user.tenant, job)
    told = lines(wiring.store, found, after, follow=follow, refused_only=refused)
    return Stream(told, media_type=NDJSON)


@post(
    "/{job:uuid}/cancel",
    status_code=200,
    summary="Cancel a job of credentials",
    description=parameters.CANCELED,
    answers=job_documents.CANCEL,
    roles=ISSUING,
)
async def cancel_credential_job(
    request: Received, job: parameters.JobPath, wiring: NamedDependency[JobWiring]
) -> JobStatus:
    return status_of(await wiring.store.cancel(request.user.tenant, job))


def routes(wiring: JobWiring) -> Router:
    return Router(
        documents.PATH,
        route_handlers=[
            start_credential_job,
            list_credential_jobs,
            get_credential_job,
            get_credential_job_results,
            cancel_credential_job,
        ],
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["credential jobs"],
    )
