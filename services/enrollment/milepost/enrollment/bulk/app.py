"""Wiring of bulk jobs, nothing else. They are served with enrollment, and need a database."""

from milepost.enrollment.bulk.api import BulkWiring, routes
from milepost.enrollment.bulk.enrollment_kind import store_on
from milepost.enrollment.bulk.personal_data import personal_data
from milepost.jobs.erasure import forgetting
from milepost.jobs.worker import Worker
from milepost.web.room import Context, Service

# In each process; of different schools.
JOBS_AT_ONCE = 3

__all__ = ["personal_data", "service"]


def service(context: Context) -> Service:
    store = store_on(context.pool)
    workers = [Worker(context.transactor, store, context.settings) for _ in range(JOBS_AT_ONCE)]
    return Service(
        name="bulk",
        routes=(routes(BulkWiring(store)),),
        handlers=(forgetting("bulk", store),),
        workers=tuple(worker.run for worker in workers),
    )
