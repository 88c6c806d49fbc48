"""Links to files of jobs: each works once, for minutes, and only as long as who has asked for it still may have the file."""

from dataclasses import dataclass
from typing import Any

import orjson

from regulars_core.bulk.needs import Needs, lacking
from regulars_core.files.exports import log_fetch
from regulars_core.files.storage import FILES, StoredFileRow
from regulars_core.files.tokens import address, digest_of_token, new_token
from regulars_core.keys.authentication import actor_of_key
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Forbidden, Problem, Refused
from regulars_core.queries.inserts import inserting
from regulars_core.queries.locks import lock
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class Link:
    """Where a file is to be had, and until when; it is known nowhere else."""

    url: str
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class _OfJob:
    file: StoredFileRow
    key_id: str
    needs: Needs


async def _file(shop: Shop, file_id: str) -> _OfJob | None:
    """A file that a job has made, whose that is, and what it needs."""
    row: Any = await shop.database.row(
        f"SELECT j.key_id, j.needs, {FILES.column_list} FROM {FILES.source} JOIN bulk_job j ON j.id = f.job_id"
        " WHERE f.id = $1 AND f.sha256 IS NOT NULL",
        file_id,
    )
    return None if row is None else _OfJob(StoredFileRow(*row[2:]), row[0], orjson.loads(row[1]) if row[1] else {})


async def create_link(shop: Shop, file_id: str, by: Actor) -> Link:
    """Make a link for who has asked for the job, in the caller's transaction. Raises Refused (NOT_FOUND, FILE_EXPIRED), and
    Forbidden for who does not hold any more what the job needed."""
    found = await _file(shop, file_id)
    if found is None or found.key_id != by.key_id:
        raise Refused(Problem("NOT_FOUND", "There is no file with this id.", ("fileId",)))
    if (lost := lacking(by, found.needs)) is not None:
        raise Forbidden(lost)
    if not found.file.can_be_had:
        raise Refused(Problem("FILE_EXPIRED", "The file is not kept any more; ask for it once more.", ("fileId",)))
    token, expires_at = new_token(), Instant(now() + shop.settings.file_link_seconds * 1_000)
    row = (digest_of_token(token), file_id, by.key_id, expires_at)
    await shop.database.defer([inserting("file_link", ("digest", "file_id", "key_id", "expires_at"), [row])])
    return Link(address(shop.settings.public_url, "files", token), expires_at)


async def redeem(shop: Shop, token: str) -> StoredFileRow | None:
    """The file that a link leads to, which leads nowhere from then on; None for a link that does not work, whatever is the
    reason."""
    digest = digest_of_token(token)
    if digest is None or not await _is_open(shop, digest):
        return None

    async def work() -> StoredFileRow | None:
        columns = ("file_id", "key_id", "expires_at", "used_at")
        rows = await lock(shop.database, "file_link", [digest], columns, key="digest", type="text")
        if not rows or rows[0][3] is not None or rows[0][2] <= now():
            return None
        file_id, key_id, _, _ = rows[0]
        found = await _file(shop, file_id)
        if found is None or not found.file.can_be_had or lacking(await actor_of_key(shop, key_id), found.needs):
            return None
        await shop.database.run("UPDATE file_link SET used_at = $2 WHERE digest = $1", digest, now())
        await log_fetch(shop, file_id)
        return found.file

    return await shop.database.transaction(work)


async def _is_open(shop: Shop, digest: str) -> bool:
    """Whether there is such a link, as far as is known without a lock: who guesses lets nobody wait who writes."""
    row = await shop.database.row(
        "SELECT 1 FROM file_link WHERE digest = $1 AND used_at IS NULL AND expires_at > $2", digest, now()
    )
    return row is not None
