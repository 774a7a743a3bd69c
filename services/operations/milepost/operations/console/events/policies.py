"""The names under which policies and timers of all rooms react."""

from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog
from milepost.operations.rooms import services_of
from milepost.web.room import Context
from milepost.web.settings import Settings


def names_of_all(pool: asyncpg.Pool) -> tuple[str, ...]:
    """Rooms are asked for names and never run; so without keys, and elsewhere."""
    with TemporaryDirectory() as nowhere:
        keyless = Settings(data_dir=Path(nowhere))
        services = services_of("all", Context(Transactor(PostgresLog(pool)), keyless, pool))
    policies = [policy.name for one in services for policy in one.policies]
    return (*policies, *(f"timer/{timer.name}" for one in services for timer in one.timers))
