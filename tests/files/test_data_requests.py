"""Data requests over the API: the file, its link, its log, and what an erasure and a lost permission leave of it."""

import csv
import io
import json
import zipfile

import pytest

from regulars_core.bulk.worker import do_bulk_jobs
from regulars_core.exports.data_requests import NEEDS
from regulars_core.files import storage
from regulars_core.files.expiry import damaged
from tests.erasure.conftest import pass_days
from tests.files.conftest import JOB, Desk
from tests.files.test_exports import LOG, customer


async def test_what_is_known_of_somebody_is_fetched_once_and_logged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "PIECE_BYTES", 100)  # a file of several pieces
    ana, bo = await customer(desk, "Ana", "=Li"), await customer(desk, "Bo", "Li")
    job = await desk.job("customerDataRequest", {"customerId": ana})
    [file] = job["files"]
    assert (job["stage"], job["progress"], job["counts"]) == ("DONE", 100, [{"kind": "written", "count": 1}])
    url = await desk.link(file["id"])
    response = await desk.client.get(url)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert (await desk.client.get(url)).status_code == 404
    [record] = json.loads(response.text)["records"]
    assert (record["customerId"], record["core"]["customer"][0]["last_name"]) == (ana, "=Li")
    zipped = await desk.job("customerDataRequest", {"customerId": ana, "format": "CSV"})
    response = await desk.client.get(await desk.link(zipped["files"][0]["id"]))
    assert response.headers["content-disposition"].endswith('.zip"')
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        [row] = csv.DictReader(io.StringIO(archive.read("core/customer.csv").decode(), newline=""))
    assert (row["record"], row["last_name"]) == (ana, "'=Li")
    assert [message async for message in damaged(desk.shop)] == []
    entries = (await desk.data(LOG))["exportLog"]["nodes"]
    about = json.dumps({"customerId": ana}, separators=(",", ":"))
    assert [(one["task"], one["columns"], one["narrowedBy"], len(one["fetchedAt"])) for one in entries] == [
        ("DATA_REQUEST", ["CSV"], about, 1), ("DATA_REQUEST", ["JSON"], about, 1),
    ]  # fmt: skip
    assert file["sha256"] == entries[1]["sha256"]
    # Who may not have it any more gets none; of who was merged meanwhile the survivor's is told, of who was erased nothing.
    await desk.done("roleCreate", "role { name }", {"name": "desk", "permissions": [*NEEDS]})
    other = await desk.new_key("desk")
    lost = (await other.done("customerDataRequest", JOB, {"customerId": bo}))["bulkJob"]["id"]
    await desk.done(
        "roleUpdate", "role { name }", {"name": "desk", "permissions": [one for one in NEEDS if one != "notes.view"]}
    )
    cy = await customer(desk, "Cy", "Ruiz")
    moved = (await desk.done("customerDataRequest", JOB, {"customerId": bo}))["bulkJob"]["id"]
    await desk.done("customersMerge", "__typename", {"survivorId": cy, "absorbedIds": [bo]})
    await desk.done("customerEraseRequest", "erasure { id }", {"customerId": ana})
    late = (await desk.done("customerDataRequest", JOB, {"customerId": ana}))["bulkJob"]["id"]
    await pass_days(desk.shop)
    await do_bulk_jobs(desk.shop)
    for job, why in ((lost, "does not hold notes.view"), (late, "is erased")):
        ended = await desk.looked_at(job)
        assert (ended["stage"], ended["files"], why in ended["problem"]) == ("FAILED", [], True), ended
    told = await desk.looked_at(moved)
    response = await desk.client.get(await desk.link(told["files"][0]["id"]))
    assert [one["customerId"] for one in response.json()["records"]] == [cy, bo]
    assert await desk.refused("fileLinkCreate", {"fileId": file["id"]}) == [("FILE_EXPIRED", ["fileId"])]
    [(left,)] = await desk.shop.database.rows("SELECT count(*) FROM file_piece WHERE file_id = $1", file["id"][5:])
    assert left == 0
    for _ in range(5):
        await desk.done("customerDataRequest", JOB, {"customerId": cy})
    assert await desk.refused("customerDataRequest", {"customerId": cy}) == [("TOO_MANY_JOBS", [])]
