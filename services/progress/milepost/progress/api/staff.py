"""HTTP of what staff decide about one enrollment, and of the deadlines a learner may reset."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, TypeAlias

import msgspec
from litestar import Response, delete, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta

from milepost.contracts.ids import CODE, KEY
from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.events.event import Invalid
from milepost.progress.api.wiring import (
    UNREADABLE,
    WRITERS,
    EnrollmentPath,
    Wiring,
    by_that_plan,
    is_staff,
    plan_for,
)
from milepost.progress.domain.reports import Fraction, UnknownLesson
from milepost.progress.domain.staff_decisions import (
    NoDeadlineResetLeft,
    NotWaived,
    UnknownAttempt,
    reset_deadlines,
    revise_score,
    waive,
    withdraw_waiver,
)
from milepost.progress.domain.state import PROGRESS
from milepost.progress.events import ProgressEvent
from milepost.web.auth.tokens import Caller
from milepost.web.openapi.documented_answers import command
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned

Events: TypeAlias = list[ProgressEvent]
Code = Annotated[
    str,
    Meta(pattern=CODE, description="A code, never text that a person typed", examples=["illness"]),
]
LessonPath = Annotated[str, PathParameter(pattern=KEY, description="The lesson's id")]
Points = Annotated[float, Meta(ge=0, le=1_000_000)]

UNKNOWN_LESSON = UnknownLesson("quiz-1")
_ON_A_LESSON = (*UNREADABLE, UNKNOWN_LESSON)


class ReasonMissing(Invalid):
    """Staff say why they reset the deadlines of a learner."""


class Waiver(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    lesson: Annotated[str, Meta(pattern=KEY, examples=["quiz-1"])]
    reason: Code


class RevisedScore(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`score` scaled 0 to 1, or `raw` of `maximum`, from which it is computed."""

    reason: Code
    score: Fraction | None = None
    raw: Points | None = None
    maximum: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None

    def __post_init__(self) -> None:
        if self.score is None and (self.raw is None or self.maximum is None):
            raise ValueError("give a score, or raw and maximum")
        if not 0 <= self.scaled <= 1:
            raise ValueError("the score must be within 0 and 1")

    @property
    def scaled(self) -> float:
        if self.score is not None:
            return self.score
        assert self.raw is not None
        assert self.maximum is not None
        return self.raw / self.maximum


class DeadlineReset(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reason`: staff say why, and may always; learners give none."""

    reason: Code | None = None


NO_REASON = DeadlineReset()


class CourseStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How the course stands after the decision.

    changed      whether there was something to decide: what is so already stays as it is
    final_grade  0 to 1; None where the course is not completed, or nothing is graded
    passing      whether the completion's rule holds; None where the course is not completed
    """

    enrollment: str
    changed: bool
    completed_at: datetime | None
    final_grade: float | None
    passing: bool | None


@post(
    "/enrollments/{enrollment:str}/waivers",
    summary="Waive a lesson",
    status_code=200,
    answers=command(*_ON_A_LESSON),
    roles=WRITERS,
)
async def waive_lesson(
    request: Call,
    enrollment: EnrollmentPath,
    data: JSONBody[Waiver],
    wiring: NamedDependency[Wiring],
) -> Response[CourseStanding]:
    """Excuses the learner: the lesson counts as done, and is left out of the grade."""
    decide = partial(waive, lesson=data.lesson, reason=data.reason, at=wiring.clock())
    return await _by_staff(request, wiring, enrollment, decide)


@delete(
    "/enrollments/{enrollment:str}/waivers/{lesson:str}",
    summary="Withdraw a waiver",
    status_code=200,
    answers=command(*_ON_A_LESSON, NotWaived("quiz-1")),
    roles=WRITERS,
)
async def withdraw_lesson_waiver(
    request: Call,
    enrollment: EnrollmentPath,
    lesson: LessonPath,
    reason: Annotated[str, QueryParameter(pattern=CODE, description="A code, as `mistake`")],
    wiring: NamedDependency[Wiring],
) -> Response[CourseStanding]:
    """The lesson is demanded again. What is completed stays; the grade may change."""
    decide = partial(withdraw_waiver, lesson=lesson, reason=reason, at=wiring.clock())
    return await _by_staff(request, wiring, enrollment, decide)


@post(
    "/enrollments/{enrollment:str}/lessons/{lesson:str}/attempts/{attempt:int}/score",
    summary="Revise a score",
    status_code=200,
    answers=command(*_ON_A_LESSON, UnknownAttempt("quiz-1", 2)),
    roles=WRITERS,
)
async def revise_attempt_score(
    request: Call,
    enrollment: EnrollmentPath,
    lesson: LessonPath,
    attempt: Annotated[int, PathParameter(ge=1, le=2**31, description="Its number, from 1")],
    data: JSONBody[RevisedScore],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[CourseStanding]:
    """Gives one attempt another score. Its history stays: see the lesson's attempts."""
    decide = partial(
        revise_score,
        lesson=lesson,
        attempt=attempt,
        score=data.scaled,
        raw=None if data.score is not None else data.raw,
        maximum=None if data.score is not None else data.maximum,
        reason=data.reason,
        at=wiring.clock(),
    )
    return await _by_staff(request, wiring, enrollment, decide)


@post(
    "/enrollments/{enrollment:str}/deadlines/reset",
    summary="Reset the deadlines",
    status_code=200,
    answers=command(*UNREADABLE, NoDeadlineResetLeft(2), ReasonMissing()),
    roles=("learner", *WRITERS),
)
async def reset_own_deadlines(
    request: Call,
    enrollment: EnrollmentPath,
    wiring: NamedDependency[Wiring],
    data: JSONBody[DeadlineReset] = NO_REASON,
) -> Response[CourseStanding]:
    """Due days count from now on, also for what was handed in late.

    Learners may as often as the course allows, and spend none where nothing was missed. Staff give
    a reason, and may always.
    """
    plan = await plan_for(wiring, enrollment, request.user, WRITERS)
    staff = await is_staff(wiring, enrollment, request.user)
    why, at = data.reason if staff else None, wiring.clock()

    def decide(state: Progress) -> Events:
        if staff and why is None and not _is_own(state, request.user):
            raise ReasonMissing
        return reset_deadlines(state, plan, at=at, reason=why)

    return await _standing_after(request, wiring, enrollment, plan, decide)


HANDLERS = (waive_lesson, withdraw_lesson_waiver, revise_attempt_score, reset_own_deadlines)


def _is_own(state: Progress, caller: Caller) -> bool:
    own = state.opened is not None and state.opened.learner == caller.subject
    return own and "learner" in caller.roles


async def _by_staff(
    request: Call, wiring: Wiring, enrollment: str, decide: Callable[..., Events]
) -> Response[CourseStanding]:
    plan = await plan_for(wiring, enrollment, request.user, WRITERS, own=False)
    return await _standing_after(request, wiring, enrollment, plan, partial(decide, plan=plan))


async def _standing_after(
    request: Call,
    wiring: Wiring,
    enrollment: str,
    plan: Plan,
    decide: Callable[[Progress], Events],
) -> Response[CourseStanding]:
    stream = PROGRESS.of(enrollment)
    outcome = await run_command(request, wiring.transactor, stream, by_that_plan(plan, decide))
    state = outcome.state(PROGRESS)
    course = state.course
    standing = CourseStanding(
        enrollment=enrollment,
        changed=bool(outcome.events),
        completed_at=course.occurred_at if course else None,
        final_grade=state.grade if course else None,
        passing=state.passing if course else None,
    )
    return positioned(standing, outcome.position)
