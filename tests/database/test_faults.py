"""What each engine's errors mean."""

import sqlite3

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from regulars_core.database import OutcomeUnknown, Unavailable
from regulars_core.database.errors import classify, definite


def of_sqlite(code: int) -> OperationalError:
    error = sqlite3.OperationalError("no")
    error.sqlite_errorcode = code
    return OperationalError(error)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (asyncpg.SerializationError(), "conflict"),
        (asyncpg.DeadlockDetectedError(), "conflict"),
        (asyncpg.LockNotAvailableError(), "busy"),
        (of_sqlite(sqlite3.SQLITE_BUSY), "busy"),
        (of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), "busy"),
        (of_sqlite(sqlite3.SQLITE_LOCKED), "busy"),
    ],
    ids=repr,
)
def test_worth_another_try(error: Exception, fault: str) -> None:
    assert classify(error) == fault


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.TooManyConnectionsError(),
        asyncpg.AdminShutdownError(),
        asyncpg.CrashShutdownError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.QueryCanceledError(),
        asyncpg.IdleInTransactionSessionTimeoutError(),
        asyncpg.DiskFullError(),
        asyncpg.OutOfMemoryError(),
        of_sqlite(sqlite3.SQLITE_FULL),
        of_sqlite(sqlite3.SQLITE_IOERR_FSYNC),
        of_sqlite(sqlite3.SQLITE_CANTOPEN),
        Unavailable(),
        OutcomeUnknown(),
    ],
    ids=repr,
)
def test_out_of_reach(error: Exception) -> None:
    assert classify(error) == "unavailable"


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        OSError("a file of somebody's"),
        IntegrityError(asyncpg.UniqueViolationError()),
        asyncpg.PostgresSyntaxError(),
        asyncpg.InvalidPasswordError(),
        of_sqlite(sqlite3.SQLITE_ERROR),
        of_sqlite(sqlite3.SQLITE_CORRUPT),
    ],
    ids=repr,
)
def test_what_it_says(error: Exception) -> None:
    assert classify(error) is None


def test_whether_a_failed_commit_certainly_changed_nothing() -> None:
    assert definite(asyncpg.SerializationError())
    assert definite(IntegrityError(asyncpg.UniqueViolationError()))
    assert definite(of_sqlite(sqlite3.SQLITE_BUSY))
    assert not definite(of_sqlite(sqlite3.SQLITE_IOERR_FSYNC))
    assert not definite(asyncpg.AdminShutdownError())
    assert not definite(asyncpg.InterfaceError("connection is closed"))
    assert not definite(asyncpg.StatementCompletionUnknownError())
