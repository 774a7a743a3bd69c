"""The kind of job that enrolls, and where such jobs are kept."""

from typing import Final, Literal, TypeAlias

import asyncpg

from milepost.enrollment.bulk.decide_page import enroll_rows
from milepost.enrollment.bulk.enrollment_rows import FORMAT, RowRequest, keep, kept
from milepost.jobs.kinds import Kind, Tables
from milepost.jobs.store import Store

Outcome: TypeAlias = Literal[
    "enrolled", "waitlisted", "requested", "pending_approval", "unchanged", "refused"
]

# Names of before there were other kinds.
TABLES: Final = Tables("bulk", RowRequest.__struct_fields__)
ENROLLMENT_JOB: Final[Kind[RowRequest]] = Kind(
    name="enrollment", rows=FORMAT, decide=enroll_rows, keep=keep, kept=kept
)


def store_on(pool: asyncpg.Pool) -> Store:
    return Store(pool, TABLES, [ENROLLMENT_JOB])
