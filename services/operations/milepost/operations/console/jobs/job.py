"""Jobs on read models, asked for over HTTP: a rebuild takes longer than a request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import msgspec

from milepost.events.event import Conflicting, Invalid, Unknown

Action: TypeAlias = Literal["rebuild", "build", "compare", "switch", "rollback", "drop"]
JobState: TypeAlias = Literal["queued", "running", "done", "failed", "canceled"]

# What readers see changes by these, or work of an hour is lost: the model's name is typed.
CONFIRMED: Final[frozenset[Action]] = frozenset({"switch", "rollback", "drop"})
UNFINISHED_AT_MOST: Final = 20
DEATHS_AT_MOST: Final = 3


class ModelJob(msgspec.Struct, frozen=True, kw_only=True):
    """`generation`: the one that is to be live, or to be dropped. `whole`: of all schools.

    `outcome`: what came of it, once it has ended: `sentence`, and for a comparison its figures.
    """

    tenant: str
    job: UUID
    action: Action
    model: str
    generation: int | None
    whole: bool
    actor: str
    state: JobState
    cancel: bool
    deaths: int
    outcome: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@dataclass
class UnknownReadModel(Unknown):
    """There is no read model of this name."""

    model: str
    known: tuple[str, ...]


@dataclass
class UnknownModelJob(Unknown):
    """There is no such job, or not any more."""

    job: UUID


@dataclass
class ModelJobEnded(Conflicting):
    """The job has come to its end: what it did stays."""

    job: UUID
    state: JobState


@dataclass
class TooManyModelJobs(Conflicting):
    """So many jobs wait or run already: come back when one has ended."""

    limit: int


@dataclass
class GenerationMissing(Conflicting):
    """The read model has no generation that is `needed`: build one first."""

    model: str
    needed: str


@dataclass
class RebuildOfOthers(Conflicting):
    """The model is being rebuilt for others than this school: wait until that has ended."""

    model: str


@dataclass
class SharedInstallation(Conflicting):
    """Other schools use this installation too: `milepost projections` does this, on its machine."""

    action: Action


@dataclass
class NotConfirmed(Invalid):
    """Say the read model's name in `confirm`: readers see another generation, or one is lost."""

    expected: str
