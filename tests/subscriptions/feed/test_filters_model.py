"""Whatever is asked, by whomever, in pages of any size: what a plain look at the log would find.

The plain look knows what each event is about, because the test made it; the feed has to find out.
"""

import asyncio
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.subscriptions.feed.feed_school import AT

from milepost.events.commands.transact import Transactor
from milepost.events.log import Command, NewEvent, Recorded
from milepost.events.store.memory import MemoryLog
from milepost.subscriptions import selection as selections
from milepost.subscriptions.domain.filters import Filter
from milepost.subscriptions.feed.answer import Answer, collect
from milepost.subscriptions.feed.log_pages import LogPages
from milepost.subscriptions.feed.subscriber import Subscriber
from milepost.subscriptions.feed.tail import Chunk
from milepost.subscriptions.selection import Selection
from milepost.subscriptions.visibility import Viewer, Visibility

LEARNERS, OFFERINGS = ("ann", "ben", "cleo"), ("spring", "autumn")
COURSE = {"spring": "sql", "autumn": "r"}
TAUGHT_BY = {"ines": "spring", "ivo": "autumn"}


class About(NamedTuple):
    """Of one event: what it is about, and what it is."""

    name: str
    learner: str | None
    offering: str
    achievement: str | None
    published: bool


def enrollments(learner: str, offering: str) -> list[tuple[str, str, dict[str, Any], About]]:
    """What may follow in an enrollment, in its order: stream, tag, data, what it is about."""
    key, named = f"{learner}-{offering}", {"learner": learner, "offering": offering}
    lesson, badge = {"enrollment": key, "lesson": "a"}, {"credential": f"c-{key}"}
    evidence = [{"course": COURSE[offering], "offering": offering}]
    award = {**badge, "learner": learner, "achievement": f"of-{offering}", "evidence": evidence}
    whole = {"enrollment": key, "course": COURSE[offering], **named}
    steps: list[tuple[str, str, dict[str, Any], str | None]] = [
        (f"enrollment-{key}", "learner_enrolled", whole, None),
        (f"offering-{offering}", "seat_taken", {"enrollment": key, "learner": learner}, None),
        (f"progress-{key}", "lesson_progressed", lesson, None),
        (f"progress-{key}", "lesson_completed", lesson, None),
        (f"record-{learner}", "credential_awarded", award, f"of-{offering}"),
        (f"record-{learner}", "credential_flagged", badge, f"of-{offering}"),
    ]
    return [
        (stream, tag, data, About(tag, learner, offering, what, tag != "lesson_progressed"))
        for stream, tag, data, what in steps
    ]


pairs = st.lists(
    st.tuples(st.sampled_from(LEARNERS), st.sampled_from(OFFERINGS)), unique=True, min_size=1
)
names = st.frozensets(
    st.sampled_from(
        (
            *("offering_opened", "learner_enrolled", "seat_taken"),
            *("lesson_completed", "credential_awarded", "credential_flagged"),
        )
    ),
    max_size=3,
)


def some(*values: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


filters = st.builds(
    Filter,
    types=names,
    courses=some("sql", "r", "other"),
    offerings=some(*OFFERINGS),
    achievements=some("of-spring", "of-autumn"),
    learners=some(*LEARNERS),
)
viewers = st.sampled_from(
    [
        Viewer("lms", everything=True),
        *(Viewer(one, learns=True) for one in LEARNERS),
        *(Viewer(one, teaches=True) for one in (*TAUGHT_BY, "nina")),
        Viewer("ines", teaches=True, learns=True),
    ]
)


class Written:
    """A log, and what each of its positions is about."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.about: list[About | None] = []
        self._versions: dict[str, int] = {}

    async def add(self, stream: str, tag: str, data: object, about: About | None) -> None:
        number, version = len(self.about) + 1, self._versions.get(stream, 0)
        event = NewEvent(
            stream=stream,
            type=tag,
            data=msgspec.json.encode({"type": tag, **msgspec.to_builtins(data)}),
            occurred_at=AT,
            event_id=UUID(int=number),
        )
        command = Command(
            command_id=UUID(int=number), expects=((stream, version),), events=(event,)
        )
        self._versions[stream] = version + 1
        self.about.append(about)
        await self.log.append("north", [command])

    def plainly(self, wanted: Filter, viewer: Viewer, after: int) -> list[int]:
        found = enumerate(self.about, 1)
        return [
            position
            for position, about in found
            if position > after and about and sees(viewer, about) and matches(wanted, about)
        ]


def sees(viewer: Viewer, about: About) -> bool:
    own = viewer.learns and about.learner == viewer.subject
    return viewer.everything or own or (
        viewer.teaches and TAUGHT_BY.get(viewer.subject) == about.offering
    )  # fmt: skip


def matches(wanted: Filter, about: About) -> bool:
    asked = (
        (wanted.types, about.name),
        (wanted.courses, COURSE[about.offering]),
        (wanted.offerings, about.offering),
        (wanted.achievements, about.achievement),
        (wanted.learners, about.learner),
    )
    return about.published and all(not those or one in those for those, one in asked)


async def write(pairs: list[tuple[str, str]], order: list[int]) -> Written:
    """Offerings and who teaches; then all enrollments' steps, one among the other."""
    written = Written()
    for offering in OFFERINGS:
        opened = {"offering": offering, "course": COURSE[offering]}
        about = About("offering_opened", None, offering, None, published=True)
        await written.add(f"offering-{offering}", "offering_opened", opened, about)
    for subject, offering in TAUGHT_BY.items():
        assigned = {"offering": offering, "instructor": subject}
        await written.add(f"instructors-{offering}", "instructor_assigned", assigned, None)
    waiting = [enrollments(*pair) for pair in pairs]
    for number in order:
        if left := [one for one in waiting if one]:
            await written.add(*left[number % len(left)].pop(0))
    return written


@given(
    pairs=pairs,
    order=st.lists(st.integers(0, 99), max_size=40),
    wanted=filters,
    viewer=viewers,
    after=st.integers(0, 8),
    limit=st.integers(1, 7),
    span=st.integers(1, 20),
)
@settings(max_examples=150)
def test_pages_and_chunks_hold_what_a_plain_look_finds(
    *,
    pairs: list[tuple[str, str]],
    order: list[int],
    wanted: Filter,
    viewer: Viewer,
    after: int,
    limit: int,
    span: int,
):
    async def found() -> tuple[list[int], list[int], list[int]]:
        written = await write(pairs, order)
        start = min(after, len(written.about))
        selection = Selection(written.log)
        visibility = Visibility(Transactor(written.log), selection)
        subscriber = Subscriber("north", viewer, wanted)
        pages = LogPages(written.log, selection, visibility)
        read = await read_all(pages, subscriber, start, len(written.about), limit)
        events = Filter()
        published = [one for one in await written.log.read("north") if events.takes(one)]
        chunk = Chunk(published, len(written.about), selection, visibility)
        picked = await chunk.pick(subscriber, start)
        plain = written.plainly(wanted, viewer, start)
        return read, [one.position for one in picked.events], plain

    before, selections.SPAN = selections.SPAN, span
    try:
        read, picked, plain = asyncio.run(found())
    finally:
        selections.SPAN = before
    assert read == plain
    assert picked == plain


def by_position(event: Recorded) -> bytes:
    return b"%d" % event.position


async def read_all(
    pages: LogPages, subscriber: Subscriber, after: int, head: int, limit: int
) -> list[int]:
    """Answer after answer, as a client reads on."""
    found: list[int] = []
    while after < head:
        answer = Answer(after, limit, by_position)
        await collect(pages, subscriber, answer, head)
        assert len(answer.bodies) <= limit
        assert answer.position > after
        found += map(int, answer.bodies)
        after = answer.position
    return found
