"""What one accepted report adds to what is known: a stream of events, or none. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from milepost.contracts.progress import (
    AttemptScored,
    LearningBegan,
    LessonCompleted,
    LessonFailed,
    LessonPassed,
    LessonProgressed,
    LessonStarted,
    ProgressOpened,
)
from milepost.contracts.rules.learning.lesson_state import (
    Bookmark,
    LessonState,
    later_bookmark,
    milliseconds,
)
from milepost.contracts.rules.learning.plan import LessonRule, Plan, score_completes
from milepost.contracts.rules.learning.progress import Progress
from milepost.contracts.rules.learning.scores import counting
from milepost.progress.domain.reports import Completed, Progressed, Report, Scored, Started
from milepost.progress.events import ProgressEvent


def merge(
    draft: Progress,
    opened: ProgressOpened,
    plan: Plan,
    one: Report,
    digest: str,
    *,
    learner: bool = False,
) -> Iterator[ProgressEvent]:
    """The caller lets each event take effect in `draft` before it asks for the next.

    `digest` is that of the report as it was sent; `learner`: by themselves.
    """
    standing = draft.lessons.get(one.lesson)
    if not draft.lessons:
        yield LearningBegan(enrollment=opened.enrollment, occurred_at=one.occurred_at)
    if standing is None:
        yield LessonStarted(
            enrollment=opened.enrollment,
            lesson=one.lesson,
            report=one.id,
            digest=digest,
            occurred_at=one.occurred_at,
        )
        standing = draft.lessons[one.lesson]
    match one:
        case Progressed():
            yield from _progress(standing, one, digest)
        case Scored():
            yield _scored(standing, opened, one, digest)
            # What has been scored has been handed in, unless the rule tells the two apart.
            if score_completes(plan.lessons[one.lesson], learner=learner):
                yield from _complete(standing, opened, one, digest)
            yield from verdict(draft, opened, plan.lessons[one.lesson], at=one.occurred_at)
        case Completed():
            yield from _complete(standing, opened, one, digest)
        case Started():
            if one.occurred_at < standing.started_at:
                yield _backdated(one, digest)
        case _:
            assert_never(one)


def _progress(standing: LessonState, one: Progressed, digest: str) -> Iterator[ProgressEvent]:
    rises = one.progress is not None and one.progress > standing.progress
    goes_on = one.resume_at is not None and _is_later(standing.bookmark, one)
    earlier = one.occurred_at < standing.started_at
    if rises or goes_on or earlier or one.clicks or milliseconds(one.seconds_spent):
        yield LessonProgressed(
            lesson=one.lesson,
            report=one.id,
            digest=digest,
            progress=one.progress if rises else None,
            seconds_spent=one.seconds_spent,
            clicks=one.clicks,
            resume_at=one.resume_at if goes_on else None,
            occurred_at=one.occurred_at,
        )


def _is_later(bookmark: Bookmark | None, one: Progressed) -> bool:
    assert one.resume_at is not None
    return (
        later_bookmark(bookmark, Bookmark(one.occurred_at, one.id, one.resume_at)) is not bookmark
    )


def _complete(
    standing: LessonState, opened: ProgressOpened, one: Completed | Scored, digest: str
) -> Iterator[ProgressEvent]:
    if standing.completed_at is None:
        yield LessonCompleted(
            enrollment=opened.enrollment,
            lesson=one.lesson,
            report=one.id,
            digest=digest,
            occurred_at=one.occurred_at,
        )
    elif one.occurred_at < standing.completed_at:
        yield _backdated(one, digest, completed=True)


def _backdated(one: Report, digest: str, *, completed: bool = False) -> LessonProgressed:
    return LessonProgressed(
        lesson=one.lesson,
        report=one.id,
        digest=digest,
        completed=completed,
        occurred_at=one.occurred_at,
    )


def _scored(
    standing: LessonState, opened: ProgressOpened, one: Scored, digest: str
) -> AttemptScored:
    return AttemptScored(
        enrollment=opened.enrollment,
        lesson=one.lesson,
        report=one.id,
        digest=digest,
        attempt=standing.tries + 1,
        score=one.scaled,
        raw=one.raw,
        maximum=one.maximum,
        occurred_at=one.occurred_at,
    )


def verdict(
    draft: Progress, opened: ProgressOpened, rule: LessonRule, *, at: datetime
) -> Iterator[LessonPassed | LessonFailed]:
    """Of a lesson that has been tried: passed or failed, where that is news."""
    if rule.mastery_score is None:
        return
    standing = draft.lessons[rule.id]
    score = counting(standing, rule, draft.starts).score
    passed = score >= rule.mastery_score
    if passed != standing.passed:
        kind = LessonPassed if passed else LessonFailed
        yield kind(enrollment=opened.enrollment, lesson=rule.id, score=score, occurred_at=at)
