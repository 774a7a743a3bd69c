"""Roles, dependencies, bodies and answers of the routes under `/operations`."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec
from litestar.params import PathParameter
from msgspec import Meta

from milepost.events.integrity.results import Difference, Part, Verdict
from milepost.operations.console.jobs.job import Action, JobState
from milepost.web.openapi.documented_answers import IDEMPOTENCY_KEY, KEY_REUSED, Answers
from milepost.web.requests.json_body import Body

OPERATORS: Final = ("operator",)
READERS: Final = ("operator", "auditor")

JobPath = Annotated[UUID, PathParameter(description="The job's id")]
ParkedPath = Annotated[
    int, PathParameter(ge=1, le=2**63 - 1, description="The number of what is parked")
]
Words = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]


class Wiring(msgspec.Struct, frozen=True):
    pool: asyncpg.Pool


class NewModelJob(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`confirm`: the read model's name, for `switch`, `rollback` and `drop`."""

    action: Action
    model: Annotated[str, Meta(min_length=1, max_length=100)]
    confirm: Annotated[str, Meta(max_length=100)] | None = None


class ModelJobView(msgspec.Struct, frozen=True, kw_only=True):
    """`events` of `head` have been folded while it runs; null where that says nothing.

    outcome  what came of it: `result` is switched, identical, different, parks_more, dropped or
             refused (then there is a `reason`), and for a comparison come its figures
    whole    it is about all schools of the installation
    """

    job: UUID
    action: Action
    model: str
    generation: int | None
    whole: bool
    state: JobState
    canceling: bool
    by: str
    events: int | None
    head: int | None
    outcome: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ModelJobsView(msgspec.Struct, frozen=True, kw_only=True):
    """`next`: the `cursor` of the next page; null on the last."""

    jobs: list[ModelJobView]
    next: UUID | None


class Retry(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reason` is kept, with who decided."""

    reason: Words | None = None


class Skip(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`confirm`: the event's position, for what is skipped never comes again."""

    reason: Words
    confirm: int


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    decided_at: datetime
    decision: Literal["retry", "skip"]
    by: str
    reason: str | None


class ParkedView(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a consumer could not take.

    state     parked: it failed; behind: it waits for an earlier one of its key; retry, skip: that
              was decided, and will be done; done, skipped: it is settled
    attempts  0 for what only waits
    """

    parked: int
    consumer: str
    position: int
    stream: str
    type: str
    state: str
    error: str
    attempts: int
    parked_at: datetime
    changed_at: datetime


class ParkedListView(msgspec.Struct, frozen=True, kw_only=True):
    """The first in the order in which they will be done. `more`: there are others."""

    parked: list[ParkedView]
    more: bool


class ParkedDetailView(ParkedView, frozen=True, kw_only=True):
    decisions: list[DecisionView]


class PartView(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the proof, as the log was at `position`.

    log     `expected`: positions up to the head; `found`: events that are as they were written
    models  read models, and how many hold what the log says
    awards  credentials that were earned, and how many of them are held
    stream  events that are published, and how many NATS holds

    verdict      unknown: nobody has looked yet, or for two days; failed: it could not be looked at
    differing    how many differences; `differences` are the first of them
    pending      somebody has asked for another look
    """

    part: Part
    verdict: Verdict
    position: int | None
    expected: int | None
    found: int | None
    differing: int
    differences: tuple[Difference, ...]
    failure: str | None
    checked_at: datetime | None
    pending: bool


class IntegrityView(msgspec.Struct, frozen=True, kw_only=True):
    """`head`: where the log ends now. `position`: all parts are true for it, or for a later one."""

    verdict: Verdict
    head: int
    position: int | None
    parts: tuple[PartView, ...]


class NewCheck(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which `parts` are to be looked at again; all, where none is named."""

    parts: Annotated[tuple[Part, ...], Meta(max_length=4)] = ()


def command(*refusals: Exception) -> Answers:
    """Of what is kept in tables: no position comes of it."""
    return Answers(refusals=(*refusals, KEY_REUSED), request_headers=(IDEMPOTENCY_KEY,))
