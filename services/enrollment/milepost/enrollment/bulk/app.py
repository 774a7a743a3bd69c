"""Wiring of bulk jobs, nothing else. They are served with enrollment, and need a database."""

from collections.abc import Sequence

import asyncpg

from milepost.enrollment.bulk.api import BulkWiring, routes
from milepost.enrollment.bulk.store import Store
from milepost.enrollment.bulk.worker import Worker
from milepost.enrollment.domain.erasure import VAULT
from milepost.events.commands.transact import Transactor
from milepost.events.log import Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.web.app import Service
from milepost.web.settings import Settings


def service(transactor: Transactor, settings: Settings, pool: asyncpg.Pool) -> Service:
    store = Store(pool)
    worker = Worker(transactor, store, settings)
    return Service(
        "bulk", (routes(BulkWiring(store)),), policies=(policy(store),), works=(worker.run,)
    )


def policy(store: Store) -> Policy:
    """Who is erased is gone from the rows of jobs too."""

    async def react(recorded: Recorded) -> Sequence[Reaction]:
        erased = VAULT.codec.decode(recorded.type, recorded.data, recorded.occurred_at)
        await store.forget(recorded.tenant, erased.learner)
        return ()

    return Policy("bulk", (("enrollment", "learner_erased"),), react)
