"""How a learner's work at each lesson was judged, from the log: attempts, revisions, waivers.

Pure. The score that counts, and what is done, are the read model's; this is what they rest on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec

from milepost.contracts.progress import (
    AttemptScored,
    CarriedAttempt,
    LessonWaived,
    LessonWaiverWithdrawn,
    ProgressCarriedOver,
    ScoreRevised,
)
from milepost.events.codec import Codec
from milepost.events.log import Recorded
from milepost.events.metadata import metadata_of

Heard: TypeAlias = (
    AttemptScored | LessonWaived | LessonWaiverWithdrawn | ProgressCarriedOver | ScoreRevised
)
HEARD: Codec[Heard] = Codec(Heard)


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """Scores are 0 to 1; `by` is a subject."""

    before: float
    after: float
    reason: str
    by: str | None


class AttemptLine(msgspec.Struct, kw_only=True):
    """`given` as it was reported, `score` as staff have revised it, 0 to 1.

    `maximum`: the points that it was given out of, where the grader gave these. `carried`: it was
    made in another run.
    """

    number: int
    at: datetime
    report: str
    given: float
    score: float
    maximum: float | None = None
    carried: bool = False
    revisions: list[Revision] = msgspec.field(default_factory=list)


class Work(msgspec.Struct, kw_only=True):
    """At one lesson. `waived`: the reason, as long as it stands."""

    attempts: list[AttemptLine] = msgspec.field(default_factory=list)
    waived: str | None = None


def work_at(recorded: Iterable[Recorded]) -> Mapping[str, Work]:
    """By lesson. `recorded`: the progress stream."""
    found: dict[str, Work] = defaultdict(Work)
    for one in recorded:
        if one.type in HEARD.classes:
            _add(found, one)
    return found


def _add(found: dict[str, Work], one: Recorded) -> None:
    match event := HEARD.read(one):
        case AttemptScored():
            found[event.lesson].attempts.append(
                AttemptLine(
                    number=event.attempt,
                    at=event.occurred_at,
                    report=event.report,
                    given=event.score,
                    score=event.score,
                    maximum=event.maximum,
                )
            )
        case ScoreRevised():
            _revise(found[event.lesson], event, metadata_of(one).actor)
        case LessonWaived():
            found[event.lesson].waived = event.reason
        case LessonWaiverWithdrawn():
            found[event.lesson].waived = None
        case ProgressCarriedOver():
            _carry(found, event)


def _revise(work: Work, event: ScoreRevised, actor: str | None) -> None:
    change = Revision(before=event.before, after=event.score, reason=event.reason, by=actor)
    for attempt in work.attempts:
        if attempt.number == event.attempt:
            attempt.score = event.score
            attempt.revisions.append(change)


def _carry(found: dict[str, Work], event: ProgressCarriedOver) -> None:
    for lesson in event.lessons:
        work = found[lesson.lesson]
        work.waived = lesson.waived or work.waived
        for brought in lesson.attempts:
            _bring(work.attempts, brought)


def _bring(attempts: list[AttemptLine], brought: CarriedAttempt) -> None:
    """Under the number that follows; what came before may have another score by now."""
    key = brought.at, brought.report
    known = next((one for one in attempts if (one.at, one.report) == key), None)
    if known is not None:
        known.score = brought.score if known.carried else known.score
        return
    attempts.append(
        AttemptLine(
            number=len(attempts) + 1,
            at=brought.at,
            report=brought.report,
            given=brought.score,
            score=brought.score,
            carried=True,
        )
    )
