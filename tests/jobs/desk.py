"""A desk for jobs of any kind: a school in which all rows of its file can be done, or not."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import asyncpg
import msgspec
import pytest
from tests.bulk.office import Office, rows
from tests.bulk.test_bulk_crashes import Died, dying
from tests.clients import PLAN, connection_to
from tests.tenants import new_tenant

from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.jobs.app import store_on as credential_store
from milepost.enrollment.bulk.enrollment_kind import store_on as enrollment_store
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog
from milepost.jobs.store import Store
from milepost.jobs.worker import Worker
from milepost.operations.rooms import services_of
from milepost.progress.jobs.app import store_on as progress_store
from milepost.progress.plan_cache import PlanCache
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings

LEARNERS = [f"l{number}" for number in range(7)]
BADGE = {
    "name": "Badge",
    "criteria": {"type": "course_passed", "course": "DATA-101"},
    "validity_days": 365,
}
Arrange: TypeAlias = Callable[[Office], Coroutine[Any, Any, None]]


class KindCase(NamedTuple):
    """A kind, and a file of it: what its rows come to, the first time and once more.

    wrote  the event that each row that did something wrote, once
    """

    name: str
    path: str
    query: dict[str, str]
    arrange: Arrange
    file: bytes
    expected: list[str]
    again: list[str]
    wrote: str


def lines(*found: object) -> bytes:
    return b"".join(msgspec.json.encode(one) + b"\n" for one in found)


async def with_an_offering(office: Office) -> None:
    await office.open("spring")


async def with_learners(office: Office) -> None:
    """All are enrolled, and their progress is open; the course has a second version since."""
    await office.open("spring")
    await office.publish(plan={**PLAN, "passing_rule": {"passing_grade": 0.4}})
    enrolled = copy_to(office, "/enrollment/jobs", enrollment_store)
    await enrolled.do(rows(LEARNERS, offering="spring"))
    await office.policies_hear()


async def with_an_achievement(office: Office) -> None:
    await office.put("/credentials/achievements/badge", BADGE, by="issuer")


async def with_credentials(office: Office) -> None:
    """Everybody was awarded one, by hand, and the achievement has a second version since."""
    await with_an_achievement(office)
    for learner in LEARNERS:
        award = {"achievement": "badge", "reason": "prior_learning"}
        await office.post(f"/credentials/learners/{learner}/credentials", award, by="issuer")
    await office.put("/credentials/achievements/badge", {**BADGE, "name": "B"}, by="issuer")


def copy_to(office: Office, path: str, make: Callable[[asyncpg.Pool], Store]) -> Office:
    """The same school's desk for other jobs."""
    other = office.of(office.tenant)
    assert isinstance(office.transactor.log, PostgresLog)
    other.path, other.store = path, make(office.transactor.log.pool)
    other.worker = Worker(office.transactor, other.store, Settings())
    return other


def store_of(path: str, pool: asyncpg.Pool, transactor: Transactor) -> Store:
    if path == "/enrollment/jobs":
        return enrollment_store(pool)
    if path == "/credentials/jobs":
        return credential_store(pool, AchievementCache(transactor.log))
    return progress_store(pool, PlanCache(transactor.log))


@asynccontextmanager
async def offices(pool: asyncpg.Pool, data_dir: Path) -> AsyncIterator[Office]:
    """All rooms, for desks of many schools."""
    settings = Settings(data_dir=data_dir)
    transactor = Transactor(PostgresLog(pool))
    services = services_of("all", Context(transactor, settings, pool))
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    async with connection_to(app) as connection:
        yield Office(connection, DevelopmentIssuer(data_dir), transactor, services)
    await transactor.close()


async def desk(everywhere: Office, case: KindCase) -> Office:
    """In a school of its own."""
    office = everywhere.of(new_tenant())
    transactor = office.transactor
    assert isinstance(transactor.log, PostgresLog)
    office.path, office.store = case.path, store_of(case.path, transactor.log.pool, transactor)
    office.worker = Worker(transactor, office.store, Settings())
    await case.arrange(office)
    return office


def elsewhere(office: Office) -> Worker:
    """A worker of another process: it knows nothing of what this one has cached."""
    pool = office.store.pool
    transactor = Transactor(PostgresLog(pool))
    return Worker(transactor, store_of(office.path, pool, transactor), Settings())


async def die(office: Office, after: int) -> None:
    """The worker keeps so many pages, does the next, dies untold, and is missed."""
    with pytest.MonkeyPatch.context() as patched:
        dying(patched, after)
        with suppress(Died):
            await office.worker.turn()
            pytest.fail("it did not die")
    schema = office.store.tables.schema
    await office.store.pool.execute(
        f"update {schema}.jobs set alive_at = now() - interval '6 seconds'"
    )
