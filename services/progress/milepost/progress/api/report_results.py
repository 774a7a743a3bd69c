"""What is refused of a call of reports before any state is asked, and the result of each report."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from milepost.contracts.courses import SCORED_BY_STAFF
from milepost.contracts.rules.learning.plan import Plan
from milepost.events.event import Refused
from milepost.progress.api.report_body import PartlyRead, ReportLearning, Unreadable
from milepost.progress.domain.reports import (
    Completed,
    CompletionNotYours,
    LessonReport,
    Report,
    Scored,
    ScoreNotYours,
    identified,
)
from milepost.progress.report_buffer import Told
from milepost.web.problems import Malformed, members, problem_of
from milepost.web.requests.times import OccurredInFuture, occurred
from milepost.web.settings import Settings

Refusal: TypeAlias = Refused | Malformed


class ReportResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`problem` (RFC 9457) says why a report was refused, and in which `path` of the call.

    `buffered` is written within seconds, unless the process crashes: sent again, it is a
    `duplicate` by then.
    `id` is as it was sent; a report that could not be read may have none.
    """

    id: str | None = None
    outcome: Literal["accepted", "buffered", "duplicate", "refused"]
    problem: dict[str, Any] | None = None


class Judged(NamedTuple):
    """One report of a call: what to decide on, or why it is refused whatever has happened."""

    id: str | None
    report: Report | Refusal


class Judge(NamedTuple):
    """What is known of a call before any state is asked; `learner`: of their own."""

    plan: Plan
    settings: Settings
    now: datetime
    learner: bool

    def judge(self, data: ReportLearning) -> list[Judged]:
        """In the order in which they were sent."""
        return [
            Judged(one.id, one.fault)
            if isinstance(one, Unreadable)
            else Judged(one.id, self._at_once(one, index, data.client))
            for index, one in enumerate(_as_sent(data))
        ]

    def _at_once(self, one: Report, index: int, client: str | None) -> Report | Refusal:
        """The report in UTC, with the id that it has in the log; or why it is refused."""
        rule = self.plan.lessons.get(one.lesson)
        if rule and self.learner and isinstance(one, Scored) and rule.kind in SCORED_BY_STAFF:
            return ScoreNotYours(rule.id, rule.kind)
        if rule and self.learner and isinstance(one, Completed) and rule.completed_by == "staff":
            return CompletionNotYours(rule.id, rule.kind)
        try:
            at = occurred(one.occurred_at, self.settings, self.now)
        except OccurredInFuture as refused:
            return refused
        except Malformed as fault:
            return Malformed(fault.reason, path=f"$.reports[{index}].occurred_at")
        one = identified(one, client)
        return one if at is one.occurred_at else replace(one, occurred_at=at)


def result(one: Judged, answers: Iterator[Told]) -> ReportResult:
    """The next of `answers`, unless it was refused before."""
    answer = next(answers) if isinstance(one.report, LessonReport) else one.report
    if isinstance(answer, str):
        return ReportResult(id=one.id, outcome=answer)
    return ReportResult(id=one.id, outcome="refused", problem=members(problem_of(answer)))


def _as_sent(data: ReportLearning) -> Iterator[Report | Unreadable]:
    if not isinstance(data, PartlyRead):
        yield from data.reports
        return
    readable = iter(data.reports)
    for index in range(len(data.reports) + len(data.unreadable)):
        yield data.unreadable.get(index) or next(readable)
