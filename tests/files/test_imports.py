"""Imports over the API: a file is sent, looked at, and imported as the command does it."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from regulars_core.bulk import service
from regulars_core.bulk.worker import do_bulk_jobs, do_whole_jobs
from regulars_core.contribution import import_files
from regulars_core.exports.customers import CUSTOMER_COLUMNS
from regulars_core.files.expiry import drop_expired, drop_for_erasure
from regulars_core.files.storage import PIECE_BYTES
from regulars_core.files.uploads import Arrival
from regulars_core.imports import jobs as import_jobs
from regulars_core.imports.customer_rows import CUSTOMERS
from regulars_core.primitives.ids import new_id
from tests.files.conftest import JOB, Desk
from tests.support.keys import revoke

LOOK = "query($id: ID!) { node(id: $id) { ... on Upload { of isReceived headers { header samples suggestion } } } }"


async def sent(desk: Desk, content: bytes, of: str = "CUSTOMERS") -> str:
    """The id of a file that was sent."""
    made = await desk.done("uploadCreate", "upload { id isReceived } url", {"of": of, "byteCount": len(content)})
    assert made["upload"]["isReceived"] is False
    assert (await desk.client.put(made["url"], content=content)).status_code == 204
    assert (await desk.client.put(made["url"], content=content)).status_code == 404
    return str(made["upload"]["id"])


async def imported(desk: Desk, upload: str, looking: Desk | None = None, **given: Any) -> Any:
    """The job when it has ended, as `looking` sees it: who has asked may be nobody then."""
    asked = (await desk.done("importStart", JOB, {"uploadId": upload, **given}))["bulkJob"]
    await do_bulk_jobs(desk.shop)
    assert (await desk.looked_at(asked["id"]))["stage"] == "QUEUED"  # it is no work in steps
    await do_whole_jobs(desk.shop, imports=True)
    return await (looking or desk).looked_at(asked["id"])


def counts(job: Any) -> dict[str, int]:
    assert job["stage"] == "DONE", job
    return {one["kind"]: one["count"] for one in job["counts"]}


async def test_a_file_is_sent_looked_at_and_imported(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # the other process of the tests imports too
    people = "".join(f"KUND-{n:05},N{n},Li,{'x' * 200}\n" for n in range(2_000))  # more than a piece of it
    content = f"Kod,first_name,last_name,Memo\n{people}KUND-BAD,,Li,y\n".encode()
    assert len(content) > PIECE_BYTES
    upload = await sent(desk, content)
    look = (await desk.data(LOOK, id=upload))["node"]
    assert (look["of"], look["isReceived"]) == ("CUSTOMERS", True)
    assert [(one["header"], one["suggestion"]) for one in look["headers"]] == [
        ("Kod", None), ("first_name", "first_name"), ("last_name", "last_name"), ("Memo", None),
    ]  # fmt: skip
    assert look["headers"][0]["samples"] == [f"KUND-{n:05}" for n in range(5)]
    columns = {"columns": [{"header": "Kod", "field": "code"}, {"header": "Memo", "field": None}]}
    assert await desk.refused("importStart", {"uploadId": upload}) == [("INVALID_COLUMNS", ["columns"])]
    wrong = {
        "uploadId": upload, "profile": "/etc/passwd.toml", "encoding": "latin-5", "timezone": "Mars", "currencyCode": "EUR",
        "dateFormats": ["%H"], "skipLines": -1, "columns": [{"header": "Kod", "field": "soul"}],
        "fixed": [{"field": "hat", "value": "x"}],
    }  # fmt: skip
    assert await desk.refused("importStart", wrong) == [
        ("INVALID_OPTION", ["profile"]), ("INVALID_OPTION", ["encoding"]), ("INVALID_OPTION", ["skipLines"]),
        ("INVALID_OPTION", ["timezone"]), ("INVALID_OPTION", ["dateFormats"]), ("INVALID_OPTION", ["columns", "0", "field"]),
        ("INVALID_OPTION", ["fixed", "0", "field"]), ("CURRENCY_MISMATCH", ["currencyCode"]),
    ]  # fmt: skip
    dry = await imported(desk, upload, **columns, dryRun=True)
    assert counts(dry) == {"created": 2_000, "rejected": 1}
    rows = await desk.fetched(dry)
    assert [row[:3] for row in rows[1:]] == [["KUND-BAD", "", "Li"]]
    assert (await desk.data("{ customers { totalCount } }"))["customers"]["totalCount"] == 0
    # Somebody is killed half-way: another goes on, and the job tells of all of it.
    looked, killed = list[int](), import_jobs.note

    async def note(*given: Any, **more: Any) -> None:
        await killed(*given, **more)
        looked.append(given[2])
        if len(looked) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(import_jobs, "note", note)
    asked = (await desk.done("importStart", JOB, {"uploadId": upload, **columns}))["bulkJob"]
    with pytest.raises(KeyboardInterrupt):
        await do_whole_jobs(desk.shop, imports=True)
    half = await desk.looked_at(asked["id"])
    assert (half["stage"], 0 < half["progress"] < 100) == ("RUNNING", True)
    monkeypatch.setattr(import_jobs, "note", killed)
    # Another is killed at the very end: the file is there for whoever is next.
    close = service.close

    async def then_killed(*given: Any, **more: Any) -> None:
        await close(*given, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(service, "close", then_killed)
    with pytest.raises(KeyboardInterrupt):
        await do_whole_jobs(desk.shop, imports=True)
    monkeypatch.setattr(service, "close", close)
    await do_whole_jobs(desk.shop, imports=True)
    done = await desk.looked_at(asked["id"])
    assert counts(done) == {"created": 2_000, "rejected": 1}
    rows = await desk.fetched(done)
    assert [row[:3] for row in rows[1:]] == [["KUND-BAD", "", "Li"]]
    assert done["files"][0]["name"].endswith(".rejects.csv")
    assert (await desk.data("{ customers { totalCount } }"))["customers"]["totalCount"] == 2_000
    assert os.listdir(tmp_path) == []
    assert await desk.refused("importStart", {"uploadId": upload}) == [("NOT_RECEIVED", ["uploadId"])]
    left = await desk.shop.database.rows(
        "SELECT DISTINCT f.id FROM stored_file f JOIN file_piece p ON p.file_id = f.id"
    )
    # The rejects; of killed ones' they are swept.
    assert {row[0] for row in left} == {one["files"][0]["id"][5:] for one in (dry, done)}
    # A key that loses what it needs stops an import at the next batch.
    other = await desk.new_key("administrator", name="clerk")
    upload = await sent(other, content.replace(b"KUND", b"NEXT"))

    async def then_revoked(*given: Any, **more: Any) -> None:
        await killed(*given, **more)
        await revoke(desk.shop.database, other.key)

    monkeypatch.setattr(import_jobs, "note", then_revoked)
    stopped = await imported(other, upload, desk, **columns)
    monkeypatch.setattr(import_jobs, "note", killed)
    assert (stopped["stage"], "does not hold" in stopped["problem"]) == ("FAILED", True)
    assert 2_000 < (await desk.data("{ customers { totalCount } }"))["customers"]["totalCount"] < 4_000
    # One that is stopped ends between two batches.
    upload = await sent(desk, b"code,first_name,last_name\nKUND-X,Ana,Li\n")
    asked = (await desk.done("importStart", JOB, {"uploadId": upload}))["bulkJob"]
    await desk.done("bulkJobCancel", "bulkJob { stage }", {"id": asked["id"]})
    await do_whole_jobs(desk.shop, imports=True)
    assert (await desk.looked_at(asked["id"]))["stage"] == "CANCELLED"


async def test_what_is_not_what_was_told_is_not_taken(desk: Desk) -> None:
    assert await desk.refused("uploadCreate", {"of": "CUSTOMERS", "byteCount": 0}) == [("REQUIRED", ["byteCount"])]
    assert await desk.refused("uploadCreate", {"of": "CUSTOMERS", "byteCount": 2**31 - 1}) == [
        ("TOO_LARGE", ["byteCount"])
    ]
    manager = await desk.new_key("store_manager")
    assert "imports.run" in await manager.forbidden("uploadCreate", {"of": "CUSTOMERS", "byteCount": 1})
    made = await desk.done("uploadCreate", "upload { id } url", {"of": "PURCHASES", "byteCount": 70})
    for content, status in ((b"x" * 71, 413), (b"x" * 69, 400), (b"", 400)):
        assert (await desk.client.put(made["url"], content=content)).status_code == status
    assert await desk.refused("importStart", {"uploadId": made["upload"]["id"]}) == [("NOT_RECEIVED", ["uploadId"])]
    assert (await desk.shop.database.rows("SELECT count(*) FROM stored_file"))[0][0] == 0
    assert (await desk.client.get(made["url"])).status_code == 405
    other = await desk.new_key("administrator")
    assert (await other.data(LOOK, id=made["upload"]["id"])) == {"node": None}
    assert await other.refused("importStart", {"uploadId": made["upload"]["id"]}) == [("NOT_FOUND", ["uploadId"])]


async def test_an_erasure_while_a_file_is_sent_leaves_nothing_of_it(desk: Desk) -> None:
    database, piece = desk.shop.database, b"x" * PIECE_BYTES
    made = await desk.done("uploadCreate", "upload { id } url", {"of": "CUSTOMERS", "byteCount": 2 * PIECE_BYTES})

    async def body(times: int, rest: bytes = b"") -> AsyncIterator[bytes]:
        for _ in range(times):
            yield piece
        await database.transaction(lambda: drop_for_erasure(desk.shop))
        yield rest

    for sending in (body(1, piece), body(2)):  # before a piece, and before the end
        refused = await desk.client.put(made["url"], content=sending)
        assert (refused.status_code, "send the file again" in refused.text) == (400, True)
        for table in ("file_piece", "stored_file"):
            assert (await database.rows(f"SELECT count(*) FROM {table}"))[0][0] == 0
    assert (await desk.client.put(made["url"], content=piece * 2)).status_code == 204
    await database.transaction(lambda: database.run("DELETE FROM stored_file"))
    await drop_expired(desk.shop)
    assert (await database.rows("SELECT count(*) FROM file_piece"))[0][0] == 0


async def test_a_file_tells_nobody_what_they_may_not_read(desk: Desk) -> None:
    """Whether somebody has what the file says is known to who may read it, and to nobody else: not by what would be changed, and
    not by why a row would be rejected."""
    vic = {"firstName": "Vic", "lastName": "Tim", "taxId": "123-45-6789"}
    code = (await desk.done("customerCreate", "customer { code }", vic))["customer"]["code"]
    eve = {"firstName": "Eve", "lastName": "Ng", "phone": "+12025550143", "birthDate": "1980-05-06"}
    await desk.done("customerCreate", "customer { code }", eve)
    await desk.done("roleCreate", "role { name }", {"name": "importer", "permissions": ["imports.run"]})
    await desk.done("roleCreate", "role { name }", {"name": "viewer", "permissions": ["imports.run", "customers.view"]})
    importer, viewer = await desk.new_key("importer"), await desk.new_key("viewer")
    heads = {
        "code,first_name,last_name,tax_id": (
            f"{code},Vic,Tim,123-45-6789",
            f"{code},Vic,Tim,999-99-9999",
            f"{code},Vic,Tim,123-45-6789\n{code},Vic,Tim,999-99-9999",
        ),
        "phone,first_name,last_name,birth_date": ("+12025550143,Eve,Ng,1980-05-06", "+12025550143,Eve,Ng,1980-05-07"),
        "code,first_name,last_name": (f"{code},Vic,Tim", f"{code},Vik,Tim"),
    }
    told: dict[str, list[Any]] = {"desk": [], "importer": [], "viewer": []}
    for who, client in (("desk", desk), ("importer", importer), ("viewer", viewer)):
        for head, guesses in heads.items():
            for guess in guesses:
                upload = await sent(client, f"{head}\n{guess}\n".encode())
                told[who].append(counts(await imported(client, upload, dryRun=True)))
    same, other, one, two = {"unchanged": 1}, {"changed": 1}, {"known": 1}, {"known": 2}
    hidden = [one, one, two, one, one]
    assert told == {
        "desk": [same, other, {"unchanged": 1, "rejected": 1}, same, other, same, other],
        "importer": [*hidden, one, one],
        "viewer": [*hidden, same, other],
    }
    # What is written is told in the same way, and nobody hears in what somebody is different.
    head = "code,first_name,last_name,phone,birth_date"
    rows = f"{code},Vik,Tim,,\nBO,Bo,Ek,,\n,Eva,Ng,+12025550143,1980-05-07\n"
    told_why = []
    for client, became in ((importer, {"created": 1, "known": 1}), (desk, {"unchanged": 2})):
        job = await imported(client, await sent(client, f"{head}\n{rows}".encode()))
        assert counts(job) == {**became, "rejected": 1}
        [_, row] = await client.fetched(job)
        assert row[-2] == "SAME_PHONE"
        told_why.append("birth_date" in row[-1])
    assert told_why == [False, True]
    names = {column.name for column in CUSTOMER_COLUMNS}
    assert {*CUSTOMERS.columns} - names == {"store", "full_name", "phone_country", "time_zone"}


async def test_one_file_at_a_time_arrives_at_a_place_and_it_must_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"code,first_name,last_name\nKUND-1,Ana,Li\n" + b"\n" * PIECE_BYTES
    made = await desk.done("uploadCreate", "upload { id } url", {"of": "CUSTOMERS", "byteCount": len(content)})
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield content[:PIECE_BYTES]
        begun.set()
        await go_on.wait()
        yield content[PIECE_BYTES:]

    first = asyncio.create_task(desk.client.put(made["url"], content=stuck()))
    await begun.wait()
    assert (await desk.data(LOOK, id=made["upload"]["id"]))["node"]["isReceived"] is False
    assert (await desk.client.put(made["url"], content=content)).status_code == 204
    [(files,)] = await desk.shop.database.rows("SELECT count(*) FROM stored_file")
    go_on.set()
    answer = await first
    assert (files, answer.status_code, "send the file again" in answer.text) == (1, 400, True)
    assert (await desk.client.put(made["url"], content=content)).status_code == 404
    assert counts(await imported(desk, made["upload"]["id"])) == {"created": 1}

    async def dribbling() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.01)

    made = await desk.done("uploadCreate", "upload { id } url", {"of": "CUSTOMERS", "byteCount": 9_999})
    monkeypatch.setattr("regulars_core.files.uploads.SECONDS", 0.1)
    answer = await desk.client.put(made["url"], content=dribbling())
    assert (answer.status_code, "It took more than" in answer.text) == (400, True)


async def test_what_killed_imports_left_on_the_disk_goes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    upload = await sent(desk, b"code,first_name,last_name\nKUND-1,Ana,Li\n")
    waiting = (await desk.done("importStart", JOB, {"uploadId": upload}))["bulkJob"]["id"].removeprefix("job_")
    ended = (await desk.job("customersExport", {"everyone": True}))["id"].removeprefix("job_")
    anothers, old = new_id(), new_id()
    for name in (waiting, ended, anothers, old):
        folder = tmp_path / f"regulars-import-{name}"
        folder.mkdir()
        (folder / "customers.csv").write_text("KUND-9,Ana,Li")
    os.utime(tmp_path / f"regulars-import-{old}", (0, 0))
    (tmp_path / "regulars-import-of-somebody").mkdir()
    await import_jobs.drop_left_behind(desk.shop)
    left = {f"regulars-import-{name}" for name in (waiting, anothers, "of-somebody")}
    assert set(os.listdir(tmp_path)) == left
    await import_files(desk.shop)
    assert set(os.listdir(tmp_path)) == left - {f"regulars-import-{waiting}"}


async def test_a_file_that_has_arrived_is_not_abandoned(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    content, end = b"code,first_name,last_name\nKUND-1,Ana,Li\n", Arrival.end

    async def cut_off(arrival: Arrival) -> bool:
        assert await end(arrival)
        raise ConnectionError

    made = await desk.done("uploadCreate", "upload { id } url", {"of": "CUSTOMERS", "byteCount": len(content)})
    monkeypatch.setattr(Arrival, "end", cut_off)
    assert (await desk.client.put(made["url"], content=content)).status_code == 500
    assert counts(await imported(desk, made["upload"]["id"])) == {"created": 1}


async def test_purchases_come_back_as_they_went(desk: Desk) -> None:
    """What was imported is exported, and imported again, and nothing changes."""
    await desk.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    head = "reference,purchased_at,customer_code,name,sku,quantity,unit_price,discount,total,shipping,payment_method,refunded"
    rows = ["R1,2026-03-01T12:00:00Z,CUST-00001,'=Tea,T,2.5,4.00,1.00,,3.00,card,", "R1,,,Cup,,1,,,7.00,,,"]
    content = "\n".join([head, *rows, "R2,2026-03-02T12:00:00Z,,Pot,,1,,,30.00,,cash,10.00"]).encode()
    first = await imported(desk, await sent(desk, content, "PURCHASES"))
    assert counts(first) == {"created": 2}
    job = await desk.job("purchasesExport", {"where": {"total": {"gte": "0"}}})
    response = await desk.client.get(await desk.link(job["files"][0]["id"]))
    again = await imported(desk, await sent(desk, response.content, "PURCHASES"))
    assert counts(again) == {"unchanged": 2}, str(again)


async def test_what_is_sealed_is_sent_looked_at_and_imported_as_what_is_not(sealed_desk: Desk) -> None:
    desk = sealed_desk
    upload = await sent(desk, b"code,first_name,last_name\nKUND-1,Ana,Li\nKUND-2,,Li\n")
    [piece] = await desk.shop.database.rows("SELECT content FROM file_piece")
    assert b"Ana" not in bytes(piece[0])
    headers = (await desk.data(LOOK, id=upload))["node"]["headers"]
    assert [one["header"] for one in headers] == ["code", "first_name", "last_name"]
    assert headers[0]["samples"] == ["KUND-1", "KUND-2"]
    done = await imported(desk, upload)
    assert counts(done) == {"created": 1, "rejected": 1}
    assert (await desk.fetched(done))[1][:3] == ["KUND-2", "", "Li"]
