"""Writing files piece by piece, and reading them so: nobody ever holds a whole one.

A piece is written in the transaction of whoever makes it, so what is there is whole up to some piece. The SHA-256 of what is
there already is remembered by the process that has written it; another one that goes on reads it once.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.database import Database
from regulars_core.primitives.clock import LATEST, Instant, now
from regulars_core.queries.inserts import inserting
from regulars_core.queries.pace import Pace
from regulars_core.queries.rows import Readable, by_ids, listed_of
from regulars_core.shop.shop import Shop

PIECE_BYTES = 1 << 18
"""How much is in a piece at most, so that a process that sends or receives one holds little."""
HOUR_MS = 3_600_000
_PLACE = ("file_piece", "content")
"""Where pieces stand, which are sealed where the shop has keys: what is sensitive stands in files, too."""


@dataclass(slots=True)
class StoredFileRow:
    """A file that is whole, or was."""

    id: str
    job_id: str | None
    name: str
    content_type: str
    byte_count: int
    row_count: int | None
    sha256: str | None
    is_kept: bool
    available_until: Instant

    @property
    def can_be_had(self) -> bool:
        """Whether its content is there, and may still be fetched."""
        return self.sha256 is not None and bool(self.is_kept) and self.available_until > now()


FILES = Readable("stored_file f", "f.id", [f"f.{name}" for name in StoredFileRow.__slots__], StoredFileRow)
_WHOLE = Readable("(SELECT * FROM stored_file WHERE sha256 IS NOT NULL) f", "f.id", list(FILES.columns), StoredFileRow)

_OF_NO_FILE = "NOT EXISTS (SELECT 1 FROM stored_file f WHERE f.id = file_piece.file_id AND f.is_kept = $1)"
_FIRST_PIECES, _MAX_PIECES = 4, 400  # which are removed in one transaction


async def files_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, StoredFileRow]:
    """Files by id, also those that are not whole yet."""
    return await by_ids(database, FILES, ids)


async def files_of_jobs(database: Database, job_ids: Sequence[str]) -> Mapping[str, list[StoredFileRow]]:
    """What each of these jobs has made, as far as it is whole."""
    return await listed_of(database, _WHOLE, "f.job_id", job_ids, "f.id")


class _Digests(dict[str, tuple[int, Any]]):
    """Of files that are being written: of how many pieces the digest is known, and the digest."""


def _digests(shop: Shop) -> _Digests:
    known: _Digests = shop.memory.setdefault(_Digests, _Digests())
    return known


async def begin_file(
    shop: Shop, file_id: str, name: str, content_type: str, *, job_id: str | None, until: Instant = LATEST
) -> None:
    """Note a file that is going to be written, in the caller's transaction. What is left of it unfinished is removed after
    `until`."""
    columns = ("id", "job_id", "name", "content_type", "byte_count", "pieces", "is_kept", "available_until")
    row = (file_id, job_id, name, content_type, 0, 0, True, until)
    await shop.database.run(*_spread(inserting("stored_file", columns, [row])))


def _spread(write: tuple[str, list[Any]]) -> tuple[Any, ...]:
    return (write[0], *write[1])


async def append(shop: Shop, file_id: str, position: int, content: bytes, rows: int | None = None) -> int:
    """Write what comes next, in the caller's transaction, as one piece or several; the place says how many there are already, the
    answer how many there are then. Raises FileGone where the file was removed meanwhile."""
    parts = [content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES)]
    # The file first: who removes it waits for these pieces and sees them, or is waited for.
    known = await shop.database.run(
        "UPDATE stored_file SET byte_count = byte_count + $2, pieces = $3,"
        " row_count = CASE WHEN CAST($4 AS BIGINT) IS NULL THEN row_count ELSE coalesce(row_count, 0) + $4 END"
        " WHERE id = $1 AND is_kept = $5",
        file_id,
        len(content),
        position + len(parts),
        rows,
        True,
    )
    if not known:
        raise FileGone(file_id)
    for n, part in enumerate(parts, position):
        kept = shop.seals.sealed_bytes(part, *_PLACE, f"{file_id}/{n}")
        await shop.database.run(
            "INSERT INTO file_piece (file_id, position, content) VALUES ($1, $2, $3)", file_id, n, kept
        )
    return position + len(parts)


async def digest_of(shop: Shop, file_id: str, pieces: int) -> Any:
    """The SHA-256 of the first pieces of a file, to be updated by who writes the next; those alone are read that were not known
    yet."""
    known = _digests(shop)
    done, digest = known.get(file_id, (0, None))
    if digest is None or done > pieces:
        done, digest = 0, hashlib.sha256()
    for position in range(done, pieces):
        digest.update(await _piece(shop.database, file_id, position))
    known[file_id] = (pieces, digest.copy())
    return digest


async def finish(shop: Shop, file_id: str, sha256: str) -> None:
    """Note that a file is whole, in the caller's transaction: from now on it is kept for as long as the shop keeps files. Raises
    FileGone where it was removed meanwhile."""
    known = await shop.database.run(
        "UPDATE stored_file SET sha256 = $2, available_until = $3 WHERE id = $1 AND is_kept = $4",
        file_id,
        sha256,
        now() + shop.settings.file_hours * HOUR_MS,
        True,
    )
    if not known:
        raise FileGone(file_id)
    _digests(shop).pop(file_id, None)


async def write_whole(
    shop: Shop,
    file_id: str,
    name: str,
    content_type: str,
    pieces: AsyncIterator[bytes],
    *,
    job_id: str,
    rows: int | None,
) -> str:
    """Write a file whose pieces there are already, in transactions of their own; its SHA-256. One of that id that was left
    unfinished is written anew. Raises FileGone where it is removed while it is written."""
    database = shop.database

    async def begin() -> None:
        await remove(shop, [file_id])
        await begin_file(shop, file_id, name, content_type, job_id=job_id)

    await database.transaction(begin)
    digest, position = hashlib.sha256(), 0
    async for content in pieces:
        digest.update(content)
        position = await database.transaction(lambda at=position, piece=content: append(shop, file_id, at, piece))  # type: ignore[misc]

    async def end() -> None:
        await database.run("UPDATE stored_file SET row_count = $2 WHERE id = $1", file_id, rows)
        await finish(shop, file_id, digest.hexdigest())

    await database.transaction(end)
    return digest.hexdigest()


async def _piece(database: Database, file_id: str, position: int) -> bytes:
    row = await database.row("SELECT content FROM file_piece WHERE file_id = $1 AND position = $2", file_id, position)
    if row is None:
        raise FileGone(file_id)
    return opened_piece(database, file_id, position, bytes(row[0]))


def opened_piece(database: Database, file_id: str, position: int, stored: bytes) -> bytes:
    """What is in a piece, sealed or not, as it was read from where it stands. Raises Sealed where it cannot be opened."""
    return database.seals.opened_bytes(stored, *_PLACE, f"{file_id}/{position}")


class FileGone(Exception):
    """The content of a file is not there any more."""


async def content_of(database: Database, file_id: str) -> AsyncIterator[bytes]:
    """The content of a file, a piece at a time. Raises FileGone where it was removed meanwhile."""
    row = await database.row("SELECT pieces FROM stored_file WHERE id = $1 AND is_kept = $2", file_id, True)
    if row is None:
        raise FileGone(file_id)
    for position in range(row[0]):
        yield await _piece(database, file_id, position)


async def drop_content(shop: Shop, file_ids: Sequence[str]) -> None:
    """Keep what is in files no longer, in the caller's transaction: nobody gets it from then on, and `drop_pieces` removes it.
    That the files were there is still known."""
    among = shop.database.dialect.among("id", 1)
    await shop.database.run(f"UPDATE stored_file SET is_kept = $2 WHERE {among}", list(file_ids), False)
    for file_id in file_ids:
        _digests(shop).pop(file_id, None)


async def drop_all_content(shop: Shop) -> None:
    """The same for every file, also for one that is begun meanwhile."""
    more = 1
    while more:
        more = await shop.database.run("UPDATE stored_file SET is_kept = $1 WHERE is_kept = $2", False, True)
    _digests(shop).clear()


async def drop_pieces(shop: Shop, file_id: str) -> None:
    """Remove the pieces of a file that is not kept, some in each transaction: there may be hundreds of megabytes, of which SQLite
    overwrites every byte while nobody else can write."""
    some = (
        "DELETE FROM file_piece WHERE number IN"
        " (SELECT number FROM file_piece WHERE file_id = $1 ORDER BY position LIMIT $2)"
    )
    pace = Pace(shop.database, _MAX_PIECES, first=_FIRST_PIECES)
    while await pace.step(lambda: shop.database.run(some, file_id, pace.size)):
        pass


async def sweep(shop: Shop) -> None:
    """Remove the pieces of all files that are not kept, or were never there."""
    stray = f"SELECT DISTINCT file_id FROM file_piece WHERE {_OF_NO_FILE} LIMIT 100"
    while rows := await shop.database.rows(stray, True):
        for row in rows:
            await drop_pieces(shop, row[0])


async def remove(shop: Shop, file_ids: Sequence[str]) -> None:
    """Remove files, in the caller's transaction, as if they had never been there; their pieces are swept."""
    await shop.database.run(f"DELETE FROM stored_file WHERE {shop.database.dialect.among('id', 1)}", list(file_ids))
    for file_id in file_ids:
        _digests(shop).pop(file_id, None)


async def remove_of_jobs(shop: Shop, job_ids: Sequence[str]) -> None:
    """Remove what these jobs have made, in the caller's transaction."""
    among = shop.database.dialect.among("job_id", 1)
    rows = await shop.database.rows(f"SELECT id FROM stored_file WHERE {among}", list(job_ids))
    if rows:
        await remove(shop, [row[0] for row in rows])
