"""What the lessons of a course are called, from the log."""

from collections.abc import Mapping

from milepost.contracts import streams
from milepost.contracts.courses import CoursePublished
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.event import tag_of
from milepost.pages.locales import Locale

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
