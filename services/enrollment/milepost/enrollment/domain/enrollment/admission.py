"""Into an offering: enroll, be approved, be offered a seat, accept it.

All that stands in the way of a wish is told by `obstacles`, in one order: the decision raises the
first, a preview tells all.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from milepost.contracts.enrollments import EnrollmentRequested, LearnerEnrolled
from milepost.contracts.ids import enrollment_id
from milepost.contracts.offerings import Mode, OfferingOpened
from milepost.contracts.times import not_after, not_before
from milepost.enrollment.domain.enrollment.enrollment import Enrollment, of
from milepost.enrollment.domain.enrollment.prerequisites import NOTHING, Achieved, missing
from milepost.enrollment.domain.enrollment.refusals import (
    AlreadySuspended,
    ModeDiffers,
    ModeNotOffered,
    PrerequisitesMissing,
    standing_in_the_way,
)
from milepost.enrollment.domain.enrollment.seating import Decided, seat
from milepost.enrollment.domain.enrollment.state_machine import allows, stays
from milepost.enrollment.domain.invitation import Invitation, InvitationRequired, unusable, use
from milepost.enrollment.domain.learner_load import Load, commit, over_limit
from milepost.enrollment.domain.offering.offering import Offering, UnknownOffering, not_accepting
from milepost.enrollment.domain.offering.seats import full
from milepost.enrollment.events import EnrollmentEvent, InvitationEvent, LearnerEvent, OfferingEvent
from milepost.events.event import Refused


class AdmissionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants in, where, how, since when, and what speaks for them.

    achieved  what the learner has passed and holds; only asked for where there are prerequisites
    stated    somebody asked for this very mode, it is not the default
    shown     the digest of the invitation that was presented
    vouched   said by somebody who may invite: no invitation is needed
    forgiven  a suspension that outlasted the stay is lifted
    now       by the server's clock; `skew` is how far the one that said `occurred_at` may be off
    """

    offering: str
    learner: str
    occurred_at: datetime
    mode: Mode = "audit"
    stated: bool = False
    achieved: Achieved = NOTHING
    shown: str | None = None
    vouched: bool = False
    forgiven: bool = False
    now: datetime | None = None
    skew: timedelta = timedelta(0)

    @property
    def enrollment(self) -> str:
        return enrollment_id(self.offering, self.learner)


class Admission(NamedTuple):
    """What an admission writes: on offering, enrollment, learner and invitation."""

    offering: Sequence[OfferingEvent] = ()
    enrollment: Sequence[EnrollmentEvent] = ()
    learner: Sequence[LearnerEvent] = ()
    invitation: Sequence[InvitationEvent] = ()


def enroll(
    run: Offering,
    state: Enrollment,
    *,
    offering: str,
    learner: str,
    occurred_at: datetime,
    mode: Mode = "audit",
) -> Decided:
    """`admit`, where the offering asks for nothing but a seat."""
    request = AdmissionRequest(
        offering=offering, learner=learner, occurred_at=occurred_at, mode=mode
    )
    offered, entered, *_ = admit(request, run, state)
    return list(offered), list(entered)


def admit(
    request: AdmissionRequest,
    run: Offering,
    state: Enrollment,
    load: Load | None = None,
    invitation: Invitation | None = None,
) -> Admission:
    """Enroll, wait, or ask for approval; who is in, waits or has asked already stays so.

    Without a cap the offering's stream is read, never written; without a limit the learner's is
    neither. Raises the first of the `obstacles`.
    """
    if differs := in_another_mode(request, state):
        raise differs
    if stays(state.state, "enroll"):
        return Admission()
    request = dated(in_its_mode(request, state), run, state)
    for refusal in obstacles(request, run, state, load, invitation):
        raise refusal
    opened = run.opened
    assert opened is not None
    entry = entry_of(request, run, opened, state)
    offered, entered = (
        _request(request, opened, state, entry) if opened.approval else seat(run, opened, entry)
    )
    return Admission(
        offered,
        entered,
        _commit(entry, load) if entry.counted and load is not None else [],
        _use(request, invitation) if invitation is not None else [],
    )


def in_another_mode(request: AdmissionRequest, state: Enrollment) -> ModeDiffers | None:
    """Who is in, waits or has asked is not told that all is well if it is in another mode."""
    if not request.stated or not _has_asked(state) or of(state).mode == request.mode:
        return None
    return ModeDiffers(request.enrollment, of(state).mode, request.mode)


def in_its_mode(request: AdmissionRequest, state: Enrollment) -> AdmissionRequest:
    """Who asks again and names no mode asks for the same."""
    if request.stated or not _has_asked(state):
        return request
    return replace(request, mode=of(state).mode)


def _has_asked(state: Enrollment) -> bool:
    return stays(state.state, "enroll") or state.state == "requested"


def dated(request: AdmissionRequest, run: Offering, state: Enrollment) -> AdmissionRequest:
    """At the nearest moment that a clock within the skew may have meant.

    Not before the end of the stay before; of who says that it happens now: within the window, if
    it is open now.
    """
    at, now, opened, skew = request.occurred_at, request.now, run.opened, request.skew
    if state.ended is not None:
        at = not_before(at, state.ended.occurred_at, skew)
    if now is not None and opened is not None and abs(now - at) <= skew:
        opens, closes = opened.window_opens, opened.window_closes or opened.ends
        if opens is not None and opens <= now:
            at = not_before(at, opens, skew)
        if closes is not None:
            at = not_after(at, closes, now)
    return request if at is request.occurred_at else replace(request, occurred_at=at)


def obstacles(
    request: AdmissionRequest,
    run: Offering,
    state: Enrollment,
    load: Load | None,
    invitation: Invitation | None,
) -> Iterator[Refused]:
    """Everything that stands in the way, the most lasting first."""
    if state.suspended is not None and state.ended is not None and not request.forgiven:
        yield AlreadySuspended(request.enrollment, state.suspended)
    if not may_enter(state, request.occurred_at):
        yield standing_in_the_way(state)
    at, opened = request.occurred_at, run.opened
    yield from not_accepting(run, offering=request.offering, occurred_at=at)
    if opened is None:
        return
    if request.mode not in opened.modes:
        yield ModeNotOffered(request.offering, request.mode, opened.modes)
    if opened.invitation_only and not request.vouched:
        yield from _uninvited(request, invitation)
    lacking = missing(opened.prerequisites, request.achieved)
    if lacking and not opened.approval:
        yield PrerequisitesMissing(request.offering, lacking)
    yield from overloaded(opened, load, request)
    if not opened.approval and (refusal := full(run, opened)):
        yield refusal


def may_enter(state: Enrollment, at: datetime) -> bool:
    """Nobody comes back before they had gone."""
    back = state.ended is None or at >= state.ended.occurred_at
    return allows(state.state, "enroll") and back


def overloaded(
    opened: OfferingOpened, load: Load | None, request: AdmissionRequest, leaving: str | None = None
) -> Iterator[Refused]:
    limit = opened.parallel_limit
    if limit is None:
        return
    if load is None:  # it was not there when the facts were gathered
        yield UnknownOffering(request.offering)
    elif refusal := over_limit(
        load, limit, learner=request.learner, enrollment=request.enrollment, leaving=leaving
    ):
        yield refusal


def entry_of(
    request: AdmissionRequest, run: Offering, opened: OfferingOpened, state: Enrollment
) -> LearnerEnrolled:
    before = state.entry.stay if state.entry else 0
    return LearnerEnrolled(
        enrollment=request.enrollment,
        learner=request.learner,
        offering=request.offering,
        course=opened.course,
        version=opened.version,
        mode=request.mode,
        expires=run.expires,
        counted=opened.parallel_limit is not None,
        stay=before if before and state.ended is None else before + 1,
        occurred_at=request.occurred_at,
    )


def _request(
    request: AdmissionRequest, opened: OfferingOpened, state: Enrollment, entry: LearnerEnrolled
) -> Decided:
    lacking = missing(opened.prerequisites, request.achieved)
    before = state.entry
    if state.state == "requested" and getattr(before, "missing", ()) == lacking:
        return [], []
    facts = msgspec.structs.asdict(entry)
    return [], [EnrollmentRequested(**facts, missing=lacking)]


def _uninvited(request: AdmissionRequest, invitation: Invitation | None) -> Iterator[Refused]:
    if invitation is None or request.shown is None:
        yield InvitationRequired(request.offering)
    elif refusal := unusable(
        invitation,
        request.shown,
        offering=request.offering,
        enrollment=request.enrollment,
        occurred_at=_before_it_expires(request, invitation),
    ):
        yield refusal


def _before_it_expires(request: AdmissionRequest, invitation: Invitation) -> datetime:
    issued = invitation.issued
    return (
        not_after(request.occurred_at, issued.expires, request.now)
        if issued
        else request.occurred_at
    )


def _commit(entry: LearnerEnrolled, load: Load) -> list[LearnerEvent]:
    return commit(
        load,
        learner=entry.learner,
        enrollment=entry.enrollment,
        offering=entry.offering,
        stay=entry.stay,
        occurred_at=entry.occurred_at,
    )


def _use(request: AdmissionRequest, invitation: Invitation) -> list[InvitationEvent]:
    if request.shown is None:
        return []
    return use(invitation, enrollment=request.enrollment, occurred_at=request.occurred_at)
