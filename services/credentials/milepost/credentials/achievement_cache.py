"""The tenants' achievements and programs, in memory, refreshed as the log's positions advance."""

import asyncio
from itertools import chain

from msgspec.structs import replace

from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT, AchievementState
from milepost.credentials.domain.achievements.catalog import (
    PROGRAM,
    Catalog,
    ProgramState,
    catalog_of,
)
from milepost.credentials.issuers.issuer import ISSUER
from milepost.events.log import Log, Recorded
from milepost.events.runtime.lru_cache import LruCache
from milepost.events.streams import category_of, key_of

CATEGORIES = (ACHIEVEMENT.name, PROGRAM.name, ISSUER.name)
# So few events are sooner read, all of them, than the categories are looked through.
FEW = 20
# Of so many, those that define something are sooner picked than three categories looked through.
SOME = 1_000
DEFINING = (*ACHIEVEMENT.codec.tags, *PROGRAM.codec.tags, *ISSUER.codec.tags)


class AchievementCache:
    """Remembers the `tenants` last used; an evicted one is read again from the beginning.

    `public_url` is where others reach this installation, if they do.
    """

    def __init__(self, log: Log, *, public_url: str = "", tenants: int = 1_000) -> None:
        self._log = log
        self._public_url = public_url
        self._tenants = LruCache[str, _TenantCatalog](tenants)

    async def up_to(self, tenant: str, position: int) -> Catalog:
        """Everything defined at or before `position`, which the log must have reached."""
        entry = self._of(tenant)
        entry.wanted = max(entry.wanted, position)
        async with entry.lock:
            # Whoever waited here may find that the read before has covered its position too.
            if entry.position < position:
                await entry.advance(self._log)
        return entry.catalog

    async def latest(self, tenant: str) -> Catalog:
        """Everything defined before the call."""
        entry = self._of(tenant)
        async with entry.lock:
            await entry.refresh(self._log)
        return entry.catalog

    def _of(self, tenant: str) -> "_TenantCatalog":
        known = self._tenants.get(tenant)
        return known or self._tenants.put(tenant, _TenantCatalog(tenant, self._public_url))


class _TenantCatalog:
    """`seen`: of each category, all before and at it is in the catalog. `wanted`: the highest
    position asked for.
    """

    def __init__(self, tenant: str, public_url: str) -> None:
        self.lock = asyncio.Lock()
        self.seen = dict.fromkeys(CATEGORIES, 0)
        self.wanted = 0
        self.catalog = replace(catalog_of((), tenant), public_url=public_url)
        self._tenant = tenant
        self._public_url = public_url
        self._achievements: dict[str, AchievementState] = {}
        self._programs: dict[str, ProgramState] = {}
        self._issuer_names: dict[str, str] = {}

    @property
    def position(self) -> int:
        return min(self.seen.values())

    async def advance(self, log: Log) -> None:
        """To what is wanted, which the log has."""
        wanted, position = self.wanted, self.position
        if wanted - position <= FEW:
            self._add(await log.read(self._tenant, position, wanted - position), wanted)
        elif wanted - position <= SOME:
            self._add(await log.read(self._tenant, position, SOME, DEFINING), wanted)
        else:
            await self.refresh(log)

    async def refresh(self, log: Log) -> None:
        """To what there is, and to what is wanted at least."""
        wanted = self.wanted  # others may ask for more while it is read
        reads = (log.read_category(self._tenant, one, self.seen[one]) for one in CATEGORIES)
        self._add([*chain(*await asyncio.gather(*reads))], wanted)

    def _add(self, recorded: list[Recorded], reached: int) -> None:
        news = [one for one in recorded if self._is_new(one)]
        for one in news:
            self._fold(one)
            self.seen[category_of(one.stream)] = one.position
        self.seen = {category: max(seen, reached) for category, seen in self.seen.items()}
        if news:
            made = catalog_of(
                [state for state in self._achievements.values() if state],
                self._tenant,
                {name: state for name, state in self._programs.items() if state},
            )
            self.catalog = replace(
                made, public_url=self._public_url, issuer_names=dict(self._issuer_names)
            )

    def _is_new(self, one: Recorded) -> bool:
        seen = self.seen.get(category_of(one.stream))
        return seen is not None and one.position > seen

    def _fold(self, one: Recorded) -> None:
        key = key_of(one.stream)
        if category_of(one.stream) == PROGRAM.name:
            self._programs[key] = PROGRAM.fold([one], self._programs.get(key))
        elif category_of(one.stream) == ISSUER.name:
            if (name := ISSUER.fold([one]).profile) is not None:
                self._issuer_names[key] = name.name
        else:
            self._achievements[key] = ACHIEVEMENT.fold([one], self._achievements.get(key))
