"""The kind of job that waives lessons, and withdraws such waivers."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.jobs.kinds import Kind
from milepost.jobs.row_format import RowFormat
from milepost.progress.domain.staff_decisions import waive, withdraw_waiver
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

OUTCOMES: Final = {"lesson_waived": "waived", "lesson_waiver_withdrawn": "withdrawn"}
EXPECTED_OF_WAIVERS: Final = {
    **EXPECTED,
    "reason": "a code, as illness: lower case letters, digits and _",
    "withdraw": "true or false",
}


class WaiverRow(FileRow, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`withdraw`: the lesson is demanded again."""

    lesson: Lesson
    reason: Code
    withdraw: bool = False


class WaiverRequest(RowRequest, frozen=True, kw_only=True):
    lesson: str
    reason: str
    withdraw: bool = False


def kind(plans: PlanCache) -> Kind[WaiverRequest]:
    return Kind(
        name="waivers",
        rows=FORMAT,
        decide=RowDecider(plans, _prepare, OUTCOMES).page,
        keep=keep,
        kept=keeping(WaiverRequest),
    )


async def _prepare(request: WaiverRequest, row: RowOf, plan: Plan) -> Decision:
    at = row.job.created_at
    decide = _withdraw if request.withdraw else waive
    return partial(decide, plan=plan, lesson=request.lesson, reason=request.reason, at=at)


def _withdraw(
    state: Progress, plan: Plan, *, lesson: str, reason: str, at: datetime
) -> Sequence[ProgressEvent]:
    """What is not waived is not withdrawn: the same file again comes to nothing."""
    if lesson in plan.lessons and lesson not in state.waived:
        return []
    return withdraw_waiver(state, plan, lesson=lesson, reason=reason, at=at)


FORMAT: Final[RowFormat[WaiverRequest]] = RowFormat(
    row=WaiverRow,
    expected=EXPECTED_OF_WAIVERS,
    needed=needing("lesson", "reason"),
    resolve=resolver(WaiverRequest, EXPECTED_OF_WAIVERS),
)
