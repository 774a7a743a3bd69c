"""Every state and every command: what happens, or by which name it is refused."""

from pathlib import Path
from typing import Any

import pytest
from tests.enrollment.drawing import drawing
from tests.enrollment.given import (
    enrolled,
    entry,
    given,
    id_of,
    minute,
    offering,
    opened,
    seat,
    waitlisted,
    waits,
)

from milepost.contracts.enrollments import (
    EnrollmentActivated,
    EnrollmentCanceled,
    EnrollmentCompleted,
    EnrollmentDeclined,
    EnrollmentExpired,
    EnrollmentRequested,
    EnrollmentSuspended,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
    LearnerOfferedSeat,
)
from milepost.contracts.offerings import SeatOffered
from milepost.contracts.rules.prerequisites import AchievementHeld
from milepost.enrollment.domain.enrollment.admission import AdmissionRequest, admit
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.enrollment.exits import (
    Transfer,
    cancel,
    expire_offered,
    run_out,
    transfer,
    withdraw,
)
from milepost.enrollment.domain.enrollment.lifecycle import (
    activate,
    change_grade,
    change_mode,
    complete,
    reinstate,
    revoke_completion,
    suspend,
)
from milepost.enrollment.domain.enrollment.seating import (
    accept,
    approve,
    decline,
    offer,
    promote,
    turn_down,
)
from milepost.enrollment.domain.enrollment.state_machine import (
    STATES,
    SYSTEM_COMMANDS,
    TABLE,
    USER_COMMANDS,
)
from milepost.enrollment.events import EnrollmentEvent
from milepost.events.event import Refused

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "enrollment-states.md"
ANA = id_of("ana")
WHO: dict[str, Any] = {
    "enrollment": ANA,
    "learner": "ana",
    "offering": "spring",
    "occurred_at": minute(5),
}
WHERE: dict[str, Any] = {**WHO, "course": "DATA-101"}
SAFETY = AchievementHeld(achievement="safety")
UNTIL: dict[str, Any] = {"expires": minute(90)}

IN = enrolled("ana", **UNTIL)
WAITS = waitlisted("ana", **UNTIL)
OFFERED = LearnerOfferedSeat(**WHO, expires=minute(60))
HISTORIES: dict[str | None, list[EnrollmentEvent]] = {
    None: [],
    "requested": [EnrollmentRequested(**entry("ana", **UNTIL), missing=(SAFETY,))],
    "pending_approval": [EnrollmentRequested(**entry("ana", **UNTIL))],
    "waitlisted": [WAITS],
    "offered": [WAITS, OFFERED],
    "enrolled": [IN],
    "active": [IN, EnrollmentActivated(**WHO)],
    "suspended": [IN, EnrollmentSuspended(**WHO, reason="fees_unpaid")],
    "completed": [IN, EnrollmentCompleted(**WHERE, grade=1.0)],
    "declined": [EnrollmentRequested(**entry("ana")), EnrollmentDeclined(**WHO, reason="late")],
    "withdrawn": [IN, EnrollmentWithdrawn(**WHERE, reason="no_time")],
    "expired": [IN, EnrollmentExpired(**WHERE, reason="offering_ended")],
    "transferred": [
        IN,
        EnrollmentTransferred(**WHERE, reason="moved", to="e2", to_offering="autumn"),
    ],
    "canceled": [IN, EnrollmentCanceled(**WHERE, reason="low_demand")],
}
REFUSALS = {
    None: "UnknownEnrollment",
    "requested": "PrerequisitesMissing",
    "pending_approval": "ApprovalPending",
    "waitlisted": "StillWaiting",
    "offered": "SeatOnOffer",
    "enrolled": "AlreadyEnrolled",
    "active": "AlreadyEnrolled",
    "suspended": "AlreadySuspended",
    "completed": "AlreadyCompleted",
    "declined": "AlreadyDeclined",
    "withdrawn": "AlreadyWithdrawn",
    "expired": "AlreadyExpired",
    "transferred": "AlreadyTransferred",
    "canceled": "AlreadyCanceled",
}


def run(state, **facts):
    """The offering as it must be for the enrollment to be in that state."""
    facts = {"approval": state in ("requested", "pending_approval"), **facts}
    if state not in ("waitlisted", "offered"):
        return offering(opened(**facts))
    kept = SeatOffered(enrollment=ANA, learner="ana", expires=minute(60), occurred_at=minute(5))
    return offering(opened(seats=1, offer_hours=1), seat("ben"), waits("ana"), kept)


def late(state):
    """Before what ended it, when it has ended."""
    return minute(4 if given(ENROLLMENT, *HISTORIES[state]).ended else 20)


DO = {
    "enroll": lambda state, here: (
        admit(
            AdmissionRequest(offering="spring", learner="ana", occurred_at=minute(20)),
            run(here),
            state,
        ).enrollment
    ),
    "approve": lambda state, here: approve(run(here), state, **asked())[1],
    "decline": lambda state, _: decline(state, **asked(reason="late")),
    "accept": lambda state, here: accept(run(here), state, **asked())[1],
    "turn_down": lambda state, here: turn_down(run(here), state, **asked())[1],
    "suspend": lambda state, _: suspend(state, **asked(reason="fees_unpaid")),
    "reinstate": lambda state, _: reinstate(state, **asked()),
    "change_mode": lambda state, here: change_mode(run(here), state, **asked(mode="verified")),
    "withdraw": lambda state, here: withdraw(run(here), state, **asked(reason="no_time"))[1],
    "transfer": lambda state, here: (
        transfer(
            Transfer(enrollment=ANA, to="autumn", reason="moved", occurred_at=minute(20)),
            run(here),
            state,
            offering(opened(offering="autumn")),
            given(ENROLLMENT),
        ).ended
    ),
    "offer": lambda state, _: offer(state, stay=1, expires=minute(60), occurred_at=minute(20)),
    "seat": lambda state, _: promote(state, stay=1, occurred_at=minute(20)),
    "activate": lambda state, here: activate(state, occurred_at=late(here)),
    "complete": lambda state, here: complete(state, grade=1.0, occurred_at=late(here)),
    "change_grade": lambda state, _: change_grade(state, grade=0.5, occurred_at=minute(20)),
    "revoke_completion": lambda state, _: revoke_completion(
        state, reason="issued_in_error", occurred_at=minute(20)
    ),
    "expire": lambda state, _: run_out(state, expires=minute(10), occurred_at=minute(20)),
    "cancel": lambda state, _: cancel(state, reason="low_demand", occurred_at=minute(20)),
}


def asked(**facts):
    return {"enrollment": ANA, "occurred_at": minute(20), **facts}


def state_of(here, *events):
    return given(ENROLLMENT, *HISTORIES[here], *events)


@pytest.mark.parametrize("here", HISTORIES, ids=str)
def test_a_history_leads_to_its_state(here):
    assert state_of(here).state == here


@pytest.mark.parametrize("command", [*USER_COMMANDS, *SYSTEM_COMMANDS])
@pytest.mark.parametrize("here", TABLE, ids=str)
def test_every_command_in_every_state_does_what_the_table_says(here, command):
    targets = TABLE[here].get(command)
    if targets is None and command in USER_COMMANDS:
        with pytest.raises(Refused) as refused:
            DO[command](state_of(here), here)
        assert type(refused.value).__name__ == REFUSALS[here]
        return
    events = DO[command](state_of(here), here)
    if here == "requested" and command == "enroll":
        # Nothing is missing any more.
        assert type(events[-1]).__name__ == "EnrollmentRequested"
    assert bool(events) == bool(targets)
    if targets:
        assert state_of(here, *events).state in targets


def test_every_state_can_be_reached_and_every_refusal_is_one_of_the_rooms():
    reached = {to for row in TABLE.values() for targets in row.values() for to in targets}
    assert reached == set(STATES) == set(TABLE) - {None}
    known = {cls.__name__ for kind in Refused.__subclasses__() for cls in kind.__subclasses__()}
    assert set(REFUSALS.values()) <= known


def test_every_arrow_that_is_drawn_can_be_walked():
    """What the general test does not reach, for it asks each command in one way only."""
    safe = {"prerequisites": (SAFETY,), "approval": True}
    wish = AdmissionRequest(offering="spring", learner="ana", occurred_at=minute(20))
    full = offering(opened(seats=1), seat("ben"))
    for here in (None, "withdrawn", "expired", "transferred"):
        for run_, to in (
            (offering(opened(**safe)), "requested"),
            (offering(opened(approval=True)), "pending_approval"),
            (full, "waitlisted"),
            (offering(opened()), "enrolled"),
        ):
            came = admit(wish, run_, state_of(here)).enrollment
            assert state_of(here, *came).state == to
    for here in TABLE["completed"]["revoke_completion"]:
        done = EnrollmentCompleted(**WHERE, grade=1.0)
        back = revoke_completion(state_of(here, done), reason="error", occurred_at=minute(20))
        assert state_of(here, done, *back).state == here
    full = offering(opened(seats=1, approval=True), seat("ben"))
    approved = approve(full, state_of("pending_approval"), **asked())[1]
    assert state_of("pending_approval", *approved).state == "waitlisted"
    expired = expire_offered(state_of("offered"), stay=1, occurred_at=minute(60))
    assert [event.reason for event in expired if isinstance(event, EnrollmentExpired)] == [
        "offer_expired"
    ]


def test_who_still_lacks_something_stays_as_they_were():
    wish = AdmissionRequest(offering="spring", learner="ana", occurred_at=minute(20))
    safe = offering(opened(prerequisites=(SAFETY,), approval=True))
    assert admit(wish, safe, state_of("requested")).enrollment == []


def test_the_readme_draws_the_table():
    assert drawing() in PAGE.read_text("utf-8")
