"""Wiring of bulk jobs, nothing else. They are served with enrollment, and need a database."""

from collections.abc import Sequence

from milepost.enrollment.bulk.api import BulkWiring, routes
from milepost.enrollment.bulk.personal_data import personal_data
from milepost.enrollment.bulk.store import Store
from milepost.enrollment.bulk.worker import Worker
from milepost.enrollment.domain.erasure import VAULT
from milepost.events.log import Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.web.room import Context, Service

__all__ = ["personal_data", "service"]


def service(context: Context) -> Service:
    store = Store(context.pool)
    worker = Worker(context.transactor, store, context.settings)
    return Service(
        name="bulk",
        routes=(routes(BulkWiring(store)),),
        policies=(policy(store),),
        workers=(worker.run,),
    )


def policy(store: Store) -> Policy:
    """Who is erased is gone from the rows of jobs too."""

    async def react(recorded: Recorded) -> Sequence[Reaction]:
        erased = VAULT.codec.decode(recorded.type, recorded.data, recorded.occurred_at)
        await store.forget(recorded.tenant, erased.learner)
        return ()

    return Policy("bulk", (("enrollment", "learner_erased"),), react)
