"""What a transfer hands over, read at the edge: transfers are rare, so nothing of it is kept."""

from collections.abc import Sequence

from milepost.contracts import streams
from milepost.contracts.enrollments import (
    EnrollmentTransferred,
    LearnerEnrolled,
    LearnerWaitlisted,
)
from milepost.events.codec import Codec
from milepost.events.log import Log
from milepost.events.policies.policy import Reaction
from milepost.progress.domain.carry_over import handed_over
from milepost.progress.domain.state import PROGRESS
from milepost.progress.offering_starts import OfferingStarts
from milepost.progress.plan_cache import PlanCache
from milepost.progress.policies import ToCarry, carry

_entries = Codec[LearnerEnrolled | LearnerWaitlisted](LearnerEnrolled | LearnerWaitlisted)


class Handover:
    def __init__(self, log: Log, plans: PlanCache, starts: OfferingStarts) -> None:
        self._log = log
        self._plans = plans
        self._starts = starts

    async def continues_as(self, tenant: str, event: EnrollmentTransferred) -> str | None:
        """The enrollment that goes on, where that is in the same course."""
        entry = await self._entry(tenant, event.to)
        return event.to if entry and entry.course == event.course else None

    async def reactions(self, tenant: str, event: ToCarry) -> Sequence[Reaction]:
        """The log has the entry there since the transfer: both were written at once."""
        if event.continues_as is None:
            return ()
        entry = await self._entry(tenant, event.continues_as)
        if not isinstance(entry, LearnerEnrolled):
            return ()
        recorded = await self._log.read_stream(tenant, streams.progress(event.enrollment))
        state = PROGRESS.fold(recorded)
        assert state.opened is not None
        plans = await self._plans.versions(tenant, entry.course)
        plan = plans[state.opened.version]
        handed = handed_over(state, plan, len(recorded), event.continues_as)
        return carry(event, entry, await self._starts.of(tenant, entry), handed, plans)

    async def _entry(
        self, tenant: str, enrollment: str
    ) -> LearnerEnrolled | LearnerWaitlisted | None:
        """The latest one."""
        recorded = await self._log.read_stream(tenant, streams.enrollment(enrollment))
        entries = [_entries.read(one) for one in recorded if one.type in _entries.classes]
        return entries[-1] if entries else None
