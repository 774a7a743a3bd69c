"""A small school's weeks, planned from a seed: who enrolls, studies, retries and leaves, and when.

Pure: the same seed, size and moment give the same plan. The habits have OULAD's shapes: people
register weeks ahead and a few late, a third leaves, most work arrives in the days around its due
day, and some of it long after. Devices are offline now and then, and clients send twice.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeAlias

import msgspec

from milepost.contracts.achievements import AchievementHeld, AllOf, CoursePassed, Criterion
from milepost.contracts.courses import Lesson, PassingRule, Skill
from milepost.contracts.offerings import Mode
from milepost.progress.domain.reports import Completed, Progressed, Report, Scored

# Days from an assessment's due day to its arrival, and how often per mille, as in OULAD.
AROUND_DUE_DAYS = {-6: 40, -4: 60, -3: 60, -2: 110, -1: 220, 0: 260, 1: 40, 2: 110, 3: 60, 6: 40}
STUDY_HOURS = {8: 1, 12: 3, 13: 2, 17: 2, 19: 5, 20: 6, 21: 5, 22: 2}


class Course(msgspec.Struct, frozen=True):
    code: str
    title: str
    lessons: tuple[Lesson, ...]
    passing_rule: PassingRule = PassingRule(passing_grade=0.5)


class Run(msgspec.Struct, frozen=True):
    """One offering; `popularity` is the share of learners who want it."""

    offering: str
    course: Course
    starts: datetime
    ends: datetime
    popularity: float
    seats: int | None = None


class Achievement(msgspec.Struct, frozen=True):
    code: str
    name: str
    criteria: Criterion
    skills: tuple[Skill, ...] = ()


class Program(msgspec.Struct, frozen=True):
    code: str
    title: str
    achievements: tuple[str, ...]


class Group(msgspec.Struct, frozen=True):
    """What a company, say, has bought for its people; `staff` sees how they stand."""

    group: str
    name: str
    staff: str
    members: tuple[str, ...]


class Enroll(msgspec.Struct, frozen=True):
    mode: Mode


class Study(msgspec.Struct, frozen=True):
    """Reports of one sitting, in order. `graded_by_staff`: assignments and exams are."""

    reports: tuple[Report, ...]
    graded_by_staff: bool = False


class Withdraw(msgspec.Struct, frozen=True):
    reason: str


Deed: TypeAlias = Enroll | Study | Withdraw


class Action(msgspec.Struct, frozen=True):
    """What one learner does in one offering. Offline devices arrive late; some send twice.

    `key` tells a learner's actions apart; the same action has the same key every time.
    """

    key: str
    learner: str
    offering: str
    occurred_at: datetime
    arrives_at: datetime
    deed: Deed
    sends: int = 1


class School(msgspec.Struct, frozen=True):
    """`actions` stand in order of arrival."""

    runs: tuple[Run, ...]
    achievements: tuple[Achievement, ...]
    programs: tuple[Program, ...]
    groups: tuple[Group, ...]
    actions: tuple[Action, ...]

    @property
    def courses(self) -> dict[str, Course]:
        return {run.course.code: run.course for run in self.runs}


def plan_school(learners: int, seed: int, now: datetime) -> School:
    """Ten weeks that end at `now`. Planned again on the same day, it goes on where it was."""
    runs = planned_runs(now, learners)
    actions = [
        action
        for number in range(1, learners + 1)
        for action in Student(_name(number), Random(f"{seed}/{number}")).weeks(runs, now)  # noqa: S311 - a plan, not a secret
    ]
    actions.sort(key=lambda action: (action.arrives_at, action.learner))
    return School(runs, ACHIEVEMENTS, PROGRAMS, (planned_group(learners),), tuple(actions))


def planned_group(learners: int) -> Group:
    """Every eighth of them."""
    members = tuple(_name(number) for number in range(1, learners + 1, 8))
    return Group("evening-class", "Evening class", "mentor", members[:1_000])


def _name(number: int) -> str:
    return f"learner-{number:04}"


def planned_runs(now: datetime, learners: int) -> tuple[Run, ...]:
    def run(course: Course, days_ago: int, popularity: float, seats: int | None = None) -> Run:
        starts = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
        days = max(lesson.due_day or 0 for lesson in course.lessons)
        ends = starts + timedelta(days=days + 14)
        return Run(f"{course.code}-{starts:%Y-%m-%d}", course, starts, ends, popularity, seats)

    return (
        run(PYTHON, 66, 0.45),
        run(DATA, 60, 0.35),
        run(STATISTICS, 52, 0.30),
        run(WRITING, 45, 0.20),
        run(MACHINES, 36, 0.20, seats=max(2, learners // 8)),
        run(PYTHON, 18, 0.25),
    )


def lessons_of(weeks: int, exam_weight: float) -> tuple[Lesson, ...]:
    """Each week a video and a quiz, halfway an assignment, at the end an exam."""
    quiz_weight = 40.0 / weeks
    lessons = []
    for week in range(1, weeks + 1):
        due_day = week * 7 - 1
        lessons.append(
            Lesson(id=f"video-{week}", title=f"Week {week}", kind="video", due_day=due_day)
        )
        lessons.append(graded(f"quiz-{week}", "quiz", quiz_weight, due_day))
    halfway = graded("assignment", "assignment", 60.0 - exam_weight, weeks * 7 // 2)
    return (*lessons, halfway, graded("exam", "exam", exam_weight, weeks * 7 + 3))


def graded(lesson: str, kind: str, weight: float, due_day: int) -> Lesson:
    fields = {"id": lesson, "title": lesson.replace("-", " ").capitalize(), "kind": kind}
    rest = {"weight": weight, "due_day": due_day, "mastery_score": 0.4, "move_on": "Completed"}
    return msgspec.convert({**fields, **rest}, Lesson)


def all_held(*achievements: str) -> AllOf:
    return AllOf(criteria=tuple(AchievementHeld(achievement=one) for one in achievements))


class Student:
    """One learner with a gift and a discipline (both 0 to 1), drawn once."""

    def __init__(self, name: str, chance: Random) -> None:
        self.name = name
        self.chance = chance
        self.gift = chance.betavariate(6, 2)
        self.discipline = chance.betavariate(5, 2)
        self.ambitious = chance.random() < 0.2

    def weeks(self, runs: Sequence[Run], now: datetime) -> Iterator[Action]:
        """Nobody takes a course twice; who is ambitious takes nearly all there is."""
        taken = set()
        for run in runs:
            wanted = 0.9 if self.ambitious else run.popularity
            if run.course.code not in taken and self.chance.random() < wanted:
                taken.add(run.course.code)
                yield from (one for one in self.attend(run) if one.arrives_at < now)

    def attend(self, run: Run) -> Iterator[Action]:
        enrolled_at = self.enrolls_at(run)
        mode: Mode = "verified" if self.chance.random() < 0.6 else "audit"
        yield self.act(run, "enroll", enrolled_at, Enroll(mode))
        leaves_at = self.leaves_at(run)
        for lesson in run.course.lessons:
            reports = tuple(self.study(run, lesson, enrolled_at))
            if leaves_at is None or reports[-1].occurred_at < leaves_at:
                by_staff = lesson.kind in {"assignment", "exam"}
                studied_at = reports[-1].occurred_at
                yield self.act(run, lesson.id, studied_at, Study(reports, by_staff))
        if leaves_at is not None and self.chance.random() < 0.5:
            reason = self.chance.choice(("no_time", "changed_course", "too_hard"))
            left_at = max(leaves_at, enrolled_at + timedelta(hours=2))
            yield self.act(run, "withdraw", left_at, Withdraw(reason))

    def act(self, run: Run, name: str, at: datetime, deed: Deed) -> Action:
        offline = isinstance(deed, Study) and self.chance.random() < 0.05
        delay = timedelta(hours=self.chance.uniform(6, 72)) if offline else timedelta()
        sends = 2 if self.chance.random() < 0.03 else 1
        key = f"{run.offering}/{name}"
        return Action(key, self.name, run.offering, at, at + delay, deed, sends)

    def enrolls_at(self, run: Run) -> datetime:
        """Weeks ahead, but one in eight comes late."""
        if self.chance.random() < 0.12:
            return run.starts + timedelta(days=self.chance.uniform(1, 12))
        return run.starts - timedelta(days=self.chance.triangular(0.5, 20, 4))

    def leaves_at(self, run: Run) -> datetime | None:
        if self.chance.random() < 0.25 + 0.5 * self.discipline:
            return None
        return run.starts + (run.ends - run.starts) * self.chance.triangular(-0.1, 1.0, 0.2)

    def study(self, run: Run, lesson: Lesson, enrolled_at: datetime) -> Iterator[Report]:
        at = max(self.hands_in_at(run, lesson), enrolled_at + timedelta(hours=3))
        if lesson.weight == 0:
            yield from self.watch(run, lesson, at)
            return
        yield self.attempt(run, lesson, at, 1, 0.0)
        # Who is not content tries again the same evening.
        if self.chance.random() < 0.15 + 0.2 * self.discipline:
            later = at + timedelta(minutes=self.chance.uniform(10, 90))
            yield self.attempt(run, lesson, later, 2, 0.1)

    def hands_in_at(self, run: Run, lesson: Lesson) -> datetime:
        """Bursts in the days before it is due; the disciplined are a little earlier."""
        days, shares = zip(*AROUND_DUE_DAYS.items(), strict=True)
        day = (lesson.due_day or 0) + self.chance.choices(days, shares)[0]
        hours, often = zip(*STUDY_HOURS.items(), strict=True)
        minutes = self.chance.choices(hours, often)[0] * 60 + self.chance.uniform(0, 59)
        early = timedelta(days=int(self.discipline * 1.5))
        return run.starts + timedelta(days=day, minutes=minutes) - early

    def watch(self, run: Run, lesson: Lesson, at: datetime) -> Iterator[Report]:
        minutes = self.chance.uniform(6, 25)
        report = f"{run.offering}/{lesson.id}"
        yield Progressed(
            id=f"{report}/1",
            lesson=lesson.id,
            occurred_at=at - timedelta(minutes=minutes),
            progress=round(self.chance.uniform(0.2, 0.6), 2),
        )
        yield Progressed(
            id=f"{report}/2",
            lesson=lesson.id,
            occurred_at=at,
            progress=1.0,
            seconds_spent=round(minutes * 60.0),
        )
        yield Completed(id=f"{report}/3", lesson=lesson.id, occurred_at=at)

    def attempt(self, run: Run, lesson: Lesson, at: datetime, number: int, bonus: float) -> Scored:
        score = self.gift + bonus + self.chance.gauss(0, 0.12)
        return Scored(
            id=f"{run.offering}/{lesson.id}/{number}",
            lesson=lesson.id,
            occurred_at=at,
            score=round(min(1.0, max(0.0, score)), 2),
        )


PYTHON = Course("PY101", "Python foundations", lessons_of(6, 30.0))
DATA = Course("DATA110", "Working with data", lessons_of(5, 30.0))
STATISTICS = Course("STAT120", "Statistics for decisions", lessons_of(5, 40.0))
MACHINES = Course("ML210", "How machines learn", lessons_of(4, 40.0))
WRITING = Course("WRIT100", "Writing about evidence", lessons_of(3, 20.0))


def skill(name: str, code: str) -> Skill:
    return Skill(name=name, url=f"https://skills.example/{code}", framework="Example", code=code)


ACHIEVEMENTS = (
    *(
        Achievement(course.code, course.title, CoursePassed(course=course.code), (taught,))
        for course, taught in (
            (PYTHON, skill("Programming in Python", "S1")),
            (DATA, skill("Querying data", "S2")),
            (STATISTICS, skill("Statistical reasoning", "S3")),
            (MACHINES, skill("Machine learning", "S4")),
            (WRITING, skill("Writing from evidence", "S5")),
        )
    ),
    Achievement("data-analyst", "Data analyst", all_held("PY101", "DATA110", "STAT120")),
    Achievement("data-scientist", "Data scientist", all_held("data-analyst", "ML210")),
)
PROGRAMS = (Program("data-analysis", "Data analysis", ("PY101", "DATA110", "STAT120")),)
