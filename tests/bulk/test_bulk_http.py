"""Bulk jobs over HTTP, on a real Postgres; the worker turns when it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from tests.bulk.office import CSV, JOBS, NDJSON, Office, numbered, rows
from tests.clocks import Clock
from tests.enrollment.test_http import problem
from tests.enrollment.test_http_steps import BASICS
from tests.eventually import eventually

from milepost.contracts.ids import enrollment_id
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.events.store.postgres import PostgresLog


async def test_every_row_has_a_result_and_the_job_counts_them(office: Office):
    await office.open("spring", seats=2, waitlist=True)
    await office.open("fall", modes=["audit"])
    text = (
        "learner,offering,mode\r\nann,spring,\r\nbob,spring,verified\r\ncid,spring,\r\n"
        "ann,spring,\r\nann,fall,\r\nbob,fall,verified\r\nEve Example,fall,\r\neve,winter,\r\n"
    )
    job = await office.do(text, CSV)
    assert await office.outcomes(job["job"]) == numbered(
        [
            *("enrolled", "enrolled", "waitlisted", "unchanged", "enrolled"),
            *("mode_not_offered", "row_invalid", "unknown_offering"),
        ],
        2,
    )
    add_results = {
        "enrolled": 3,
        "waitlisted": 1,
        "unchanged": 1,
        "refused": 3,
        "rows": 8,
        "done": 8,
    }
    assert {name: job[name] for name in add_results} == add_results
    assert job["refusals"] == {"mode_not_offered": 1, "row_invalid": 1, "unknown_offering": 1}
    assert (job["state"], job["by"], job["dry_run"]) == ("done", "office", False)
    assert job["rows_per_second"] > 0
    assert await office.count("learner_enrolled") == 3


async def test_a_line_break_in_a_cell_makes_no_rows(office: Office):
    await office.open("c-1-a")
    text = (
        '"learner\r\n",offering\r\n"rune1\n",c-1-a\r\nrune2,"\r\nc-1-a"\r\n'
        '"ru\nne3",c-1-a\r\n"rune4,c-1-a\r\nrune5,c-1-a\r\n'
    )
    for dry_run in (True, False):
        job = await office.do(text, CSV, dry_run=dry_run)
        results = await office.results(job["job"])
        assert [(one["row"], one["learner"], one["outcome"]) for one in results] == [
            (2, "rune1", "enrolled"),
            (3, "rune2", "enrolled"),
            (4, None, "refused"),
            (5, None, "refused"),
            (6, "rune5", "enrolled"),
        ]
        broken, not_closed = (one["problem"] for one in results if one["outcome"] == "refused")
        assert (broken["path"], not_closed["path"]) == ("$.learner", "$")
        assert broken["reason"].endswith("no line break in a cell.")
        assert "quote" in not_closed["reason"]


async def test_a_row_in_another_mode_is_not_passed_over(office: Office):
    await office.open("spring")
    await office.open("asked", approval=True, prerequisites=[BASICS])
    first = "learner,offering,mode\nann,spring,\nbob,spring,verified\nann,asked,verified\n"
    job = await office.do(first, CSV)
    assert [outcome for _, outcome in await office.outcomes(job["job"])] == [
        *("enrolled", "enrolled", "requested")
    ]
    rows = ["ann,spring,verified", "bob,spring,audit", "ann,asked,audit"]
    same = ["ann,spring,audit", "bob,spring,verified", "ann,asked,verified"]
    silent = ["ann,spring,", "bob,spring,", "ann,asked,"]
    job = await office.do("\n".join(["learner,offering,mode", *rows, *same, *silent]), CSV)
    outcomes = [outcome for _, outcome in await office.outcomes(job["job"])]
    assert outcomes == ["mode_differs"] * 3 + ["unchanged"] * 6


async def test_a_row_lifts_no_suspension(office: Office):
    await office.open("spring")
    entered = (await office.enroll("ann", "spring")).json()["enrollment"]
    await office.step(entered, "suspend", {"reason": "misconduct"})
    await office.withdraw(entered)
    job = await office.do("learner,offering\nann,spring\n", CSV)
    assert await office.outcomes(job["job"]) == [(2, "already_suspended")]


async def test_a_result_says_what_the_single_command_would(office: Office):
    await office.open("spring")
    job = await office.do(rows(["ann", "b d"], offering="spring"))
    ann, bad = await office.results(job["job"])
    recorded = await office.transactor.log.read(office.tenant, ann["position"] - 1, 1)
    assert recorded[0].stream == f"enrollment-{ann['enrollment']}"
    assert json.loads(recorded[0].metadata)["actor"] == "office"
    assert (ann["row"], ann["learner"], ann["offering"]) == (1, "ann", "spring")
    assert bad == {
        "row": 2,
        "learner": None,
        "offering": None,
        "outcome": "refused",
        "problem": {
            "type": "urn:milepost:problem:row_invalid",
            "title": "Row invalid",
            "status": 422,
            "detail": "The row cannot be read. (path: $.learner, reason: Expected an opaque id,"
            " 1 to 128 printable ASCII characters, none of them space, / * or >.)",
            "path": "$.learner",
            "reason": "Expected an opaque id, 1 to 128 printable ASCII characters,"
            " none of them space, / * or >.",
        },
    }
    assert [one["row"] for one in await office.results(job["job"], refused=True)] == [2]
    assert [one["row"] for one in await office.results(job["job"], after=1)] == [2]


async def test_seats_are_given_in_the_order_of_the_file(office: Office):
    await office.open("spring", seats=300, waitlist=True)
    learners = [f"l-{number}" for number in range(1_200)]
    at_once = await office.enroll("l-700")
    assert at_once.status_code == 201
    job = await office.do(rows(learners, offering="spring"))
    outcomes = ["enrolled"] * 299 + ["waitlisted"] * 901
    outcomes[700] = "unchanged"
    assert await office.outcomes(job["job"]) == numbered(outcomes)
    _, run = await office.transactor.load(office.tenant, OFFERING.of("spring"))
    waiting = [enrollment_id("spring", one) for one in learners[299:] if one != "l-700"]
    assert list(run.waiting) == waiting


async def test_a_dry_run_changes_nothing_and_says_what_will_be(office: Office):
    await office.open("spring", seats=5, waitlist=True)
    await office.open("small", seats=3, waitlist=False, parallel_limit=1)
    await office.open("asking", approval=True, seats=2)
    await office.do(rows(["x"], offering="spring"))
    before = await office.head()
    content = (
        rows([f"l-{number}" for number in range(8)], offering="spring")
        + rows(["l-1", "no good", "l-2"], offering="spring")
        + rows([f"l-{number}" for number in range(6)], offering="small")
        + rows(["a", "b", "a"], offering="asking")
    )
    dry = await office.do(content, dry_run=True)
    assert await office.head() == before
    assert (dry["state"], dry["dry_run"]) == ("done", True)
    assert not any("position" in one for one in await office.results(dry["job"]))
    real = await office.do(content)
    assert await office.outcomes(dry["job"]) == await office.outcomes(real["job"])
    counts = ("enrolled", "waitlisted", "pending_approval", "unchanged", "refusals")
    assert {name: dry[name] for name in counts} == {name: real[name] for name in counts}
    assert real["refusals"] == {"row_invalid": 1, "offering_full": 3}
    assert (real["enrolled"], real["waitlisted"], real["pending_approval"]) == (7, 4, 2)
    assert await office.head() > before


async def test_the_same_key_is_the_same_job(office: Office):
    await office.open("spring")
    content = rows(["ann", "bob"], offering="spring")
    first = await office.upload(content, key="monday")
    assert await office.upload(content, key="monday") == first
    done = await office.do(content, key="monday")
    assert (done["job"], done["enrolled"]) == (first, 2)
    other = await office.send(rows(["cid"]), key="monday", offering="spring")
    assert problem(other, 422, "idempotency_key_reused")["key"] == "monday"
    dry = await office.send(content, key="monday", dry_run=True)
    problem(dry, 422, "idempotency_key_reused")
    again = await office.do(content)
    assert (again["enrolled"], again["unchanged"]) == (0, 2)
    assert await office.count("learner_enrolled") == 2
    jobs = (await office.get(JOBS)).json()["jobs"]
    assert [one["job"] for one in jobs] == [again["job"], first]


async def test_uploads_of_the_same_key_at_once_are_one_job(office: Office):
    content = rows(["ann", "bob"], offering="spring")
    jobs = await asyncio.gather(*(office.upload(content, key="k") for _ in range(5)))
    assert len(set(jobs)) == 1
    assert await counts(office) == (1, 2)


async def test_what_has_not_begun_is_canceled_at_once(office: Office):
    job = await office.upload(rows(["ann"], offering="spring"))
    for _ in range(2):
        answer = await office.cancel(job)
        assert (answer.status_code, answer.json()["state"]) == (200, "canceled")
    assert not await office.worker.turn()
    assert await office.results(job) == []


async def test_what_was_done_before_it_was_canceled_stays_and_is_told(office: Office):
    await office.open("spring")
    job = await office.upload(rows(map(str, range(20_000)), offering="spring"))
    turn = asyncio.create_task(office.worker.turn())
    await eventually(lambda: office.results(job))
    answer = await office.cancel(job)
    assert (answer.json()["state"], answer.json()["canceling"]) == ("running", True)
    assert await turn
    ended = await office.job(job)
    assert (ended["state"], ended["canceling"]) == ("canceled", False)
    assert 0 < ended["done"] < ended["rows"] == 20_000
    assert len(await office.results(job)) == ended["done"]
    assert await office.count("learner_enrolled") == ended["enrolled"] == ended["done"]
    assert (await office.cancel(job)).status_code == 200


async def test_a_job_that_is_done_cannot_be_canceled(office: Office):
    job = await office.do(rows(["ann"], offering="spring"))
    refused = problem(await office.cancel(job["job"]), 409, "already_ended")
    assert refused["state"] == "done"


async def test_another_school_has_no_such_job(office: Office):
    job = await office.upload(rows(["ann"], offering="spring"))
    elsewhere = office.of(f"{office.tenant}-x")
    problem(await elsewhere.get(f"{JOBS}/{job}"), 404, "unknown_job")
    problem(await elsewhere.get(f"{JOBS}/{job}/results"), 404, "unknown_job")
    problem(await elsewhere.cancel(job), 404, "unknown_job")
    assert (await elsewhere.get(JOBS)).json() == {"jobs": [], "next": None}


@pytest.mark.parametrize("role", ["learner", "instructor", "issuer", "operator"])
async def test_only_the_registrar_and_services_upload(office: Office, role: str):
    refused = await office.send(rows(["ann"]), offering="spring", by=role)
    assert problem(refused, 403, "role_missing")["needed"] == ["registrar", "service"]
    assert await counts(office) == (0, 0)
    reading = await office.get(JOBS, by=role)
    assert reading.status_code == (200 if role == "operator" else 403)


@pytest.mark.parametrize(
    ("content", "kind", "status", "name"),
    [
        (b"", NDJSON, 422, "file_empty"),
        (b"learner\n", CSV, 422, "header_invalid"),
        (b"learner,offering,email\nann,spring,a@b.org\n", CSV, 422, "header_invalid"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", NDJSON, 422, "file_unreadable"),
        (b"PK", "application/zip", 415, "unsupported_media_type"),
        (b'{"learner":"a"}\n' * 100_001, NDJSON, 422, "too_many_rows"),
        (b" " * (32 * 1024 * 1024 + 1), NDJSON, 413, "body_too_large"),
        (b"[" + b" " * 1024 * 1024, "application/json", 422, "array_too_long"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_job_is_refused_and_leaves_nothing(
    office: Office, content: bytes, kind: str, status: int, name: str
):
    problem(await office.send(content, kind), status, name)
    problem(await office.send(pieces(content), kind), status, name)
    assert await counts(office) == (0, 0)


async def test_an_upload_that_breaks_off_leaves_nothing(office: Office):
    async def broken() -> AsyncIterator[bytes]:
        yield rows(map(str, range(5_000)), offering="spring")
        assert (await counts(office))[1] > 0
        raise OSError("the line is cut")

    problem(await office.send(broken()), 503, "unavailable")
    assert await counts(office) == (0, 0)


async def test_jobs_are_listed_by_page(office: Office):
    made = [await office.upload(rows(["ann"], offering="spring")) for _ in range(5)]
    seen: list[str] = []
    page = (await office.get(JOBS, limit=2)).json()
    while page["next"]:
        seen += [one["job"] for one in page["jobs"]]
        page = (await office.get(JOBS, limit=2, cursor=page["next"])).json()
    assert [*seen, *(one["job"] for one in page["jobs"])] == made[::-1]


async def test_a_status_that_is_known_is_not_sent_again(office: Office):
    job = await office.upload(rows(["ann"], offering="spring"))
    etag = (await office.get(f"{JOBS}/{job}")).headers["etag"]
    same = await office.get(f"{JOBS}/{job}", etag=etag)
    assert (same.status_code, same.content) == (304, b"")
    await office.worker.turn()
    assert (await office.get(f"{JOBS}/{job}", etag=etag)).json()["state"] == "done"


async def test_results_can_be_followed_while_it_runs(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    clock = Clock(0.0)
    monkeypatch.setattr("milepost.jobs.http.time", clock)
    await office.open("spring")
    job = await office.upload(rows(map(str, range(3_000)), offering="spring"))
    following = asyncio.create_task(office.results(job, follow=True))
    await eventually(clock.looked_at(2))
    assert not following.done()
    await office.worker.turn()
    assert [one["row"] for one in await following] == list(range(1, 3_001))


async def test_schools_take_turns(office: Office):
    other = office.of(f"{office.tenant}-x")
    mine = [await office.upload(rows(["ann"], offering="spring")) for _ in range(3)]
    theirs = await other.upload(rows(["ann"], offering="spring"))
    await office.worker.turn()
    await office.worker.turn()
    assert (await office.job(mine[0]))["state"] == "done"
    assert (await other.job(theirs))["state"] == "done"
    assert (await office.job(mine[1]))["state"] == "queued"


async def counts(office: Office) -> tuple[int, int]:
    """Jobs and rows that are kept, of whatever state."""
    log = office.transactor.log
    assert isinstance(log, PostgresLog)
    jobs = await log.pool.fetchval(
        "select count(*) from bulk.jobs where tenant = $1", office.tenant
    )
    kept = await log.pool.fetchval(
        "select count(*) from bulk.rows where tenant = $1", office.tenant
    )
    return jobs, kept


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]
