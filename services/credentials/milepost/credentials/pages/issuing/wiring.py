"""What the issuer's pages are given to work with."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from milepost.contracts.achievements import Criterion, SkillShown
from milepost.contracts.rules.criteria import leaves
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.issuers.addresses import Addresses
from milepost.credentials.public.api import LOCALES
from milepost.credentials.public.criteria_words import (
    Clause,
    Wording,
    achievements_in,
    courses_in,
)
from milepost.credentials.public.found import Lookup
from milepost.credentials.public.titles import Titles
from milepost.events.log import Log
from milepost.pages.shell import Shell

SHELL: Final = Shell(Path(__file__).parent)


@dataclass(frozen=True, kw_only=True)
class Issuance:
    """`impacts`: so many are asked at a time, for each reads the log."""

    log: Log
    achievements: AchievementCache
    lookup: Lookup
    titles: Titles
    addresses: Addresses
    base: str
    clock: Callable[[], datetime]
    impacts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    async def clause(
        self, tenant: str, criterion: Criterion, language: str, skills: Mapping[str, str]
    ) -> Clause:
        """The criteria in words, with the titles of what they name."""
        locale = LOCALES.choose(language)
        courses = await self.titles.of(tenant, "course", courses_in(criterion), language)
        names = await self.titles.of(tenant, "achievement", achievements_in(criterion), language)
        named = {**{one: one for one in _skills(criterion)}, **skills}
        return Wording(locale, courses, names, named).clause(criterion)


def _skills(criterion: Criterion) -> list[str]:
    return [leaf.skill for leaf in leaves(criterion) if isinstance(leaf, SkillShown)]
