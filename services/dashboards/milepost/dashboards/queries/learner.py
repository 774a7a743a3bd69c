"""A learner's enrollments and credentials: the read that is asked for most."""

import asyncpg
from msgspec.json import Decoder

from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW, EnrollmentRow
from milepost.dashboards.queries.consistent_read import ByKey, Select, Snapshot
from milepost.dashboards.queries.lists.credentials import (
    CREDENTIAL,
    CREDENTIAL_ROWS,
    CredentialView,
)

MODELS = (LEARNER_OVERVIEW, CREDENTIAL_REGISTRY)
SELECTS = (
    Select(
        Decoder(list[EnrollmentRow]),
        """select * from dashboards.learner_overview where tenant = :tenant and learner = :learner
    order by coalesce(enrolled_at, waitlisted_at) desc, enrollment""",
    ),
    Select(
        CREDENTIAL_ROWS,
        f"{CREDENTIAL} where tenant = :tenant and learner = :learner order by position",
    ),
)


class LearnerSnapshot(Snapshot, frozen=True, kw_only=True):
    """Enrollments, the latest first; credentials in the order they were awarded."""

    learner: str
    enrollments: list[EnrollmentRow]
    credentials: list[CredentialView]


def learner_reads(pool: asyncpg.Pool) -> ByKey:
    """One per process: those who read at the same time share a statement."""
    return ByKey(pool, MODELS, SELECTS, "learner")


async def read_learner(
    reads: ByKey, tenant: str, learner: str, *, awaited: int | None = None
) -> LearnerSnapshot:
    """Empty for a learner of whom nothing has happened."""
    found = await reads.read(tenant, learner, awaited=awaited)
    enrollments, credentials = found.rows
    return LearnerSnapshot(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        learner=learner,
        enrollments=enrollments,
        credentials=credentials,
    )
