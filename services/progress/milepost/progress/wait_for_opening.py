"""Waits, within bounds, for progress to be opened: its policy runs a moment after enrollment."""

from time import monotonic

from milepost.contracts import streams
from milepost.contracts.enrollments import LearnerEnrolled
from milepost.events.commands.transact import Transactor
from milepost.events.event import tag_of
from milepost.events.log import Log
from milepost.events.runtime.backoff import Backoff
from milepost.progress.domain.reports import NotEnrolled, NotOpenYet, UnknownEnrollment
from milepost.progress.domain.state import PROGRESS, Progress

WAIT_SECONDS = 5.0
# A front end may report while its own call to enroll is still under way.
GRACE_SECONDS = 0.25
FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.1

_ENROLLED = tag_of(LearnerEnrolled)


async def wait_until_open(transactor: Transactor, tenant: str, enrollment: str) -> Progress:
    """The state of an enrollment's progress, once it is open.

    Raises `UnknownEnrollment` or `NotEnrolled` (waitlisted, say) after the grace, `NotOpenYet`
    after the whole wait.
    """
    started = monotonic()
    backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, factor=1.5)
    while True:
        _, state = await transactor.load(tenant, PROGRESS.of(enrollment))
        if state.opened:
            return state
        await _refuse_if_pointless(transactor.log, tenant, enrollment, monotonic() - started)
        await backoff.pause()


async def _refuse_if_pointless(
    log: Log, tenant: str, enrollment: str, waited_seconds: float
) -> None:
    if waited_seconds < GRACE_SECONDS:
        return
    types = [one.type for one in await log.read_stream(tenant, streams.enrollment(enrollment))]
    if not types:
        raise UnknownEnrollment(enrollment)
    if _ENROLLED not in types:
        raise NotEnrolled
    if waited_seconds >= WAIT_SECONDS:
        raise NotOpenYet(enrollment)
