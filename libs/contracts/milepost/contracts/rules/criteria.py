"""What criteria name, whether they stack up to a circle, and whether they hold. Pure.

An achievement may ask for a program, and a program for achievements: a path through both is made
of codes of achievements, and of `program/<code>`, which is no code of an achievement.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import TypeAlias, assert_never

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
from milepost.contracts.programs import ProgramDefined

Leaf: TypeAlias = (
    CoursePassed
    | AchievementHeld
    | LessonScored
    | SkillShown
    | HoursLearned
    | ProgramCompleted
    | Approved
)
# The best grade, 0 to 1, in each course that is passed; None where nothing is graded.
Passed: TypeAlias = Mapping[str, float | None]
Programs: TypeAlias = Mapping[str, ProgramDefined]


def leaves(criterion: Criterion) -> Iterator[Leaf]:
    match criterion:
        case AllOf(criteria=parts) | AnyOf(criteria=parts) | NOf(criteria=parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield criterion


def program_step(program: str) -> str:
    return f"program/{program}"


def steps_of(criterion: Criterion) -> tuple[str, ...]:
    """The achievements and programs that criteria ask for, each once."""
    named: dict[str, None] = {}
    for leaf in leaves(criterion):
        if isinstance(leaf, AchievementHeld):
            named[leaf.achievement] = None
        elif isinstance(leaf, ProgramCompleted):
            named[program_step(leaf.program)] = None
    return tuple(named)


def circle(
    start: str, first: Iterable[str], steps: Callable[[str], Iterable[str]]
) -> tuple[str, ...] | None:
    """From a start back to it, if what it asks for `first` leads there; `steps`: of any other."""
    paths: list[tuple[str, ...]] = [(start, one) for one in first]
    seen = set[str]()
    while paths:
        path = paths.pop()
        if path[-1] == start:
            return path
        if path[-1] not in seen:
            seen.add(path[-1])
            paths += [(*path, one) for one in steps(path[-1])]
    return None


def rests_on(criterion: Criterion, course: str) -> bool:
    """Whether results in the course may matter, other than by what else they earn."""
    return any(_rests_on(leaf, course) for leaf in leaves(criterion))


def is_judged_by_grades(criterion: Criterion, course: str) -> bool:
    """Whether `holds` knows for certain what the criteria ask of the course."""
    return all(
        isinstance(leaf, CoursePassed) and not _is_constrained(leaf)
        for leaf in leaves(criterion)
        if _rests_on(leaf, course)
    )


def needed(program: ProgramDefined) -> int:
    """How many of its achievements complete a program."""
    match program.rule:
        case "all":
            return len(program.achievements)
        case "any":
            return 1
        case "n_of":
            return program.n or 1


def holds(
    criterion: Criterion,
    passed: Passed,
    held: AbstractSet[str],
    *,
    programs: Programs | None = None,
    unknown: bool,
) -> bool:
    """Yes or no, by grades and credentials alone; credentials judge by the whole record.

    `held` are the achievements that the learner holds. `unknown` is what counts where these do
    not tell: False asks what holds for certain, True what may hold.
    """
    match criterion:
        case CoursePassed(course=course, min_grade=least):
            reached = course in passed and (passed[course] or 0.0) >= least
            return reached and (unknown or not _is_constrained(criterion))
        case AchievementHeld(achievement=achievement):
            return achievement in held
        case ProgramCompleted(program=program):
            return _completed((programs or {}).get(program), held, unknown=unknown)
        case LessonScored() | SkillShown() | HoursLearned() | Approved():
            return unknown
        case AllOf() | AnyOf() | NOf():
            parts = (
                holds(part, passed, held, programs=programs, unknown=unknown)
                for part in criterion.criteria
            )
            return sum(parts) >= _needed_parts(criterion)
        case _:
            assert_never(criterion)


def earned(
    criteria: Mapping[str, Criterion],
    passed: Passed,
    held: AbstractSet[str],
    *,
    programs: Programs | None = None,
    unknown: bool,
) -> frozenset[str]:
    """The achievements that hold, each also counting for those that ask for it, to any depth.

    `held` count as held whatever their own criteria say: they were given by hand, say.
    """
    found = set(held)
    while True:
        more = {
            name
            for name, criterion in criteria.items()
            if name not in found
            and holds(criterion, passed, found, programs=programs, unknown=unknown)
        }
        if not more:
            return frozenset(found)
        found |= more


def _completed(program: ProgramDefined | None, held: AbstractSet[str], *, unknown: bool) -> bool:
    """In which order they were earned is not told here."""
    if program is None:
        return False
    enough = len(held & set(program.achievements)) >= needed(program)
    return enough and (unknown or not program.ordered)


def _needed_parts(group: AllOf | AnyOf | NOf) -> int:
    match group:
        case AllOf(criteria=parts):
            return len(parts)
        case AnyOf():
            return 1
        case NOf(n=n):
            return n


def _rests_on(leaf: Leaf, course: str) -> bool:
    match leaf:
        case CoursePassed(course=named) | LessonScored(course=named):
            return named == course
        case HoursLearned(courses=courses):
            return not courses or course in courses
        case SkillShown():
            return True  # what the course teaches is not told here
        case AchievementHeld() | ProgramCompleted() | Approved():
            return False
        case _:
            assert_never(leaf)


def _is_constrained(criterion: CoursePassed) -> bool:
    return bool(criterion.mode or criterion.not_before or criterion.not_after)
