"""A file that a job has made, and its entry in the log; and one that was sent."""

from regulars_core.files import storage
from regulars_core.files.exports import Taken, log_export, log_fetch
from regulars_core.files.uploads import arriving, create_upload
from regulars_core.primitives.ids import new_id
from regulars_schema.testing import Api


async def made_file(api: Api, job: str) -> dict[str, str]:
    """The ids of a file of a job of the caller's, and of its entry, of which everything can be told."""
    shop, file_id = api.shop, new_id()

    async def work() -> str:
        await storage.begin_file(shop, file_id, "customers.csv", "text/csv", job_id=job.removeprefix("job_"))
        await storage.append(shop, file_id, 0, b"code\r\n", 1)
        await storage.finish(shop, file_id, "0" * 64)
        taken = Taken("CUSTOMERS_EXPORT", ["code"], "{}", 1, "0" * 64)
        await log_export(shop, taken, (api.actor.key_id, api.actor.name), file_id)
        await log_fetch(shop, file_id)
        rows = await shop.database.rows("SELECT id FROM export_entry WHERE file_id = $1", file_id)
        return str(rows[0][0])

    return {"file": f"file_{file_id}", "export": f"export_{await shop.database.transaction(work)}"}


async def sent_file(api: Api) -> str:
    """The id of a file of customers that has arrived, with a row."""
    shop, content = api.shop, b"code,first_name,last_name\r\nKUND-1,Ana,Li\r\n"
    upload, url = await shop.database.transaction(lambda: create_upload(shop, "CUSTOMERS", len(content), api.actor))
    arrival = await arriving(shop, url.rpartition("/")[2])
    assert arrival is not None
    assert await arrival.take(content)
    assert await arrival.end()
    return f"upload_{upload.id}"
