"""A lesson's attempts: what each is worth and why, and what staff have decided about them. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from milepost.contracts.courses import CountingAttempt
from milepost.contracts.progress import (
    AttemptScored,
    LessonProgressed,
    LessonWaived,
    LessonWaiverWithdrawn,
    ScoreRevised,
)
from milepost.contracts.rules.attempts import due_at, effective
from milepost.contracts.rules.learning.plan import LessonRule
from milepost.contracts.rules.learning.progress import Progress
from milepost.contracts.rules.learning.scores import counting
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Recorded
from milepost.events.metadata import metadata_of
from milepost.progress.domain.state import PROGRESS

NotCounting: TypeAlias = Literal[
    "lesson_waived", "beyond_attempts_allowed", "not_the_best", "not_the_last", "not_the_first"
]
Fact: TypeAlias = AttemptScored | ScoreRevised | LessonWaived | LessonWaiverWithdrawn
# By far the most events, and none of them is about an attempt.
_PROGRESSED = tag_of(LessonProgressed)
_codec: Codec[Fact] = Codec(Fact)
NOT_COUNTING: Mapping[CountingAttempt, NotCounting] = {
    "best": "not_the_best",
    "last": "not_the_last",
    "first": "not_the_first",
}


class RevisionView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`by` is shown to staff only."""

    before: float
    after: float
    reason: str
    revised_at: datetime
    raw: float | None = None
    maximum: float | None = None
    by: str | None = None


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """Scores are 0 to 1.

    given        as it was reported; `raw` of `maximum`, where the grader gave these
    score        with what staff have revised
    effective    less what comes off for being late: this one is judged
    counts       it is the lesson's score; else `why_not` tells
    """

    attempt: int
    report: str
    occurred_at: datetime
    given: float
    raw: float | None
    maximum: float | None
    score: float
    effective: float
    late: bool
    counts: bool
    why_not: NotCounting | None
    revisions: list[RevisionView]


class WaiverView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`withdrawn_at` is absent as long as it stands. `by` and `withdrawn_by`: to staff only."""

    reason: str
    waived_at: datetime
    by: str | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: str | None = None
    withdrawn_by: str | None = None


class LessonAttempts(msgspec.Struct, frozen=True, kw_only=True):
    """In order of `occurred_at`. `due_at`: None where the lesson is never due."""

    enrollment: str
    lesson: str
    due_at: datetime | None
    waived: bool
    attempts: list[AttemptView]
    waivers: list[WaiverView]


def lesson_attempts(
    recorded: Sequence[Recorded], rule: LessonRule, *, staff: bool
) -> LessonAttempts:
    """Of a stream that is open; `staff`: names are told, too."""
    kept = [one for one in recorded if one.type != _PROGRESSED]
    state = PROGRESS.fold(kept)
    assert state.opened is not None
    facts = list(_of_lesson(kept, rule.id, staff=staff))
    return LessonAttempts(
        enrollment=state.opened.enrollment,
        lesson=rule.id,
        due_at=due_at(rule, state.starts),
        waived=rule.id in state.waived,
        attempts=list(_attempts(state, rule, facts)),
        waivers=_waivers(facts),
    )


def _of_lesson(
    recorded: Iterable[Recorded], lesson: str, *, staff: bool
) -> Iterator[tuple[Fact, str | None]]:
    """What was told of this lesson, and by whom."""
    for one in recorded:
        if one.type in _codec.tags:
            event = _codec.read(one)
            if event.lesson == lesson:
                yield event, metadata_of(one).actor if staff else None


def _attempts(
    state: Progress, rule: LessonRule, facts: Sequence[tuple[Fact, str | None]]
) -> Iterator[AttemptView]:
    standing, due = state.lessons.get(rule.id), due_at(rule, state.starts)
    if standing is None or not standing.attempts:
        return
    counted = counting(standing, rule, state.starts).number
    reported = {one.attempt: one for one, _ in facts if isinstance(one, AttemptScored)}
    revised = _revisions(facts)
    for place, one in enumerate(standing.attempts, 1):
        revisions = revised.get(one.number, [])
        scored = reported.get(one.number)  # none, of one from another run
        yield AttemptView(
            attempt=one.number,
            report=one.report,
            occurred_at=one.at,
            given=revisions[0].before if revisions else one.score,
            raw=scored.raw if scored else None,
            maximum=scored.maximum if scored else None,
            score=one.score,
            effective=effective(one, rule, due),
            late=due is not None and one.at > due,
            counts=one.number == counted and rule.id not in state.waived,
            why_not=_why_not(state, rule, place, counts=one.number == counted),
            revisions=revisions,
        )


def _why_not(state: Progress, rule: LessonRule, place: int, *, counts: bool) -> NotCounting | None:
    if rule.id in state.waived:
        return "lesson_waived"
    if counts:
        return None
    if rule.attempts_allowed is not None and place > rule.attempts_allowed:
        return "beyond_attempts_allowed"
    return NOT_COUNTING[rule.counts]


def _revisions(facts: Iterable[tuple[Fact, str | None]]) -> Mapping[int, list[RevisionView]]:
    """By the attempt's number, in order."""
    revisions: dict[int, list[RevisionView]] = defaultdict(list)
    for event, by in facts:
        if isinstance(event, ScoreRevised):
            view = RevisionView(
                before=event.before,
                after=event.score,
                reason=event.reason,
                revised_at=event.occurred_at,
                raw=event.raw,
                maximum=event.maximum,
                by=by,
            )
            revisions[event.attempt].append(view)
    return revisions


def _waivers(facts: Iterable[tuple[Fact, str | None]]) -> list[WaiverView]:
    waivers: list[WaiverView] = []
    for event, by in facts:
        match event:
            case LessonWaived():
                at = event.occurred_at
                waivers.append(WaiverView(reason=event.reason, waived_at=at, by=by))
            case LessonWaiverWithdrawn() if waivers:
                waivers[-1] = replace(
                    waivers[-1],
                    withdrawn_at=event.occurred_at,
                    withdrawal_reason=event.reason,
                    withdrawn_by=by,
                )
            case _:
                pass
    return waivers
