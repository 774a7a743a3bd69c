"""An offering's figures are a plain count of its enrollments, whatever has happened to them.

What is compared: the read model's fold, and the enrollments' and progress' own states.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.dashboards.test_states_agree import COMMANDS, OFFERINGS, Step, play, terms
from tests.enrollment.given import lesson, minute, published

from milepost.contracts.courses import PassingRule
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.learning.outline import LessonView, outline
from milepost.contracts.rules.learning.progress import Progress
from milepost.dashboards.domain.stages import NAMES
from milepost.dashboards.projections.days.tables import HAPPENED, KNOWN, OFFERING_DAY
from milepost.dashboards.projections.funnel.lesson_work import bucket_of
from milepost.dashboards.projections.funnel.stages import Member
from milepost.dashboards.projections.funnel.tables import LESSONS, MEMBERS
from milepost.dashboards.projections.funnel.tables import OFFERINGS as FUNNELS
from milepost.dashboards.projections.offering_days import OFFERING_DAYS
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries.progress_view import MemberWork, course_in, view_of
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.events.log import Recorded
from milepost.events.projections.read_model import Fact, ReadModel, Rows
from milepost.events.streams import category_of, key_of
from milepost.progress.domain.reports import Completed, Report, Scored
from milepost.progress.domain.state import PROGRESS
from milepost.progress.queries.overview import overview

COURSE = published(
    lessons=(
        lesson("intro"),
        lesson("essay", kind="quiz", move_on="Passed", mastery_score=0.5),
        lesson("both", kind="quiz", move_on="CompletedAndPassed", mastery_score=0.5),
        lesson("extra", required=False, due_day=2, prerequisites=("intro",)),
        lesson("more", required=False, move_on="NotApplicable"),
        lesson("exam", kind="quiz", weight=1.0, counts="last", attempts_allowed=2, due_day=3),
    ),
    passing_rule=PassingRule(passing_grade=0.5),
)
PLAN = pinned(COURSE)
MORE: Mapping[str, Callable[..., Report]] = {
    **{f"finish {name}": partial(Completed, lesson=name) for name in PLAN.lessons},
    **{f"pass {name}": partial(Scored, lesson=name, score=0.875) for name in PLAN.lessons},
    **{f"fail {name}": partial(Scored, lesson=name, score=0.25) for name in PLAN.lessons},
}
INSIDE = {"enrolled", "active", "suspended", "completed"}
GONE = {"withdrawn", "transferred", "expired", "canceled"}
steps = st.builds(
    Step,
    st.sampled_from([*COMMANDS, *["enroll"] * 6, *MORE, *MORE]),
    st.sampled_from(["ann", "ben"]),
    st.sampled_from([*OFFERINGS, "spring"]),
    st.integers(0, 2),
)


class Told(NamedTuple):
    """What the services' own states say of one enrollment. `departure`: how they left."""

    offering: str
    mode: str
    departure: str | None
    enrolled: bool
    progress: Progress


def told(recorded: Sequence[Recorded]) -> Mapping[str, Told]:
    enrollments: defaultdict[str, Any] = defaultdict(ENROLLMENT.initial)
    progress: defaultdict[str, Progress] = defaultdict(PROGRESS.initial)
    departures: dict[str, str | None] = {}
    for one in recorded:
        category, key = category_of(one.stream), key_of(one.stream)
        if category == PROGRESS.name:
            progress[key] = PROGRESS.fold([one], progress[key])
        elif category == ENROLLMENT.name:
            before = enrollments[key].state
            enrollments[key] = ENROLLMENT.fold([one], enrollments[key])
            after = enrollments[key].state
            if after in INSIDE:
                departures[key] = None
            elif before in INSIDE:
                departures[key] = after
    return {
        key: Told(
            offering=state.entry.offering,
            mode=state.entry.mode,
            departure=departures.get(key),
            enrolled=key in departures,
            progress=progress[key],
        )
        for key, state in enrollments.items()
    }


def counted(enrollments: Mapping[str, Told], offering: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in enrollments.values():
        if one.offering == offering and one.enrolled:
            found.update(_figures(one))
    return {name: found[name] for name in FIGURES}


def _figures(one: Told) -> Iterator[str]:
    yield "ever_enrolled"
    yield one.departure or "current"
    verified = one.departure is None and one.mode == "verified"
    if verified:
        yield "verified"
    if one.departure in {"transferred", "canceled"}:
        return
    yield "enrolled"
    done = sum(each.status == "done" for each in outline(one.progress, PLAN, minute(0)))
    completed = one.progress.course is not None
    begun = completed or bool(one.progress.lessons)
    share = 1 if completed else done / len(PLAN.lessons)
    for name, reached in (
        ("started", begun),
        ("reached_25", begun and share >= 0.25),
        ("reached_50", begun and share >= 0.5),
        ("reached_75", begun and share >= 0.75),
        ("completed", completed),
        ("completed_verified", completed and verified),
    ):
        if reached:
            yield name


FIGURES = (
    *("ever_enrolled", "enrolled", "current", "verified", *sorted(GONE), "started"),
    *("reached_25", "reached_50", "reached_75", "completed", "completed_verified"),
)


def lessons_counted(enrollments: Mapping[str, Told], offering: str) -> dict[str, Counter[str]]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in enrollments.values():
        if (
            one.offering == offering
            and one.enrolled
            and one.departure not in {"transferred", "canceled"}
        ):
            for each in outline(one.progress, PLAN, minute(0)):
                began, done = each.started_at is not None, each.status == "done"
                scored = {} if each.score is None else {"scored": 1, f"s{bucket_of(each.score)}": 1}
                found[each.id].update(
                    {"started": began, "done": done, "unfinished": began and not done, **scored}
                )
    return {name: +counts for name, counts in found.items() if +counts}


def folded(recorded: Sequence[Recorded], model: ReadModel = OFFERING_SUMMARY) -> Rows:
    rows = Rows({table.name: defaultdict(lambda: None) for table in model.kept})
    for one in recorded:
        if one.type in model.codec.classes:
            event = model.codec.read(one)
            where = (one.position, category_of(one.stream), key_of(one.stream), one.type)
            fact = Fact(*where, event, one.recorded_at)
            model.fold(rows, fact)
    return rows


def compare(recorded: Sequence[Recorded]) -> None:
    rows, enrollments = folded(recorded), told(recorded)
    for offering in OFFERINGS:
        row = rows.of(FUNNELS, offering)
        assert {name: getattr(row, name) for name in FIGURES} == counted(enrollments, offering)
        assert row.enrolled == row.current + row.withdrawn + row.expired
        lessons = rows.changed.get(LESSONS.name, {})
        names = ("started", "done", "unfinished", "scored", *(f"s{n}" for n in range(10)))
        shown = {
            key[1]: Counter({name: getattr(one, name) for name in names})
            for key, one in lessons.items()
            if key[0] == offering
        }
        assert {name: +one for name, one in shown.items() if +one} == lessons_counted(
            enrollments, offering
        )


def compare_days(recorded: Sequence[Recorded]) -> None:
    """All days together are the funnel, by either clock."""
    funnels, days = folded(recorded), folded(recorded, OFFERING_DAYS)
    for offering in OFFERINGS:
        row = msgspec.structs.asdict(funnels.of(FUNNELS, offering))
        for clock in (KNOWN, HAPPENED):
            total: Counter[str] = Counter()
            for day in days.changed.get(OFFERING_DAY.name, {}).values():
                if (day.offering, day.clock) == (offering, clock):
                    total.update({name: getattr(day, name) for name in NAMES})
            assert {name: row[name] for name in NAMES} == {name: total[name] for name in NAMES}


def compare_views(recorded: Sequence[Recorded]) -> None:
    """What pages show of each enrollment is what progress itself says."""
    rows, enrollments, now = folded(recorded), told(recorded), minute(7 * 24 * 60)
    for key, one in enrollments.items():
        if not one.enrolled or one.progress.opened is None:
            continue
        same_view(rows.of(MEMBERS, key), one.progress, msgspec.json.encode(COURSE).decode(), now)


def same_view(row: Member, progress: Progress, published_as: str, now: datetime) -> None:
    course = progress.course
    member = MemberWork(
        work=row.work,
        lessons_done=row.lessons_done,
        lessons=row.lessons,
        starts=row.starts,
        completed=course is not None,
        goes_on=progress.closed_at is None,
        final_grade=progress.grade if course else None,
        plan=published_as,
    )
    plan = course_in(published_as).plan
    shown, own = view_of(member, now, None), overview(progress, plan, now)
    assert shown.progress.percent_done == own.percent_done
    assert shown.progress.grade_so_far == own.grade.so_far
    if progress.closed_at is None:
        assert shown.progress.pace == own.pace.status
        assert [each.lesson for each in shown.progress.overdue] == list(own.pace.overdue)
        following = shown.progress.next
        assert (following and (following.lesson, following.reason)) == (
            own.next and (own.next.lesson, own.next.reason)
        )
        assert [_kept(each) for each in shown.lessons] == [_kept(each) for each in own.lessons]


def _kept(one: LessonView) -> tuple[object, ...]:
    return (
        *(one.id, one.status, one.missing, one.unlocks, one.waived, one.due_at, one.overdue),
        *(one.attempts, one.attempts_left, one.score, one.passed),
    )


@settings(max_examples=100, deadline=None)
@given(
    facts=st.tuples(terms, terms),
    taken=st.lists(steps, min_size=10, max_size=40),
    pace=st.sampled_from([1, 1, 3]),
)
@example(
    facts=({}, {}),
    taken=[
        *(Step("enroll"), Step("mode"), Step("finish intro"), Step("pass both")),
        *(Step("pass exam"), Step("fail exam"), Step("transfer"), Step("finish extra")),
    ],
    pace=1,
)
@example(
    facts=({}, {}),
    taken=[
        *(Step("enroll"), Step("withdraw"), Step("enroll"), Step("finish intro")),
        *(Step("pass exam"), Step("pass essay"), Step("pass both"), Step("finish both")),
        *(Step("withdraw"), Step("uncomplete"), Step("fail essay"), Step("cancel")),
    ],
    pace=1,
)
def test_figures_are_a_plain_count_of_enrollments(
    facts: Sequence[Mapping[str, Any]], taken: Sequence[Step], pace: int
) -> None:
    recorded = asyncio.run(play(facts, taken, pace, COURSE, MORE))
    compare(recorded)
    compare_days(recorded)
    compare_views(recorded)


def test_the_steps_lead_to_every_figure() -> None:
    """So that the comparison leaves out none."""
    open_ended: dict[str, Any] = {}
    ends: dict[str, Any] = {"ends": minute(0).replace(day=3), "expires_days": 0}
    done = [Step(f"pass {name}") for name in ("exam", "essay", "both")]
    plays = [
        [Step("enroll"), Step("enroll", "ben"), Step("mode"), Step("mode"), Step("finish both")],
        [Step("enroll"), Step("mode"), Step("finish intro"), Step("finish both"), *done],
        [Step("enroll"), Step("transfer")],
        [Step("enroll"), Step("withdraw")],
        [Step("enroll"), Step("cancel")],
        [Step("enroll"), Step("run_out")],
    ]
    seen: Counter[str] = Counter()
    for taken in plays:
        terms_of = ends if Step("run_out") in taken else open_ended
        recorded = asyncio.run(play((terms_of, open_ended), taken, 1, COURSE, MORE))
        compare(recorded)
        for offering in OFFERINGS:
            seen.update(counted(told(recorded), offering))
    assert {name for name, number in seen.items() if number} >= set(FIGURES)
