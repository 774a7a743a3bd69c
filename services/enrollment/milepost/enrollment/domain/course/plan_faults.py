"""What makes no sense about a course's plan, all of it at once, each with its path."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from graphlib import CycleError, TopologicalSorter
from math import isfinite

import msgspec

from milepost.contracts.courses import (
    MAX_ATTEMPTS,
    MAX_DUE_DAY,
    MAX_GRACE_HOURS,
    CoursePublished,
    LatePolicy,
    Lesson,
    PassingRule,
    Skill,
)
from milepost.contracts.rules.prerequisites import CoursePassed, Prerequisite

# Weights are relative: within these they add up, and the least of them still tells.
WEIGHTS = 1e-6, 1e6
MAX_OFFLINE_DAYS = 3_650
MAX_DEADLINE_RESETS = 1_000
PERCENT = 100


class Fault(msgspec.Struct, frozen=True):
    """Where a request makes no sense, and how: `$.lessons[2].weight`, `negative`."""

    path: str
    condition: str


def plan_faults(plan: CoursePublished) -> Iterator[Fault]:
    yield from title_faults("$", plan.titles, plan.language)
    yield from _lessons_faults(plan)
    yield from _rule_faults(plan.lessons, plan.passing_rule)
    yield from _skill_faults(plan.skills)
    if not 0 <= plan.offline_days <= MAX_OFFLINE_DAYS:
        yield Fault("$.offline_days", f"not_between_0_and_{MAX_OFFLINE_DAYS}")
    if not 0 <= plan.deadline_resets <= MAX_DEADLINE_RESETS:
        yield Fault("$.deadline_resets", f"not_between_0_and_{MAX_DEADLINE_RESETS}")
    if plan.late:
        yield from _late_faults("$.late", plan.late)
    for number, one in enumerate(plan.prerequisites):
        if isinstance(one, CoursePassed) and one.course == plan.course:
            yield Fault(f"$.prerequisites[{number}].course", "itself")
    yield from prerequisite_faults(plan.prerequisites)


def prerequisite_faults(wanted: Sequence[Prerequisite]) -> Iterator[Fault]:
    """Of a course, or of an offering that states its own."""
    seen: set[Prerequisite] = set()
    for number, one in enumerate(wanted):
        path = f"$.prerequisites[{number}]"
        if isinstance(one, CoursePassed) and not 0 <= one.min_grade <= 1:
            yield Fault(f"{path}.min_grade", "not_between_0_and_1")
        same = CoursePassed(course=one.course) if isinstance(one, CoursePassed) else one
        if same in seen:
            yield Fault(path, "duplicate")
        seen.add(same)


def _lessons_faults(plan: CoursePublished) -> Iterator[Fault]:
    if not plan.lessons:
        yield Fault("$.lessons", "empty")
    seen: set[str] = set()
    skills = {skill.url for skill in plan.skills}
    for number, lesson in enumerate(plan.lessons):
        path = f"$.lessons[{number}]"
        if lesson.id in seen:
            yield Fault(f"{path}.id", "duplicate")
        seen.add(lesson.id)
        yield from _lesson_faults(path, lesson)
        yield from _lesson_skill_faults(path, lesson, skills)
        yield from title_faults(path, lesson.titles, plan.language)
    yield from _unlocking_faults(plan.lessons)


def _lesson_faults(path: str, lesson: Lesson) -> Iterator[Fault]:
    if condition := _weight_fault(lesson.weight):
        yield Fault(f"{path}.weight", condition)
    if lesson.mastery_score is not None and not 0 <= lesson.mastery_score <= 1:
        yield Fault(f"{path}.mastery_score", "not_between_0_and_1")
    if lesson.mastery_score is None and lesson.move_on in {"Passed", "CompletedAndPassed"}:
        yield Fault(f"{path}.mastery_score", "missing")
    if lesson.attempts_allowed is not None and lesson.attempts_allowed < 1:
        yield Fault(f"{path}.attempts_allowed", "not_positive")
    if lesson.attempts_allowed is not None and lesson.attempts_allowed > MAX_ATTEMPTS:
        yield Fault(f"{path}.attempts_allowed", "too_many")
    if lesson.due_day is not None and not 0 <= lesson.due_day <= MAX_DUE_DAY:
        yield Fault(f"{path}.due_day", f"not_between_0_and_{MAX_DUE_DAY}")
    if lesson.late:
        yield from _late_faults(f"{path}.late", lesson.late)


def _late_faults(path: str, late: LatePolicy) -> Iterator[Fault]:
    if not 0 <= late.percent_per_day <= PERCENT:
        yield Fault(f"{path}.percent_per_day", f"not_between_0_and_{PERCENT}")
    if not 0 <= late.floor <= 1:
        yield Fault(f"{path}.floor", "not_between_0_and_1")
    if not 0 <= late.grace_hours <= MAX_GRACE_HOURS:
        yield Fault(f"{path}.grace_hours", f"not_between_0_and_{MAX_GRACE_HOURS}")


def _lesson_skill_faults(path: str, lesson: Lesson, skills: AbstractSet[str]) -> Iterator[Fault]:
    for place, url in enumerate(lesson.skills):
        if url not in skills:
            yield Fault(f"{path}.skills[{place}]", "not_among_the_courses_skills")
        elif url in lesson.skills[:place]:
            yield Fault(f"{path}.skills[{place}]", "duplicate")


def _weight_fault(weight: float) -> str | None:
    least, most = WEIGHTS
    if weight < 0:
        return "negative"
    if not isfinite(weight):
        return "not_finite"
    if weight > most:
        return "too_great"
    return "too_small" if 0 < weight < least else None


def _unlocking_faults(lessons: Sequence[Lesson]) -> Iterator[Fault]:
    known = {lesson.id for lesson in lessons}
    for number, lesson in enumerate(lessons):
        for place, prerequisite in enumerate(lesson.prerequisites):
            if prerequisite not in known:
                yield Fault(f"$.lessons[{number}].prerequisites[{place}]", "unknown_lesson")
    try:
        TopologicalSorter({one.id: one.prerequisites for one in lessons}).prepare()
    except CycleError as error:
        within = set(error.args[1])
        first = next(number for number, lesson in enumerate(lessons) if lesson.id in within)
        yield Fault(f"$.lessons[{first}].prerequisites", "cycle")


def _rule_faults(lessons: Sequence[Lesson], rule: PassingRule) -> Iterator[Fault]:
    weighted = sum(lesson.weight > 0 for lesson in lessons)
    if not 0 <= rule.passing_grade <= 1:
        yield Fault("$.passing_rule.passing_grade", "not_between_0_and_1")
    elif rule.passing_grade > 0 and not weighted:
        yield Fault("$.passing_rule.passing_grade", "no_lesson_has_weight")
    if rule.drop_lowest < 0:
        yield Fault("$.passing_rule.drop_lowest", "negative")
    elif rule.drop_lowest >= max(weighted, 1):
        yield Fault("$.passing_rule.drop_lowest", "nothing_would_be_left")


def _skill_faults(skills: Sequence[Skill]) -> Iterator[Fault]:
    """A skill is one address, and one code of its framework."""
    urls: set[str] = set()
    codes: set[tuple[str | None, str]] = set()
    for number, skill in enumerate(skills):
        if skill.url in urls:
            yield Fault(f"$.skills[{number}].url", "duplicate")
        elif skill.code is not None and (skill.framework, skill.code) in codes:
            yield Fault(f"$.skills[{number}].code", "duplicate")
        urls.add(skill.url)
        if skill.code is not None:
            codes.add((skill.framework, skill.code))


def title_faults(path: str, titles: Mapping[str, str], language: str) -> Iterator[Fault]:
    """Language tags are compared without regard to case (RFC 5646, section 2.1.1)."""
    seen = {language.lower(): "is_the_language"}
    for tag in titles:
        if condition := seen.get(tag.lower()):
            yield Fault(f"{path}.titles.{tag}", condition)
        seen.setdefault(tag.lower(), "duplicate")
