"""One row per offering: its funnel, as counts of enrollments, and how much was done in it.

    waitlisted   had to wait, ever                  (waiting: still does)
    enrolled     had a seat, and was not moved      (current: and is in)
    started … completed                             see `funnel`
    withdrawn    gone now of their own accord       (ever_withdrawn: came back, too)

Each enrollment is counted once in each stage, by the latest facts: who comes back is not withdrawn
any more, who was transferred is counted where they are. So counts are no numbers of events, and
rates are made of them when they are read. What an offering is stands in the catalog.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias, get_args

import msgspec

from milepost.contracts.courses import CoursePublished
from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.progress import (
    DeadlinesReset,
    LessonProgressed,
    PlanMigrated,
    ProgressCarriedOver,
    ProgressOpened,
)
from milepost.dashboards.projections.funnel.awards import (
    AWARDS,
    LEARNER_AWARDS,
    AwardEvent,
    fold_award,
)
from milepost.dashboards.projections.funnel.lesson_work import LessonEvent
from milepost.dashboards.projections.funnel.lessons import (
    Learning,
    fold_moved,
    move_lessons,
)
from milepost.dashboards.projections.funnel.stages import (
    OUTSIDE,
    Counted,
    Member,
    counted,
    stage_of,
)
from milepost.dashboards.projections.funnel.standing import Standing, fold_standing
from milepost.dashboards.projections.funnel.tables import (
    COURSE_PLANS,
    LESSONS,
    MEMBERS,
    OFFERINGS,
    OfferingRow,
    PlanRow,
)
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.projections.read_model import Fact, KeyFold, ReadModel, Rows

Moved: TypeAlias = PlanMigrated | DeadlinesReset | ProgressCarriedOver
MemberEvent: TypeAlias = Moved | Standing | ProgressOpened
OtherEvent: TypeAlias = OfferingOpened | CoursePublished | AwardEvent
FunnelEvent: TypeAlias = LessonProgressed | LessonEvent | MemberEvent | OtherEvent

# By their type: whether one is an instance of a class that it is not of takes long to tell.
OF_LESSONS: Final = frozenset(get_args(LessonEvent))
OF_MEMBERS: Final = frozenset(get_args(MemberEvent))
LATER = "progress opens after an enrollment, further down the log"


def fold(rows: Rows, key: str, facts: Sequence[Fact[FunnelEvent]]) -> None:
    visits = clicks = 0
    membership = Membership(rows, key)
    for fact in facts:
        event: Any = fact.event
        kind = type(event)
        if kind is LessonProgressed:
            if not visits:
                membership.require()
            visits += 1
            clicks += event.clicks
        elif kind in OF_LESSONS:
            membership.learn(event)
        elif kind in OF_MEMBERS:
            membership.change(event)
        else:
            _fold_other(rows, key, event)
    if visits:
        membership.visit(visits, clicks)
    membership.close()


def _fold_other(rows: Rows, key: str, event: OtherEvent) -> None:
    match event:
        case OfferingOpened():
            rows.of(OFFERINGS, event.offering)
        case CoursePublished():
            row: PlanRow = rows.of(COURSE_PLANS, event.course, str(event.version))
            row.plan = msgspec.json.encode(event).decode()
        case _:
            fold_award(rows, key, event)


class Membership:
    """An enrollment while its events follow each other. What it counts for in its offering is
    compared once, by `close`, with what it counted for before all of them.
    """

    def __init__(self, rows: Rows, enrollment: str) -> None:
        self._rows = rows
        self._enrollment = enrollment
        self._before: Counted | None = None
        self._learning: Learning | None = None

    def require(self) -> Member:
        member = self._rows.find(MEMBERS, self._enrollment)
        assert member is not None, LATER
        return member

    def visit(self, visits: int, clicks: int) -> None:
        member = self.require()
        offering = self._rows.of(OFFERINGS, member.offering)
        offering.visits += visits
        offering.clicks += clicks
        if not member.started:
            self._member().started = True

    def learn(self, event: LessonEvent) -> None:
        if self._learning is None:
            member = self._member()
            assert member.offering, LATER
            self._learning = Learning(self._rows, member)
        self._learning.fold(event)

    def change(self, event: MemberEvent) -> None:
        self._write_learning()
        member = self._member()
        match event:
            case PlanMigrated() | DeadlinesReset() | ProgressCarriedOver():
                fold_moved(self._rows, member, event)
                member.stage = stage_of(member)
            case ProgressOpened():
                member.starts = event.starts or event.occurred_at
            case _:
                self._stand(member, event)

    def close(self) -> None:
        self._write_learning()
        if self._before is not None:
            member = self._member()
            member.stage = stage_of(member)
            after = counted(member)
            if after != self._before:
                _recount(self._rows.of(OFFERINGS, member.offering), self._before, after)

    def _stand(self, member: Member, event: Standing) -> None:
        was_inside = member.stage != OUTSIDE
        member.offering = event.offering
        fold_standing(self._rows, member, event)
        member.stage = stage_of(member)
        is_inside = member.stage != OUTSIDE
        if is_inside != was_inside and member.work != "{}":
            move_lessons(self._rows, member, is_inside - was_inside)

    def _member(self) -> Member:
        """To be changed."""
        member = self._rows.of(MEMBERS, self._enrollment)
        if self._before is None:
            self._before = counted(member)
        return member

    def _write_learning(self) -> None:
        if self._learning is not None:
            self._learning.close()
            offering = self._rows.of(OFFERINGS, self._member().offering)
            offering.lessons_completed += self._learning.completed
            offering.attempts += self._learning.attempts
            self._learning = None


def _recount(offering: OfferingRow, before: Counted, after: Counted) -> None:
    for name, old, new in zip(Counted._fields, before, after, strict=True):
        if old != new:
            setattr(offering, name, getattr(offering, name) + new - old)


OFFERING_SUMMARY = ReadModel(
    "offering_summary",
    5,
    Codec(FunnelEvent),
    (OFFERINGS, MEMBERS, COURSE_PLANS, LESSONS, LEARNER_AWARDS, AWARDS),
    KeyFold(fold, between=frozenset({tag_of(CoursePublished)})),
)
