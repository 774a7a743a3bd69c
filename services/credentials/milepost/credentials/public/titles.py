"""What courses and achievements are called, for people who do not know their codes."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec

from milepost.contracts import streams
from milepost.contracts.achievements import AchievementDefined
from milepost.contracts.courses import CourseDrafted, CoursePublished, CourseRetired
from milepost.credentials.events import AchievementEvent
from milepost.events.codec import Codec
from milepost.events.log import Log, Recorded
from milepost.events.runtime.lru_cache import LruCache

Kind: TypeAlias = Literal["course", "achievement"]
CourseEvent: TypeAlias = CourseDrafted | CoursePublished | CourseRetired

KEPT_SECONDS = 60.0
# A page names so many; those beyond are called by their codes.
MAX_TITLES = 40

_COURSES: Codec[CourseEvent] = Codec(CourseEvent)
_ACHIEVEMENTS: Codec[AchievementEvent] = Codec(AchievementEvent)


class Title(msgspec.Struct, frozen=True):
    """`names` by BCP 47 tag, the plain one under `language`."""

    language: str
    names: Mapping[str, str]

    def name_in(self, language: str) -> str:
        return self.names.get(language) or self.names[self.language]


class Titles:
    """Kept for a minute: a page must not read the log for each course it names."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._kept = LruCache[tuple[str, Kind, str], tuple[float, Title | None]](10_000)

    async def of(
        self, tenant: str, kind: Kind, codes: Iterable[str], language: str
    ) -> Mapping[str, str]:
        """By code; a code that nothing is known of stands for itself."""
        wanted = list(dict.fromkeys(codes))
        found = await asyncio.gather(
            *(self._title(tenant, kind, one) for one in wanted[:MAX_TITLES])
        )
        titles = dict(zip(wanted, found, strict=False))
        return {
            code: title.name_in(language) if (title := titles.get(code)) else code
            for code in wanted
        }

    async def _title(self, tenant: str, kind: Kind, code: str) -> Title | None:
        key, now = (tenant, kind, code), time.monotonic()
        kept = self._kept.get(key)
        if kept is not None and kept[0] > now:
            return kept[1]
        category = streams.COURSE if kind == "course" else streams.ACHIEVEMENT
        recorded = await self._log.read_stream(tenant, f"{category}-{code}")
        title = _course(recorded) if kind == "course" else _achievement(recorded)
        self._kept.put(key, (now + KEPT_SECONDS, title))
        return title


def _course(recorded: Iterable[Recorded]) -> Title | None:
    for event in reversed([_COURSES.read(one) for one in recorded]):
        if isinstance(event, CoursePublished):
            return Title(event.language, {**event.titles, event.language: event.title})
    return None


def _achievement(recorded: Iterable[Recorded]) -> Title | None:
    for event in reversed([_ACHIEVEMENTS.read(one) for one in recorded]):
        if isinstance(event, AchievementDefined):
            return Title(event.language, {**event.names, event.language: event.name})
    return None
