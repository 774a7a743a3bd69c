"""Jobs of credentials: a definition applied to history, steps by credential, and many rows."""

import pytest
from tests.bulk.office import CSV, Office, numbered
from tests.jobs.desk import LEARNERS, KindCase, copy_to, desk, lines, with_learners

from milepost.progress.jobs.app import store_on as progress_store
from milepost.progress.plan_cache import PlanCache

JOBS = "/credentials/jobs"
CASE = KindCase("awards", JOBS, {}, with_learners, b"", [], [], "")
LATE = {
    "name": "Late",
    "criteria": {"type": "lesson_scored", "course": "DATA-101", "lesson": "exam", "min_score": 0.6},
}


@pytest.fixture
async def office(everywhere: Office) -> Office:
    """Seven learners are in `spring`, which is DATA-101 with an exam."""
    return await desk(everywhere, CASE)


async def test_an_achievement_defined_late_is_applied_to_all_that_ever_happened(office: Office):
    scoring = copy_to(
        office,
        "/progress/jobs",
        lambda pool: progress_store(pool, PlanCache(office.transactor.log)),
    )
    scores = [
        {"learner": learner, "lesson": "exam", "score": score}
        for learner, score in (("l0", 0.9), ("l1", 0.3), ("l2", 0.6))
    ]
    await scoring.do(lines(*scores), kind="scores", offering="spring")
    await office.policies_hear()
    await office.put("/credentials/achievements/late", LATE, by="issuer")
    asked = await office.post("/credentials/achievements/late/impact", {}, by="issuer")
    assert {one["learner"] for one in asked.json()["affected"]} == {"l0", "l2"}
    rows = lines(*({"learner": one, "achievement": "late"} for one in LEARNERS[:4]))
    job = await office.do(rows, kind="awards")
    expected = ["awarded", "not_earned", "awarded", "not_earned"]
    assert await office.outcomes(job["job"]) == numbered(expected)
    again = await office.do(rows, kind="awards")
    assert again["outcomes"] == {"unchanged": 2, "not_earned": 2}
    asked = await office.post("/credentials/achievements/late/impact", {}, by="issuer")
    assert asked.json()["affected"] == []
    record = await office.get("/credentials/learners/l0/record", by="issuer")
    [held] = record.json()["credentials"]
    assert held["evidence"][0]["lesson"] == "exam"


async def test_a_credential_may_be_named_by_its_id_and_then_it_is_that_one(office: Office):
    await office.put("/credentials/achievements/late", LATE, by="issuer")
    award = "learner,achievement,reason\nl0,late,agreed\n"
    await office.do(award.encode(), CSV, kind="awards")
    record = await office.get("/credentials/learners/l0/record", by="issuer")
    [held] = record.json()["credentials"]
    rows = lines(
        {"learner": "l0", "credential": held["credential"], "reason": "mistake"},
        {"learner": "l1", "credential": held["credential"], "reason": "mistake"},
        {"learner": "l0", "reason": "mistake"},
    )
    job = await office.do(rows, kind="revocations")
    assert await office.outcomes(job["job"]) == numbered(["revoked", "not_held", "row_invalid"])
    head = await office.head()
    renewed = await office.do(
        lines({"learner": "l0", "achievement": "late", "reason": "again"}), kind="renewals"
    )
    assert renewed["refusals"] == {"already_revoked": 1}
    assert await office.head() == head


@pytest.mark.slow
async def test_ten_thousand_are_awarded_each_once(office: Office):
    await office.put("/credentials/achievements/late", LATE, by="issuer")
    rows = lines(
        *(
            {"learner": f"n{number}", "achievement": "late", "reason": "agreed"}
            for number in range(10_000)
        )
    )
    first, again = [await office.do(rows, kind="awards") for _ in range(2)]
    assert (first["outcomes"], again["outcomes"]) == ({"awarded": 10_000}, {"unchanged": 10_000})
    assert await office.count("credential_awarded") == 10_000
