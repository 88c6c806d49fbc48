"""Files that are sent: a place for each, known by a secret address, which takes one file of the size that was told."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from regulars_core.database import Database
from regulars_core.files import storage
from regulars_core.files.tokens import address, digest_of_token, new_token
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import inserting
from regulars_core.queries.locks import lock
from regulars_core.queries.rows import Readable, by_ids
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop

SECONDS = 3_600
"""For how long a file can be sent, and how long sending it may take."""


@dataclass(slots=True)
class UploadRow:
    """A place for a file; `file_id` is the file that has arrived, or is arriving."""

    id: str
    subject: str
    byte_count: int
    key_id: str
    expires_at: Instant
    file_id: str | None


UPLOADS = Readable("upload u", "u.id", [f"u.{name}" for name in UploadRow.__slots__], UploadRow)


async def uploads_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, UploadRow]:
    """Places by id."""
    return await by_ids(database, UPLOADS, ids)


async def create_upload(shop: Shop, subject: str, byte_count: int, by: Actor) -> tuple[UploadRow, str]:
    """Make a place for a file of so many bytes, in the caller's transaction; and the address, which is known nowhere else. Raises
    Refused: REQUIRED, TOO_LARGE."""
    most = shop.settings.max_upload_bytes
    if byte_count < 1:
        raise Refused(Problem("REQUIRED", "A file has one byte at least.", ("byteCount",)))
    if byte_count > most:
        raise Refused(Problem("TOO_LARGE", f"A file has at most {most} bytes.", ("byteCount",)))
    token, expires_at = new_token(), Instant(now() + SECONDS * 1_000)
    upload = UploadRow(new_id(), subject, byte_count, by.key_id, expires_at, None)
    columns = ("id", "subject", "byte_count", "digest", "key_id", "expires_at")
    row = (upload.id, subject, byte_count, digest_of_token(token), by.key_id, expires_at)
    await shop.database.defer([inserting("upload", columns, [row])])
    return upload, address(shop.settings.public_url, "uploads", token)


@dataclass
class Arrival:
    """A file that is arriving: what has come is in the database already, but for less than a piece of it. Of one place the latest
    counts: who was cut off need not wait until that is noticed, and there is never more than one file there."""

    shop: Shop
    upload: UploadRow
    file_id: str
    received: int = 0
    _pieces: int = 0
    _rest: bytearray = field(default_factory=bytearray)
    _digest: Any = field(default_factory=hashlib.sha256)

    async def take(self, chunk: bytes) -> bool:
        """Take some more bytes; False, and nothing is taken, where they are more than were told. Raises FileGone where what has
        come was removed meanwhile."""
        if self.received + len(chunk) > self.upload.byte_count:
            return False
        self.received += len(chunk)
        self._rest += chunk
        if len(self._rest) >= storage.PIECE_BYTES:
            await self._write()
        return True

    async def _write(self) -> None:
        content, shop, before = bytes(self._rest), self.shop, self._pieces
        self._pieces = await shop.database.transaction(lambda: storage.append(shop, self.file_id, before, content))
        self._digest.update(content)
        self._rest.clear()

    async def end(self) -> bool:
        """Note that all of it is there; False where another one was begun meanwhile. Raises FileGone as `take` does."""
        if self._rest:
            await self._write()
        shop = self.shop

        async def work() -> bool:
            if not await self._is_latest():
                return False
            await storage.finish(shop, self.file_id, self._digest.hexdigest())
            return True

        return await shop.database.transaction(work)

    async def abandon(self) -> None:
        """Remove what has come of it; it may be sent again. One that has arrived stays: who sent it may have hung up, or the time
        may have ended, when that was committed already."""
        shop = self.shop

        async def work() -> bool:
            is_latest = await self._is_latest()
            file = (await storage.files_by_ids(shop.database, [self.file_id])).get(self.file_id)
            if file is not None and file.sha256 is not None:
                return False
            await storage.remove(shop, [self.file_id])
            if is_latest:
                await shop.database.run("UPDATE upload SET file_id = NULL WHERE id = $1", self.upload.id)
            return True

        if await shop.database.transaction(work):
            await storage.drop_pieces(shop, self.file_id)

    async def _is_latest(self) -> bool:
        rows = await lock(self.shop.database, "upload", [self.upload.id], ("file_id",))
        return bool(rows) and rows[0][0] == self.file_id


async def arriving(shop: Shop, token: str) -> Arrival | None:
    """What takes the bytes that are sent to an address; None for one that leads nowhere, or where a file has arrived. What was
    arriving there before is removed."""
    digest = digest_of_token(token)
    if digest is None or await _place(shop, digest) is None:
        return None

    async def begin() -> tuple[Arrival, str | None] | None:
        await lock(shop.database, "upload", [digest], key="digest", type="text")
        upload = await _place(shop, digest)
        if upload is None:
            return None
        before, file_id = upload.file_id, new_id()
        if before is not None:
            await storage.remove(shop, [before])
        until = Instant(upload.expires_at + SECONDS * 1_000)  # what is left of it where the process is killed
        await storage.begin_file(shop, file_id, f"{upload.subject.lower()}.csv", "text/csv", job_id=None, until=until)
        await shop.database.run("UPDATE upload SET file_id = $2 WHERE id = $1", upload.id, file_id)
        return Arrival(shop, replace(upload, file_id=file_id), file_id), before

    begun = await shop.database.transaction(begin)
    if begun is None:
        return None
    arrival, before = begun
    if before is not None:
        await storage.drop_pieces(shop, before)
    return arrival


async def _place(shop: Shop, digest: str) -> UploadRow | None:
    """The place with this address, if a file may be sent there still."""
    row = await shop.database.row(
        f"SELECT {UPLOADS.column_list} FROM {UPLOADS.source} LEFT JOIN stored_file f ON f.id = u.file_id"
        " WHERE u.digest = $1 AND f.sha256 IS NULL AND u.expires_at > $2",
        digest,
        now(),
    )
    return None if row is None else UploadRow(*row)
