"""All that a school knows of one learner, but who they are: that is the vault's page."""

import asyncio
from datetime import datetime

import asyncpg
import msgspec

from milepost.dashboards.queries.lists.credentials import (
    CredentialListed,
    CredentialsQuery,
    read_credentials,
)
from milepost.dashboards.queries.lists.enrollments import (
    EnrollmentListed,
    EnrollmentsQuery,
    read_enrollments,
)
from milepost.dashboards.queries.lists.listing import Page

MOST = 200


class LearnerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The latest first, of both; empty for somebody of whom nothing has happened."""

    learner: str
    enrollments: Page[EnrollmentListed]
    credentials: Page[CredentialListed]
    position: int
    as_of: datetime | None

    @property
    def known(self) -> bool:
        return bool(self.enrollments.rows or self.credentials.rows)


async def learner_facts(
    pool: asyncpg.Pool, tenant: str, learner: str, *, language: str
) -> LearnerFacts:
    enrollments, credentials = await asyncio.gather(
        read_enrollments(
            pool, tenant, EnrollmentsQuery(learner=learner, limit=MOST, language=language)
        ),
        read_credentials(
            pool, tenant, CredentialsQuery(learner=learner, limit=MOST, language=language)
        ),
    )
    return LearnerFacts(
        learner=learner,
        enrollments=enrollments,
        credentials=credentials,
        position=min(enrollments.position, credentials.position),
        as_of=enrollments.as_of,
    )
