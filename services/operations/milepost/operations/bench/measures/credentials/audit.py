"""`audit`: learners a second that `milepost audit` judges, each of whom has earned a credential."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from milepost.contracts.achievements import CoursePassed
from milepost.contracts.ids import credential_id, enrollment_id
from milepost.contracts.progress import CourseCompleted, ProgressOpened
from milepost.contracts.records import CourseResultNoted, CredentialAwarded, Evidence
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.achievements.define import define
from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.queries.audit import audit
from milepost.events.event import Event
from milepost.events.log import Command
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.bench.figures import Measured, WentWrong
from milepost.operations.bench.history import START, Written, command_of
from milepost.operations.bench.http_calls import TENANT
from milepost.operations.bench.measures.rebuild import vacuumed
from milepost.operations.bench.scratch_installation import ground
from milepost.progress.domain.state import PROGRESS
from milepost.web.settings import Settings

TARGET_PER_SECOND = 20_000
BATCH = 250
EVENTS_EACH = 4
DEFINITION = Definition(name="Bench", criteria=CoursePassed(course="bench", min_grade=0.5))


async def measure(settings: Settings, learners: int = 50_000) -> Measured:
    """Whole: read from the log, results derived, judged; no difference may be found."""
    async with ground(settings) as place:
        pool = await connect_pool(place.postgres, name="bench")
        log = PostgresLog(pool)
        for commands in _school(learners):
            await log.append(TENANT, commands)
        await vacuumed(place.postgres)
        begin, cpu, judged = time.perf_counter(), time.process_time(), 0
        upto, at = (await log.heads())[TENANT], START + timedelta(days=365)
        async for part in audit(log, TENANT, at=at, upto=upto):
            judged += part.learners
            if part.differences:
                raise WentWrong(f"a difference where there is none: {part.differences[0]}")
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
        await pool.close()
    if judged != learners:
        raise WentWrong(f"{judged} learners were judged, not {learners}")
    rate = judged / seconds
    return Measured(
        name="audit",
        figures={
            "learners": judged,
            "learners_per_second": round(rate),
            "cpu_us_per_learner": round(cpu / judged * 1e6, 1),
            "events_per_second": round(upto / seconds),
            "seconds": round(seconds, 2),
        },
        target=f"learners/s >= {TARGET_PER_SECOND}",
        met=rate >= TARGET_PER_SECOND,
    )


def _school(learners: int) -> Iterator[Sequence[Command]]:
    decide = partial(define, achievement="bench", definition=DEFINITION, at=START)
    defined = decide(None, catalog=catalog_of((), TENANT))
    yield [command_of([(ACHIEVEMENT.of("bench"), list[Event](defined))])]
    for first in range(0, learners, BATCH):
        some = range(first, min(first + BATCH, learners))
        yield [command_of(_learner(number, 2 + number * EVENTS_EACH)) for number in some]


def _learner(number: int, position: int) -> Written:
    """What follows when a learner completes a course; the first event stands at `position`."""
    learner, at = f"learner-{number}", START + timedelta(minutes=number % 100_000)
    enrollment = enrollment_id("run", learner)
    where: dict[str, Any] = {"course": "bench", "offering": "run", "enrollment": enrollment}
    own = {**where, "learner": learner, "version": 1, "occurred_at": at}
    evidence = Evidence(position=position + 1, grade=0.8, **where)
    award = CredentialAwarded(
        credential=credential_id(learner, "bench", 1, TENANT),
        learner=learner,
        achievement="bench",
        achievement_version=1,
        evidence=(evidence,),
        valid_from=at,
        occurred_at=at,
    )
    return [
        (PROGRESS.of(enrollment), [ProgressOpened(**own), CourseCompleted(**own, grade=0.8)]),
        (RECORD.of(learner), [CourseResultNoted(**own, grade=0.8, position=position + 1), award]),
    ]
