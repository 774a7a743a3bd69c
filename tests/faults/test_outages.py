"""What a dying connection raises means "away": a 503, and another try."""

import asyncpg
import pytest

from milepost.events.runtime.outages import is_unavailable


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError(
            "cannot switch to state 12; another operation (2) is in progress"
        ),
        asyncpg.InternalClientError("unknown error in protocol implementation"),
        asyncpg.QueryCanceledError("canceling statement due to user request"),
        asyncpg.PostgresIOError("could not read block"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.CrashShutdownError("terminating connection"),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_dying_connection_means_away(error: Exception) -> None:
    assert is_unavailable(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DataError("invalid input"),
        asyncpg.UndefinedTableError("no such table"),
        asyncpg.ProtocolError("number of array dimensions (9) exceed the maximum expected (6)"),
        asyncpg.InternalClientError("no binary format encoder for type x (OID 7)"),
        asyncpg.InternalClientError("could not resolve query result types in 5 attempts"),
        KeyError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_wrong_request_does_not(error: Exception) -> None:
    assert not is_unavailable(error)
