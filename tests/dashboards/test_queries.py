"""The queries, called as a page or a report calls them: no request, no response."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.dashboards.desk import happens
from tests.dashboards.history import Life, canceled, defined, offered, project, record

from milepost.contracts.courses import CourseDrafted
from milepost.contracts.records import CredentialRevoked
from milepost.dashboards.queries import consistent_read
from milepost.dashboards.queries.consistent_read import NotVisibleYet
from milepost.dashboards.queries.learner import LearnerReads
from milepost.dashboards.queries.lists.courses import CoursesQuery, read_courses
from milepost.dashboards.queries.lists.credentials import CredentialsQuery, read_credentials
from milepost.dashboards.queries.lists.enrollments import (
    EnrollmentsQuery,
    SortTooBroad,
    read_enrollments,
)
from milepost.dashboards.queries.lists.keyset import CALENDAR, CursorUnknown
from milepost.dashboards.queries.lists.listing import Page
from milepost.dashboards.queries.lists.offerings import OfferingsQuery, read_offerings
from milepost.dashboards.queries.lists.programs import ProgramsQuery, read_programs
from milepost.dashboards.queries.lists.runs import RunsQuery, read_runs
from milepost.dashboards.queries.offering import UnknownOffering, read_offering
from milepost.dashboards.queries.operations import read_operations
from milepost.events.log import BeyondTheLog
from milepost.web.requests import times

FOLDER = Path(consistent_read.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(FOLDER).with_suffix("").parts) for path in FOLDER.rglob("*.py")
)


@pytest.fixture
async def position(pool, tenant):
    ann, ben = Life("red", "ann"), Life("red", "ben")
    return await happens(
        pool,
        tenant,
        [("course-ART", CourseDrafted(course="ART", title="Seeing"))],
        [defined("artists", "artist"), offered("red"), offered("blue"), canceled("blue")],
        (*ann.enrolls(), *ann.visits("x"), *ann.completes(), *ann.earns(), *ben.enrolls()),
    )


@pytest.mark.servers  # it starts a process
def test_queries_know_nothing_of_http():
    """Imported alone they load neither litestar nor what processes carry over HTTP."""
    assert len(MODULES) >= 13
    named = ", ".join(f"milepost.dashboards.queries.{name}" for name in MODULES)
    script = f"import {named}, sys; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "milepost.dashboards.queries.learner" in loaded
    above = ("litestar", "milepost.web", "milepost.dashboards.api")
    assert not [name for name in loaded if name.startswith(above)]


async def test_every_list_is_read_from_a_query_value(pool, tenant, position):
    found: list[Page[Any]] = [
        await read_courses(pool, tenant, CoursesQuery(state="draft"), awaited=position),
        await read_programs(pool, tenant, ProgramsQuery(achievement="artist")),
        await read_runs(pool, tenant, RunsQuery(state="canceled")),
        await read_enrollments(pool, tenant, EnrollmentsQuery(learner="ann")),
        await read_offerings(pool, tenant, OfferingsQuery(sort="enrolled", order="desc", limit=1)),
        await read_credentials(pool, tenant, CredentialsQuery(status="active")),
    ]
    keys = ("course", "program", "offering", "enrollment", "offering", "credential")
    rows = [[getattr(row, key) for row in page.rows] for page, key in zip(found, keys, strict=True)]
    assert rows == [["ART"], ["artists"], ["blue"], ["red.ann"], ["red"], ["artist.ann"]]
    assert {page.position for page in found} == {position}
    assert [page.next is None for page in found] == [True, True, True, True, False, True]


async def test_a_learner_is_read_with_enrollments_and_credentials(pool, tenant, position):
    reads = LearnerReads(pool)
    ann = await reads.read(tenant, "ann", awaited=position)
    assert (ann.learner, ann.position) == ("ann", position)
    assert [one.state for one in ann.enrollments] == ["completed"]
    assert [one.achievement for one in ann.credentials] == ["artist"]
    nobody = await reads.read(tenant, "nobody")
    assert (nobody.enrollments, nobody.credentials, nobody.position) == ([], [], position)


async def test_a_learner_is_not_read_what_was_revoked_before_its_release(pool, tenant):
    revoked: dict[str, Any] = {"reason": "issued_in_error", "achievement": "artist"}
    more: list[Any] = []
    for held in (True, False):
        [(stream, award)] = Life("red", "cho").earns(f"artist-{held}")
        about = {"credential": f"artist-{held}.cho", "learner": "cho", **revoked}
        more += [(stream, replace(award, held_for_release=held))]
        more += [(stream, CredentialRevoked(**about))]
    await happens(pool, tenant, more)
    shown = (await LearnerReads(pool).read(tenant, "cho")).credentials
    assert [one.credential for one in shown] == ["artist-False.cho"]


async def test_an_offering_is_read_or_unknown(pool, tenant, position):
    red = await read_offering(pool, tenant, "red", awaited=position)
    assert (red.offering.enrolled, red.offering.completed_of_enrolled) == (2, 0.5)
    with pytest.raises(UnknownOffering):
        await read_offering(pool, tenant, "green")


async def test_operations_say_how_far_each_model_is(pool, tenant, position):
    head = await record(pool, tenant, [offered("late")])
    found = await read_operations(pool, tenant)
    assert (found.head, found.position) == (head, position)
    assert {one.lag for one in found.models} == {1}


async def test_an_etag_stays_while_the_position_goes_on_elsewhere(pool, tenant, position):
    query = EnrollmentsQuery(learner="ann")
    first = await read_enrollments(pool, tenant, query)
    moved = await happens(pool, tenant, Life("red", "cid").enrolls())
    same = await read_enrollments(pool, tenant, query)
    assert (first.position, same.position) == (position, moved)
    assert same.etag == first.etag
    await happens(pool, tenant, Life("late", "ann").enrolls())
    assert (await read_enrollments(pool, tenant, query)).etag != first.etag


async def test_a_read_waits_for_no_position_that_was_never_given_out(pool, tenant, position):
    with pytest.raises(BeyondTheLog) as refused:
        await read_runs(pool, tenant, RunsQuery(), awaited=position + 1)
    assert refused.value.facts == {"awaited": position + 1, "head": position}


async def test_a_read_that_waits_in_vain_says_what_is_reached(pool, tenant, position, monkeypatch):
    monkeypatch.setattr(consistent_read, "WAIT_SECONDS", 0.05)
    late = await record(pool, tenant, [offered("late")])
    with pytest.raises(NotVisibleYet) as early:
        await read_runs(pool, tenant, RunsQuery(), awaited=late)
    assert (early.value.awaited, early.value.position) == (late, position)
    await project(pool)
    page = await read_runs(pool, tenant, RunsQuery(), awaited=late)
    assert "late" in [row.offering for row in page.rows]


async def test_no_caller_reads_a_whole_school_by_last_activity(pool, tenant):
    with pytest.raises(SortTooBroad):
        await read_enrollments(pool, tenant, EnrollmentsQuery(sort="last_activity"))


@pytest.mark.usefixtures("position")
async def test_a_cursor_belongs_to_its_sort_and_its_order(pool, tenant):
    page = await read_runs(pool, tenant, RunsQuery(limit=1))
    for other in (
        RunsQuery(sort="ends", cursor=page.next),
        RunsQuery(order="desc", cursor=page.next),
    ):
        with pytest.raises(CursorUnknown):
            await read_runs(pool, tenant, other)


def test_cursors_and_requests_have_one_calendar():
    assert CALENDAR == times.CALENDAR
