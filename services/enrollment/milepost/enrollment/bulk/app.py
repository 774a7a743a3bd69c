"""Wiring of bulk jobs, nothing else. They are served with enrollment, and need a database."""

from milepost.enrollment.bulk.api import BulkWiring, routes
from milepost.enrollment.bulk.enrollment_kind import store_on
from milepost.enrollment.bulk.personal_data import personal_data
from milepost.enrollment.domain.erasure import VAULT
from milepost.events.log import Recorded
from milepost.events.subscriptions.handler import Handler
from milepost.jobs.store import Store
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
        handlers=(forgetting(store),),
        workers=tuple(worker.run for worker in workers),
    )


def forgetting(store: Store) -> Handler:
    """Who is erased is gone from the rows of jobs too. Repeating it does nothing.

    Each in a short transaction of its own: it locks jobs, whose workers wait three seconds at most.
    """

    async def handle(recorded: Recorded) -> None:
        erased = VAULT.codec.read(recorded)
        await store.forget(recorded.tenant, erased.learner)

    return Handler("bulk", (("enrollment", "learner_erased"),), handle)
