"""What a database error means: try again, out of reach, or a mistake of ours. Decided here and nowhere else."""

import re
import sqlite3
from collections.abc import Iterator
from typing import Literal

from tortoise.exceptions import IntegrityError

Fault = Literal["conflict", "busy", "unavailable"]


class Unavailable(Exception):
    """The database cannot be reached or is too busy. Trying again later may help; nothing is wrong with the request."""


class NoConnection(Unavailable):
    """There was no connection to be had: nothing was asked of the database."""


class OutcomeUnknown(Unavailable):
    """The connection was lost while committing: the change may or may not have been made."""


class StoppedForLength(Unavailable):
    """PostgreSQL has stopped a statement that took longer than one may. The same again would be stopped again."""


class Overtaken(Exception):
    """What a transaction decided by has been changed by another one meanwhile: it is undone, and runs again."""


class NotMigrated(Exception):
    """The database lacks migrations that this version needs; the message names them."""


class DatabaseTooNew(Exception):
    """The database has migrations that this version does not know; the message names them."""


# https://www.postgresql.org/docs/15/errcodes-appendix.html
_CONFLICT_STATES = frozenset({"40001", "40P01"})
_BUSY_STATES = frozenset({"55P03"})
_CANCELLED = "57014"
_UNAVAILABLE_STATES = frozenset({_CANCELLED, "57P01", "57P02", "57P03", "57P05", "25P03", "58030", "25006"})
_UNAVAILABLE_CLASSES = frozenset({"08", "53"})

# https://www.sqlite.org/rescode.html: primary codes, the low byte of the extended ones
_BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_UNAVAILABLE_CODES = frozenset(
    {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL}
)


def classify(error: BaseException) -> Fault | None:
    """Whether the transaction that ended with this error may be run again, because it met another one ("conflict") or waited
    for one in vain ("busy"), or the database is out of reach or out of capacity ("unavailable"). None: the error means what
    it says and is for the caller."""
    for cause in _causes(error):
        if isinstance(cause, Unavailable):
            return "unavailable"
        if isinstance(cause, Overtaken):
            return "conflict"
        if isinstance(cause, sqlite3.Error):
            return _of_sqlite(cause)
        if type(cause).__module__.startswith("asyncpg."):
            return _of_postgres(cause)
    return None


def out_of_reach(error: BaseException) -> Unavailable:
    """What to raise for an error that is classified as unavailable. The text of PostgreSQL may be of any language, the state is
    the same for a statement that somebody has cancelled; nobody but an operator cancels one whose answer is still waited for."""
    for cause in _causes(error):
        if isinstance(cause, Unavailable):
            return cause
        if getattr(cause, "sqlstate", None) == _CANCELLED and "user request" not in str(cause):
            return StoppedForLength(str(error))
    return Unavailable(str(error))


def unknown_outcome(error: BaseException) -> bool:
    """Whether this has ended a transaction that may have been committed."""
    return any(isinstance(cause, OutcomeUnknown) for cause in _causes(error))


GUARD_FAILED = "regulars: overtaken"
"""What PostgreSQL is asked to take for a number where a guarded statement has changed nothing."""


def guard_failed(error: BaseException) -> bool:
    """Whether PostgreSQL says that this is no number: nobody else would ask it for that."""
    causes = _causes(error)
    return any(getattr(cause, "sqlstate", None) == "22P02" and GUARD_FAILED in str(cause) for cause in causes)


def definite(error: BaseException) -> bool:
    """Whether a COMMIT that failed with this error has certainly changed nothing: the database itself said so."""
    for cause in _causes(error):
        if isinstance(cause, Overtaken | NoConnection):
            return True
        if isinstance(cause, sqlite3.Error):
            # A commit whose fsync failed stands in the log, and is there again if the process now dies.
            return getattr(cause, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_IOERR
        state = getattr(cause, "sqlstate", None)
        if state is not None:
            return state == _CANCELLED or (str(state)[:2] in {"23", "25", "40", "53", "55"} and state != "40003")
    return False


def collided(error: BaseException) -> bool:
    """Whether somebody else was quicker: a unique row has been written meanwhile, or one that is referred to is gone."""
    for cause in _causes(error):
        if getattr(cause, "sqlstate", None) in {"23503", "23505"}:
            return True
        if getattr(cause, "sqlite_errorcode", None) in _COLLISION_CODES:
            return True
    return False


_COLLISION_CODES = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
    }
)
_SQLITE_COLUMNS = re.compile(r"(?:UNIQUE|NOT NULL|CHECK) constraint failed: (.+)")


def violated(error: BaseException) -> str | None:
    """The constraint that a refused write broke, in the engine's own words: a constraint's name on PostgreSQL
    ("uid_customer_email_3f2a1b"), the columns on SQLite ("customer.store_id, customer.email"); "foreign key" where
    SQLite does not say which. None if the error is no broken constraint."""
    for cause in _causes(error):
        name = getattr(cause, "constraint_name", None)
        if name:
            return str(name)
        if isinstance(cause, sqlite3.IntegrityError):
            match = _SQLITE_COLUMNS.search(str(cause))
            return match.group(1) if match else "foreign key" if "FOREIGN KEY" in str(cause) else str(cause)
    return str(error) if isinstance(error, IntegrityError) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what Tortoise wrapped into it: as its cause or, on SQLite, as its argument."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [inner for inner in (*current.args[:1], current.__cause__) if isinstance(inner, BaseException)]


def _of_sqlite(error: sqlite3.Error) -> Fault | None:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in _BUSY_CODES:
        return "busy"
    return "unavailable" if primary in _UNAVAILABLE_CODES else None


def _of_postgres(error: BaseException) -> Fault | None:
    state = str(getattr(error, "sqlstate", None) or "")
    if state in _CONFLICT_STATES:
        return "conflict"
    if state in _BUSY_STATES:
        return "busy"
    if state in _UNAVAILABLE_STATES or state[:2] in _UNAVAILABLE_CLASSES:
        return "unavailable"
    # asyncpg reports a connection that is gone or unusable by errors of its own, which have no state.
    return "unavailable" if not state and type(error).__name__ in _ASYNCPG_LOST else None


_ASYNCPG_LOST = frozenset({"InterfaceError", "InternalClientError", "TargetServerAttributeNotMatched"})
