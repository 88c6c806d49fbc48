"""Removing what was kept long enough: the content of files, links, places to send files to, and what was left unfinished."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from regulars_core.database.seals import Sealed
from regulars_core.files.storage import FileGone, content_of, drop_all_content, drop_content, remove, sweep
from regulars_core.primitives.clock import DAY_MS, now
from regulars_core.shop.shop import Shop

_SOME = 1_000
"""Files in one transaction."""


async def drop_expired(shop: Shop) -> None:
    """Remove what may not be fetched any more; of files that jobs have made the name stays for as long as the job is known."""
    database = shop.database

    async def some(condition: str, *values: Any) -> Sequence[str]:
        sql = f"SELECT id FROM stored_file f WHERE {condition} ORDER BY id LIMIT {_SOME}"
        return [row[0] for row in await database.rows(sql, *values)]

    while ids := await some("is_kept = $1 AND available_until <= $2", True, now()):
        await database.transaction(lambda ids=ids: drop_content(shop, ids))  # type: ignore[misc]
    forgotten = (
        "available_until <= $1 AND NOT EXISTS (SELECT 1 FROM bulk_job j WHERE j.id = f.job_id)"
        " AND NOT EXISTS (SELECT 1 FROM upload u WHERE u.file_id = f.id)"
    )
    while ids := await some(forgotten, now()):
        await database.transaction(lambda ids=ids: remove(shop, ids))  # type: ignore[misc]
    await sweep(shop)
    for table in ("file_link", "upload"):
        await database.transaction(
            lambda table=table: database.run(f"DELETE FROM {table} WHERE expires_at <= $1", now() - DAY_MS)  # type: ignore[misc]
        )


async def drop_for_erasure(shop: Shop) -> None:
    """Keep the content of no file, in the transaction of an erasure: nobody can tell any more who is in which. Its pieces
    are swept. Exports that are under way begin anew, without who was erased."""
    database = shop.database
    await drop_all_content(shop)
    unfinished = await database.rows(
        "SELECT f.id, j.id FROM stored_file f JOIN bulk_job j ON j.id = f.job_id WHERE f.sha256 IS NULL AND j.is_open = $1",
        True,
    )
    if unfinished:
        among = database.dialect.among("id", 1)
        jobs = [row[1] for row in unfinished]
        await database.run(f"UPDATE bulk_job SET place = NULL, done = 0, counts = '{{}}' WHERE {among}", jobs)
        await remove(shop, [row[0] for row in unfinished])


async def damaged(shop: Shop) -> AsyncIterator[str]:
    """Files whose content is not what is known of it."""
    database, last = shop.database, "0" * 32
    some = (
        "SELECT id, byte_count, sha256 FROM stored_file WHERE is_kept = $1 AND sha256 IS NOT NULL AND available_until > $2"
        " AND id > $3 ORDER BY id LIMIT 100"
    )
    while rows := await database.rows(some, True, now(), last):
        for file_id, byte_count, sha256 in rows:
            digest, length = hashlib.sha256(), 0
            try:
                async for piece in content_of(database, file_id):
                    digest.update(piece)
                    length += len(piece)
            except FileGone:
                still = await database.row("SELECT 1 FROM stored_file WHERE id = $1 AND is_kept = $2", file_id, True)
                if still:
                    yield f"file_{file_id}: a piece is missing"
                continue
            except Sealed as error:
                yield f"file_{file_id}: a piece cannot be opened. {error}"
                continue
            if (length, digest.hexdigest()) != (byte_count, sha256):
                yield f"file_{file_id}: {byte_count} bytes were written, {length} are there, or others"
        last = rows[-1][0]
