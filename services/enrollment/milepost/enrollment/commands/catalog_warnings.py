"""Looks at the courses and achievements that a definition names, to tell what is not there."""

import asyncio
from collections.abc import Iterable
from typing import Any, TypeVar

from milepost.contracts.rules.prerequisites import AchievementHeld, CoursePassed, Prerequisite
from milepost.enrollment.domain.catalog_warnings import ACHIEVEMENT, CatalogWarning, warnings_of
from milepost.enrollment.domain.course.course import COURSE
from milepost.events.commands.transact import Transactor
from milepost.events.streams import Category

S = TypeVar("S")


async def look_up(
    transactor: Transactor, tenant: str, named: Iterable[Prerequisite]
) -> tuple[CatalogWarning, ...]:
    """As things are now; what is named is as many streams to read."""
    named = tuple(named)
    courses = {one.course for one in named if isinstance(one, CoursePassed)}
    achievements = {one.achievement for one in named if isinstance(one, AchievementHeld)}
    return warnings_of(
        named,
        await _states(transactor, tenant, COURSE, courses),
        await _states(transactor, tenant, ACHIEVEMENT, achievements),
    )


async def _states(
    transactor: Transactor, tenant: str, category: Category[S, Any], keys: Iterable[str]
) -> dict[str, S]:
    keys = tuple(keys)
    loaded = await asyncio.gather(*(transactor.load(tenant, category.of(key)) for key in keys))
    return {key: state for key, (_, state) in zip(keys, loaded, strict=True)}
