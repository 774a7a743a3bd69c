"""Progress opens when a learner is enrolled, and closes when one withdraws."""

from uuid import uuid4

from tests.progress.given import OPENED, minute, opened

from milepost.enrollment.events import EnrollmentWithdrawn, LearnerEnrolled
from milepost.events.codec import Codec
from milepost.events.log import Recorded
from milepost.progress.app import policy
from milepost.progress.events import ProgressClosed
from milepost.progress.policies import react
from milepost.progress.standing import Progress

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


async def test_the_policy_hears_exactly_these_events():
    progress = policy()
    assert progress.name == "progress"
    assert progress.types == (
        ("enrollment", "learner_enrolled"),
        ("enrollment", "enrollment_withdrawn"),
    )
    [reaction] = await progress.react(recorded(ENROLLED))
    assert reaction.decide(Progress()) == [opened().opened]


def recorded(event):
    tag, data = Codec(type(event)).encode(event)
    at = event.occurred_at
    return Recorded("school", 1, "enrollment-e-1", 1, tag, data, b"{}", at, at, uuid4())
