"""Copies of an SQLite database, made and put back while it is in use. PostgreSQL brings its own tools."""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from regulars_core.database.errors import DatabaseTooNew, Unavailable

from . import migrations
from .apps import sqlite_path

if TYPE_CHECKING:
    from .database import Database

_PAGES_AT_ONCE = 4096  # copied between two looks at whether to go on: 16 MiB
_BUSY_TIMEOUT_SECONDS = 30.0  # to wait for other processes' transactions before giving up a restore


async def backup(database: "Database", target: Path, *, overwrite: bool = False) -> None:
    """Write the database as it is at this moment to a file that only its owner may read. Writers go on meanwhile. The
    file appears under its name when it is complete, checked and on the disk, or not at all.

    Raises FileExistsError if the target exists and may not be overwritten, RuntimeError on PostgreSQL, sqlite3.Error
    if the copy cannot be made or is damaged.
    """
    if database.engine != "sqlite":
        raise RuntimeError("Back up PostgreSQL with its own tool: pg_dump --format=custom --file=regulars.dump NAME")
    source = sqlite_path(database.url)
    with _claimed(target, overwrite):
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        try:
            await _in_thread(lambda stopped: _copy_out(source, partial, stopped))
            os.replace(partial, target)
            _sync(target.parent)
        finally:
            partial.unlink(missing_ok=True)


async def restore(source: Path, database: "Database") -> None:
    """Replace everything in the open database by what a backup holds. A server that is running sees all of it at once.
    What the backup lacks of this version's migrations is left to `migrate`.

    Raises ValueError if the file is damaged or no Regulars database, DatabaseTooNew if a later version made it,
    RuntimeError on PostgreSQL, Unavailable if others do not stop writing. Nothing has changed then.
    """
    if database.engine != "sqlite":
        raise RuntimeError("Restore PostgreSQL with its own tool: pg_restore --clean --if-exists --dbname=NAME FILE")
    known = {str(key) for key in (await migrations.known(database))}
    labels = {app.label for app in database.apps}
    target = sqlite_path(database.url)

    def work(stopped: threading.Event) -> None:
        with closing(_read_only(source)) as connection:
            _must_fit(connection, source, labels, known)
            _copy_in(connection, target, stopped)

    # Our own writers wait in line; those of other processes are kept out by SQLite.
    async with database._root.writing:
        await _in_thread(work)


def _copy_out(source: Path, partial: Path, stopped: threading.Event) -> None:
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(_read_only(source)) as live, closing(sqlite3.connect(partial, isolation_level=None)) as copy:
        # A copy starts anew whenever somebody writes, unless it reads inside a transaction: then it sees one moment.
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        live.backup(copy, pages=_PAGES_AT_ONCE, progress=lambda *_: _go_on(stopped))
        copy.execute("PRAGMA journal_mode = DELETE").fetchone()  # one file, without a log beside it
        if damage := _damage(copy):
            raise sqlite3.DatabaseError(f"The backup is damaged: {damage}")
    _sync(partial)


def _copy_in(source: sqlite3.Connection, target: Path, stopped: threading.Event) -> None:
    deadline = time.monotonic() + _BUSY_TIMEOUT_SECONDS

    def progress(*_: int) -> None:
        _go_on(stopped)
        if time.monotonic() > deadline:
            raise Unavailable("Other processes keep writing to the database; nothing was restored.")

    with closing(sqlite3.connect(target, isolation_level=None)) as live:
        live.execute("PRAGMA synchronous = FULL").fetchall()
        source.backup(live, pages=_PAGES_AT_ONCE, progress=progress)
        # What the restored file no longer holds must not stay behind in the log either.
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _must_fit(connection: sqlite3.Connection, source: Path, labels: set[str], known: set[str]) -> None:
    try:
        damage = _damage(connection)
        applied = connection.execute(f"SELECT app, name FROM {migrations.TABLE}").fetchall() if not damage else []
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{source} is no Regulars database: {error}") from error
    if damage:
        raise ValueError(f"{source} is damaged: {damage}")
    if not any(app in labels for app, _ in applied):
        raise ValueError(f"{source} is no Regulars database: none of our migrations was applied to it.")
    if strangers := sorted(f"{app}.{name}" for app, name in applied if app in labels and f"{app}.{name}" not in known):
        raise DatabaseTooNew(f"{source} has migrations this version does not know: {', '.join(strangers)}")


def _damage(connection: sqlite3.Connection) -> str | None:
    result = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    return None if result == "ok" else str(result)


def _read_only(path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise ValueError(f"{path} cannot be opened: {error}") from error


def _go_on(stopped: threading.Event) -> None:
    if stopped.is_set():
        raise sqlite3.OperationalError("interrupted")


async def _in_thread(work: Callable[[threading.Event], None]) -> None:
    """Run the work in a thread; if cancelled, tell it to stop, and wait until it has."""
    stopped = threading.Event()
    running = asyncio.ensure_future(asyncio.to_thread(work, stopped))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        stopped.set()
        await asyncio.wait([running])
        running.exception()  # that it was interrupted is no news
        raise


@contextmanager
def _claimed(target: Path, overwrite: bool) -> Iterator[None]:
    """Holds the target's name, so that two backups at once cannot both find it free."""
    if overwrite:
        yield
        return
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
