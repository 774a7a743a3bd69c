"""What a bulk job is: its states, what its rows came to, and the bounds on its life."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec

from milepost.events.event import Conflicting, Invalid, Unknown

State: TypeAlias = Literal["queued", "running", "done", "canceled", "failed"]
Outcome: TypeAlias = Literal[
    "enrolled", "waitlisted", "requested", "pending_approval", "unchanged", "refused"
]

UNFINISHED_AT_MOST = 20
RETENTION = timedelta(days=30)
ABANDONED = timedelta(hours=1)
RECEIVING = timedelta(minutes=10)


@dataclass
class UnknownJob(Unknown):
    job: UUID


@dataclass
class AlreadyEnded(Conflicting):
    """The job has come to its end: what it did stays."""

    job: UUID
    state: State


@dataclass
class TooManyJobs(Conflicting):
    """So many of this school's jobs wait or run already: come back when one has ended."""

    limit: int


@dataclass
class RowInvalid(Invalid):
    """The row cannot be read."""

    path: str
    reason: str


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows came to what; `refused` by the problem's name."""

    enrolled: int = 0
    waitlisted: int = 0
    requested: int = 0
    pending_approval: int = 0
    unchanged: int = 0
    refused: dict[str, int] = {}

    @property
    def done(self) -> int:
        accepted = (self.enrolled, self.waitlisted, self.requested, self.pending_approval)
        return sum(accepted) + self.unchanged + sum(self.refused.values())


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a row; `problem` if it was refused, `position` if it did something."""

    row: int
    outcome: Outcome
    enrollment: str | None = None
    position: int | None = None
    problem: dict[str, Any] | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """`offering`: of rows that name none. `metadata` goes into every event."""

    tenant: str
    job: UUID
    digest: str
    state: State
    dry_run: bool
    offering: str | None
    actor: str
    metadata: bytes
    rows: int
    tally: Tally
    cancel: bool
    deaths: int
    created_at: datetime
    started_at: datetime | None
    changed_at: datetime
    ended_at: datetime | None
    version: int


def add_results(tally: Tally, results: Sequence[Result]) -> Tally:
    """With these added."""
    counts = msgspec.structs.asdict(tally)
    refused = dict(tally.refused)
    for result in results:
        if result.problem is None:
            counts[result.outcome] += 1
        else:
            name = result.problem["type"].rpartition(":")[2]
            refused[name] = refused.get(name, 0) + 1
    return Tally(**{**counts, "refused": refused})
