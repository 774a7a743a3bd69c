"""Wiring of the jobs of credentials, nothing else. They are served with credentials."""

import asyncpg

from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.jobs.api import JobWiring, routes
from milepost.credentials.jobs.kinds import kinds
from milepost.credentials.jobs.personal_data import personal_data
from milepost.credentials.jobs.rows import TABLES
from milepost.jobs.erasure import forgetting
from milepost.jobs.store import Store
from milepost.jobs.worker import Worker
from milepost.web.room import Context, Service

# In each process; of different schools.
JOBS_AT_ONCE = 2

__all__ = ["personal_data", "service", "store_on"]


def service(context: Context) -> Service:
    store = store_on(context.pool, AchievementCache(context.transactor.log))
    workers = [Worker(context.transactor, store, context.settings) for _ in range(JOBS_AT_ONCE)]
    return Service(
        name="credential-jobs",
        routes=(routes(JobWiring(store)),),
        handlers=(forgetting("credential-jobs", store),),
        workers=tuple(worker.run for worker in workers),
    )


def store_on(pool: asyncpg.Pool, achievements: AchievementCache) -> Store:
    return Store(pool, TABLES, kinds(achievements))
