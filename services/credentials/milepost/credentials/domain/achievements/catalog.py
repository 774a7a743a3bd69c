"""A tenant's achievements and programs, and what counts for which of them. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TypeAlias, TypeVar, assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.achievements import (
    AchievementHeld,
    Approved,
    CoursePassed,
    HoursLearned,
    LessonScored,
    ProgramCompleted,
    SkillShown,
)
from milepost.contracts.programs import ProgramDefined, ProgramRetired
from milepost.contracts.records import (
    CourseResultNoted,
    CourseResultWithdrawn,
    LessonResultNoted,
)
from milepost.contracts.rules.criteria import Leaf, leaves, program_step, steps_of
from milepost.credentials.domain.achievements.achievement import Achievement
from milepost.credentials.domain.records.record import Fact
from milepost.credentials.domain.refusals import UnknownAchievement
from milepost.events.codec import Codec
from milepost.events.streams import Category

Names: TypeAlias = tuple[str, ...]
K = TypeVar("K")


class Program(msgspec.Struct, frozen=True):
    """As the enrollment service defines it now."""

    definition: ProgramDefined
    retired: bool = False


ProgramState: TypeAlias = Program | None
ProgramEvent: TypeAlias = ProgramDefined | ProgramRetired


def evolve_program(state: ProgramState, event: ProgramEvent) -> ProgramState:
    match event:
        case ProgramDefined():
            return Program(event)
        case ProgramRetired():
            return Program(state.definition, retired=True) if state else None
        case _:
            assert_never(event)


# Read here, never written.
PROGRAM: Category[ProgramState, ProgramEvent] = Category(
    streams.PROGRAM, lambda: None, evolve_program, Codec(ProgramEvent)
)


class Catalog(msgspec.Struct, frozen=True):
    """A tenant's achievements and programs, and which achievements something counts for.

    by_course       those that ask for the course, or for hours in it
    by_any_course   those that ask for hours, in whatever course
    by_skill        by the skill's address
    by_lesson       by course and lesson
    by_achievement  those that ask for the achievement, or for a program that it is a part of
    lessons         by course: the lessons that any achievement asks for
    issuer_names    by their codes
    public_url      where this installation is reached; empty: it is not known
    lesson_ids      these in whatever course
    """

    achievements: Mapping[str, Achievement]
    school: str = ""
    programs: Mapping[str, Program] = {}
    by_course: Mapping[str, Names] = {}
    by_any_course: Names = ()
    by_skill: Mapping[str, Names] = {}
    by_lesson: Mapping[tuple[str, str], Names] = {}
    by_achievement: Mapping[str, Names] = {}
    lessons: Mapping[str, Names] = {}
    lesson_ids: frozenset[str] = frozenset()
    issuer_names: Mapping[str, str] = {}
    public_url: str = ""

    def find(self, achievement: str) -> Achievement:
        """Raises `UnknownAchievement`."""
        found = self.achievements.get(achievement)
        if found is None:
            raise UnknownAchievement(achievement)
        return found

    def steps(self, step: str) -> Names:
        """What an achievement, or a program, asks for; nothing of one that is not defined."""
        achievement = self.achievements.get(step)
        if achievement:
            return steps_of(achievement.definition.criteria)
        program = self.programs.get(step.removeprefix(program_step("")))
        return program.definition.achievements if program else ()

    def touched_by(self, fact: Fact) -> Names:
        """The achievements that it may earn."""
        match fact:
            case CourseResultNoted(course=course, skills=skills):
                by_skills = (self.by_skill.get(skill, ()) for skill in skills)
                of_course = self.by_course.get(course, ())
                return tuple(dict.fromkeys(chain(of_course, self.by_any_course, *by_skills)))
            case LessonResultNoted(course=course, lesson=lesson):
                return self.by_lesson.get((course, lesson), ())
            case CourseResultWithdrawn():
                return ()
            case _:
                assert_never(fact)


def catalog_of(
    achievements: Iterable[Achievement],
    school: str = "",
    programs: Mapping[str, Program] | None = None,
) -> Catalog:
    by_name, programs = {one.achievement: one for one in achievements}, programs or {}
    index = _Index()
    for name in sorted(by_name):
        for leaf in leaves(by_name[name].definition.criteria):
            index.add(name, leaf, programs)
    return Catalog(
        by_name,
        school,
        programs,
        by_course=_names(index.by_course),
        by_any_course=tuple(index.by_any_course),
        by_skill=_names(index.by_skill),
        by_lesson=_names(index.by_lesson),
        by_achievement=_names(index.by_achievement),
        lessons=_names(index.lessons),
        lesson_ids=frozenset(lesson for _, lesson in index.by_lesson),
    )


class _Index:
    def __init__(self) -> None:
        self.by_course = _index()
        self.by_any_course: dict[str, None] = {}
        self.by_skill = _index()
        self.by_lesson: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self.by_achievement = _index()
        self.lessons = _index()

    def add(self, name: str, leaf: Leaf, programs: Mapping[str, Program]) -> None:
        match leaf:
            case CoursePassed(course=course):
                self.by_course[course][name] = None
            case LessonScored(course=course, lesson=lesson):
                self.by_lesson[course, lesson][name] = None
                self.lessons[course][lesson] = None
            case SkillShown(skill=skill):
                self.by_skill[skill][name] = None
            case HoursLearned(courses=courses):
                self._add_hours(name, courses)
            case AchievementHeld() | ProgramCompleted():
                for needed in achievements_of(leaf, programs):
                    self.by_achievement[needed][name] = None
            case Approved():
                pass
            case _:
                assert_never(leaf)

    def _add_hours(self, name: str, courses: Names) -> None:
        if not courses:
            self.by_any_course[name] = None
        for course in courses:
            self.by_course[course][name] = None


def achievements_of(leaf: Leaf, programs: Mapping[str, Program]) -> Names:
    """Those that a criterion asks for, by themselves or as parts of a program."""
    match leaf:
        case AchievementHeld(achievement=achievement):
            return (achievement,)
        case ProgramCompleted(program=program):
            found = programs.get(program)
            return found.definition.achievements if found else ()
        case _:
            return ()


def _index() -> defaultdict[str, dict[str, None]]:
    return defaultdict(dict)


def _names(index: Mapping[K, Mapping[str, None]]) -> dict[K, Names]:
    return {key: tuple(names) for key, names in index.items()}
