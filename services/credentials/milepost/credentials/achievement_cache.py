"""The tenants' achievements, kept in memory and refreshed from the log as its positions advance."""

import asyncio

from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT, AchievementState
from milepost.credentials.domain.achievements.catalog import Catalog, catalog_of
from milepost.events.log import Log
from milepost.events.runtime.lru_cache import LruCache
from milepost.events.streams import key_of


class AchievementCache:
    """Remembers the `tenants` last used; an evicted one is read again from the beginning."""

    def __init__(self, log: Log, *, tenants: int = 1_000) -> None:
        self._log = log
        self._tenants = LruCache[str, _TenantAchievements](tenants)

    async def up_to(self, tenant: str, position: int) -> Catalog:
        """Everything defined at or before `position`, which the log must have reached."""
        entry = self._of(tenant)
        entry.wanted = max(entry.wanted, position)
        async with entry.lock:
            # Whoever waited here may find that the read before has covered its position too.
            if entry.position < position:
                await entry.refresh(self._log, tenant)
        return entry.catalog

    async def latest(self, tenant: str) -> Catalog:
        """Everything defined before the call."""
        entry = self._of(tenant)
        async with entry.lock:
            await entry.refresh(self._log, tenant)
        return entry.catalog

    def _of(self, tenant: str) -> "_TenantAchievements":
        return self._tenants.get(tenant) or self._tenants.put(tenant, _TenantAchievements(tenant))


class _TenantAchievements:
    """`position`: all before and at it is in the catalog. `wanted`: the highest asked for."""

    def __init__(self, tenant: str) -> None:
        self.lock = asyncio.Lock()
        self.position = 0
        self.wanted = 0
        self.catalog = catalog_of((), tenant)
        self._states: dict[str, AchievementState] = {}

    async def refresh(self, log: Log, tenant: str) -> None:
        wanted = self.wanted
        recorded = await log.read_category(tenant, ACHIEVEMENT.name, after=self.position)
        for one in recorded:
            key = key_of(one.stream)
            self._states[key] = ACHIEVEMENT.fold([one], self._states.get(key))
        if recorded:
            known = [state for state in self._states.values() if state]
            self.catalog = catalog_of(known, tenant)
        self.position = max(self.position, wanted, *(one.position for one in recorded))
