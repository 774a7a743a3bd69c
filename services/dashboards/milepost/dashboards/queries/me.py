"""What a home page begins with: a learner's own enrollments, with titles, and credentials."""

from typing import Final

import asyncpg

from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.learner import OF_LEARNER
from milepost.dashboards.queries.lists.credentials import (
    CREDENTIAL_ROWS,
    NEVER_OUT,
    OWN_CREDENTIAL,
    CredentialView,
)
from milepost.dashboards.queries.lists.enrollments import ENROLLMENTS, EnrollmentListed
from milepost.dashboards.queries.lists.titles import tags_of

MODELS: Final = (*ENROLLMENTS.models, CREDENTIAL_REGISTRY)
# Who has more is shown the latest; lists go on, page by page.
MOST: Final = 200

_ENROLLMENTS: Final = Select(
    ENROLLMENTS.rows,
    f"""{ENROLLMENTS.sql} where {OF_LEARNER}
    order by entered_at desc, enrollment limit {MOST}""",
)
_CREDENTIALS: Final = Select(
    CREDENTIAL_ROWS,
    f"""select * from ({OWN_CREDENTIAL} where {OF_LEARNER}) registered where not {NEVER_OUT}
    order by position desc limit {MOST}""",
)


class OwnRows(Snapshot, frozen=True, kw_only=True):
    """The latest first, of both."""

    enrollments: list[EnrollmentListed]
    credentials: list[CredentialView]


async def read_own(
    pool: asyncpg.Pool,
    tenant: str,
    learner: str | None,
    *,
    language: str | None = None,
    awaited: int | None = None,
) -> OwnRows:
    """None has nothing of their own."""
    arguments = {"learner": learner, "languages": tags_of(language)}
    selects = (_ENROLLMENTS, _CREDENTIALS)
    found = await read(pool, tenant, MODELS, selects, arguments, awaited=awaited)
    enrollments, credentials = found.rows
    return OwnRows(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        enrollments=enrollments,
        credentials=credentials,
    )
