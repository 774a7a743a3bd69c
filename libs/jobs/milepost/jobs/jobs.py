"""What a bulk job is: its states, what its rows came to, and the bounds on its life."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec

from milepost.events.event import Conflicting, Invalid, Unknown

State: TypeAlias = Literal["queued", "running", "done", "canceled", "failed"]

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


class Tally(msgspec.Struct, frozen=True):
    """How many rows came to what, by outcome; `refused` by the problem's name."""

    outcomes: dict[str, int] = {}
    refused: dict[str, int] = {}

    @property
    def done(self) -> int:
        return sum(self.outcomes.values()) + sum(self.refused.values())

    def encode(self) -> bytes:
        """As it is stored: `{"enrolled": 2, "refused": {"offering_full": 1}}`."""
        return msgspec.json.encode({**self.outcomes, "refused": self.refused})

    @classmethod
    def decode(cls, stored: str | bytes) -> "Tally":
        counts = msgspec.json.decode(stored, type=dict[str, Any])
        refused = counts.pop("refused", {})
        return cls(counts, refused)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a row: an outcome of its kind, or `refused`, with the `problem`.

    `position` if it did something.
    """

    row: int
    outcome: str
    enrollment: str | None = None
    position: int | None = None
    problem: dict[str, Any] | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """`offering`: of rows that name none. `metadata` goes into every event.

    `own_only`: whoever sent it teaches, and knows nothing of offerings that are not theirs.
    """

    tenant: str
    job: UUID
    kind: str
    digest: str
    state: State
    dry_run: bool
    offering: str | None
    actor: str
    metadata: bytes
    own_only: bool
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
    outcomes, refused = Counter(tally.outcomes), Counter(tally.refused)
    for result in results:
        if result.problem is None:
            outcomes[result.outcome] += 1
        else:
            refused[result.problem["type"].rpartition(":")[2]] += 1
    return Tally(dict(outcomes), dict(refused))
