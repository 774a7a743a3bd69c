"""Which errors mean "the server is away", to be tried again, rather than "this is wrong"."""

import asyncpg
import nats.errors


class Overloaded(Exception):
    """Too much is waiting already; nothing was taken. Try again shortly."""


# Asked of any exception that comes out of Postgres or NATS. PostgresError subclasses that say
# "this connection, this server, not this statement" are named one by one.
AWAY: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DeadlockDetectedError,
    nats.errors.Error,
)


def is_away(error: BaseException) -> bool:
    """Asyncpg's DataError, a value that does not fit, is an InterfaceError too: not that one."""
    return isinstance(error, AWAY) and not isinstance(error, ValueError)
