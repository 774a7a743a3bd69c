"""Wiring of the jobs of progress, nothing else. They are served with progress, by its process."""

import asyncpg

from milepost.jobs.erasure import forgetting
from milepost.jobs.store import Store
from milepost.jobs.worker import Worker
from milepost.progress.jobs import plans as plan_kinds
from milepost.progress.jobs import scores, waivers
from milepost.progress.jobs.api import JobWiring, routes
from milepost.progress.jobs.personal_data import personal_data
from milepost.progress.jobs.rows import TABLES
from milepost.progress.plan_cache import PlanCache
from milepost.web.room import Context, Service

# In each process; of different schools.
JOBS_AT_ONCE = 3

__all__ = ["personal_data", "service", "store_on"]


def service(context: Context) -> Service:
    store = store_on(context.pool, PlanCache(context.transactor.log))
    workers = [Worker(context.transactor, store, context.settings) for _ in range(JOBS_AT_ONCE)]
    return Service(
        name="progress-jobs",
        routes=(routes(JobWiring(store)),),
        handlers=(forgetting("progress-jobs", store),),
        workers=tuple(worker.run for worker in workers),
    )


def store_on(pool: asyncpg.Pool, plans: PlanCache) -> Store:
    return Store(
        pool,
        TABLES,
        [
            scores.kind(plans),
            waivers.kind(plans),
            plan_kinds.migrations(plans),
            plan_kinds.rule_changes(plans),
        ],
    )
