"""Work goes on in another run of the course: what is handed over, and how it is taken over. Pure.

Safe to do again, in any order and in parts: only what the ledger (`carried`) lacks is written, so
that nothing doubles, also where a learner comes back to where they began.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import asdict, replace

from milepost.contracts.progress import (
    CarriedAttempt,
    CarriedBookmark,
    CarriedLesson,
    LearningBegan,
    ProgressCarriedOver,
    ProgressOpened,
    ScoreRevised,
)
from milepost.contracts.rules.learning.carried import NOTHING, news, united
from milepost.contracts.rules.learning.lesson_state import LessonState
from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.progress.domain.course_grade import settle_course
from milepost.progress.domain.draft import Draft, late_work
from milepost.progress.domain.merge import verdict
from milepost.progress.domain.plan_changes.migration import done, has_work
from milepost.progress.events import ProgressEvent

# One lesson has 600 KB at most: a thousand attempts with the longest ids.
CHUNK_BYTES = 256 * 1024
# Of what one command takes; what is more is left to the next one.
PART_BYTES = 16 * 1024 * 1024

Open = Callable[[Progress], Sequence[ProgressEvent]]


class Origin(msgspec.Struct, frozen=True):
    """What was done in one enrollment, up to the version `since` of its progress stream."""

    source: str
    since: int
    lessons: tuple[CarriedLesson, ...]


class HandedOver(msgspec.Struct, frozen=True):
    """All that an enrollment hands over: its own work, and what it was handed itself."""

    course: str
    origins: tuple[Origin, ...]

    @property
    def parts(self) -> int:
        """Into how many commands it goes at most."""
        size = sum(_size(one) for origin in self.origins for one in origin.lessons)
        return 1 + size // PART_BYTES


def handed_over(state: Progress, plan: Plan, version: int, to: str) -> HandedOver:
    """To the enrollment `to`; `version` is that of the stream. Of a state that is open."""
    assert state.opened is not None
    origins = [Origin(state.opened.enrollment, version, tuple(_own(state, plan)))]
    for source, brought in state.carried.items():
        tell = _revised_here if source == to else _relayed
        lessons = (tell(state, one) for one in brought.lessons.values())
        origins.append(Origin(source, brought.since, tuple(one for one in lessons if one)))
    return HandedOver(state.opened.course, tuple(origins))


def carry_over(
    state: Progress,
    plans: Mapping[int, Plan],
    handed: HandedOver,
    *,
    opening: Open,
    at: datetime,
) -> list[ProgressEvent]:
    """Takes over what is not here yet; nothing, where that is another course.

    `plans` are those of the course, by version; `opening` opens what was never opened.
    """
    draft = Draft(state)
    if draft.state.opened is None:
        draft.apply(opening(state))
    opened = draft.state.opened
    if opened is None or opened.course != handed.course:
        return []
    before, at = len(draft.events), max(at, opened.occurred_at)
    _bring(draft, opened, handed, at)
    if len(draft.events) == before:
        return []
    plan = plans[opened.version]
    for lesson in _touched(draft.events[before:]):
        rule, standing = plan.lessons.get(lesson), draft.state.lessons.get(lesson)
        if rule and standing and standing.attempts:
            draft.apply(verdict(draft.state, opened, rule, at=at))
    if has_work(draft.state):
        draft.apply(settle_course(draft.state, plan, "carried_over", at))
    draft.apply(late_work(draft.state, at))
    return draft.events


def _bring(draft: Draft, opened: ProgressOpened, handed: HandedOver, at: datetime) -> None:
    left = PART_BYTES
    for origin in handed.origins:
        if origin.source == opened.enrollment:
            draft.apply(_revised_elsewhere(draft.state, opened, origin, at))
            continue
        for event in _chunks(draft.state, opened, origin, at):
            left -= sum(map(_size, event.lessons))
            if left < 0:
                return
            if not draft.state.lessons and any(one.started_at for one in event.lessons):
                draft.apply([LearningBegan(enrollment=opened.enrollment, occurred_at=at)])
            draft.apply([event])


def _chunks(
    state: Progress, opened: ProgressOpened, origin: Origin, at: datetime
) -> Iterator[ProgressCarriedOver]:
    known = state.carried.get(origin.source, NOTHING)
    if origin.since < known.since:  # an older look at it, which came late
        return
    new = [more for one in origin.lessons if (more := news(known.lessons.get(one.lesson), one))]
    while new:
        size, count = 0, 0
        while count < len(new) and (count == 0 or size + _size(new[count]) <= CHUNK_BYTES):
            size += _size(new[count])
            count += 1
        yield ProgressCarriedOver(
            enrollment=opened.enrollment,
            source=origin.source,
            since=origin.since,
            lessons=tuple(new[:count]),
            occurred_at=at,
        )
        new = new[count:]


def _revised_elsewhere(
    state: Progress, opened: ProgressOpened, origin: Origin, at: datetime
) -> Iterator[ScoreRevised]:
    """Own work that comes back: what staff revised meanwhile is revised here as well."""
    for lesson in origin.lessons:
        standing = state.lessons.get(lesson.lesson)
        scores = {(one.at, one.report): one.score for one in lesson.attempts}
        for mine in standing.attempts if standing else ():
            score = scores.get((mine.at, mine.report), mine.score)
            if score != mine.score:
                yield ScoreRevised(
                    enrollment=opened.enrollment,
                    lesson=lesson.lesson,
                    attempt=mine.number,
                    score=score,
                    before=mine.score,
                    reason="carried_over",
                    occurred_at=at,
                )


def _touched(events: Sequence[ProgressEvent]) -> Iterator[str]:
    names: dict[str, None] = {}
    for event in events:
        if isinstance(event, ProgressCarriedOver):
            names.update((one.lesson, None) for one in event.lessons)
        elif isinstance(event, ScoreRevised):
            names[event.lesson] = None
    return iter(names)


def _own(state: Progress, plan: Plan) -> Iterator[CarriedLesson]:
    """What was done in this very enrollment; where that is nothing, nothing is said."""
    for name in dict.fromkeys((*state.lessons, *state.waived)):
        brought = [one for origin in state.carried.values() if (one := origin.lessons.get(name))]
        whole = _whole(state, plan, name)
        own = replace(
            whole,
            milliseconds=whole.milliseconds - sum(one.milliseconds for one in brought),
            clicks=whole.clicks - sum(one.clicks for one in brought),
            attempts=_not_among(whole.attempts, brought),
        )
        if not brought or _adds(own, brought):
            yield own


def _whole(state: Progress, plan: Plan, name: str) -> CarriedLesson:
    standing, rule = state.lessons.get(name), plan.lessons.get(name)
    stands = done(rule, state) if rule else name in state.earned
    if standing is None:
        return CarriedLesson(lesson=name, done=stands, waived=state.waived.get(name))
    mark = standing.bookmark
    return CarriedLesson(
        lesson=name,
        started_at=standing.started_at,
        completed_at=standing.completed_at,
        progress=standing.progress,
        milliseconds=standing.milliseconds,
        clicks=standing.clicks,
        bookmark=CarriedBookmark(**asdict(mark)) if mark else None,
        attempts=_attempts(standing),
        done=stands,
        waived=state.waived.get(name),
    )


def _attempts(standing: LessonState) -> tuple[CarriedAttempt, ...]:
    return tuple(
        CarriedAttempt(report=one.report, at=one.at, score=one.score) for one in standing.attempts
    )


def _not_among(
    attempts: tuple[CarriedAttempt, ...], brought: Sequence[CarriedLesson]
) -> tuple[CarriedAttempt, ...]:
    theirs = {(one.at, one.report) for lesson in brought for one in lesson.attempts}
    return tuple(one for one in attempts if (one.at, one.report) not in theirs)


def _adds(own: CarriedLesson, brought: Sequence[CarriedLesson]) -> bool:
    """To what was brought here, of which nobody needs to be told twice."""
    if own.milliseconds or own.clicks or own.attempts:
        return True
    theirs: CarriedLesson | None = None
    for one in brought:
        theirs = united(theirs, one)
    assert theirs is not None
    bare = replace(theirs, milliseconds=0, clicks=0, attempts=())
    return news(bare, own) is not None


def _relayed(state: Progress, lesson: CarriedLesson) -> CarriedLesson:
    """As it was brought, but for the scores that staff have revised here."""
    standing = state.lessons.get(lesson.lesson)
    scores = {(one.at, one.report): one.score for one in standing.attempts} if standing else {}
    attempts = tuple(
        replace(one, score=scores.get((one.at, one.report), one.score)) for one in lesson.attempts
    )
    return replace(lesson, attempts=attempts)


def _revised_here(state: Progress, lesson: CarriedLesson) -> CarriedLesson | None:
    """For where the lesson was brought from: it knows all but the scores revised since."""
    now = _relayed(state, lesson).attempts
    revised = tuple(one for one in now if one not in lesson.attempts)
    return CarriedLesson(lesson=lesson.lesson, attempts=revised) if revised else None


def _size(lesson: CarriedLesson) -> int:
    return len(msgspec.json.encode(lesson))
