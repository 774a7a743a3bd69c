"""Enroll a learner: the streams that it is decided on, and the decision.

Most offerings ask for nothing but a seat, and then these two streams are all that is read.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from msgspec.structs import replace

from milepost.contracts.offerings import OfferingOpened
from milepost.enrollment.domain.enrollment.admission import Admission, AdmissionRequest, admit
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT, Enrollment
from milepost.enrollment.domain.enrollment.prerequisites import RECORD, LearnerRecord
from milepost.enrollment.domain.invitation import INVITATION, Invitation
from milepost.enrollment.domain.learner_load import LEARNER, Load
from milepost.enrollment.domain.offering.offering import OFFERING, Offering
from milepost.events.commands.decision import Needs
from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.streams import Stream

Decision: TypeAlias = Callable[..., Admission | Needs]


def admission(
    request: AdmissionRequest, *, invitation: str | None = None
) -> tuple[Sequence[Stream[Any, Any]], Decision]:
    """What `transact` is given: on offering and enrollment, and what else the offering asks for."""
    streams = (OFFERING.of(request.offering), ENROLLMENT.of(request.enrollment, likely_new=True))
    return streams, partial(_admit, request, invitation)


async def enroll_learner(
    transactor: Transactor,
    tenant: str,
    request: AdmissionRequest,
    *,
    command_id: UUID | None = None,
    metadata: bytes = b"{}",
) -> Outcome[Admission]:
    """Raises what `admit` raises, and what `transact` raises."""
    streams, decide = admission(request)
    return await transactor.transact(
        tenant, streams, decide, command_id=command_id, metadata=metadata
    )


def _admit(  # noqa: PLR0917 - the states of the streams, in their order
    request: AdmissionRequest,
    invitation: str | None,
    run: Offering,
    state: Enrollment,
    load: Load | None = None,
    invited: Invitation | None = None,
    record: LearnerRecord | None = None,
) -> Admission | Needs:
    """Raises what `admit` raises."""
    opened = run.opened
    if load is None and opened is not None and asks_for_more(opened):
        return Needs(_more(request, invitation, opened))
    if record is not None:
        request = replace(request, achieved=record.achieved(request.occurred_at))
    return admit(request, run, state, load, invited)


def _more(
    request: AdmissionRequest, invitation: str | None, opened: OfferingOpened
) -> list[Stream[Any, Any]]:
    # Nobody has an invitation without an id: its stream stays empty.
    more: list[Stream[Any, Any]] = [
        LEARNER.of(request.learner),
        INVITATION.of(invitation or "none"),
    ]
    return [*more, RECORD.of(request.learner)] if opened.prerequisites else more


def asks_for_more(opened: OfferingOpened) -> bool:
    """Than a look at the offering and the enrollment."""
    limited = opened.parallel_limit is not None
    return limited or opened.invitation_only or bool(opened.prerequisites)
