"""The kind of job that scores: a first score is reported, another one revises what is there."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Final, get_args

import msgspec

from milepost.contracts.courses import MAX_ATTEMPTS
from milepost.contracts.rules.attempts import Attempt
from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.contracts.times import Moment
from milepost.events.event import Refused
from milepost.jobs.jobs import RowInvalid
from milepost.jobs.kinds import Kind
from milepost.jobs.row_format import Fault, RowFormat, utc
from milepost.progress.domain.decisions import Terms, report
from milepost.progress.domain.reports import Backdating, Fraction, Scored
from milepost.progress.domain.staff_decisions import UnknownAttempt, revise_score
from milepost.progress.events import ProgressEvent
from milepost.progress.jobs.decide import Decision, RowDecider, RowOf
from milepost.progress.jobs.rows import (
    EXPECTED,
    Code,
    FileRow,
    Lesson,
    RowRequest,
    keep,
    keeping,
    needing,
    resolver,
)
from milepost.progress.plan_cache import PlanCache
from milepost.web.requests.times import occurred

REASONED: Final = "Expected a reason, as regraded: there is another score already."
BACKDATING: Final[tuple[Backdating, ...]] = get_args(Backdating)
OUTCOMES: Final = {"attempt_scored": "scored", "score_revised": "revised"}
EXPECTED_OF_SCORES: Final = {
    **EXPECTED,
    "attempt": f"the number of an attempt, 1 to {MAX_ATTEMPTS}, or nothing: the latest",
    "score": "a score, 0 to 1, with a point, or else raw and maximum",
    "raw": "a number of points, at most the maximum",
    "maximum": "a number of points above 0",
    "occurred_at": "a time with its UTC offset, as 2026-03-02T09:00:00Z",
}

Number = Annotated[int, msgspec.Meta(ge=1, le=MAX_ATTEMPTS)]
Points = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]


class ScoreRow(FileRow, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`attempt` absent: the latest. `reason` says why a score that is there is revised.

    `occurred_at`: when a first score was earned; absent, when the file came.
    """

    lesson: Lesson
    attempt: Number | None = None
    score: Fraction | None = None
    raw: Points | None = None
    maximum: Points | None = None
    reason: Code | None = None
    occurred_at: Moment | None = None


class ScoreRequest(RowRequest, frozen=True, kw_only=True):
    lesson: str
    attempt: int | None = None
    score: float | None = None
    raw: float | None = None
    maximum: float | None = None
    reason: str | None = None
    occurred_at: datetime | None = None

    @property
    def scaled(self) -> float:
        if self.score is not None:
            return self.score
        assert self.raw is not None
        assert self.maximum is not None
        return self.raw / self.maximum


def kind(plans: PlanCache) -> Kind[ScoreRequest]:
    return Kind(
        name="scores",
        rows=FORMAT,
        decide=RowDecider(plans, _prepare, OUTCOMES).page,
        keep=keep,
        kept=keeping(ScoreRequest),
    )


def score(
    state: Progress,
    plan: Plan,
    request: ScoreRequest,
    *,
    now: datetime,
    first: Scored,
    terms: Terms,
) -> Sequence[ProgressEvent]:
    """What a row comes to: nothing if the attempt has this score. `first`: the report if it is new.

    Raises `RowInvalid` without a reason to revise, `UnknownAttempt` for one that skips a number,
    and what reporting and revising raise.
    """
    known = _attempt(state, request)
    if known is None:
        return _reported(state, plan, first, terms)
    if known.score == request.scaled:
        return []
    if request.reason is None:
        raise RowInvalid("$.reason", REASONED)
    return revise_score(
        state,
        plan,
        lesson=request.lesson,
        attempt=known.number,
        score=request.scaled,
        reason=request.reason,
        at=now,
        raw=None if request.score is not None else request.raw,
        maximum=None if request.score is not None else request.maximum,
    )


async def _prepare(request: ScoreRequest, row: RowOf, plan: Plan) -> Decision:
    first = Scored(
        # At the same moment, the later row is the later attempt.
        id=f"{row.job.job}-{row.number:06}",
        lesson=request.lesson,
        occurred_at=occurred(request.occurred_at, row.settings, row.job.created_at),
        score=request.score,
        raw=request.raw,
        maximum=request.maximum,
    )
    skew = timedelta(seconds=row.settings.clock_skew_seconds)
    terms = Terms(skew, row.job.created_at - plan.offline, _backdating(request.reason))
    return partial(
        score, plan=plan, request=request, now=row.job.created_at, first=first, terms=terms
    )


def _backdating(reason: str | None) -> Backdating | None:
    """Why it is reported so late, where the reason is one that says so."""
    return next((one for one in BACKDATING if one == reason), None)


def _attempt(state: Progress, request: ScoreRequest) -> Attempt | None:
    """The one that the row is about; None where it would be the next."""
    standing = state.lessons.get(request.lesson)
    attempts = standing.attempts if standing else ()
    if request.attempt is None:
        return max(attempts, key=lambda one: (one.at, one.number), default=None)
    if request.attempt == (standing.tries if standing else 0) + 1:
        return None
    for one in attempts:
        if one.number == request.attempt:
            return one
    raise UnknownAttempt(request.lesson, request.attempt)


def _reported(state: Progress, plan: Plan, first: Scored, terms: Terms) -> Sequence[ProgressEvent]:
    reported = report(state, plan, [first], terms)
    [answer] = reported.answers
    if isinstance(answer, Refused):
        raise answer
    return reported.events


def _facts(row: ScoreRow) -> Mapping[str, object] | Fault:
    at = utc(row.occurred_at, "occurred_at")
    if isinstance(at, Fault):
        return at
    if row.score is None:
        if row.raw is None or row.maximum is None:
            return FORMAT.fault("score")
        if not row.maximum > 0:
            return FORMAT.fault("maximum")
        if row.raw > row.maximum:
            return FORMAT.fault("raw")
    return {**msgspec.structs.asdict(row), "occurred_at": at}


FORMAT: Final[RowFormat[ScoreRequest]] = RowFormat(
    row=ScoreRow,
    expected=EXPECTED_OF_SCORES,
    needed=needing("lesson"),
    resolve=resolver(ScoreRequest, EXPECTED_OF_SCORES, _facts),
)
