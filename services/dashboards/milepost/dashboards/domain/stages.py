"""How far an enrollment has come, as of any day by which things had happened. Pure.

What happened is kept in the order in which the log took it, each with its day; the latest decides.
As of a day means: as if the log held nothing else than what happened by then. So what is told late
changes earlier days, and those only on which nothing that was taken later in the log has happened.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, assert_never

import msgspec

Kind: TypeAlias = Literal["seat", "state", "mode", "passed", "grade", "revoked"]
SEATED = ("offered", "enrolled")
# Said again on the same day, only the last of them means anything.
REPEATABLE = ("mode", "grade")


class Step(msgspec.Struct, frozen=True, array_like=True):
    """`day` counts from 0001-01-01, which is 1.

    seat     `state` is the enrollment's, and gives a place or takes it: waitlisted, offered,
             enrolled, or out; with the `mode`, where it says one
    state    `state` is the enrollment's from then on
    mode     it is this one
    passed   the course is completed, with this grade, if there is one
    grade    it is another one
    revoked  the completion was taken back
    """

    day: int
    kind: Kind
    state: str = ""
    mode: str = ""
    grade_units: int | None = None


class Stages(msgspec.Struct, frozen=True):
    """One enrollment's, each 0 or 1, but for the grade's units; of several, sums or differences.

    `transferred`, `expired`, `canceled`, `withdrawn`: had a seat, and is gone that way now.
    """

    waitlisted: int = 0
    waiting: int = 0
    seated: int = 0
    enrolled: int = 0
    verified: int = 0
    completed: int = 0
    graded: int = 0
    grade_units: int = 0
    withdrawn: int = 0
    transferred: int = 0
    expired: int = 0
    canceled: int = 0


NAMES = Stages.__struct_fields__


class _State(msgspec.Struct):
    state: str = ""
    place: str = ""
    mode: str = ""
    waited: bool = False
    entered: bool = False
    passed: bool = False
    grade_units: int | None = None

    def evolve(self, step: Step) -> None:
        match step.kind:
            case "seat":
                self.state = self.place = step.state
                self.mode = step.mode or self.mode
                self.waited = self.waited or step.state == "waitlisted"
                self.entered = self.entered or step.state == "enrolled"
            case "state":
                self.state = step.state
            case "mode":
                self.mode = step.mode
            case "passed":
                self.passed, self.grade_units = True, step.grade_units
            case "grade":
                self.grade_units = step.grade_units if self.passed else None
            case "revoked":
                self.passed, self.grade_units = False, None
            case _:
                assert_never(step.kind)


def stages_of(steps: Sequence[Step]) -> Stages:
    """Of steps in the log's order."""
    now = _State()
    for step in steps:
        now.evolve(step)
    return Stages(
        waitlisted=now.waited,
        waiting=now.place == "waitlisted",
        seated=now.place in SEATED,
        enrolled=now.entered,
        verified=now.entered and now.mode == "verified",
        completed=now.passed,
        graded=now.grade_units is not None,
        grade_units=now.grade_units or 0,
        withdrawn=now.entered and now.state == "withdrawn",
        transferred=now.entered and now.state == "transferred",
        expired=now.entered and now.state == "expired",
        canceled=now.entered and now.state == "canceled",
    )


def difference(new: Stages, old: Stages) -> Stages:
    return Stages(*(getattr(new, name) - getattr(old, name) for name in NAMES))


def with_step(steps: Sequence[Step], step: Step) -> list[Step]:
    """What is to be kept: it grows by days at most, not with every change of a grade."""
    if (
        steps
        and step.kind in REPEATABLE
        and (steps[-1].day, steps[-1].kind)
        == (
            step.day,
            step.kind,
        )
    ):
        return [*steps[:-1], step]
    return [*steps, step]


def changes_by_day(old: Sequence[Step], new: Sequence[Step]) -> Mapping[int, Stages]:
    """What the last of the new steps adds to each day; the sum up to a day is as of it."""
    since = new[-1].day
    days = sorted({step.day for step in new if step.day >= since})
    changes, before = {}, Stages()
    for day in days:
        as_of = difference(_as_of(new, day), _as_of(old, day))
        changes[day] = difference(as_of, before)
        before = as_of
    return changes


def _as_of(steps: Sequence[Step], day: int) -> Stages:
    return stages_of([step for step in steps if step.day <= day])
