"""Jobs of progress: what a score comes to, whose rows are whose, and many of them."""

import asyncio
import io
import json
import zipfile

import pytest
from tests.bulk.office import CSV, Office, numbered, rows
from tests.enrollment.test_http import problem
from tests.jobs.desk import KindCase, copy_to, desk, lines, with_learners

from milepost.contracts.ids import enrollment_id
from milepost.enrollment.bulk.enrollment_kind import store_on
from milepost.jobs.erasure import forgetting

JOBS = "/progress/jobs"
SCORES = {"kind": "scores", "offering": "spring"}
CASE = KindCase("scores", JOBS, {}, with_learners, b"", [], [], "")


@pytest.fixture
async def office(everywhere: Office) -> Office:
    """Seven learners are in `spring`, which is DATA-101 with an exam."""
    return await desk(everywhere, CASE)


async def came_to(office: Office, content: bytes, media: str, **query: str) -> list[str]:
    job = await office.do(content, media, **query)
    return [outcome for _, outcome in await office.outcomes(job["job"])]


async def test_a_first_score_is_reported_and_another_one_revises_it_with_a_reason(office: Office):
    header = b"learner,lesson,attempt,raw,maximum,reason\n"
    first = header + b"l0,exam,,8,20,\nl0,exam,3,20,20,\nl0,exam,2,9,20,\nl1,exam,1,20,20,\n"
    assert await came_to(office, first, CSV, **SCORES) == [
        *("scored", "unknown_attempt", "scored", "scored")
    ]
    second = header + b"l0,exam,1,18,20,\nl0,exam,1,18,20,regraded\nl0,exam,,9,20,\n"
    job = await office.do(second, CSV, **SCORES)
    told = await office.results(job["job"])
    assert [one["outcome"] for one in told] == ["refused", "revised", "unchanged"]
    assert told[0]["problem"]["path"] == "$.reason"
    assert "reason" in told[0]["problem"]["reason"]
    assert (job["outcomes"], job["refusals"]) == (
        {"revised": 1, "unchanged": 1},
        {"row_invalid": 1},
    )
    stands = await office.get(f"/progress/enrollments/{enrollment_id('spring', 'l0')}")
    assert stands.json()["grade"]["so_far"] == 0.9
    happened = await office.happened()
    assert (happened.count("attempt_scored"), happened.count("score_revised")) == (3, 1)


async def test_points_beside_a_score_are_left_out_of_a_revision_as_of_the_single_request(
    office: Office,
):
    row = {"learner": "l0", "lesson": "exam"}
    revision = {**row, "score": 0.8, "raw": 2, "maximum": 1, "reason": "regraded"}
    job = await office.do(lines({**row, "score": 0.4}, revision), **SCORES)
    assert await office.outcomes(job["job"]) == numbered(["scored", "revised"])
    [revised] = await office.transactor.log.read(office.tenant, types=["score_revised"])
    assert json.loads(revised.data).keys().isdisjoint({"raw", "maximum"})


async def test_a_waiver_is_withdrawn_by_a_row_that_says_so(office: Office):
    waived = lines({"learner": "l0", "lesson": "exam", "reason": "illness"})
    taken = lines({"learner": "l0", "lesson": "exam", "reason": "mistake", "withdraw": True})
    query, media = {"kind": "waivers", "offering": "spring"}, "application/x-ndjson"
    found = [await came_to(office, one, media, **query) for one in (waived, taken, taken)]
    assert found == [["waived"], ["withdrawn"], ["unchanged"]]


async def test_an_instructor_scores_in_their_own_offerings_and_sees_their_own_jobs(office: Office):
    await office.open("fall")
    enrolled = copy_to(office, "/enrollment/jobs", store_on)
    await enrolled.do(rows(["l0"], offering="fall"))
    await office.policies_hear()
    assigned = await office.put("/enrollment/offerings/spring/instructors/tess", {})
    assert assigned.status_code in (200, 201), assigned.text
    theirs = await office.upload(lines({"learner": "l0", "lesson": "exam", "score": 1}), **SCORES)
    tess = office.of(office.tenant)
    tess.by, tess.subject = "instructor", "tess"
    file = lines(
        {"learner": "l1", "offering": "spring", "lesson": "exam", "score": 1},
        {"learner": "l0", "offering": "fall", "lesson": "exam", "score": 1},
    )
    job = await tess.do(file, kind="scores")
    assert await tess.outcomes(job["job"]) == numbered(["scored", "unknown_enrollment"])
    assert [one["job"] for one in (await tess.get(JOBS)).json()["jobs"]] == [job["job"]]
    for path in (f"{JOBS}/{theirs}", f"{JOBS}/{theirs}/results"):
        problem(await tess.get(path), 404, "unknown_job")
    problem(await tess.cancel(theirs), 404, "unknown_job")
    refused = await tess.send(file, kind="migrations")
    assert problem(refused, 403, "role_missing")["needed"] == ["registrar", "service"]


async def test_rows_about_a_learner_are_exported_and_go_with_an_erasure(office: Office):
    by_id = {"enrollment": enrollment_id("spring", "l0"), "lesson": "exam", "score": 0.1}
    file = lines({"learner": "l0", "lesson": "exam", "score": 1}, by_id)
    job = await office.do(file, **SCORES)
    answer = await office.get("/enrollment/learners/l0/export")
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    kept = json.loads(archive.read("progress_job_rows.json"))
    assert [(one["row"], one["outcome"]) for one in kept] == [(1, "scored"), (2, "refused")]
    assert (await office.post("/enrollment/learners/l0/erase")).status_code == 200
    handler = forgetting("progress-jobs", office.store)
    for recorded in await office.transactor.log.read(office.tenant, types=["learner_erased"]):
        await handler.handle(recorded)
    assert [one["row"] for one in await office.results(job["job"])] == [2]


async def test_two_kinds_under_one_key_are_told_apart(office: Office):
    file = lines({"learner": "l0", "version": 2, "reason": "agreed"})
    query = {"kind": "migrations", "offering": "spring"}
    job = await office.upload(file, key="k", **query)
    again = await office.send(file, key="k", **{**query, "kind": "rule-changes"})
    problem(again, 422, "idempotency_key_reused")
    assert await office.upload(file, key="k", **query) == job


async def opened(office: Office) -> None:
    """The policies hear of everybody, many at a time."""
    recorded = await office.transactor.log.read(
        office.tenant, limit=1_000_000, types=["learner_enrolled"]
    )
    for first in range(0, len(recorded), 500):
        await asyncio.gather(*map(office.hear, recorded[first : first + 500]))


@pytest.mark.slow
async def test_ten_thousand_scores_are_tried_out_and_done(office: Office):
    learners = [f"m{number}" for number in range(10_000)]
    enrolled = copy_to(office, "/enrollment/jobs", store_on)
    await enrolled.do(rows(learners, offering="spring"))
    await opened(office)
    file = lines(*({"learner": one, "lesson": "exam", "score": 0.75} for one in learners))
    before = await office.head()
    dry = await office.do(file, dry_run=True, **SCORES)
    assert (dry["outcomes"], await office.head()) == ({"scored": 10_000}, before)
    real = await office.do(file, **SCORES)
    again = await office.do(file, **SCORES)
    assert (real["outcomes"], again["outcomes"]) == ({"scored": 10_000}, {"unchanged": 10_000})
    print(f"{real['rows_per_second']:,.0f} rows/s, {dry['rows_per_second']:,.0f} tried out")
