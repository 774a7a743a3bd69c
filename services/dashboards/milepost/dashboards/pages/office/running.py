"""What the registrar's forms about an offering as a whole need to know."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from milepost.contracts.enrollments import EnrollmentState
from milepost.dashboards.queries.catalog.run import read_run
from milepost.dashboards.queries.lists.courses import CoursesQuery, CourseView, read_courses
from milepost.dashboards.queries.lists.runs import RunsQuery, RunView, read_runs
from milepost.dashboards.queries.offerings.states import read_states

# So many are chosen from; of more the id is typed.
MOST: Final = 200
GO_ON: Final[tuple[EnrollmentState, ...]] = ("enrolled", "active", "suspended")
WAIT: Final[tuple[EnrollmentState, ...]] = (
    "requested",
    "pending_approval",
    "waitlisted",
    "offered",
)


class OpeningFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`courses`: those that an offering can be opened of; None: too many to choose from."""

    courses: Sequence[CourseView] | None
    position: int
    as_of: datetime | None


class RunningFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`going_on`, `waiting` (or asking), `completed`: enrollments. `others`: runs of the same
    course that go on or begin later.
    """

    run: RunView
    going_on: int
    waiting: int
    completed: int
    others: Sequence[RunView]
    position: int
    as_of: datetime | None

    @property
    def concerned(self) -> int:
        """Those who are let go when it is canceled, and who move when all are moved."""
        return self.going_on + self.waiting


async def opening_facts(pool: asyncpg.Pool, tenant: str, *, language: str) -> OpeningFacts:
    query = CoursesQuery(state="published", sort="title", limit=MOST, language=language)
    found = await read_courses(pool, tenant, query)
    courses = None if found.next else found.rows
    return OpeningFacts(courses=courses, position=found.position, as_of=found.as_of)


async def running_facts(
    pool: asyncpg.Pool, tenant: str, offering: str, *, language: str
) -> RunningFacts:
    """Raises `UnknownOffering`."""
    found = await read_run(pool, tenant, offering, language=language)
    of_course = RunsQuery(course=found.run.course, sort="starts", limit=MOST, language=language)
    states, runs = await asyncio.gather(
        read_states(pool, tenant, offering), read_runs(pool, tenant, of_course)
    )
    return RunningFacts(
        run=found.run,
        going_on=sum(states.get(one, 0) for one in GO_ON),
        waiting=sum(states.get(one, 0) for one in WAIT),
        completed=states.get("completed", 0),
        others=[
            one
            for one in runs.rows
            if one.offering != offering and one.state in ("announced", "open", "running")
        ],
        position=found.position,
        as_of=found.as_of,
    )
