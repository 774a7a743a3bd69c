"""Criteria as sentences, for people who are no part of the school."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import assert_never

import msgspec

from milepost.contracts.achievements import (
    AchievementHeld,
    AllOf,
    AnyOf,
    Approved,
    CoursePassed,
    Criterion,
    HoursLearned,
    LessonScored,
    NOf,
    ProgramCompleted,
    SkillShown,
)
from milepost.contracts.rules.criteria import Leaf, leaves
from milepost.pages.locales import Locale


class Clause(msgspec.Struct, frozen=True):
    """A sentence, and what it sums up."""

    text: str
    parts: "tuple[Clause, ...]" = ()


class Wording(msgspec.Struct, frozen=True):
    """A language, and what the codes in criteria are called in it."""

    locale: Locale
    courses: Mapping[str, str]
    achievements: Mapping[str, str]
    skills: Mapping[str, str]

    def clause(self, criterion: Criterion) -> Clause:
        match criterion:
            case AllOf(criteria=parts):
                return Clause(self._say("all_of"), tuple(map(self.clause, parts)))
            case AnyOf(criteria=parts):
                return Clause(self._say("any_of"), tuple(map(self.clause, parts)))
            case NOf(n=n, criteria=parts):
                return Clause(self._say("n_of", n=n), tuple(map(self.clause, parts)))
            case _:
                return Clause(self._leaf(criterion))

    def _leaf(self, criterion: Leaf) -> str:
        match criterion:
            case CoursePassed():
                said = self._course(criterion)
            case AchievementHeld(achievement=code):
                said = self._say("achievement_held", name=self.achievements.get(code, code))
            case LessonScored(course=course):
                score = self.locale.percent(criterion.min_score)
                said = self._say(
                    "lesson_scored", name=self.courses.get(course, course), score=score
                )
            case SkillShown():
                skill = self.skills.get(criterion.skill, criterion.skill)
                said = self._graded("skill_shown", criterion.min_grade, name=skill)
            case HoursLearned(hours=hours):
                period = self._period(criterion.not_before, criterion.not_after)
                said = self._say("hours_learned", hours=f"{hours:g}") + period
            case ProgramCompleted(program=program):
                said = self._say("program_completed", name=program)
            case Approved(persons=persons):
                said = self._say("approved_by_two" if persons == 2 else "approved")
            case _:
                assert_never(criterion)
        return said

    def _course(self, criterion: CoursePassed) -> str:
        name = self.courses.get(criterion.course, criterion.course)
        said = self._graded("course_passed", criterion.min_grade, name=name)
        mode = self._say("in_verified_mode") if criterion.mode == "verified" else ""
        return said + mode + self._period(criterion.not_before, criterion.not_after)

    def _graded(self, key: str, min_grade: float, name: str) -> str:
        if not min_grade:
            return self._say(key, name=name)
        return self._say(f"{key}_with", name=name, grade=self.locale.percent(min_grade))

    def _period(self, after: datetime | None, before: datetime | None) -> str:
        said = self._say("not_before", day=self.locale.date(after)) if after else ""
        return said + (self._say("not_after", day=self.locale.date(before)) if before else "")

    def _say(self, key: str, **facts: object) -> str:
        return self.locale.text(f"criteria.{key}", **facts)


def courses_in(criterion: Criterion) -> Iterator[str]:
    for leaf in leaves(criterion):
        if isinstance(leaf, CoursePassed | LessonScored):
            yield leaf.course


def achievements_in(criterion: Criterion) -> Iterator[str]:
    for leaf in leaves(criterion):
        if isinstance(leaf, AchievementHeld):
            yield leaf.achievement
