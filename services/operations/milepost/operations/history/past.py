"""A school's past, ready to be imported: what was offered, and what each learner did, in order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec

from milepost.contracts.achievements import Criterion
from milepost.contracts.courses import Lesson, PassingRule
from milepost.progress.domain.reports import Report


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One offering without a cap, of a course version of its own."""

    offering: str
    course: str
    title: str
    lessons: tuple[Lesson, ...]
    passing_rule: PassingRule
    announced_at: datetime
    starts: datetime
    ends: datetime


class Attested(msgspec.Struct, frozen=True, kw_only=True):
    """An achievement to define."""

    achievement: str
    name: str
    criteria: Criterion
    announced_at: datetime


class Enroll(msgspec.Struct, frozen=True):
    at: datetime


class Learn(msgspec.Struct, frozen=True):
    """Reports with nothing between them; any number."""

    reports: tuple[Report, ...]


class Withdraw(msgspec.Struct, frozen=True):
    """`reason` is a code."""

    at: datetime
    reason: str


Step: TypeAlias = Enroll | Learn | Withdraw


class Passage(msgspec.Struct, frozen=True):
    """One learner on one offering. `steps` gives what happened, in strict order, anew each time."""

    offering: str
    learner: str
    steps: Callable[[], Iterator[Step]]


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """`name` distinguishes one import from another: the same name and rows are done once.

    runs      in order of time: a course's versions are published in it
    learners  each learner's passages, in order of time
    size      how many rows the learners' passages have together
    nowhere   registrations on runs that the source itself does not know, by offering
    """

    name: str
    runs: tuple[Run, ...]
    achievements: tuple[Attested, ...]
    learners: Iterable[tuple[Passage, ...]]
    size: int
    nowhere: Mapping[str, int] = msgspec.field(default_factory=dict)
