"""Which errors mean "the server is away", to be tried again, rather than "this is wrong"."""

import re

import asyncpg
import nats.errors

from milepost.events.errors import EventsError


class Overloaded(EventsError):
    """Too much is waiting already; nothing was taken. Try again shortly."""


# Asked of any exception that comes out of Postgres or NATS. PostgresError subclasses that say
# "this connection, this server, not this statement" are named one by one.
UNAVAILABLE: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that dies in the middle of an operation
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it shuts down, starts up, or was told to cancel
    asyncpg.PostgresSystemError,  # its disk
    asyncpg.InsufficientResourcesError,  # connections, disk, memory
    asyncpg.ReadOnlySQLTransactionError,  # a failover
    asyncpg.DeadlockDetectedError,
    nats.errors.Error,
)
# What asyncpg says of a connection whose server ended in the middle of an operation. Of this class
# are its own faults, too, and those of codecs: they speak of types and encoders.
_DYING = re.compile(r"\bstate\b|another operation|\bwaiter\b|not connected|protocol implementation")
# Of these: it answers, and reads, but takes nothing from anybody.
READ_ONLY: tuple[type[BaseException], ...] = (
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.DiskFullError,
)


# Of whatever is asked for: the same again later may well succeed.
TRANSIENT: tuple[type[BaseException], ...] = (*UNAVAILABLE, Overloaded)


def is_unavailable(error: BaseException) -> bool:
    """Not an address that makes no sense: to asyncpg that is an InterfaceError too.

    Nor a value that asyncpg cannot read or write.
    """
    if isinstance(error, asyncpg.InternalClientError):
        return type(error) is asyncpg.InternalClientError and bool(_DYING.search(str(error)))
    return isinstance(error, UNAVAILABLE) and not isinstance(error, ValueError)


def is_transient(error: BaseException) -> bool:
    """Nothing is wrong with what was asked: the same again later may well succeed."""
    return is_unavailable(error) or isinstance(error, Overloaded)
