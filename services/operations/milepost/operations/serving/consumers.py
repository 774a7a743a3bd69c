"""Who answers events, in whichever process: what `Prefer: wait` waits for."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from milepost.events.commands.transact import Transactor
from milepost.events.policies.unanswered import Consumers
from milepost.events.store.postgres import PostgresLog
from milepost.operations.rooms import services_of
from milepost.web.room import Context, Service
from milepost.web.settings import Settings


def consumers_of_all(name: str, services: Sequence[Service], pool: asyncpg.Pool) -> Consumers:
    """Of all rooms; `services` are those of the room `name`, or all.

    Those of other rooms are asked for names and types and never run; so without keys.
    """
    if name != "all":
        with TemporaryDirectory() as nowhere:
            keyless = Settings(data_dir=Path(nowhere))
            context = Context(Transactor(PostgresLog(pool)), keyless, pool)
            services = services_of("all", context)
    policies = (policy for one in services for policy in one.policies)
    return Consumers.of(policies, (timer for one in services for timer in one.timers))
