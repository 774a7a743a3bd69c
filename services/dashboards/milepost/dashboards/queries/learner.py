"""A learner's enrollments and credentials: the read that is asked for most."""

import asyncpg
from msgspec.json import Decoder

from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW, EnrollmentRow
from milepost.dashboards.queries.consistent_read import (
    ByKey,
    ResultSets,
    Select,
    Snapshot,
    read,
)
from milepost.dashboards.queries.lists.credentials import (
    CREDENTIAL_ROWS,
    NEVER_OUT,
    OWN_CREDENTIAL,
    CredentialView,
)
from milepost.dashboards.queries.own_offerings import IN_OWN_OFFERINGS, models_for

MODELS = (LEARNER_OVERVIEW, CREDENTIAL_REGISTRY)


def _selects(condition: str) -> tuple[Select, Select]:
    return (
        Select(
            Decoder(list[EnrollmentRow]),
            f"""select * from dashboards.learner_overview where {condition}
            order by coalesce(enrolled_at, waitlisted_at) desc, enrollment""",
        ),
        Select(
            CREDENTIAL_ROWS,
            f"""select * from ({OWN_CREDENTIAL} where {condition}) registered
            where not {NEVER_OUT} order by position""",
        ),
    )


OF_LEARNER = "tenant = :tenant and learner = :learner"
SELECTS = _selects(OF_LEARNER)
OWN_SELECTS = _selects(f"{OF_LEARNER} and {IN_OWN_OFFERINGS}")


class LearnerSnapshot(Snapshot, frozen=True, kw_only=True):
    """Enrollments, the latest first; credentials in the order they were awarded."""

    learner: str
    enrollments: list[EnrollmentRow]
    credentials: list[CredentialView]


class LearnerReads:
    """One per process: those who read all of a learner at the same time share a statement."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._all = ByKey(pool, MODELS, SELECTS, "learner")

    async def read(
        self,
        tenant: str,
        learner: str,
        *,
        instructor: str | None = None,
        awaited: int | None = None,
    ) -> LearnerSnapshot:
        """Empty for a learner of whom nothing has happened.

        To an `instructor`: enrollments in own offerings, and credentials that were first earned
        there; empty also for a learner who is in none of them.
        """
        if instructor is None:
            return _snapshot(learner, await self._all.read(tenant, learner, awaited=awaited))
        arguments, models = (
            {"learner": learner, "instructor": instructor},
            models_for(MODELS, instructor),
        )
        found = await read(self._pool, tenant, models, OWN_SELECTS, arguments, awaited=awaited)
        return _snapshot(learner, found)


def _snapshot(learner: str, found: ResultSets) -> LearnerSnapshot:
    enrollments, credentials = found.rows
    return LearnerSnapshot(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        learner=learner,
        enrollments=enrollments,
        credentials=credentials,
    )
