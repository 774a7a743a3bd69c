"""The dashboards over HTTP: who may see what, at which position, page by page."""

import asyncio

import msgspec
import pytest
from tests.dashboards.desk import all_pages, happens
from tests.dashboards.history import (
    DAY,
    Life,
    canceled,
    changed,
    closed,
    offered,
    project,
    record,
)
from tests.eventually import eventually
from tests.tenants import new_tenant
from tests.watched import calls

from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.queries.consistent_read import (
    WAIT_SECONDS,
    ByKey,
    NotVisibleYet,
    Select,
    read,
)
from milepost.dashboards.queries.learner import SELECTS
from milepost.dashboards.queries.lists.enrollments import ENROLLMENTS
from milepost.events.runtime.backoff import Backoff
from milepost.operations.rooms import read_models


async def test_a_learner_sees_enrollments_credentials_and_where_they_stand(pool, tenant, desk):
    ann = Life("red", "ann")
    steps = (ann.enrolls(), ann.visits("x"), ann.completes(0.75), ann.earns())
    position = await happens(pool, tenant, [offered("red")], *steps)
    answer = await desk.get("/dashboards/learners/ann", by="learner", subject="ann")
    assert answer.headers["milepost-position"] == str(position)
    page = answer.json()
    assert (page["position"], page["learner"]) == (position, "ann")
    assert page["as_of"] is not None
    [enrollment], [credential] = page["enrollments"], page["credentials"]
    assert (enrollment["state"], enrollment["grade"]) == ("completed", 0.75)
    assert (credential["status"], credential["offering"]) == ("active", "red")


async def test_a_learner_sees_nobody_else(desk):
    answer = await desk.get("/dashboards/learners/ann", by="learner", subject="ben")
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:milepost:problem:not_your_own"
    for path in ("/dashboards/offerings", "/dashboards/offerings/red", "/dashboards/operations"):
        assert (await desk.get(path, by="learner", subject="ann")).status_code == 403
    assert (await desk.get("/dashboards/operations", by="registrar")).status_code == 403


async def test_a_learner_may_list_their_own_credentials(pool, tenant, desk):
    await happens(pool, tenant, Life("red", "ann").earns(), Life("red", "ben").earns())
    own = {"by": "learner", "subject": "ann"}
    answer = await desk.get("/dashboards/credentials", **own, learner="ann")
    assert [one["learner"] for one in answer.json()["credentials"]] == ["ann"]
    assert (await desk.get("/dashboards/credentials", **own, learner="ben")).status_code == 403
    unnamed = await desk.get("/dashboards/credentials", **own)
    assert [one["learner"] for one in unnamed.json()["credentials"]] == ["ann"]


async def test_a_foreign_tenants_rows_do_not_exist(pool, tenant, desk):
    ann = Life("red", "ann")
    await happens(pool, tenant, [offered("red")], ann.enrolls(), ann.earns())
    foreign = new_tenant()
    page = (await desk.get("/dashboards/learners/ann", tenant=foreign)).json()
    assert (page["enrollments"], page["credentials"], page["position"]) == ([], [], 0)
    assert (await desk.get("/dashboards/offerings", tenant=foreign)).json()["offerings"] == []
    assert (await desk.get("/dashboards/offerings/red", tenant=foreign)).status_code == 404
    assert (await desk.get("/dashboards/credentials", tenant=foreign)).json()["credentials"] == []
    operations = (await desk.get("/dashboards/operations", by="operator", tenant=foreign)).json()
    assert (operations["head"], {one["position"] for one in operations["models"]}) == (0, {0})


async def test_readers_at_once_are_each_shown_their_own(pool, tenant, desk):
    names = [f"learner-{number}" for number in range(30)]
    lives = [Life(f"run-{run}", name) for n, name in enumerate(names) for run in range(n % 3)]
    await happens(pool, tenant, *(life.enrolls() for life in lives))
    foreign = new_tenant()
    await happens(pool, foreign, Life("elsewhere", "learner-1").enrolls())
    asked = [(school, name) for name in (*names, *names) for school in (tenant, foreign)]
    pages = await asyncio.gather(
        *(desk.get(f"/dashboards/learners/{name}", tenant=school) for school, name in asked)
    )
    for (school, name), answer in zip(asked, pages, strict=True):
        page = answer.json()
        runs = {one["offering"] for one in page["enrollments"]}
        here = {f"run-{run}" for run in range(int(name.partition("-")[2]) % 3)}
        there = {"elsewhere"} if name == "learner-1" else set()
        assert (page["learner"], runs) == (name, here if school == tenant else there)


async def test_a_row_that_cannot_be_read_fails_its_own_reader_alone(pool, tenant):
    names = ("ann", "bob", "cid", "dan")
    await happens(pool, tenant, *(Life("red", name).enrolls() for name in names))
    spoilt = "update dashboards.learner_overview set entered_at = '-infinity'"
    await pool.execute(f"{spoilt} where tenant = $1 and learner = 'cid'", tenant)
    learners = ByKey(pool, (LEARNER_OVERVIEW,), SELECTS[:1], "learner")
    # The first goes at once; the others wait for it, and share the next statement.
    reads = [asyncio.create_task(learners.read(tenant, name)) for name in names]
    await asyncio.wait(reads)
    cid = reads.pop(2)
    assert isinstance(cid.exception(), msgspec.ValidationError)
    assert [read.result().rows[0][0].learner for read in reads] == ["ann", "bob", "dan"]


async def test_rates_name_their_denominators(pool, tenant, desk):
    ann, ben, cleo, dan = (Life("red", name) for name in ("ann", "ben", "cleo", "dan"))
    await happens(
        pool,
        tenant,
        [offered("red")],
        *(one.enrolls() for one in (ann, ben, cleo, dan)),
        ann.visits("x"),
        ann.completes(0.5),
        ben.visits("x"),
        cleo.withdraws(),
    )
    offering = (await desk.get("/dashboards/offerings/red")).json()["offering"]
    assert offering["started_of_enrolled"] == 0.5
    assert offering["completed_of_enrolled"] == 0.25
    assert offering["completed_of_started"] == 0.5
    assert offering["withdrawn_of_enrolled"] == 0.25
    assert offering["mean_grade_of_completed"] == 0.5


async def test_an_offering_that_nobody_opened_is_unknown(desk, pool, tenant):
    await happens(pool, tenant, [offered("red")])
    answer = await desk.get("/dashboards/offerings/blue")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:milepost:problem:unknown_offering"
    empty = (await desk.get("/dashboards/offerings/red")).json()["offering"]
    assert (empty["enrolled"], empty["completed_of_enrolled"]) == (0, None)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", ["offering", "enrolled"])
async def test_pages_of_offerings_hold_each_once_in_order(pool, tenant, desk, sort, order):
    names = [f"run-{n}" for n in range(7)]
    lives = [Life(name, f"l{k}") for n, name in enumerate(names) for k in range(n // 2)]
    opened = [offered(name, course="ABC"[n % 3]) for n, name in enumerate(names)]
    await happens(pool, tenant, opened, *(life.enrolls() for life in lives))
    pages = await all_pages(
        desk, "/dashboards/offerings", "offerings", sort=sort, order=order, limit=3
    )
    assert [len(page) for page in pages] == [3, 3, 1]
    found = [(one["enrolled"], one["offering"]) for page in pages for one in page]
    expected = [(n // 2, name) for n, name in enumerate(names)]
    key = (lambda one: one) if sort == "enrolled" else (lambda one: one[1])
    assert found == sorted(expected, key=key, reverse=order == "desc")


async def test_pages_of_credentials_stay_put_while_more_are_awarded(pool, tenant, desk):
    first = [Life("red", f"l{n}") for n in range(5)]
    await happens(pool, tenant, *(life.earns() for life in first), first[0].loses())
    page = (await desk.get("/dashboards/credentials", limit=2)).json()
    assert [one["learner"] for one in page["credentials"]] == ["l4", "l3"]
    await happens(pool, tenant, Life("red", "late").earns())
    page = (await desk.get("/dashboards/credentials", limit=2, cursor=page["next"])).json()
    assert [one["learner"] for one in page["credentials"]] == ["l2", "l1"]


@pytest.mark.parametrize(
    ("given", "learners"),
    [
        ({"status": "revoked"}, ["ann"]),
        ({"status": "active"}, ["ben", "ann"]),
        ({"offering": "blue"}, ["ben"]),
        ({"course": "ART", "order": "asc"}, ["ann", "ann", "ben"]),
        ({"achievement": "painter"}, ["ann"]),
        ({"learner": "ben", "achievement": "painter"}, []),
    ],
)
async def test_the_register_is_filtered(pool, tenant, desk, given, learners):
    ann, ben = Life("red", "ann"), Life("blue", "ben")
    steps = (ann.earns("artist"), ann.earns("painter"), ben.earns("artist"), ann.loses("artist"))
    await happens(pool, tenant, *steps)
    page = (await desk.get("/dashboards/credentials", **given)).json()
    assert [one["learner"] for one in page["credentials"]] == learners


@pytest.mark.usefixtures("patient")
async def test_a_read_waits_for_the_position_it_asks_for(pool, tenant, desk, monkeypatch):
    pauses = calls(monkeypatch, Backoff, "pause")
    await happens(pool, tenant, [offered("red")])
    position = await record(pool, tenant, [offered("blue")])
    reading = asyncio.create_task(desk.get("/dashboards/offerings/blue", at=position))
    await eventually(lambda: len(pauses) >= 3)
    assert not reading.done()
    await project(pool)
    answer = await reading
    assert (answer.status_code, answer.json()["position"]) == (200, position)


async def test_a_position_that_does_not_come_is_answered_with_where_we_are(
    pool, tenant, desk, monkeypatch
):
    assert WAIT_SECONDS == 5
    monkeypatch.setattr("milepost.dashboards.queries.consistent_read.WAIT_SECONDS", 0.1)
    position = await happens(pool, tenant, [offered("red")])
    await record(pool, tenant, [offered("blue")])  # and nobody projects
    answer = await desk.get("/dashboards/offerings", at=position + 1)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    problem = answer.json()
    assert (problem["awaited"], problem["position"]) == (position + 1, position)


async def test_a_position_that_was_never_given_out_is_not_waited_for(pool, tenant, desk):
    position = await happens(pool, tenant, [offered("red")])
    answer = await desk.get("/dashboards/offerings", at=position + 1)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:milepost:problem:beyond_the_log"
    assert (answer.json()["awaited"], answer.json()["head"]) == (position + 1, position)


@pytest.mark.parametrize("cursor", ["nonsense", "bm9uc2Vuc2U="])
async def test_a_cursor_that_no_page_gave_is_refused(desk, pool, tenant, cursor):
    await happens(pool, tenant, [offered("red")])
    answer = await desk.get("/dashboards/offerings", cursor=cursor)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:milepost:problem:cursor_unknown"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/dashboards/offerings", {"cursor": "é"}),
        ("/dashboards/offerings", {"limit": "0"}),
        ("/dashboards/offerings", {"limit": "501"}),
        ("/dashboards/offerings", {"sort": "grade_units; drop table"}),
        ("/dashboards/offerings", {"course": "\x00"}),
        ("/dashboards/credentials", {"status": "lost"}),
        ("/dashboards/learners/a%00b", {}),
    ],
)
async def test_what_makes_no_sense_is_refused_as_malformed(desk, pool, tenant, path, query):
    await happens(pool, tenant, [offered("red")])
    answer = await desk.get(path, **query)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_cursor_is_good_for_its_own_sort_only(pool, tenant, desk):
    await happens(pool, tenant, [offered("red"), offered("blue")])
    cursor = (await desk.get("/dashboards/offerings", limit=1)).json()["next"]
    answer = await desk.get("/dashboards/offerings", limit=1, cursor=cursor, sort="enrolled")
    assert answer.status_code == 422
    assert answer.json()["sort"] == "enrolled"


@pytest.mark.parametrize("together", [True, False])
async def test_an_offerings_page_says_what_it_has_become(pool, tenant, desk, together):
    entries = [
        offered("red", ends=DAY, seats=3),
        changed("red", seats=9),
        closed("red"),
        canceled("red"),
    ]
    for step in [entries] if together else [[entry] for entry in entries]:
        await happens(pool, tenant, step)
    offering = (await desk.get("/dashboards/offerings/red")).json()["offering"]
    assert (offering["seats"], offering["ends"]) == (9, None)
    assert offering["closed_at"] is not None


async def test_what_an_older_version_has_not_built_is_not_visible_yet(pool, tenant):
    await happens(pool, tenant, [offered("red")])
    newer = Select(ENROLLMENTS.rows, "select mood from dashboards.learner_overview")
    with pytest.raises(NotVisibleYet):
        await read(pool, tenant, (LEARNER_OVERVIEW,), (newer,))


async def test_operators_see_head_and_lag(pool, tenant, desk):
    seen = await happens(pool, tenant, [offered("red")], Life("red", "ann").enrolls())
    head = await record(pool, tenant, [offered("blue")])
    page = (await desk.get("/dashboards/operations", by="operator")).json()
    assert (page["head"], page["position"]) == (head, seen)
    lags = {one["name"]: one["lag"] for one in page["models"]}
    assert lags == {model.name: 1 for model in read_models()}


async def test_without_a_token_nothing_is_answered(desk):
    assert (await desk.connection.get("/dashboards/offerings")).status_code == 401
