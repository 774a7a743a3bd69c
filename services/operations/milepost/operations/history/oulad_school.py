"""OULAD in Milepost's words: days become moments, rows become what learners did."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from milepost.contracts.achievements import CoursePassed
from milepost.contracts.courses import PassingRule
from milepost.operations.history.oulad import Dataset, HandedIn, Presentation, Timeline, Visit
from milepost.operations.history.past import (
    Attested,
    Enroll,
    Learn,
    Passage,
    Past,
    Run,
    Step,
    Withdraw,
)
from milepost.progress.domain.reports import Completed, Progressed, Report, Scored

PASSING_RULE = PassingRule(passing_grade=0.4)
# Strict order within a day: enrollment, attempts and visits, withdrawal.
ENROLLMENT_HOUR, ACTIVITY_HOUR, WITHDRAWAL_HOUR = 0, 12, 23
# Nobody registered earlier than 322 days before the start, or left earlier than 365.
ANNOUNCED_DAY = -366


def past_of(dataset: Dataset) -> Past:
    timelines = (one for learner in dataset.learners for one in learner)
    return Past(
        name="oulad",
        runs=tuple(map(run_of, dataset.presentations)),
        achievements=tuple(achievements_of(dataset)),
        learners=(tuple(map(passage_of, learner)) for learner in dataset.learners),
        size=sum(map(size_of, timelines)),
        nowhere=dataset.nowhere,
    )


def achievements_of(dataset: Dataset) -> Iterator[Attested]:
    """One per module, announced with its first run."""
    for one in dataset.presentations:
        if one.version == 1:
            yield Attested(
                achievement=f"OU-{one.module}",
                name=f"Open University {one.module}",
                criteria=CoursePassed(course=one.module),
                announced_at=time_of(one, ANNOUNCED_DAY, 0),
            )


def run_of(one: Presentation) -> Run:
    return Run(
        offering=one.offering,
        course=one.module,
        title=f"Open University module {one.module}",
        lessons=one.lessons,
        passing_rule=PASSING_RULE,
        announced_at=time_of(one, ANNOUNCED_DAY, 0),
        starts=one.starts,
        ends=time_of(one, one.days, 0),
    )


def passage_of(timeline: Timeline) -> Passage:
    offering = timeline.presentation.offering
    return Passage(offering, timeline.student, lambda: steps_of(timeline))


def size_of(timeline: Timeline) -> int:
    """How many rows an import goes through, a registration's leaving counted as one."""
    leaving = timeline.left is not None
    return 1 + leaving + len(timeline.results) + len(timeline.packed_visits) // 4


def steps_of(timeline: Timeline) -> Iterator[Step]:
    """In strict order; what was done between two of them is one step."""
    presentation = timeline.presentation
    activities: list[HandedIn | Visit] = [*timeline.results, *timeline.visits()]
    activities.sort(key=lambda one: one.day)
    turns: list[tuple[int, int, Step]] = [
        (
            timeline.registered,
            0,
            Enroll(time_of(presentation, timeline.registered, ENROLLMENT_HOUR)),
        )
    ]
    if timeline.left is not None:
        left_at = time_of(presentation, timeline.left, WITHDRAWAL_HOUR)
        turns.append((timeline.left, 1, Withdraw(left_at, "unregistered")))
    done = 0
    for day, kind, turn in sorted(turns, key=lambda one: one[:2]):
        # On its own day an enrollment comes before what is done, a withdrawal after it.
        until = sum(one.day < day + kind for one in activities)
        if until > done:
            yield Learn(tuple(report_of(timeline, one) for one in activities[done:until]))
        yield turn
        done = until
    if done < len(activities):
        yield Learn(tuple(report_of(timeline, one) for one in activities[done:]))


def report_of(timeline: Timeline, activity: HandedIn | Visit) -> Report:
    at = time_of(timeline.presentation, activity.day, ACTIVITY_HOUR)
    if isinstance(activity, Visit):
        row = f"visit-{activity.row}"
        return Progressed(id=row, lesson=activity.page, occurred_at=at, clicks=activity.clicks)
    row = f"{activity.assessment}-{timeline.student}"
    if activity.score is None:
        return Completed(id=row, lesson=activity.assessment, occurred_at=at)
    return Scored(
        id=row, lesson=activity.assessment, occurred_at=at, raw=activity.score, maximum=100.0
    )


def time_of(presentation: Presentation, day: int, hour: int) -> datetime:
    return presentation.starts + timedelta(days=day, hours=hour)
