"""A learner with three devices, offline most of the time, who is deferred to a later run."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.clients import Client, Response, Running
from tests.eventually import eventually

NOW = datetime.now(UTC)
COURSE = {
    "title": "Rust",
    "lessons": [
        {"id": "intro", "title": "Introduction"},
        {"id": "quiz", "title": "Quiz", "kind": "quiz", "weight": 1, "attempts_allowed": 3},
        {"id": "video", "title": "Film", "kind": "video"},
        {"id": "essay", "title": "Essay", "kind": "assignment", "weight": 1},
    ],
    "passing_rule": {"passing_grade": 0.6},
}
RUSTACEAN = {"name": "Rustacean", "criteria": {"type": "course_passed", "course": "rust"}}


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def done(number: int, lesson: str, days: float) -> dict[str, Any]:
    return {"type": "completed", "id": str(number), "lesson": lesson, "occurred_at": ago(days)}


def scored(number: int, score: float, days: float, lesson: str = "quiz") -> dict[str, Any]:
    return {**done(number, lesson, days), "type": "scored", "score": score}


def watched(number: int, progress: float, seconds: int, days: float) -> dict[str, Any]:
    report = {"type": "progressed", "progress": progress, "seconds_spent": seconds}
    return {**done(number, "video", days), **report, "resume_at": f"t={seconds}"}


# Each device numbers its own reports from 1.
PHONE = [done(1, "intro", 9), scored(2, 0.4, 8), watched(3, 0.5, 60, 8)]
TABLET = [scored(1, 0.8, 7), watched(2, 0.9, 30, 6)]
LAPTOP = [done(1, "video", 2)]


async def send(
    learner: Client, enrollment: str, device: str, *reports: dict[str, Any]
) -> list[dict[str, Any]]:
    body = {"client": device, "reports": reports}
    answer = await learner.post(f"/progress/enrollments/{enrollment}/reports", body)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def outcomes(results: list[dict[str, Any]]) -> list[str]:
    return [one["outcome"] for one in results]


async def once(ask: Callable[[], Awaitable[Response]], holds: Callable[[Any], bool]) -> Any:
    """What it answers once it holds: policies carry work over, and award, a moment later."""

    async def answer() -> Any:
        found = (await ask()).json()
        return found if holds(found) else None

    return await eventually(answer)


async def test_no_work_is_lost_and_none_counts_twice(school: Running, tenant: str):
    async with (
        school.client("registrar", tenant=tenant) as office,
        school.client("learner", tenant=tenant, subject="ana") as ana,
    ):
        await office.open("spring", course="rust", plan=COURSE, version=1, starts=ago(20))
        await office.open("autumn", course="rust", plan=COURSE, version=1, starts=ago(4))
        await office.define("rustacean", RUSTACEAN, by="issuer")
        enrolled = await office.enroll("ana", "spring", facts={"occurred_at": ago(10)})
        spring = enrolled.json()["enrollment"]

        assert outcomes(await send(ana, spring, "phone", *PHONE)) == ["accepted"] * 3
        facts = {"to": "autumn", "reason": "illness", "occurred_at": ago(3)}
        deferred = await office.step(spring, "defer", facts)
        assert deferred.status_code == 200, deferred.text
        autumn = deferred.json()["enrollment"]
        assert autumn != spring

        # The tablet knows nothing of the deferral. What it did before is taken where it was done.
        late = await asyncio.gather(*(send(ana, spring, "tablet", one) for one in TABLET[::-1]))
        assert [outcomes(one) for one in late] == [["accepted"]] * 2
        assert outcomes(await send(ana, spring, "tablet", *TABLET)) == ["duplicate"] * 2
        [reused] = await send(ana, spring, "tablet", scored(1, 1.0, 7))
        assert reused["problem"]["type"].endswith("report_id_reused")

        await once(
            lambda: ana.get(f"/progress/enrollments/{spring}"), lambda found: found["closed_at"]
        )
        # What the laptop did afterwards belongs to the later run, and it is told so.
        [refused] = await send(ana, spring, "laptop", *LAPTOP)
        assert refused["problem"]["continues_as"] == autumn
        assert outcomes(await send(ana, autumn, "laptop", *LAPTOP)) == ["accepted"]

        def all_there(progress: Any) -> bool:
            attempts = {one["id"]: one["attempts"] for one in progress["lessons"]}
            return bool(attempts["quiz"] == 2 and progress["resume"])

        progress = await once(lambda: ana.get(f"/progress/enrollments/{autumn}"), all_there)
        quiz, video = progress["lessons"][1:3]
        assert [one["status"] for one in progress["lessons"]][:3] == ["done"] * 3
        assert (quiz["score"], quiz["attempts_left"]) == (0.8, 1)
        assert (video["seconds_spent"], progress["resume"]["position"]) == (90.0, "t=30")

        essay = scored(1, 0.9, 1, "essay")
        assert outcomes(await send(office, autumn, "office", essay)) == ["accepted"]
        record = await once(
            lambda: ana.get("/credentials/learners/ana/record"), lambda found: found["credentials"]
        )
        assert [one["achievement"] for one in record["credentials"]] == ["rustacean"]
        assert [one["grade"] for one in record["results"]] == [0.85]
