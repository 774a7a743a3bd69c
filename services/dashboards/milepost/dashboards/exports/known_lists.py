"""The lists that a command line may name, each with what may be asked of it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from milepost.dashboards.queries.lists.courses import COURSES, CoursesQuery
from milepost.dashboards.queries.lists.credentials import CREDENTIALS, CredentialsQuery
from milepost.dashboards.queries.lists.enrollments import ENROLLMENTS, EnrollmentsQuery
from milepost.dashboards.queries.lists.listing import Listing, ListQuery
from milepost.dashboards.queries.lists.offerings import OFFERINGS, OfferingsQuery
from milepost.dashboards.queries.lists.programs import PROGRAMS, ProgramsQuery
from milepost.dashboards.queries.lists.runs import RUNS, RunsQuery


class KnownList(NamedTuple):
    listing: Listing[Any]
    query: type[ListQuery]


# By the last part of the address under /dashboards.
LISTS: Final[Mapping[str, KnownList]] = {
    "courses": KnownList(COURSES, CoursesQuery),
    "programs": KnownList(PROGRAMS, ProgramsQuery),
    "catalog-offerings": KnownList(RUNS, RunsQuery),
    "offerings": KnownList(OFFERINGS, OfferingsQuery),
    "enrollments": KnownList(ENROLLMENTS, EnrollmentsQuery),
    "credentials": KnownList(CREDENTIALS, CredentialsQuery),
}
