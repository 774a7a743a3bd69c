"""The lessons of a course: what they are called, from the log, and which of many a page shows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from milepost.contracts import streams
from milepost.contracts.courses import CoursePublished
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.event import tag_of
from milepost.pages.locales import Locale

LESSONS: Final = 25

L = TypeVar("L")
_PUBLISHED: Codec[CoursePublished] = Codec(CoursePublished)


async def lesson_titles(
    transactor: Transactor, tenant: str, course: str, version: int, locale: Locale
) -> Mapping[str, str]:
    """By id, in the reader's language where there is one; empty where no such version is."""
    recorded = await transactor.log.read_stream(tenant, streams.course(course))
    published = (_PUBLISHED.read(one) for one in recorded if one.type == tag_of(CoursePublished))
    found = next((one for one in published if one.version == version), None)
    if found is None:
        return {}
    return {one.id: one.titles.get(locale.language, one.title) for one in found.lessons}


def lessons_shown(
    lessons: Sequence[L], page: int, required: Callable[[L], bool]
) -> tuple[Sequence[L], int | None]:
    """In the plan's order; of more than a page those that count come first. And the next page."""
    if len(lessons) > LESSONS:
        lessons = sorted(lessons, key=lambda one: not required(one))
    begin, end = (page - 1) * LESSONS, page * LESSONS
    return lessons[begin:end], page + 1 if end < len(lessons) else None
