"""Progress opens when a learner is enrolled, and closes when one withdraws."""

from uuid import uuid4

import msgspec
from tests.progress.given import OPENED, after, lesson, minute, opened, plan

from milepost.contracts.enrollments import (
    EnrollmentReinstated,
    EnrollmentSuspended,
    EnrollmentWithdrawn,
    LearnerEnrolled,
)
from milepost.contracts.progress import ProgressClosed
from milepost.contracts.rules.learning.progress import Progress
from milepost.events.codec import Codec
from milepost.events.log import Recorded
from milepost.progress.app import policy
from milepost.progress.domain.decisions import report
from milepost.progress.domain.reports import Started
from milepost.progress.plan_cache import PlanCache
from milepost.progress.policies import react

ENROLLED = LearnerEnrolled(
    enrollment="e-1",
    learner="ada",
    offering="rust-2026",
    course="rust",
    version=3,
    occurred_at=OPENED,
)
WITHDRAWN = EnrollmentWithdrawn(
    enrollment="e-1",
    learner="ada",
    offering="rust-2026",
    course="rust",
    reason="no_time",
    occurred_at=minute(9),
)


def test_enrolling_opens_progress_on_the_plan_of_the_enrollment():
    [reaction] = react(ENROLLED)
    assert reaction.stream.name == "progress-e-1"
    assert reaction.decide(Progress()) == [opened().opened]


def test_withdrawing_closes_progress_with_the_same_reason_and_time():
    [reaction] = react(WITHDRAWN)
    assert reaction.stream.name == "progress-e-1"
    assert reaction.decide(opened()) == [
        ProgressClosed(enrollment="e-1", reason="no_time", occurred_at=minute(9))
    ]


def test_withdrawing_from_the_waitlist_closes_nothing():
    [reaction] = react(WITHDRAWN)
    assert reaction.decide(Progress()) == []


ON = {"enrollment": "e-1", "learner": "ada", "offering": "rust-2026"}


def hears(state, *events):
    for event in events:
        [reaction] = react(event)
        state = after(state, reaction.decide(state))
    return state


def test_a_suspension_interrupts_progress_until_the_reinstatement():
    state = hears(
        opened(),
        EnrollmentSuspended(**ON, reason="fees_unpaid", occurred_at=minute(5)),
        EnrollmentReinstated(**ON, occurred_at=minute(7)),
    )
    times = (4, 6, 8)
    reports = [Started(id=f"r{at}", lesson="intro", occurred_at=minute(at)) for at in times]
    _, answers = report(state, plan(lesson("intro")), reports)
    assert [type(answer).__name__ for answer in answers] == ["str", "NotEnrolled", "str"]


def test_who_comes_back_goes_on():
    back = msgspec.structs.replace(ENROLLED, stay=2, occurred_at=minute(20))
    state = hears(opened(), WITHDRAWN, back)
    assert (state.closed_at, state.gaps) == (None, ((minute(9), minute(20)),))


async def test_the_policy_hears_exactly_these_events(log):
    progress = policy(log, PlanCache(log))
    assert progress.name == "progress"
    assert progress.types == (
        ("enrollment", "learner_enrolled"),
        ("enrollment", "enrollment_suspended"),
        ("enrollment", "enrollment_reinstated"),
        ("enrollment", "enrollment_withdrawn"),
        ("enrollment", "enrollment_transferred"),
        ("enrollment", "enrollment_expired"),
        ("enrollment", "enrollment_canceled"),
        ("progress", "progress_closed"),
        ("progress", "late_work_arrived"),
    )
    [reaction] = await progress.react(recorded(ENROLLED))
    assert reaction.decide(Progress()) == [opened().opened]


def recorded(event):
    tag, data = Codec(type(event)).encode(event)
    at = event.occurred_at
    return Recorded("school", 1, "enrollment-e-1", 1, tag, data, b"{}", at, at, uuid4())
