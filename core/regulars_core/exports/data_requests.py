"""Data requests as bulk jobs: everything that is known of one customer, in a file to hand out.

It is read when the file is written, in one transaction with it: for a customer who was merged meanwhile, of the one they were
merged into; of one who was erased meanwhile, not at all.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from regulars_core.bulk.needs import needs_of
from regulars_core.bulk.reads import BulkJobRow
from regulars_core.bulk.service import refuse_too_many, request_bulk_job
from regulars_core.bulk.tasks import BulkBatch, BulkStep, BulkTask
from regulars_core.customers.erasure.data import data_of, person_to_tell
from regulars_core.exports.archives import archive_of
from regulars_core.exports.tasks import EXPORT, refuse_who_lost
from regulars_core.files import storage
from regulars_core.files.exports import Taken, log_export
from regulars_core.primitives.clock import day_of, now
from regulars_core.primitives.ids import new_id
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop

NEEDS = (
    EXPORT,
    "customers.view",
    "customers.view_pii",
    "customers.view_sensitive",
    "notes.view",
    "consents.view",
    "purchases.view",
    "receipts.view",
)
"""What asking for it takes, in the whole shop: to take customers out, and to read whatever of core's the file tells."""
JSON, CSV = "JSON", "CSV"
"""The formats: one document, or an archive of tables."""
_KINDS = {JSON: ("json", "application/json"), CSV: ("zip", "application/zip")}
_TASK = "DATA_REQUEST"
_STATEMENT_SECONDS = 600


@dataclass(slots=True)
class DataRequestRow(BulkJobRow):
    """The job, when it is asked for."""

    person_id: str

    @property
    def audited(self) -> Sequence[tuple[str, str]]:
        """Of whom it is: that is whom the audit asks about."""
        return [("customer", self.person_id)]


async def request_data(shop: Shop, customer_id: str, form: str, by: Actor) -> DataRequestRow:
    """Ask for a file with everything that is known of a customer, in the caller's transaction. Raises Refused: NOT_FOUND,
    CUSTOMER_ERASED, TOO_MANY_JOBS."""
    person = await person_to_tell(shop, customer_id)
    await refuse_too_many(shop, by)
    job_id = new_id()
    given = {"job": job_id, "customer": person.id, "format": form}
    job = await request_bulk_job(shop, _TASK, given, by, needs=needs_of(by, NEEDS), job_id=job_id)
    return DataRequestRow(**asdict(job), person_id=person.id)


def written_as(known: Mapping[str, Any], form: str) -> bytes:
    """What `data_of` tells of a person, as the content of a file; the document is for people, too."""
    if form == CSV:
        return archive_of(known)
    return orjson.dumps(known, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def taken_of(person_id: str, form: str, sha256: str) -> Taken:
    """What the log of exports says of it: of whom it is, and nothing of what it tells."""
    about = orjson.dumps({"customerId": f"customer_{person_id}"}).decode()
    return Taken(_TASK, [form], about, None, sha256)


async def _step(shop: Shop, batch: BulkBatch) -> BulkStep:
    given, file_id = batch.input, new_id()
    await refuse_who_lost(shop, given["job"], batch.key[0])
    person = await person_to_tell(shop, given["customer"])
    await shop.database.allow(_STATEMENT_SECONDS)  # of whoever has bought very often there is much to read
    known = await data_of(shop, person.id)
    content = await asyncio.to_thread(written_as, known, given["format"])
    ending, content_type = _KINDS[given["format"]]
    name = f"customer-data-{day_of(now(), shop.settings.zone).isoformat()}.{ending}"
    await storage.begin_file(shop, file_id, name, content_type, job_id=given["job"])
    await storage.append(shop, file_id, 0, content)
    digest = hashlib.sha256(content).hexdigest()
    await storage.finish(shop, file_id, digest)
    await log_export(shop, taken_of(person.id, given["format"], digest), batch.key, file_id)
    return BulkStep(None, 1, {"written": 1})


DATA_REQUEST = BulkTask(_TASK, "Writes everything that is known of a customer into a file.", _step, most=1)
"""The bulk task."""
