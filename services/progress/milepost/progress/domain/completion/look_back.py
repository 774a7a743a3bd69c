"""When a course's rule first held, by the times at which things happened. Pure.

Where a last attempt counts, a later one may be worse: the state of now does not tell whether the
rule has held. So what is known is gone through in order of `occurred_at`, from the earliest thing
that is new. What staff have decided holds for all of that time.

    since      things that happened after it, a moment each
      |---|-----|--|---------|
                ^ the first at which the rule held

A moment costs the same however many lessons the plan has.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from heapq import merge
from itertools import groupby, islice, repeat
from operator import attrgetter, itemgetter
from typing import NamedTuple, TypeAlias

from milepost.contracts.rules.attempts import (
    Attempt,
    counting_attempt,
    counting_when_late,
    due_at,
    effective,
)
from milepost.contracts.rules.learning.plan import (
    LessonRule,
    Plan,
    grade,
    grade_suffices,
    lesson_satisfied,
    required_satisfied,
)
from milepost.contracts.rules.learning.progress import Progress, satisfying
from milepost.progress.domain.completion.running_grade import RunningGrade

BEGINNING = datetime.min.replace(tzinfo=UTC)
# So many things are gone through, fewer where many are dropped: well under 100 ms in all. After
# them the state of now decides alone.
MAX_THINGS = 10_000
# When it was, at which lesson, and whether that was completed rather than tried.
Thing: TypeAlias = tuple[datetime, str, bool]

_at = attrgetter("at")


class Held(NamedTuple):
    """The rule held at this time, with this grade."""

    at: datetime
    grade: float | None


def first_held(draft: Progress, plan: Plan, since: datetime = BEGINNING) -> Held | None:
    """The first moment, from `since` on, at which the course's rule held."""
    if not _can_have_held(draft, plan):
        return None
    start = max(since, _required_done_at(draft, plan))
    then = _Then(draft, plan, start)
    if then.holds():
        return Held(start, then.grade())
    bound = MAX_THINGS // (1 + plan.drop_lowest // 50)
    for at, things in groupby(islice(then.later(), bound), key=itemgetter(0)):
        then.let_happen(things)
        if then.holds():
            return Held(at, then.grade())
    return None


def _can_have_held(draft: Progress, plan: Plan) -> bool:
    """Whether the best that is known of every lesson would do: for most under way it would not."""
    completed, passed = satisfying(draft)
    best = {lesson: one.best.score for lesson, one in draft.lessons.items() if one.best}
    mastered = {lesson for lesson in best if _masters(plan.lessons.get(lesson), best[lesson])}
    if not required_satisfied(plan, completed, passed | mastered):
        return False
    # Where lessons are dropped a better score may lower the grade: see `may_fall`.
    return plan.drop_lowest > 0 or grade_suffices(plan, grade(plan, best, waived=draft.waived))


def _masters(rule: LessonRule | None, score: float) -> bool:
    return rule is not None and rule.mastery_score is not None and score >= rule.mastery_score


def _required_done_at(draft: Progress, plan: Plan) -> datetime:
    demanded = plan.must_complete - draft.waived.keys() - draft.earned
    ends = (_done_at(draft, lesson) for lesson in demanded & draft.lessons.keys())
    return max(filter(None, ends), default=BEGINNING)


def _done_at(draft: Progress, lesson: str) -> datetime | None:
    standing = draft.lessons[lesson]
    if lesson in draft.handed_in and standing.attempts:
        first = standing.attempts[0].at
        return min(first, standing.completed_at or first)
    return standing.completed_at


class _Then:
    """How the course stood at a moment, which moves on."""

    def __init__(self, draft: Progress, plan: Plan, at: datetime) -> None:
        self._plan = plan
        self._excused = draft.waived.keys() | draft.earned
        self._completed, self._passed = set(self._excused), set(self._excused)
        self._unmet = {rule.id for rule in plan.lessons.values() if self._is_unmet(rule)}
        self._grade = RunningGrade(plan, draft.waived)
        self._tried: dict[str, _Tried] = {}
        self._to_come: list[Thing] = []
        for lesson, standing in draft.lessons.items():
            rule = plan.lessons.get(lesson)
            if rule and (rule.required or rule.weight > 0):
                self._begin(draft, rule, standing.attempts, at)

    def holds(self) -> bool:
        return not self._unmet and self._grade.suffices()

    def grade(self) -> float | None:
        return self._grade.exact()

    def later(self) -> Iterator[Thing]:
        """What happened after that moment, in order."""
        return merge(sorted(self._to_come), *(one.later() for one in self._tried.values()))

    def let_happen(self, things: Iterable[Thing]) -> None:
        for _, lesson, is_completed in things:
            if is_completed:
                self._completed.add(lesson)
                self._judge(self._plan.lessons[lesson])
            elif self._tried[lesson].go_on():
                self._judge(self._plan.lessons[lesson])

    def _begin(
        self, draft: Progress, rule: LessonRule, attempts: tuple[Attempt, ...], at: datetime
    ) -> None:
        done_at = _done_at(draft, rule.id)
        if done_at and done_at > at:
            self._to_come.append((done_at, rule.id, True))
        elif done_at:
            self._completed.add(rule.id)
        if attempts:
            self._tried[rule.id] = _Tried(rule, attempts, draft.starts, at)
        self._judge(rule)

    def _judge(self, rule: LessonRule) -> None:
        tried = self._tried.get(rule.id)
        if tried and tried.score is not None:
            self._grade.score(rule.id, tried.score)
            if _masters(rule, tried.score):
                self._passed.add(rule.id)
            elif rule.id not in self._excused:
                self._passed.discard(rule.id)
        if self._is_unmet(rule):
            self._unmet.add(rule.id)
        else:
            self._unmet.discard(rule.id)

    def _is_unmet(self, rule: LessonRule) -> bool:
        return rule.required and not lesson_satisfied(rule, self._completed, self._passed)


class _Tried:
    """The attempts at one lesson up to a moment, and the score that counted then."""

    def __init__(
        self, rule: LessonRule, attempts: tuple[Attempt, ...], starts: datetime | None, at: datetime
    ) -> None:
        self._rule, self._attempts = rule, attempts
        self._due = due_at(rule, starts)
        self._taken = bisect_right(attempts, at, key=_at)
        self.score: float | None = None
        if known := attempts[: self._taken]:
            late = rule.late is not None
            one = counting_when_late(known, rule, starts) if late else counting_attempt(known, rule)
            self.score = one.score

    def later(self) -> Iterator[Thing]:
        rest = map(self._attempts.__getitem__, range(self._taken, len(self._attempts)))
        return zip(map(_at, rest), repeat(self._rule.id), repeat(False))

    def go_on(self) -> bool:
        """Whether another score counts after the next attempt."""
        attempt, rule, before = self._attempts[self._taken], self._rule, self.score
        self._taken += 1
        if rule.attempts_allowed is not None and self._taken > rule.attempts_allowed:
            return False
        score = effective(attempt, rule, self._due)
        if before is None or rule.counts == "last" or (rule.counts == "best" and score > before):
            self.score = score
        return self.score != before
