"""What would come of a wish, by the very decision that would be made."""

from typing import NamedTuple

from msgspec.structs import replace

from milepost.contracts.enrollments import EnrollmentState
from milepost.enrollment.domain.enrollment.admission import (
    AdmissionRequest,
    admit,
    dated,
    in_another_mode,
    in_its_mode,
    obstacles,
)
from milepost.enrollment.domain.enrollment.enrollment import Enrollment, evolve
from milepost.enrollment.domain.enrollment.state_machine import stays
from milepost.enrollment.domain.invitation import Invitation
from milepost.enrollment.domain.learner_load import Load
from milepost.enrollment.domain.offering.offering import Offering
from milepost.events.event import Refused


class Preview(NamedTuple):
    """`state` that it would come to, `place` in the waitlist if one would wait, or obstacles."""

    state: EnrollmentState | None
    place: int | None
    obstacles: tuple[Refused, ...]


def preview(
    request: AdmissionRequest, run: Offering, state: Enrollment, load: Load, invitation: Invitation
) -> Preview:
    if refusal := in_another_mode(request, state):
        return Preview(None, None, (refusal,))
    if stays(state.state, "enroll"):
        return Preview(state.state, run.place(request.enrollment), ())
    request = dated(in_its_mode(request, state), run, state)
    in_the_way = tuple(obstacles(request, run, state, load, invitation))
    if in_the_way:
        return Preview(None, None, in_the_way)
    after = replace(state)
    for event in admit(request, run, state, load, invitation).enrollment:
        after = evolve(after, event)
    place = len(run.waiting) + 1 if after.state == "waitlisted" else None
    return Preview(after.state, place, ())
