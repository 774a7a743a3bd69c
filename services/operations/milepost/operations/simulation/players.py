"""Plays a planned school through the HTTP API of a running Milepost, as its front ends would.

Sends what arrives in the order in which it arrives; each learner's actions one after the other.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any, TypeAlias, assert_never
from zlib import crc32

import msgspec

from milepost.contracts.ids import enrollment_id
from milepost.operations.client.front_end import Body, FrontEnd
from milepost.operations.simulation.plan import (
    Achievement,
    Action,
    Course,
    Enroll,
    Group,
    Program,
    Run,
    School,
    Study,
    Withdraw,
)

SIDE_BY_SIDE = 16
TEACHER = "teacher"  # of every offering: scores what learners may not

Lane: TypeAlias = "asyncio.Queue[Action | None]"


class Simulator:
    """`tell` hears of every action that is done. `counts` says what became of what was sent."""

    def __init__(self, front_end: FrontEnd, tell: Callable[[int], object]) -> None:
        self.counts: Counter[str] = Counter()
        self._front_end = front_end
        self._tell = tell
        self._waiting: set[str] = set()

    @property
    def refused(self) -> Counter[str]:
        return self._front_end.refused

    async def set_up(self, school: School) -> None:
        announced = min(run.starts for run in school.runs) - timedelta(days=30)
        for course in school.courses.values():
            await self._publish(course, announced.isoformat())
        for run in school.runs:
            await self._open(run, announced.isoformat())
        for achievement in school.achievements:
            await self._define(achievement)
        for program in school.programs:
            await self._stack(program)
        for group in school.groups:
            await self._gather(group)

    async def play(self, school: School, seconds: float = 0.0) -> None:
        """At once, or spread over about so many seconds in proportion to the plan's time."""
        lanes: list[Lane] = [asyncio.Queue(2) for _ in range(SIDE_BY_SIDE)]
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(self._follow(lane))
            await self._send_out(school, lanes, seconds)

    async def _send_out(self, school: School, lanes: list[Lane], seconds: float) -> None:
        first, last = school.actions[0].arrives_at, school.actions[-1].arrives_at
        started = monotonic()
        for action in school.actions:
            share = (action.arrives_at - first) / max(last - first, timedelta(seconds=1))
            await asyncio.sleep(max(0.0, started + seconds * share - monotonic()))
            await lanes[crc32(action.learner.encode()) % len(lanes)].put(action)
        for lane in lanes:
            await lane.put(None)

    async def _follow(self, lane: Lane) -> None:
        while action := await lane.get():
            for _ in range(action.sends):
                await self._do(action)
            self._tell(1)

    async def _do(self, action: Action) -> None:
        match action.deed:
            case Enroll(mode=mode):
                await self._enroll(action, mode)
            case Study():
                await self._study(action, action.deed)
            case Withdraw(reason=reason):
                await self._withdraw(action, reason)
            case _:
                assert_never(action.deed)

    async def _enroll(self, action: Action, mode: str) -> None:
        body = {
            "learner": action.learner,
            "mode": mode,
            "occurred_at": action.occurred_at.isoformat(),
        }
        path = f"/enrollment/offerings/{action.offering}/enrollments"
        answer = await self._act(path, body, action)
        if answer and answer["state"] == "waitlisted":
            self._waiting.add(answer["enrollment"])
            self.counts["waitlisted"] += 1

    async def _study(self, action: Action, study: Study) -> None:
        enrollment = enrollment_id(action.offering, action.learner)
        if await self._still_waits(enrollment):
            return
        role = "instructor" if study.graded_by_staff else "learner"
        body = {"reports": msgspec.to_builtins(study.reports)}
        path = f"/progress/enrollments/{enrollment}/reports"
        answer = await self._act(path, body, action, role)
        for result in answer["results"] if answer else ():
            self.counts[f"reports {result['outcome']}"] += 1

    async def _withdraw(self, action: Action, reason: str) -> None:
        enrollment = enrollment_id(action.offering, action.learner)
        body = {"reason": reason, "occurred_at": action.occurred_at.isoformat()}
        path = f"/enrollment/enrollments/{enrollment}/withdraw"
        await self._act(path, body, action)

    async def _still_waits(self, enrollment: str) -> bool:
        """Who waits for a seat is shown no lessons."""
        if enrollment not in self._waiting:
            return False
        path = f"/enrollment/enrollments/{enrollment}"
        answer = await self._front_end.read(path, subject="school", role="service")
        if answer["state"] == "waitlisted":
            return True
        self._waiting.discard(enrollment)
        self.counts["seats passed on"] += 1
        return False

    async def _publish(self, course: Course, at: str) -> None:
        body = {
            "title": course.title,
            "lessons": msgspec.to_builtins(course.lessons),
            "passing_rule": msgspec.to_builtins(course.passing_rule),
            "occurred_at": at,
            # Its learners play years in an hour.
            "offline_days": 3_650,
        }
        path = f"/enrollment/courses/{course.code}/versions"
        await self._keep("POST", path, body, "registrar")

    async def _open(self, run: Run, at: str) -> None:
        body = {
            "course": run.course.code,
            "pace": "cohort",
            "starts": run.starts.isoformat(),
            "ends": run.ends.isoformat(),
            "seats": run.seats,
            "occurred_at": at,
        }
        offering = f"/enrollment/offerings/{run.offering}"
        await self._keep("PUT", offering, body, "registrar")
        await self._keep("PUT", f"{offering}/instructors/{TEACHER}", {}, "registrar")

    async def _define(self, one: Achievement) -> None:
        body = {
            "name": one.name,
            "criteria": msgspec.to_builtins(one.criteria),
            "skills": msgspec.to_builtins(one.skills),
        }
        await self._keep("PUT", f"/credentials/achievements/{one.code}", body, "issuer")

    async def _stack(self, program: Program) -> None:
        body = {"title": program.title, "achievements": list(program.achievements)}
        path = f"/enrollment/programs/{program.code}/versions"
        await self._keep("POST", path, body, "registrar")

    async def _gather(self, group: Group) -> None:
        path = f"/enrollment/groups/{group.group}"
        await self._keep("PUT", path, {"name": group.name, "kind": "school_class"}, "registrar")
        await self._keep("PUT", f"{path}/staff/{group.staff}", {}, "registrar")
        members = {"learners": list(group.members)}
        await self._keep("POST", f"{path}/members", members, "registrar")

    async def _keep(self, method: str, path: str, body: Body, role: str) -> None:
        await self._front_end.command(
            method, path, body, key=f"simulated{path}", subject="school", role=role
        )

    async def _act(self, path: str, body: Body, action: Action, role: str = "service") -> Any:
        """Only the school itself may say that somebody enrolled or left some time ago."""
        subject = {"learner": action.learner, "instructor": TEACHER}.get(role, "school")
        key = f"{action.learner}/{action.key}"
        self.counts["requests"] += 1
        return await self._front_end.command(
            "POST", path, body, key=key, subject=subject, role=role
        )
