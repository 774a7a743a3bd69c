"""Waits, within bounds, for progress to be opened: its policy runs a moment after enrollment."""

from asyncio import sleep
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeAlias

from milepost.contracts import streams
from milepost.contracts.enrollments import EnrollmentRequested, LearnerEnrolled, LearnerWaitlisted
from milepost.contracts.rules.learning.progress import Progress
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.event import tag_of
from milepost.events.log import Log
from milepost.events.runtime.backoff import Backoff
from milepost.progress.domain.reports import NotEnrolled, NotOpenYet, UnknownEnrollment
from milepost.progress.domain.state import PROGRESS

WAIT_SECONDS = 5.0
# A front end may report while its own call to enroll is still under way.
GRACE_SECONDS = 0.25
FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.1

_ENROLLED = tag_of(LearnerEnrolled)
_ENTRIES = Codec[EnrollmentRequested | LearnerWaitlisted | LearnerEnrolled](
    EnrollmentRequested | LearnerWaitlisted | LearnerEnrolled
)

# Asked with learner and offering: whether that enrollment is the caller's business.
Allowed: TypeAlias = Callable[[str, str], Awaitable[bool]]


async def wait_until_open(
    transactor: Transactor,
    tenant: str,
    enrollment: str,
    allowed: Allowed,
    *,
    recent: bool = False,
    since: float | None = None,
) -> Progress:
    """The state of an enrollment's progress, once it is open.

    `recent`: as this process knew it last, if it was open then. `since`: when the wait began, by
    the monotonic clock, where many wait together; absent, now.

    Raises `UnknownEnrollment` or `NotEnrolled` (waitlisted, say) after the grace, `NotOpenYet`
    after the whole wait. What is not `allowed` is unknown, and that no sooner than what is not
    there.
    """
    stream, started = PROGRESS.of(enrollment), monotonic() if since is None else since
    known = transactor.recent(tenant, stream) if recent else None
    backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, factor=1.5)
    while True:
        state = known or (await transactor.load(tenant, stream))[1]
        if state.opened:
            if await allowed(state.opened.learner, state.opened.offering):
                return state
            await sleep(GRACE_SECONDS if since is None else since + GRACE_SECONDS - monotonic())
            raise UnknownEnrollment(enrollment)
        if (waited := monotonic() - started) >= GRACE_SECONDS:
            await _refuse_if_pointless(transactor.log, tenant, enrollment, waited, allowed)
        await backoff.pause()
        known = None


async def _refuse_if_pointless(
    log: Log, tenant: str, enrollment: str, waited_seconds: float, allowed: Allowed
) -> None:
    recorded = await log.read_stream(tenant, streams.enrollment(enrollment))
    entries = (_ENTRIES.read(one) for one in recorded if one.type in _ENTRIES.classes)
    entry = next(entries, None)  # whose it is; it never becomes another's
    if entry is None or not await allowed(entry.learner, entry.offering):
        raise UnknownEnrollment(enrollment)
    if all(one.type != _ENROLLED for one in recorded):
        raise NotEnrolled
    if waited_seconds >= WAIT_SECONDS:
        raise NotOpenYet(enrollment)
