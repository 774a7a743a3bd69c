"""Asks the log what a changed rule would have meant, for one course or offering. Writes nothing.

    the course ─▶ its plans, as they are and changed
    the log, page by page ─▶ a state per enrollment ─▶ judged twice ─▶ who is affected
    their records ─▶ which credentials would follow

One pass over the log answers for `limit` enrollments, in the order of their opening; `next` says
where the rest begins. So memory is bounded, whatever the course's size.
"""

from asyncio import sleep
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from sys import intern
from typing import Annotated, NamedTuple

import msgspec
from msgspec.structs import replace

from milepost.contracts.progress import (
    LearningBegan,
    LessonProgressed,
    ProgressOpened,
    ReportsBackdated,
)
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.learning.plan import Plan
from milepost.events.event import tag_of
from milepost.events.log import PAGE, Log, pages
from milepost.progress.domain.plan_changes.what_if import (
    Effect,
    Judged,
    RuleChanges,
    changed,
    deciding,
    judge,
    require_lessons,
)
from milepost.progress.domain.reports import UnknownPlan
from milepost.progress.domain.state import PROGRESS
from milepost.progress.events import ProgressEvent
from milepost.progress.plan_cache import published_versions
from milepost.progress.queries.what_if_credentials import (
    NO_EFFECTS,
    CredentialEffects,
    Credentials,
    LearnerRecord,
    credentials_of,
    records_of,
)
from milepost.progress.queries.what_if_streams import Kept, Stream, fold_stream, in_turns

MAX_LEARNERS = 20_000
# Neither completion nor grade depends on them, and they are the most of any log.
_ASIDE = {tag_of(one) for one in (LearningBegan, LessonProgressed, ReportsBackdated)}
TYPES = tuple(tag for tag in PROGRESS.codec.tags if tag not in _ASIDE)
_OPENED = tag_of(ProgressOpened)
# So many records are read before others have their turn.
TURN = 50


class WhatIfCursor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an answer goes on: behind the opening at `after`, as the log was at `position`."""

    after: Annotated[int, msgspec.Meta(ge=0)]
    position: Annotated[int, msgspec.Meta(ge=0)]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """`version`: of those who are judged by it, None: by any. `to_version`: by another published
    version's rules; None: each by their own. `changes` come on top.
    """

    course: str
    changes: RuleChanges = RuleChanges()
    offering: str | None = None
    version: int | None = None
    to_version: int | None = None
    limit: int = MAX_LEARNERS
    cursor: WhatIfCursor | None = None


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """One enrollment. Grades are 0 to 1, None where nothing is graded.

    `decided_by` are positions in the log: the attempts that count, what completed or passed the
    required lessons, and what staff decided; at most 50.
    """

    enrollment: str
    learner: str
    offering: str
    version: int
    effect: Effect
    completed_before: bool
    completed_after: bool
    grade_before: float | None
    grade_after: float | None
    decided_by: tuple[int, ...]
    credentials: CredentialEffects = NO_EFFECTS


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """True for `position` of the log. `judged` is how many enrollments were; who is transferred
    counts where they went on. `affected` are those for whom anything changes. `next`: there are
    more, ask again from there; None: that was all. `credentials_not_judged`: achievements that
    ask of the course what grades do not tell, as its mode, a lesson's score, hours or a skill.
    """

    position: int
    judged: int
    gain_completion: int
    lose_completion: int
    change_grade: int
    affected: list[Affected]
    next: WhatIfCursor | None = None
    credentials_not_judged: tuple[str, ...] = ()


async def what_if(
    log: Log,
    tenant: str,
    question: Question,
    *,
    at: datetime,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> WhatIf:
    """`on_progress` hears how far the log is read, and how far it goes.

    Raises `UnknownPlan`, `UnknownLesson`.
    """
    head = (await log.heads()).get(tenant, 0)
    upto = min(question.cursor.position, head) if question.cursor else head
    plans = await _plans(log, tenant, question)
    learners, rest = await _read(log, tenant, question, upto, on_progress)
    found = _Tally()
    async for some in in_turns(learners):
        found.judge(some, plans, question, at)
    credentials = await credentials_of(log, tenant, upto)
    if credentials.asks_for(question.course):
        add = partial(_effects, credentials, question.course)
        await _add_credentials(log, tenant, add, found.affected, upto)
    return found.answer(upto, rest, credentials.not_judged(question.course))


class _Plans(NamedTuple):
    now: Mapping[int, Plan]
    changed: Mapping[int, Plan]


async def _plans(log: Log, tenant: str, question: Question) -> _Plans:
    """Each version as it is, and what those who are judged by it would be judged by."""
    versions = await published_versions(log, tenant, question.course)
    for wanted in (question.version, question.to_version):
        if wanted is not None and wanted not in versions:
            raise UnknownPlan(question.course, wanted)
    if not versions:
        raise UnknownPlan(question.course, question.version or 1)
    require_lessons(versions, question.changes)
    return _Plans(
        {number: pinned(one) for number, one in versions.items()},
        {
            number: pinned(
                # No version is 0: whoever it is applied to, it is another one.
                changed(versions[question.to_version or number], question.changes, version=0)
            )
            for number in versions
        },
    )


async def _read(
    log: Log,
    tenant: str,
    question: Question,
    upto: int,
    on_progress: Callable[[int, int], None],
) -> tuple[list[Stream], WhatIfCursor | None]:
    """Who was opened in the course, up to the limit; and from where the rest would be asked for."""
    last = question.cursor.after if question.cursor else 0
    learners: dict[str, Stream] = {}
    rest = None
    async for page in pages(log, tenant, last, upto=upto, types=TYPES, limit=PAGE):
        for one in page.events:
            if one.type == _OPENED and _asked_for(PROGRESS.codec.read(one), question):
                if len(learners) < question.limit:
                    learners[one.stream], last = [], one.position
                else:
                    rest = WhatIfCursor(after=last, position=upto)
            if (stream := learners.get(one.stream)) is not None:
                stream.append(Kept(intern(one.type), one.data, one.occurred_at, one.position))
        on_progress(page.reached, upto)
        await sleep(0)
    return list(learners.values()), rest


def _asked_for(opened: ProgressEvent, question: Question) -> bool:
    return (
        isinstance(opened, ProgressOpened)
        and opened.course == question.course
        and question.offering in {None, opened.offering}
    )


class _Tally:
    def __init__(self) -> None:
        self.judged = 0
        self.affected: list[Affected] = []

    def judge(
        self, learners: Sequence[Stream], plans: _Plans, question: Question, at: datetime
    ) -> None:
        for events in learners:
            state, places = fold_stream(events)
            opened = state.opened
            if opened is None or state.continues_as or opened.version not in plans.now:
                continue
            if question.version not in {None, opened.version}:
                continue
            plan, other = plans.now[opened.version], plans.changed[opened.version]
            self.judged += 1
            if question.changes == RuleChanges() and question.to_version == opened.version:
                continue  # has it already, by a migration that left what was earned
            judged = judge(state, plan, other, at)
            if judged.effect != "nothing":
                self.affected.append(_affected(opened, judged, deciding(state, other, places)))

    def answer(
        self, position: int, rest: WhatIfCursor | None, not_judged: tuple[str, ...]
    ) -> WhatIf:
        effects = Counter(one.effect for one in self.affected)
        return WhatIf(
            position=position,
            judged=self.judged,
            gain_completion=effects["gains_completion"],
            lose_completion=effects["loses_completion"],
            change_grade=effects["grade_changes"],
            affected=self.affected,
            next=rest,
            credentials_not_judged=not_judged,
        )


def _affected(opened: ProgressOpened, judged: Judged, places: tuple[int, ...]) -> Affected:
    return Affected(
        enrollment=opened.enrollment,
        learner=opened.learner,
        offering=opened.offering,
        version=opened.version,
        effect=judged.effect,
        completed_before=judged.completed_before,
        completed_after=judged.completed_after,
        grade_before=judged.grade_before,
        grade_after=judged.grade_after,
        decided_by=places,
    )


async def _add_credentials(
    log: Log,
    tenant: str,
    effects: Callable[[Affected, LearnerRecord], CredentialEffects],
    affected: list[Affected],
    upto: int,
) -> None:
    for first in range(0, len(affected), TURN):
        some = affected[first : first + TURN]
        records = await records_of(log, tenant, [one.learner for one in some], upto)
        affected[first : first + TURN] = [
            replace(one, credentials=effects(one, records[one.learner])) for one in some
        ]
        await sleep(0)


def _effects(
    credentials: Credentials, course: str, one: Affected, record: LearnerRecord
) -> CredentialEffects:
    return credentials.effects(
        record,
        one.enrollment,
        {course: one.grade_before} if one.completed_before else {},
        {course: one.grade_after} if one.completed_after else {},
    )
