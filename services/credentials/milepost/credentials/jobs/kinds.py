"""The kinds of jobs: awards, revocations, renewals, supersessions. A learner's rows one by one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from milepost.contracts.records import RecordEvent
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.records.record import Fact, Record
from milepost.credentials.jobs.row_decisions import (
    award_row,
    renew_row,
    revoke_row,
    supersede_row,
)
from milepost.credentials.jobs.rows import AWARDS, STEPS, Request, keep, kept
from milepost.credentials.learning import Learning
from milepost.events.commands.transact import Transactor
from milepost.jobs.jobs import Job, Result
from milepost.jobs.kinds import Kind, command_of
from milepost.jobs.row_format import Fault, Row, RowFormat
from milepost.jobs.side_by_side import OneByOne, decide_side_by_side
from milepost.web.settings import Settings

Decision: TypeAlias = Callable[[Record], list[RecordEvent]]
# What a row asks for. `facts`: all that was told of the learner, where criteria decide.
Prepare: TypeAlias = Callable[[Request, Job, Catalog, Sequence[Fact]], Decision]

# What a row came to that wrote such an event; the first that is there.
AWARDED: Final = {"credential_awarded": "awarded", "credential_renewed": "renewed"}
REVOKED: Final = {"credential_revoked": "revoked"}
RENEWED: Final = {"credential_renewed": "renewed"}
SUPERSEDED: Final = {"credential_superseded": "superseded"}


@dataclass(frozen=True)
class RowDecider:
    """How rows of one kind are decided. `asks_history`: they may be decided by what was learned."""

    achievements: AchievementCache
    prepare: Prepare
    outcomes: Mapping[str, str]
    asks_history: bool = False

    async def page(
        self, transactor: Transactor, _settings: Settings, job: Job, rows: Sequence[Row[Request]]
    ) -> list[Result]:
        """A result per row, in their order.

        Raises what says that a server is away, and `NotLeading`.
        """
        catalog = await self.achievements.latest(job.tenant)
        history = await self._history(transactor, job, rows, catalog)
        decide = partial(self._row, job, history)
        order = OneByOne(lambda request: (request.learner,))
        return await decide_side_by_side(order, job, rows, decide, lambda _: "")

    async def _row(self, job: Job, history: "History", number: int, request: Request) -> Result:
        """Repeated, after a crash, it answers with what it did. Raises `Contended`."""
        asks = self.asks_history and request.reason is None
        facts = await history.of(request.learner) if asks else ()
        outcome = await history.transactor.transact(
            job.tenant,
            RECORD.of(request.learner),
            self.prepare(request, job, history.catalog, facts),
            command_id=command_of(job, number),
            metadata=job.metadata,
        )
        wrote = [self.outcomes[one.type] for one in outcome.events if one.type in self.outcomes]
        held = outcome.state(RECORD).active
        waits = asks and request.achievement not in held
        # By what the command wrote, not by how things are since.
        return Result(
            row=number,
            outcome=wrote[0] if wrote else "not_earned" if waits else "unchanged",
            position=outcome.position if wrote and not job.dry_run else None,
        )

    async def _history(
        self, transactor: Transactor, job: Job, rows: Sequence[Row[Request]], catalog: Catalog
    ) -> "History":
        asked = {
            row.request.learner
            for row in rows
            if not isinstance(row.request, Fault) and row.request.reason is None
        }
        upto = (await transactor.log.heads()).get(job.tenant, 0)
        learning = Learning(transactor.log)
        enrollments: Mapping[str, Sequence[str]] = {}
        # The record knows those that were completed; lessons may be asked for in any other.
        if self.asks_history and asked and catalog.lesson_ids:
            enrollments = await learning.enrollments(job.tenant, upto, of=asked)
        return History(transactor, learning, job.tenant, upto, catalog, enrollments)


@dataclass(frozen=True)
class History:
    """What was told of the learning of a page's learners, up to one position."""

    transactor: Transactor
    learning: Learning
    tenant: str
    upto: int
    catalog: Catalog
    enrollments: Mapping[str, Sequence[str]]

    async def of(self, learner: str) -> Sequence[Fact]:
        _, record = await self.transactor.load(self.tenant, RECORD.of(learner))
        runs = dict.fromkeys([*record.noted, *self.enrollments.get(learner, ())])
        facts: list[Fact] = []
        for enrollment in runs:
            lessons = self.catalog.lessons
            facts += await self.learning.all_of(self.tenant, enrollment, self.upto, lessons)
        return sorted(facts, key=lambda fact: fact.position)


def _award(request: Request, job: Job, catalog: Catalog, facts: Sequence[Fact]) -> Decision:
    assert request.achievement is not None
    return partial(
        award_row,
        catalog=catalog,
        facts=facts,
        learner=request.learner,
        achievement=request.achievement,
        reason=request.reason,
        by=job.actor,
        at=job.created_at,
    )


def _revoke(request: Request, job: Job, _catalog: Catalog, _facts: Sequence[Fact]) -> Decision:
    assert request.reason is not None
    return partial(
        revoke_row,
        learner=request.learner,
        achievement=request.achievement,
        credential=request.credential,
        reason=request.reason,
        at=job.created_at,
    )


def _stepping(decide: Callable[..., list[RecordEvent]]) -> Prepare:
    def prepare(request: Request, job: Job, catalog: Catalog, _facts: Sequence[Fact]) -> Decision:
        return partial(
            decide,
            catalog=catalog,
            learner=request.learner,
            achievement=request.achievement,
            credential=request.credential,
            reason=request.reason,
            by=job.actor,
            at=job.created_at,
        )

    return prepare


def kinds(achievements: AchievementCache) -> list[Kind[Request]]:
    decider = partial(RowDecider, achievements)
    return [
        _kind("awards", AWARDS, decider(_award, AWARDED, asks_history=True)),
        _kind("revocations", STEPS, decider(_revoke, REVOKED)),
        _kind("renewals", STEPS, decider(_stepping(renew_row), RENEWED)),
        _kind("supersessions", STEPS, decider(_stepping(supersede_row), SUPERSEDED)),
    ]


def _kind(name: str, rows: RowFormat[Request], decider: RowDecider) -> Kind[Request]:
    return Kind(name=name, rows=rows, decide=decider.page, keep=keep, kept=kept)
