"""No front end sleeps: `Prefer: wait` answers when everything that follows has followed."""

from datetime import UTC, datetime

from tests.clients import Response, Running

WAIT = {"Prefer": "wait=25"}
PLAN = {"title": "SQL", "lessons": [{"id": "select", "title": "Select"}]}
BADGE = {"name": "SQL basics", "criteria": {"type": "course_passed", "course": "sql"}}


def done(lesson: str) -> dict[str, str]:
    now = datetime.now(UTC).isoformat()
    return {"type": "completed", "id": lesson, "lesson": lesson, "occurred_at": now}


def assert_settled(answer: Response) -> None:
    assert answer.status_code in {200, 201}, answer.text
    assert answer.headers["milepost-settled"] == "true", dict(answer.headers)
    assert answer.headers["preference-applied"] == WAIT["Prefer"]
    assert "milepost-waits-for" not in answer.headers


async def test_what_is_earned_is_there_when_the_answer_comes(school: Running, tenant: str):
    async with (
        school.client("registrar", tenant=tenant) as office,
        school.client("learner", tenant=tenant, subject="ana") as ana,
    ):
        await office.open("spring", course="sql", plan=PLAN, version=1)
        await office.define("sql-basics", BADGE, by="issuer")
        enrolled = await office.enroll("ana", headers=WAIT)
        assert_settled(enrolled)
        enrollment = enrolled.json()["enrollment"]

        reported = await ana.report(enrollment, done("select"), headers=WAIT)
        assert_settled(reported)
        record = await ana.get("/credentials/learners/ana/record")
        assert [one["achievement"] for one in record.json()["credentials"]] == ["sql-basics"]
        # The answer's position goes as far as what has followed.
        shown = await ana.get("/dashboards/learners/ana")
        assert [one["achievement"] for one in shown.json()["credentials"]] == ["sql-basics"]

        at = int(enrolled.headers["milepost-position"])
        for path in ("/dashboards/learners/ana", f"/progress/enrollments/{enrollment}"):
            assert_settled(await ana.get(path, at=at, headers=WAIT))
        beyond = await ana.get("/dashboards/learners/ana", at=10**9, headers=WAIT)
        assert (beyond.status_code, "milepost-settled" in beyond.headers) == (422, False)
