"""Every list, filtered, in any order, in pages of any size: the same rows in the same order."""

import inspect
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dashboards.desk import happens
from tests.dashboards.history import (
    DAY,
    Life,
    canceled,
    closed,
    defined,
    offered,
    retired,
)
from tests.loop_lag import loop_free
from tests.tenants import new_tenant

from milepost.contracts.courses import CourseDrafted, CoursePublished, CourseRetired, Lesson
from milepost.dashboards.api.lists import catalog, credentials, enrollments
from milepost.dashboards.api.lists.offerings import list_offerings
from milepost.dashboards.queries.lists.courses import COURSES, CoursesQuery
from milepost.dashboards.queries.lists.credentials import CREDENTIALS, CredentialsQuery
from milepost.dashboards.queries.lists.enrollments import (
    ENROLLMENTS,
    EnrollmentsQuery,
    StageReached,
)
from milepost.dashboards.queries.lists.listing import Listing, TitledQuery, read_page
from milepost.dashboards.queries.lists.offerings import OFFERINGS, OfferingsQuery
from milepost.dashboards.queries.lists.programs import PROGRAMS, ProgramsQuery
from milepost.dashboards.queries.lists.runs import RUNS, RunsQuery

YEAR = timedelta(days=365)
WEEK = timedelta(days=7)
NOW = datetime.now(UTC)
MOST = 500


class List(NamedTuple):
    listing: Listing[Any]
    query: Any  # a ListQuery's type
    route: Any


LISTS = {
    "courses": List(COURSES, CoursesQuery, catalog.list_courses),
    "programs": List(PROGRAMS, ProgramsQuery, catalog.list_programs),
    "runs": List(RUNS, RunsQuery, catalog.list_catalog_offerings),
    "enrollments": List(ENROLLMENTS, EnrollmentsQuery, enrollments.list_enrollments),
    "offerings": List(OFFERINGS, OfferingsQuery, list_offerings),
    "credentials": List(CREDENTIALS, CredentialsQuery, credentials.list_credentials),
}
every_list = pytest.mark.parametrize("name", LISTS)


def courses():
    lesson = (Lesson(id="one", title="One"),)
    for n in range(9):
        course, title = f"course-{n}", ["Seeing", "Leben", "Zählen"][n % 3]
        yield f"course-{course}", CourseDrafted(course=course, title=title)
        if n % 4:
            facts: dict[str, Any] = {"language": ["de", "en"][n % 2], "lessons": lesson}
            yield (
                f"course-{course}",
                CoursePublished(course=course, version=1, title=title, **facts),
            )
        if n % 4 == 3:
            yield f"course-{course}", CourseRetired(course=course)


def programs():
    for n in range(7):
        parts = ["painter", "artist", "sculptor"][: n % 3 + 1]
        yield defined(f"program-{n}", *parts, title=["Making", "Doing"][n % 2])
        if n % 3 == 0:
            yield retired(f"program-{n}")
    yield defined("program-2", "artist", version=2)


def offerings():
    starts = [None, DAY, NOW + YEAR]
    for n in range(11):
        times: dict[str, Any] = {"starts": starts[n % 3], "ends": [None, NOW + 2 * YEAR][n % 2]}
        caps = {"seats": [None, 1, 5][n % 3], "pace": ["self_paced", "cohort"][n % 2]}
        yield offered(f"run-{n}", course="ABC"[n % 3], **times, **caps)
    yield from (closed("run-3"), canceled("run-4"))
    yield offered("run-over", ends=NOW - YEAR)
    yield offered("run-later", window_opens=NOW + YEAR)


def stays(number):
    """Of one learner each, in up to three offerings; so many as begin at the same time."""
    for n in range(3):
        life = Life(f"run-{n}", f"learner-{number}", course="ABC"[n % 3])
        yield from (
            life.waits()
            if (number + n) % 5 == 0
            else life.enrolls(["audit", "verified"][number % 2])
        )
        if (number + n) % 5 and number % 2:
            yield from life.visits("x")
        if (number + n) % 5 == 2:
            yield from (*life.completes(), *life.earns(), *life.earns("painter"), *life.doubts())
        if (number + n) % 5 == 3:
            yield from life.withdraws()
        if number == 7:
            yield from (*life.earns("sculptor"), *life.loses("sculptor"))


@pytest.fixture(scope="module")
async def school(pool):
    """Each step begins at the same time, so that many rows are alike in what they are sorted by."""
    tenant, other = new_tenant(), new_tenant()
    for name in (tenant, other):
        await happens(pool, name, courses(), programs(), offerings())
        for number in range(8):
            await happens(pool, name, stays(number))
    return tenant


@st.composite
def queries(draw, name, rows):
    """With any sort and order, and some filters: values that rows have, and one that none has."""
    listing = LISTS[name].listing
    filters = sorted(set(listing.filters) - ELSEWHERE)
    chosen = draw(st.lists(st.sampled_from(filters), unique=True, max_size=3))
    return LISTS[name].query(
        sort=draw(st.sampled_from(sorted(listing.sorts))),
        order=draw(st.sampled_from(["asc", "desc"])),
        limit=MOST,
        **{one: draw(st.sampled_from(values_of(one, rows))) for one in chosen},
    )


# What a row does not show: `test_figures_http.py`, `test_at_risk_http.py`, `test_withheld.py` have
# these, and the catalog's pages `states`.
ELSEWHERE = {"lesson", "lesson_state", "among", "scored", "began", "out", "states"}
REACHED = get_args(StageReached)
COLUMNS = {"taught_in": "language"}
TIMES = {"starts_from": "starts", "starts_before": "starts", "since": "entered_at"}
TIMES |= {"ends_from": "ends", "ends_before": "ends"}


def values_of(name, rows):
    if name in ("has_free_seats", "flagged", "current", "active"):
        return [True, False]
    if name == "stage":
        return list(REACHED[1:])
    if name in TIMES:
        return sorted({NOW} | {at for row in rows if (at := getattr(row, TIMES[name]))})
    if hasattr(rows[0], "achievements") and name == "achievement":
        return sorted({"none", *(part for row in rows for part in row.achievements)})
    column = COLUMNS.get(name, name)
    return sorted({"none", *(value for row in rows if (value := getattr(row, column)))})


def counts(row, name, value):
    match name:
        case "stage":
            return REACHED.index(row.stage) >= REACHED.index(value)
        case "current":
            return value == (row.departure is None and row.stage != "outside")
        case _:
            return value == (row.last_activity is not None and row.last_activity > NOW - WEEK)


def fits(row, name, value):
    """What a filter means, said once more without SQL."""
    match name:
        case "stage" | "current" | "active":
            return counts(row, name, value)
        case "has_free_seats":
            return value == (row.free_seats is None or row.free_seats > 0)
        case "starts_from" | "ends_from" | "since":
            at = getattr(row, TIMES[name])
            return at is not None and at >= value
        case "starts_before" | "ends_before":
            at = getattr(row, TIMES[name])
            return at is not None and at < value
        case "achievement" if hasattr(row, "achievements"):
            return value in row.achievements
    return getattr(row, COLUMNS.get(name, name)) == value


def expected(listing, query, rows):
    filters = {one: getattr(query, one) for one in listing.filters}
    asked = {one: value for one, value in filters.items() if value is not None}
    by = listing.sorts[query.sort]
    return sorted(
        (row for row in rows if all(fits(row, *one) for one in asked.items())),
        key=lambda row: (by.value_of(row), getattr(row, listing.key)),
        reverse=query.order == "desc",
    )


async def pages(pool, tenant, listing, query, size):
    found = []
    query = msgspec.structs.replace(query, limit=size)
    for _ in range(MOST):
        page = await read_page(pool, tenant, listing, query)
        found.append(page.rows)
        if page.next is None:
            return found
        query = msgspec.structs.replace(query, cursor=page.next)
    raise AssertionError("pages without end")


@every_list
@settings(max_examples=60, deadline=None)
@given(st.data())
async def test_pages_of_any_size_hold_the_rows_of_the_whole_list(pool, school, name, data):
    listing = LISTS[name].listing
    everything = await read_page(pool, school, listing, LISTS[name].query(limit=MOST))
    assert len(everything.rows) > 5
    query = data.draw(queries(name, everything.rows))
    whole = await read_page(pool, school, listing, query)
    assert whole.rows == expected(listing, query, everything.rows)
    size = data.draw(st.integers(1, 12))
    found = await pages(pool, school, listing, query, size)
    assert [row for page in found for row in page] == whole.rows
    assert {len(page) for page in found[:-1]} <= {size}
    assert found[-1] or not whole.rows


@every_list
async def test_rows_that_are_alike_in_their_sort_are_in_the_school(pool, school, name):
    """Or else the property above would say little of ties."""
    alike = {"courses": "title", "programs": "title", "runs": "starts", "offerings": "withdrawn"}
    alike |= {"enrollments": "entered_at", "credentials": "status"}
    page = await read_page(pool, school, LISTS[name].listing, LISTS[name].query(limit=MOST))
    values = [getattr(row, alike[name]) for row in page.rows]
    assert len(set(values)) < len(values)


@every_list
def test_a_query_has_the_sorts_and_the_filters_of_its_list(name):
    listing, query, _ = LISTS[name]
    assert set(get_args(get_type_hints(query)["sort"])) == set(listing.sorts)
    own = set(query.__struct_fields__) - set(TitledQuery.__struct_fields__)
    assert own == set(listing.filters)


# What pages ask, or a route works out.
FROM_OTHERS = {
    "enrollments": {"among", "scored", "states"},
    "courses": {"course"},
    "runs": {"states"},
    "credentials": {"out"},
}


@every_list
def test_a_route_takes_what_its_query_has_with_the_same_defaults(name):
    _, query, route = LISTS[name]
    of_query = {field.name: field.default for field in msgspec.structs.fields(query)}
    parameters: Mapping[str, inspect.Parameter] = inspect.signature(route.fn).parameters
    of_route = {one.name: one.default for one in parameters.values()}
    of_route["state"] = of_route.pop("in_state", None)
    shared = {one: default for one, default in of_route.items() if one in of_query}
    assert {one: of_query[one] for one in shared} == shared
    # The token says who is an instructor; a sort is left out where there is but one.
    assert of_query.keys() - shared.keys() <= {"sort", "instructor", *FROM_OTHERS.get(name, ())}


async def test_the_longest_page_does_not_hold_the_loop(pool):
    tenant = new_tenant()
    lives = [Life("run-0", f"learner-{n}@{'x' * 100}") for n in range(MOST)]
    await happens(pool, tenant, courses(), [offered("run-0")], *(one.enrolls() for one in lives))
    query = EnrollmentsQuery(limit=MOST, language="de")
    async with loop_free():
        page = await read_page(pool, tenant, ENROLLMENTS, query)
        msgspec.json.encode(page.rows)
    assert len(page.rows) == MOST
