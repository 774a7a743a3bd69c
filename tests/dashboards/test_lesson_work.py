"""What staff decide, migrations and work brought along: pages say what progress itself says."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dashboards.test_funnel import same_view
from tests.enrollment.given import lesson, minute, published

from milepost.contracts.courses import CoursePublished, LatePolicy, PassingRule
from milepost.contracts.enrollments import LearnerEnrolled
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.learning.outline import outline
from milepost.contracts.rules.learning.progress import Progress
from milepost.dashboards.projections.funnel.lesson_work import bucket_of
from milepost.dashboards.projections.funnel.tables import LESSONS, MEMBERS
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.events.event import Event, Refused, tag_of
from milepost.events.projections.read_model import Fact, Rows
from milepost.progress.domain.carry_over import carry_over, handed_over
from milepost.progress.domain.decisions import open_progress, report
from milepost.progress.domain.plan_changes.migration import migrate
from milepost.progress.domain.reports import Completed, Scored
from milepost.progress.domain.staff_decisions import (
    reset_deadlines,
    revise_score,
    waive,
    withdraw_waiver,
)
from milepost.progress.domain.state import PROGRESS
from milepost.progress.events import ProgressEvent

NAMES = ("intro", "essay", "both", "exam")
LATE = LatePolicy(percent_per_day=10.0, floor=0.25)
FIRST = published(
    lessons=(
        lesson("intro"),
        lesson("essay", kind="quiz", move_on="Passed", mastery_score=0.5, weight=1.0),
        lesson("both", kind="quiz", move_on="CompletedAndPassed", mastery_score=0.5),
        lesson("exam", kind="quiz", weight=2.0, counts="last", due_day=1, late=LATE),
    ),
    passing_rule=PassingRule(passing_grade=0.5),
)
SECOND = published(
    version=2,
    lessons=(
        lesson("intro", move_on="Passed", mastery_score=0.75),
        lesson("essay", kind="quiz", weight=1.0, counts="first"),
        lesson("exam", kind="quiz", weight=1.0, mastery_score=0.5, move_on="CompletedOrPassed"),
        lesson("coda", prerequisites=("exam",)),
    ),
    passing_rule=PassingRule(passing_grade=0.25),
)
PLANS = {1: pinned(FIRST), 2: pinned(SECOND)}
STEPS = ("score", "finish", "waive", "unwaive", "revise", "reset", "migrate", "bring")
steps = st.tuples(
    st.sampled_from(STEPS),
    st.sampled_from(NAMES),
    st.sampled_from([0.25, 0.5, 0.875]),
    st.integers(1, 2_000),
)


OWN: Mapping[str, Any] = {"learner": "ann", "course": FIRST.course, "version": 1}


def opening(state: Progress) -> list[ProgressEvent]:
    return open_progress(state, enrollment="e", offering="red", at=minute(0), **OWN)


class Desk:
    """Two runs of one learner; what is done in the other may be brought along to this one."""

    def __init__(self) -> None:
        self.now = minute(0)
        self.state = PROGRESS.initial()
        self.other = PROGRESS.initial()
        self.events: list[Event] = []
        self._apply(opening(self.state))
        for event in open_progress(
            self.other, enrollment="o", offering="blue", at=minute(0), **OWN
        ):
            self.other = PROGRESS.evolve(self.other, event)

    def _apply(self, events: Any) -> None:
        for event in events:
            self.state = PROGRESS.evolve(self.state, event)
            self.events.append(event)

    def take(self, number: int, step: str, name: str, score: float, minutes: int) -> None:
        self.now = minute(int((self.now - minute(0)).total_seconds() // 60) + minutes)
        assert self.state.opened is not None
        plan = PLANS[self.state.opened.version]
        about: dict[str, Any] = {"reason": "appeal", "at": self.now}
        does: Mapping[str, Callable[[], Any]] = {
            "score": lambda: self._reported(number, plan, name, score),
            "finish": lambda: self._reported(number, plan, name, None),
            "waive": lambda: waive(self.state, plan, lesson=name, **about),
            "unwaive": lambda: withdraw_waiver(self.state, plan, lesson=name, **about),
            "revise": lambda: revise_score(
                self.state, plan, lesson=name, attempt=1, score=score, **about
            ),
            "reset": lambda: reset_deadlines(self.state, plan, **about),
            "migrate": lambda: migrate(self.state, plan, PLANS[3 - plan.version], **about),
            "bring": lambda: self._bring(number, name, score),
        }
        with suppress(Refused):
            self._apply(does[step]())

    def _reported(self, number: int, plan: Any, name: str, score: float | None) -> Any:
        facts: dict[str, Any] = {"id": str(number), "lesson": name, "occurred_at": self.now}
        one = Completed(**facts) if score is None else Scored(score=score, **facts)
        return report(self.state, plan, [one]).events

    def _bring(self, number: int, name: str, score: float) -> Any:
        one = Scored(id=f"o{number}", lesson=name, score=score, occurred_at=self.now)
        for event in report(self.other, PLANS[1], [one]).events:
            self.other = PROGRESS.evolve(self.other, event)
        handed = handed_over(self.other, PLANS[1], number, "e")
        return carry_over(self.state, PLANS, handed, opening=opening, at=self.now)


def folded(events: list[Event]) -> Rows:
    rows = Rows({table.name: defaultdict(lambda: None) for table in OFFERING_SUMMARY.kept})
    enters = LearnerEnrolled(
        enrollment="e", learner="ann", offering="red", course=FIRST.course, version=1
    )
    told: list[tuple[str, str, Event]] = [
        *(("course", FIRST.course, one) for one in (FIRST, SECOND)),
        ("enrollment", "e", enters),
        *(("progress", "e", one) for one in events),
    ]
    for position, (category, key, event) in enumerate(told, 1):
        if type(event) in OFFERING_SUMMARY.codec.classes.values():
            fact = Fact(position, category, key, tag_of(type(event)), event, minute(0))
            OFFERING_SUMMARY.fold(rows, fact)
    return rows


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, min_size=3, max_size=25))
def test_a_row_says_what_progress_says(taken: list[tuple[str, str, float, int]]) -> None:
    desk = Desk()
    for number, step in enumerate(taken):
        desk.take(number, *step)
    rows = folded(desk.events)
    row, opened = rows.of(MEMBERS, "e"), desk.state.opened
    assert opened is not None
    published_as: CoursePublished = (FIRST, SECOND)[opened.version - 1]
    assert row.version == opened.version
    same_view(row, desk.state, msgspec.json.encode(published_as).decode(), desk.now)
    expected: Counter[tuple[str, str]] = Counter()
    for one in outline(desk.state, PLANS[opened.version], desk.now):
        began, done = one.started_at is not None, one.status == "done"
        expected[one.id, "started"] += began
        expected[one.id, "done"] += done
        expected[one.id, "unfinished"] += began and not done
        if one.score is not None:
            expected[one.id, "scored"] += 1
            expected[one.id, f"s{bucket_of(one.score)}"] += 1
    names = ("started", "done", "unfinished", "scored", *(f"s{number}" for number in range(10)))
    shown = {
        (key[1], name): getattr(one, name)
        for key, one in rows.changed.get(LESSONS.name, {}).items()
        for name in names
        if key[1] in PLANS[opened.version].lessons
    }
    assert +Counter(shown) == +expected
