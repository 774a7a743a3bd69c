"""From when an enrollment's due days count, read from its offering at the edge."""

import asyncio
from datetime import datetime

from milepost.contracts import streams
from milepost.contracts.enrollments import LearnerEnrolled
from milepost.contracts.offerings import OfferingOpened
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Log
from milepost.events.runtime.lru_cache import LruCache
from milepost.progress.domain.due_dates import starts_later
from milepost.progress.domain.reports import UnknownPlan
from milepost.progress.plan_cache import PlanCache

_OPENED = tag_of(OfferingOpened)
_codec = Codec[OfferingOpened](OfferingOpened)


class OfferingStarts:
    """When an offering starts never changes, so it is kept, of at most `cache_size` offerings."""

    def __init__(self, log: Log, plans: PlanCache, *, cache_size: int = 1_000) -> None:
        self._log = log
        self._plans = plans
        self._offerings = LruCache[tuple[str, str], OfferingOpened](cache_size)
        self._reading = asyncio.Lock()

    async def of(self, tenant: str, enrolled: LearnerEnrolled) -> datetime | None:
        """None: from the enrollment itself. An offering is read only where something is due."""
        try:
            plan = await self._plans.get(tenant, enrolled.course, enrolled.version)
        except UnknownPlan:
            return None  # whoever reports will be told
        if not plan.has_due_dates:
            return None
        offering = await self._offering(tenant, enrolled.offering)
        return starts_later(offering, enrolled.occurred_at) if offering else None

    async def _offering(self, tenant: str, offering: str) -> OfferingOpened | None:
        key = tenant, offering
        if opened := self._offerings.get(key):
            return opened
        # Its seats stand in the same stream: a whole cohort that enrolls at once reads it once.
        async with self._reading:
            if opened := self._offerings.get(key):
                return opened
            for recorded in await self._log.read_stream(tenant, streams.offering(offering)):
                if recorded.type == _OPENED:
                    return self._offerings.put(key, _codec.read(recorded))
        return None
