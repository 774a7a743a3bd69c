"""How far an enrollment has come, as of any day by which things had happened. Pure.

What happened is kept in the order in which the log took it, each with its day; the latest decides.
As of a day means: as if the log held nothing else than what happened by then. So what is told late
changes earlier days, and those only on which nothing that was taken later in the log has happened.
"""

from collections.abc import Mapping, Sequence
from operator import sub
from typing import Literal, NamedTuple, TypeAlias, assert_never

import msgspec
from msgspec.structs import astuple

Departure: TypeAlias = Literal["withdrawn", "transferred", "deferred", "expired", "canceled"]
Kind: TypeAlias = Literal[
    "waitlisted",
    "offered",
    "enrolled",
    "left",
    "mode",
    "began",
    "finished",
    "unfinished",
    "passed",
    "grade",
    "revoked",
]
# Said again on the same day, only the last of them means anything.
REPEATABLE = ("mode", "grade")
# Who was moved is counted where they are now.
MOVED = ("transferred", "deferred", "canceled")


class Step(msgspec.Struct, frozen=True, array_like=True):
    """`day` counts from 0001-01-01, which is 1.

    enrolled               in this `mode`
    left                   by this `departure`
    began                  anything was done
    finished, unfinished   the enrollment is completed; is not after all, and has this `departure`
    passed, grade          the course is completed, with this grade; has this grade from now on
    revoked                the completion of the course was taken back
    """

    day: int
    kind: Kind
    mode: str = ""
    departure: Departure | None = None
    grade_units: int | None = None


class Stages(msgspec.Struct, frozen=True):
    """One enrollment's, each 0 or 1, but for the grade's units; of several, sums or differences.

    They are named, and meant, as the columns of an offering's funnel.
    """

    waitlisted: int = 0
    waiting: int = 0
    seated: int = 0
    ever_enrolled: int = 0
    enrolled: int = 0
    current: int = 0
    verified: int = 0
    withdrawn: int = 0
    ever_withdrawn: int = 0
    transferred: int = 0
    deferred: int = 0
    expired: int = 0
    canceled: int = 0
    started: int = 0
    completed: int = 0
    completed_verified: int = 0
    graded: int = 0
    grade_units: int = 0


NAMES = Stages.__struct_fields__
NONE = Stages()


class _State(msgspec.Struct):
    mode: str = ""
    waitlisted: bool = False
    waiting: bool = False
    seated: bool = False
    enrolled: bool = False
    started: bool = False
    passed: bool = False
    ever_withdrawn: bool = False
    departure: Departure | None = None
    deferred: bool = False
    grade_units: int | None = None

    def evolve(self, step: Step) -> None:
        match step.kind:
            case "waitlisted" | "offered" | "enrolled" | "left":
                self._move(step)
            case "mode":
                self.mode = step.mode
            case "began":
                self.started = True
            case "finished":
                self.departure = None
            case "unfinished":
                self.departure = step.departure
                if self.deferred and step.departure == "transferred":
                    self.departure = "deferred"
            case "passed":
                self.passed, self.grade_units = True, step.grade_units
            case "grade":
                self.grade_units = step.grade_units if self.passed else None
            case "revoked":
                self.passed, self.grade_units = False, None
            case _:
                assert_never(step.kind)

    def _move(self, step: Step) -> None:
        self.waiting = step.kind == "waitlisted"
        self.waitlisted = self.waitlisted or self.waiting
        self.seated = step.kind in ("offered", "enrolled")
        if step.kind == "enrolled":
            self.mode, self.enrolled, self.departure = step.mode, True, None
        # Who had gone before they waited once more is as gone as before.
        elif step.kind == "left" and self.enrolled and self.departure is None:
            self.departure = step.departure
            self.deferred = step.departure == "deferred"
            self.ever_withdrawn = self.ever_withdrawn or step.departure == "withdrawn"

    def counted(self) -> Stages:
        left = self.departure if self.enrolled else None
        inside = self.enrolled and left not in MOVED
        current = self.enrolled and left is None
        verified = current and self.mode == "verified"
        completed = inside and self.passed
        graded = completed and self.grade_units is not None
        return Stages(
            waitlisted=self.waitlisted,
            waiting=self.waiting,
            seated=self.seated,
            ever_enrolled=self.enrolled,
            enrolled=inside,
            current=current,
            verified=verified,
            withdrawn=left == "withdrawn",
            ever_withdrawn=self.ever_withdrawn,
            transferred=left == "transferred",
            deferred=left == "deferred",
            expired=left == "expired",
            canceled=left == "canceled",
            started=inside and (self.started or self.passed),
            completed=completed,
            completed_verified=completed and verified,
            graded=graded,
            grade_units=(self.grade_units or 0) if graded else 0,
        )


# By name, of the stages that are others: how much is added.
Change: TypeAlias = tuple[tuple[str, int], ...]


class Taken(NamedTuple):
    """What a step changed: of the stages of all steps, and of each day, where sums are as of it."""

    change: Change
    by_day: Mapping[int, Change]


def stages_of(steps: Sequence[Step]) -> Stages:
    """Of steps in the log's order."""
    if not steps:
        return NONE
    now = _State()
    for step in steps:
        now.evolve(step)
    return now.counted()


def _difference(new: Stages, old: Stages) -> Stages:
    return Stages(*map(sub, astuple(new), astuple(old)))


class Progression:
    """The steps of one enrollment, in the log's order, and the stages that they come to.

    It grows by days at most, not with every change of a grade.
    """

    def __init__(self, steps: Sequence[Step] = ()) -> None:
        self.steps = list(steps)
        self._state = _State()
        self._latest_day = 0
        for step in steps:
            self._evolve(step)
        self._stages = self._state.counted() if steps else NONE

    def advance(self, step: Step) -> Taken:
        old = self._stages
        is_latest = step.day >= self._latest_day
        before = () if is_latest else tuple(self.steps)
        if self._repeats(step):
            self.steps[-1] = step
        else:
            self.steps.append(step)
        self._evolve(step)
        self._stages = self._state.counted()
        change = _change(old, self._stages)
        days = {step.day: change} if is_latest else _changes_by_day(before, self.steps)
        return Taken(change, days)

    def _evolve(self, step: Step) -> None:
        self._state.evolve(step)
        self._latest_day = max(self._latest_day, step.day)

    def _repeats(self, step: Step) -> bool:
        if not self.steps or step.kind not in REPEATABLE:
            return False
        last = self.steps[-1]
        return last.day == step.day and last.kind == step.kind


def _changes_by_day(old: Sequence[Step], new: Sequence[Step]) -> Mapping[int, Change]:
    """What the last of the new steps adds to each day; the sum up to a day is as of it."""
    days = sorted({step.day for step in new if step.day >= new[-1].day})
    changes, before = {}, NONE
    for day in days:
        as_of = _difference(_as_of(new, day), _as_of(old, day))
        changes[day] = _change(before, as_of)
        before = as_of
    return changes


def _change(old: Stages, new: Stages) -> Change:
    stages = zip(NAMES, astuple(old), astuple(new), strict=True)
    return tuple([(name, after - before) for name, before, after in stages if after != before])


def _as_of(steps: Sequence[Step], day: int) -> Stages:
    return stages_of([step for step in steps if step.day <= day])
