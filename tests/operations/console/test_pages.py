"""The console's pages: what they show, whom, and what they refuse to look for."""

import re
from typing import Any

import asyncpg
import pytest
from tests.clients import School
from tests.dashboards.history import record

from milepost.contracts.ids import enrollment_id
from milepost.contracts.offerings import InstructorAssigned
from milepost.events.integrity.results import Difference, Result, keep
from milepost.events.parking.parked import Failure, park
from milepost.events.policies.reactions import run_reactions
from milepost.operations.console.events import search as searching
from milepost.operations.console.events import states
from milepost.operations.console.events.states import fold_of
from milepost.operations.doctor.finding import Finding
from milepost.operations.doctor.kept import keep as keep_findings

ADDRESSES = (
    *("/console", "/console/integrity", "/console/projections", "/console/parked"),
    *("/console/projections/catalog", "/console/subscribers", "/console/timers", "/console/log"),
    *("/console/log/1", "/console/streams/course-DATA-101"),
)


async def text(school: School, address: str, status: int = 200, **asked: Any) -> str:
    answer = await school.get(address, **asked)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_page_is_drawn_in_each_language(school: School, address: str):
    for language, direction in (("en", "ltr"), ("de", "ltr"), ("ar", "rtl")):
        shown = await text(school, address, lang=language)
        assert f'<html lang="{language}" dir="{direction}">' in shown
        assert shown.count("<h1") == 1
    # An auditor looks, and is offered nothing to change.
    assert "data-command" not in await text(school, address, by="auditor")


async def test_what_is_wrong_comes_first(school: School, pool: asyncpg.Pool):
    says = "nobody runs relay"
    await keep_findings(
        pool,
        [
            Finding(name="postgres", verdict="ok", ok=True, says="answers"),
            Finding(name="relay", verdict="wrong", ok=False, says=says, remedy="start it"),
        ],
    )
    began = await pool.fetchval("select clock_timestamp()")
    lost = Difference(kind="lost", position=3)
    bad = Result(part="stream", position=5, expected=4, found=3, differences=(lost,), differing=1)
    await keep(pool, "default", bad, began)
    shown = await text(school, "/console")
    assert says in shown
    assert 'href="/console/integrity#integrity-stream"' in shown
    assert 'class="integrity differs"' in shown
    detail = await text(school, "/console/integrity")
    assert 'href="/console/log/3"' in detail
    # What names another school is for who runs the machine.
    assert (await school.publish(by="registrar", tenant="north")).status_code == 201
    assert says not in await text(school, "/console", tenant="north")


async def test_an_event_stands_between_its_cause_and_what_came_of_it(school: School):
    [enrolled] = [
        one
        for one in await school.transactor.log.read("default")
        if one.type == "learner_enrolled" and b'"ana"' in one.data
    ]
    for policy in school.policies:
        if "learner_enrolled" in {tag for _, tag in policy.types}:
            reactions = await policy.react(enrolled)
            await run_reactions(school.transactor, policy.name, enrolled, reactions)
    shown = await text(school, f"/console/log/{enrolled.position}")
    followed = re.findall(
        r'<div class="kin"[^>]*><strong><a href="/console/log/(\d+)">(\w+)', shown
    )
    assert followed, shown
    then = await text(school, f"/console/log/{followed[0][0]}")
    assert f'<a href="/console/log/{enrolled.position}">learner_enrolled</a>' in then
    assert "ana@" not in shown
    await text(school, "/console/log/999999", status=404)
    await text(school, "/console/log/1", status=404, tenant="elsewhere")


async def test_a_stream_is_shown_at_any_version_and_what_changed(school: School):
    ben = enrollment_id("spring", "ben")
    assert (await school.withdraw(ben, by="registrar")).status_code == 200
    address = f"/console/streams/enrollment-{ben}"
    now = await text(school, address)
    assert "<del><bdi>enrolled</bdi></del>" in now
    assert "<ins><bdi>withdrawn</bdi></ins>" in now
    first = await text(school, address, version=1)
    assert "<ins><bdi>enrolled</bdi></ins>" in first
    assert "<bdi>withdrawn</bdi>" not in first
    both = await text(school, address, version=2, compared=2)
    assert "Nothing changed." in both
    await text(school, "/console/streams/offering-autumn", status=404)


async def test_two_versions_are_compared_only_where_both_are_folded(
    school: School, monkeypatch: pytest.MonkeyPatch
):
    ben = enrollment_id("spring", "ben")
    address = f"/console/streams/enrollment-{ben}"
    back = await text(school, address, version=1, compared=2)
    assert "<del><bdi>withdrawn</bdi></del>" in back
    monkeypatch.setattr(states, "MOST", 1)
    beyond = await text(school, address, version=1, compared=2)
    assert "too long" in beyond
    assert "<ins>" not in beyond


async def test_every_stream_of_the_log_has_a_fold(school: School):
    kinds = {one.stream.partition("-")[0] for one in await school.transactor.log.read("default")}
    assert kinds >= {"course", "offering", "enrollment"}
    assert [kind for kind in kinds if fold_of(f"{kind}-x") is None] == []


async def test_the_log_is_searched_by_what_has_a_bound(
    school: School, monkeypatch: pytest.MonkeyPatch
):
    async def found(**asked: Any) -> list[str]:
        shown = await text(school, "/console/log", **asked)
        return re.findall(r'<th scope="row">(\w+)</th>', shown)

    everything = await found()
    assert "course_published" in everything
    assert set(await found(stream="course-DATA-101")) == {"course_published"}
    assert set(await found(type="learner_enrolled")) == {"learner_enrolled"}
    assert "learner_enrolled" in await found(learner="ana")
    assert await found(learner="nobody") == []
    one = (await school.transactor.log.read("default"))[0]
    correlation = re.search(rb'"correlation": ?"([^"]+)"', one.metadata)
    assert correlation
    assert "course_published" in await found(correlation=correlation[1].decode())
    assert await found(until="2001-01-01") == []
    assert await found(since="2001-01-01") == everything
    monkeypatch.setattr(searching, "WINDOW", 2)
    part = await text(school, "/console/log", type="course_published")
    assert "There may be more before" in part
    assert 'rel="next"' in part
    for refused in ({"stream": "enrollment"}, {"since": "now"}, {"stream": "a-b", "learner": "c"}):
        shown = await text(school, "/console/log", status=400, **refused)
        assert 'aria-invalid="true"' in shown
        assert "Nothing was searched." in shown


async def test_a_parked_event_is_shown_with_its_error(school: School, pool: asyncpg.Pool):
    async with pool.acquire() as connection:
        failures = [Failure("default", 1, "DATA-101", "Poison<1>", 3)]
        await park(connection, "projection/catalog", failures)
    listed = await text(school, "/console/parked")
    [number] = re.findall(r'href="/console/parked/(\d+)"', listed)
    shown = await text(school, f"/console/parked/{number}")
    assert "Poison&lt;1&gt;" in shown
    assert f"POST /operations/parked/{number}/retry" in shown
    await text(school, f"/console/parked/{number}", status=404, tenant="north")


async def test_a_long_stream_is_read_to_its_beginning(pool: asyncpg.Pool):
    tenant, many = "long", 5_100
    facts: list[tuple[str, Any]] = [
        ("instructors-x", InstructorAssigned(offering="x", instructor="ines"))
    ] * many
    await record(pool, tenant, facts)
    before: int | None = None
    for kind in (None, "instructor_assigned"):
        sought = searching.Sought(stream="instructors-x", before=150, type=kind)
        found = await searching.search(pool, tenant, sought)
        assert [one.version for one in found.events][:1] == [149]
        before = found.before
    last = await searching.search(
        pool, tenant, searching.Sought(stream="instructors-x", before=before)
    )
    assert last.events[-1].version == 50
