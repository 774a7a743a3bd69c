"""The topics that a page can follow, and those that events concern.

    enrollment/e  learner/l  offering/o  course/c    exactly: the log and the overview say which
    issuer/i  group/g  school  console               roughly: told seldom, of anything that happened

A topic says that something changed, never what: the page asks again, as whoever it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import asyncpg
import msgspec

from milepost.web.problems import Malformed

Topic: TypeAlias = str

EXACT: Final = frozenset({"enrollment", "learner", "offering", "course"})
ROUGH: Final = frozenset({"issuer", "group", "school", "console"})
BARE: Final = frozenset({"school", "console"})
MOST: Final = 20
MAX_KEY: Final = 255
# Streams whose key is the key of a topic.
_BY_CATEGORY: Final[Mapping[str, str]] = {
    "enrollment": "enrollment",
    "progress": "enrollment",
    "offering": "offering",
    "instructors": "offering",
    "course": "course",
    "record": "learner",
}
_STREAMS: Final = """select distinct stream from log.events
    where tenant = $1 and position > $2 and position <= $3"""
_ABOUT: Final = """select learner, offering, course from dashboards.learner_overview
    where tenant = $1 and enrollment = any($2::text[])"""


class Changes(msgspec.Struct, frozen=True):
    """`exact`: these topics; None: too much happened to say which, so all of them."""

    exact: frozenset[Topic] | None


EVERYTHING: Final = Changes(None)


def parsed(given: Sequence[str]) -> frozenset[Topic]:
    """Raises `Malformed`."""
    if not 1 <= len(given) <= MOST:
        raise Malformed(f"Name 1 to {MOST} topics.", query="topic")
    for topic in given:
        kind, slash, key = topic.partition("/")
        known = kind in BARE if not slash else kind in (EXACT | ROUGH) - BARE
        if not known or bool(slash) != bool(key) or len(key) > MAX_KEY or not key.isprintable():
            raise Malformed("A topic is `offering/ID`, `school` or the like.", query="topic")
    return frozenset(given)


def kind_of(topic: Topic) -> str:
    return topic.partition("/")[0]


async def changes_between(
    connection: asyncpg.Pool, tenant: str, after: int, upto: int, most_events: int
) -> Changes:
    """What events behind `after`, up to `upto`, are about: two statements, whatever they are."""
    if upto - after > most_events:
        return EVERYTHING
    rows = await connection.fetch(_STREAMS, tenant, after, upto)
    topics = set(_topics_of(row["stream"] for row in rows))
    enrollments = [topic[11:] for topic in topics if topic.startswith("enrollment/")]
    if enrollments:
        for row in await connection.fetch(_ABOUT, tenant, enrollments):
            topics.update(
                f"{kind}/{row[kind]}" for kind in ("learner", "offering", "course") if row[kind]
            )
    return Changes(frozenset(topics))


def _topics_of(streams: Iterable[str]) -> Iterable[Topic]:
    for stream in streams:
        category, _, key = stream.partition("-")
        if (kind := _BY_CATEGORY.get(category)) is not None:
            yield f"{kind}/{key}"
