"""The people that the development sign-in offers: some who exist in the school, and its staff."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from milepost.events.runtime.outages import UNAVAILABLE

MAX_SCHOOLS: Final = 50
SECONDS: Final = 3.0


class Person(NamedTuple):
    """`about`: the key of a text."""

    subject: str
    roles: tuple[str, ...]
    about: str


# There in any school: nothing need have happened to them.
STAFF: Final = (
    Person("office", ("registrar", "issuer"), "person.office"),
    Person("olga", ("operator",), "person.operator"),
    Person("ava", ("auditor",), "person.auditor"),
)
# Of a school in which nothing has happened yet.
PEOPLE: Final = (
    Person("ann", ("learner",), "person.learner"),
    Person("ben", ("learner",), "person.learner"),
    Person("ines", ("instructor",), "person.instructor"),
    *STAFF,
    Person("campus", ("service",), "person.service"),
)

# The latest activity first: of two terms of a demonstration, the one that has just been seen.
_SCHOOLS: Final = """select h.tenant from log.heads h
    join log.events e on e.tenant = h.tenant and e.position = h.head
    order by e.recorded_at desc limit $1"""
# One of each state that has a story, and so few rows, however large the school.
_LEARNERS: Final = """select distinct on (wanted.state) found.learner, wanted.state
    from unnest(array['active', 'completed', 'waitlisted', 'suspended']) as wanted(state)
    cross join lateral (
        select learner from dashboards.learner_overview
        where tenant = $1 and state = wanted.state
        order by entered_at desc, enrollment limit 1
    ) found order by wanted.state"""
_INSTRUCTORS: Final = """select instructor from dashboards.offering_instructor
    where tenant = $1 and assigned_at is not null
    group by instructor order by count(*) desc, instructor limit 2"""
_GROUP_STAFF: Final = """select staff from dashboards.group_staff
    where tenant = $1 and assigned_at is not null
    group by staff order by count(*) desc, staff limit 1"""
# No projector has run yet, or Postgres is away: then there is nobody to choose among.
_UNKNOWN: Final[tuple[type[BaseException], ...]] = (
    *(asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError),
    *UNAVAILABLE,
)


class Schools:
    """Read when the page is opened: it is for this machine's own browser alone."""

    def __init__(self, pool: asyncpg.Pool | None) -> None:
        self._pool = pool

    async def names(self) -> list[str]:
        """The one in which something happened last comes first."""
        if self._pool is None:
            return []
        rows = await self._pool.fetch(_SCHOOLS, MAX_SCHOOLS, timeout=SECONDS)
        return [row["tenant"] for row in rows]

    async def people(self, school: str) -> Sequence[Person]:
        """Nobody twice."""
        found = await self._found(school)
        if not found:
            return PEOPLE
        return tuple({one.subject: one for one in reversed((*found, *STAFF))}.values())[::-1]

    async def _found(self, school: str) -> list[Person]:
        if self._pool is None:
            return []
        try:
            learners = await self._pool.fetch(_LEARNERS, school, timeout=SECONDS)
            instructors = await self._pool.fetch(_INSTRUCTORS, school, timeout=SECONDS)
            sponsors = await self._pool.fetch(_GROUP_STAFF, school, timeout=SECONDS)
        except _UNKNOWN:
            return []
        return [
            *(Person(one["learner"], ("learner",), f"person.{one['state']}") for one in learners),
            *(Person(one["instructor"], ("instructor",), "person.teaches") for one in instructors),
            *(Person(one["staff"], ("learner",), "person.sponsor") for one in sponsors),
        ]
