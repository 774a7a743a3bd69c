"""The facts that an admission needs beyond the offering and the enrollment, gathered at the edge.

Most offerings ask for none, and then nothing more than these two streams is read.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from milepost.contracts import streams
from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.records import CourseResultNoted, CredentialAwarded, CredentialRevoked
from milepost.enrollment.domain.enrollment.admission import AdmissionRequest, admit
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT, Enrollment
from milepost.enrollment.domain.enrollment.prerequisites import NOTHING, Achieved
from milepost.enrollment.domain.invitation import INVITATION
from milepost.enrollment.domain.learner_load import LEARNER
from milepost.enrollment.domain.offering.offering import OFFERING, Offering
from milepost.events.codec import Codec
from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.log import Log

_RECORD = Codec[CourseResultNoted | CredentialAwarded | CredentialRevoked](
    CourseResultNoted | CredentialAwarded | CredentialRevoked
)


class MoreIsAsked(Exception):
    """The offering asks for facts that were not gathered."""

    def __init__(self, opened: OfferingOpened) -> None:
        self.opened = opened


async def achieved(
    log: Log, tenant: str, wish: AdmissionRequest, opened: OfferingOpened
) -> Achieved:
    """What the learner has passed and holds at that time, if it matters here."""
    if not opened.prerequisites:
        return NOTHING
    passed: dict[str, float] = {}
    held: dict[str, str] = {}
    for one in await log.read_stream(tenant, streams.record(wish.learner)):
        if one.type not in _RECORD.classes:
            continue
        match _RECORD.decode(one.type, one.data, one.occurred_at):
            case CourseResultNoted(course=course, grade=grade):
                passed[course] = max(grade, passed.get(course, 0.0))
            case CredentialAwarded() as awarded:
                until = awarded.valid_until
                if until is None or wish.occurred_at < until:
                    held[awarded.credential] = awarded.achievement
            case CredentialRevoked(credential=credential):
                held.pop(credential, None)
    return Achieved(passed, frozenset(held.values()))


async def enroll_learner(
    transactor: Transactor,
    tenant: str,
    wish: AdmissionRequest,
    *,
    invitation: str | None = None,
    command_id: UUID | None = None,
    metadata: bytes = b"{}",
) -> Outcome:
    """Admit a learner, whatever the offering asks for; states: offering, enrollment, …

    Raises what `admit` raises, and what `transact` raises.
    """

    def plainly(run: Offering, state: Enrollment) -> tuple[Sequence[Any], Sequence[Any]]:
        opened = run.opened
        if opened is not None and asks_for_more(opened):
            raise MoreIsAsked(opened)
        admission = admit(wish, run, state)
        return admission.offering, admission.enrollment

    streams = (OFFERING.of(wish.offering), ENROLLMENT.of(wish.enrollment, likely_new=True))
    try:
        return await transactor.transact_pair(
            tenant, *streams, plainly, command_id=command_id, metadata=metadata
        )
    except MoreIsAsked as asked:
        known = replace(wish, achieved=await achieved(transactor.log, tenant, wish, asked.opened))
    # Nobody has an invitation without an id: its stream stays empty.
    others = (LEARNER.of(wish.learner), INVITATION.of(invitation or "none"))
    return await transactor.transact_all(
        tenant,
        (*streams, *others),
        lambda *states: tuple(admit(known, *states)),
        command_id=command_id,
        metadata=metadata,
    )


def asks_for_more(opened: OfferingOpened) -> bool:
    """Than a look at the offering and the enrollment."""
    limited = opened.parallel_limit is not None
    return limited or opened.invitation_only or bool(opened.prerequisites)
