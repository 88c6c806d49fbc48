"""Exports over the API: what is written, who gets it, for how long, and what is known of it afterwards."""

import asyncio
import hashlib
import io
import json
import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from regulars_core.bulk import worker
from regulars_core.bulk.worker import do_bulk_jobs
from regulars_core.customers.filters import not_gone
from regulars_core.customers.reads import SORT_KEYS
from regulars_core.database import Database
from regulars_core.database.postgres import connection
from regulars_core.exports.columns import export_columns
from regulars_core.exports.customers import export_customers
from regulars_core.exports.tasks import CUSTOMERS_EXPORT, Wanted, request_export
from regulars_core.files import storage
from regulars_core.files.expiry import damaged, drop_expired, drop_for_erasure
from regulars_core.files.storage import StoredFileRow, sweep
from regulars_core.imports import ImportOptions, import_customers
from regulars_core.keys.authentication import actor_of_key
from regulars_core.primitives.clock import LATEST
from regulars_core.queries.pace import Pace
from regulars_core.queries.pages import Order
from regulars_core.queries.where import Leaf, Where
from regulars_server.http import files
from regulars_server.http.access import RequestLog
from tests.files.conftest import Desk, open_desk
from tests.support.keys import revoke

LOG = "{ exportLog(first: 9) { nodes { keyName task columns narrowedBy rowCount sha256 fetchedAt } } }"


async def customer(desk: Desk, first: str, last: str, **given: Any) -> str:
    made = await desk.done("customerCreate", "customer { id }", {"firstName": first, "lastName": last, **given})
    return str(made["customer"]["id"])


async def sale(
    desk: Desk, reference: str, customer: str | None, store: str, *totals: str, at: str = "2026-03-01"
) -> None:
    await desk.done(
        "purchaseRecord",
        "purchase { id }",
        {
            "reference": reference,
            "storeCode": store,
            "customerId": customer,
            "purchasedAt": f"{at}T12:00:00Z",
            "lines": [{"name": f"=thing {n}", "quantity": "1", "total": total} for n, total in enumerate(totals)],
        },
    )


async def test_customers_are_written_fetched_once_and_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    ana = await customer(desk, "Ana", "=cmd()", email="ana@x.example", taxId="XAXX010101000", tags=["VIP"])
    await customer(desk, "Bo", "Li")
    await customer(desk, "Cy", "Li")
    await sale(desk, "1", ana, "MAIN", "5.00", "7.50")
    await sale(desk, "2", ana, "MAIN", "100.00", at="2026-04-01")
    columns = ["code", "last_name", "email", "tax_id", "total_spent", "purchase_count"]
    march = {"from": "2026-03-01", "to": "2026-03-31"}
    input = {"where": {"taxId": {"in": ["XAXX010101000"]}, "createdAt": {"withinDays": 9}}, "columns": columns}
    job = await desk.job("customersExport", {**input, "purchaseDays": march})
    [file] = job["files"]
    assert (job["progress"], job["counts"], file["rowCount"]) == (100, [{"kind": "written", "count": 1}], 1)
    url = await desk.link(file["id"])
    assert (await desk.client.head(url)).status_code == 405
    response = await desk.client.get(url)
    assert response.text == f"{','.join(columns)}\r\nCUST-00001,'=cmd(),ana@x.example,XAXX010101000,12.50,1\r\n"
    assert hashlib.sha256(response.content).hexdigest() == file["sha256"]
    assert len(response.content) == file["byteCount"] == int(response.headers["content-length"])
    told = ("content-type", "content-disposition", "cache-control", "x-content-type-options")
    assert [response.headers[name] for name in told] == [
        "text/csv; charset=utf-8", f'attachment; filename="{file["name"]}"', "no-store", "nosniff",
    ]  # fmt: skip
    assert (await desk.client.get(url)).status_code == 404
    with monkeypatch.context() as patch:  # who guesses writes nothing
        begun, transaction = list[Any](), Database.transaction

        async def counted(database: Database, work: Any) -> Any:
            begun.append(work)
            return await transaction(database, work)

        patch.setattr(Database, "transaction", counted)
        for guessed in (url, "/files/" + "A" * 43):
            assert (await desk.client.get(guessed)).status_code == 404
        assert begun == []
    [entry] = (await desk.data(LOG))["exportLog"]["nodes"]
    assert (entry["keyName"], entry["task"], entry["columns"]) == ("office", "CUSTOMERS_EXPORT", columns)
    narrowed = {"taxId": {}, "createdAt": {"withinDays": 9}, "purchaseDays": march}
    assert json.loads(entry["narrowedBy"]) == narrowed
    assert (entry["rowCount"], entry["sha256"], len(entry["fetchedAt"])) == (1, file["sha256"], 1)
    audited = await desk.data("{ audit(first: 3) { nodes { action changes { field new } } } }")
    assert "XAXX" not in str(audited)
    token = url.rpartition("/")[2]
    assert not [one for one in caplog.records if token in str(vars(one)) and not one.name.startswith("httpx")]
    row = await desk.shop.database.row("SELECT input FROM bulk_job")
    assert row is not None
    assert row[0] == "{}"
    everyone = await desk.job("customersExport", {"everyone": True, "orderBy": {"field": "NAME", "direction": "DESC"}})
    rows = await desk.fetched(everyone)
    assert [row[1] for row in rows] == ["first_name", "Cy", "Bo", "Ana"]
    assert [message async for message in damaged(desk.shop)] == []
    # Under its key the link is told once, and never again.
    again = {"fileId": file["id"], "idempotencyKey": "one"}
    first = await desk.done("fileLinkCreate", "url expiresAt", again)
    second = await desk.done("fileLinkCreate", "url expiresAt", again)
    assert (second["url"], second["expiresAt"]) == (None, first["expiresAt"])
    # What an erasure leaves: no file, and an export that had begun begins anew.
    await desk.shop.database.transaction(lambda: drop_for_erasure(desk.shop))
    assert await desk.refused("fileLinkCreate", {"fileId": file["id"]}) == [("FILE_EXPIRED", ["fileId"])]
    assert (await desk.client.get(first["url"])).status_code == 404
    await sweep(desk.shop)
    [left] = await desk.shop.database.rows("SELECT count(*) FROM file_piece")
    assert left[0] == 0


async def test_all_that_is_wrong_is_told_and_nobody_gets_more_than_they_may_see(desk: Desk) -> None:
    ana = await customer(desk, "Ana", "Ruiz", email="ana@x.example")
    await customer(desk, "Bo", "Li")
    for code in ("A", "B"):
        await desk.done("storeCreate", "store { id }", {"code": code, "name": code})
    await sale(desk, "1", ana, "A", "5.00")
    await sale(desk, "2", ana, "B", "70.00")
    assert await desk.refused("customersExport", {"columns": ["code", "soul", "shoe"]}) == [
        ("REQUIRED", ["where"]), ("UNKNOWN_COLUMN", ["columns", "1"]), ("UNKNOWN_COLUMN", ["columns", "2"]),
    ]  # fmt: skip
    empty = {"where": {"any": [{"isCompany": True}, {}], "all": []}}
    assert await desk.refused("customersExport", empty) == [
        ("EMPTY_FILTER", ["where", "all"]), ("EMPTY_FILTER", ["where", "any", "1"]),
    ]  # fmt: skip
    assert await desk.refused("purchasesExport", {"where": {}}) == [("EMPTY_FILTER", ["where"])]
    manager = await desk.new_key("store_manager", "A")
    names = "{ exportColumns(of: CUSTOMERS) { name isAllowed isDefault } }"
    known = {one["name"]: one for one in (await manager.data(names))["exportColumns"]}
    assert (known["email"]["isAllowed"], known["tax_id"]["isAllowed"], known["code"]["isDefault"]) == (
        True,
        False,
        True,
    )
    assert "view_sensitive" in await manager.forbidden("customersExport", {"everyone": True, "columns": ["tax_id"]})
    cashier = await desk.new_key("cashier")
    assert "customers.export" in await cashier.forbidden("customersExport", {"everyone": True})
    told = await manager.fetched(
        await manager.job("customersExport", {"everyone": True, "columns": ["code", "total_spent"]})
    )
    assert told == [["code", "total_spent"], ["CUST-00001", "5.00"]]
    sold = await manager.fetched(await manager.job("purchasesExport", {"where": {"total": {"gte": "0"}}}))
    assert [row[0] for row in sold] == ["reference", "1"]
    # Only who has asked gets a link, and only as long as the key lives and holds what it held.
    job = await manager.job("customersExport", {"everyone": True})
    [file] = job["files"]
    assert await desk.refused("fileLinkCreate", {"fileId": file["id"]}) == [("NOT_FOUND", ["fileId"])]
    assert (await cashier.data("query($id: ID!) { node(id: $id) { id } }", id=file["id"])) == {"node": None}
    url = await manager.link(file["id"])
    waiting = (await manager.done("customersExport", "bulkJob { id }", {"everyone": True}))["bulkJob"]["id"]
    await revoke(desk.shop.database, manager.key)
    assert (await desk.client.get(url)).status_code == 404
    await do_bulk_jobs(desk.shop)
    stopped = await desk.looked_at(waiting)
    assert (stopped["stage"], stopped["files"]) == ("FAILED", [])
    assert "does not hold" in stopped["problem"]
    # No more at a time than the shop allows; what is cancelled leaves nothing.
    asked = [await desk.done("customersExport", "bulkJob { id }", {"everyone": True}) for _ in range(5)]
    assert await desk.refused("customersExport", {"everyone": True}) == [("TOO_MANY_JOBS", [])]
    await desk.done("bulkJobCancel", "bulkJob { stage }", {"id": asked[0]["bulkJob"]["id"]})
    await desk.done("customersExport", "bulkJob { id }", {"everyone": True})


async def test_who_may_not_read_any_more_what_decides_on_rows_gets_none(desk: Desk) -> None:
    bought, agree = {"purchases": {"total": {"gte": "0.01"}}}, {"hasConsent": {"channel": "EMAIL"}}
    made = await desk.done("segmentCreate", "segment { id }", {"name": "Buyers", "where": bought})
    segment = {"segment": {"in": [made["segment"]["id"]]}}
    store = await desk.done("storeCreate", "store { id }", {"code": "A", "name": "A"})
    define = {"name": "card", "label": "Card", "type": "TEXT", "isSensitive": True}
    await desk.done("customerAttributeDefine", "__typename", define)
    card = {"everyone": True, "columns": ["attribute.card"]}
    here = {"store": {"in": [store["store"]["id"]]}}
    await sale(desk, "1", await customer(desk, "Bo", "Li"), "A", "5.00")
    rows = await desk.fetched(
        await desk.job("customersExport", {"segmentId": made["segment"]["id"], "columns": ["first_name"]})
    )
    assert rows == [["first_name"], ["Bo"]]
    nowhere = {"segmentId": f"segment_{'0' * 31}1"}
    assert await desk.refused("customersExport", nowhere) == [("NOT_FOUND", ["segmentId"])]
    both = {"segmentId": made["segment"]["id"], "everyone": True}
    assert await desk.refused("customersExport", both) == [("REQUIRED", ["where"])]
    by_total = {"everyone": True, "orderBy": {"field": "TOTAL_SPENT"}}
    of_ana = {"customer": {"in": [await customer(desk, "Ana", "Li")]}, "total": {"gte": "0"}}
    cases: list[tuple[str, str, dict[str, Any], str]] = [
        ("leaf", "customersExport", {"where": {"all": [{"not": agree}]}}, "consents.view"),
        ("inner", "customersExport", {"where": {"purchases": {"where": here}}}, "stores.view"),
        ("segment", "customersExport", {"where": {"any": [segment, agree]}}, "purchases.view"),
        ("alone", "customersExport", {"where": segment}, "purchases.view"),
        ("named", "customersExport", {"segmentId": made["segment"]["id"]}, "purchases.view"),
        ("described", "customersExport", card, "customers.view_sensitive"),
        ("agreed", "customersExport", {"everyone": True, "columns": ["consent.marketing.email"]}, "consents.view"),
        ("order", "customersExport", by_total, "purchases.view"),
        ("totals", "customersExport", by_total, "customers.totals"),
        ("sales", "purchasesExport", {"where": of_ana, "columns": ["reference"]}, "customers.view"),
    ]  # fmt: skip
    held = {"customers.view", "customers.export", "consents.view", "purchases.view", "stores.view"}
    for name, mutation, given, lost in cases:
        holding = held - {"purchases.view"} | {lost} if lost == "customers.totals" else held | {lost}
        await desk.done("roleCreate", "role { name }", {"name": name, "permissions": sorted(holding)})
        other = await desk.new_key(name)
        asked = (await other.done(mutation, "bulkJob { id }", {"columns": ["code"], **given}))["bulkJob"]["id"]
        kept = await desk.shop.database.row("SELECT needs FROM bulk_job WHERE id = $1", asked.removeprefix("job_"))
        assert kept is not None
        assert lost in json.loads(kept[0]), name
        await desk.done("roleUpdate", "role { name }", {"name": name, "permissions": sorted(holding - {lost})})
        await do_bulk_jobs(desk.shop)
        ended = await desk.looked_at(asked)
        assert (ended["stage"], lost in str(ended["problem"])) == ("FAILED", True), name


async def test_what_is_half_written_is_gone_on_with_and_ends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(7):
        await customer(desk, f"N{n}", "Li")
    monkeypatch.setattr(worker, "_FIRST", 2)
    monkeypatch.setattr(storage, "PIECE_BYTES", 5)  # what is read at once is in several pieces
    monkeypatch.setattr("regulars_core.queries.pace.AIM_SECONDS", {"sqlite": 0.0, "postgres": 0.0})
    asked = (await desk.done("customersExport", "bulkJob { id }", {"everyone": True, "columns": ["first_name"]}))[
        "bulkJob"
    ]
    database, key = desk.shop.database, asked["id"].removeprefix("job_")
    do = CUSTOMERS_EXPORT.step
    assert do is not None
    for _ in range(2):
        assert await database.transaction(lambda: worker._batch(desk.shop, key, do, 2)) == 2
    desk.shop.memory.clear()  # another process goes on
    running = await desk.looked_at(asked["id"])
    assert (running["stage"], running["counts"], running["files"]) == ("RUNNING", [{"kind": "written", "count": 4}], [])
    await do_bulk_jobs(desk.shop)
    rows = await desk.fetched(await desk.looked_at(asked["id"]))
    assert [row[0] for row in rows[1:]] == [f"N{n}" for n in range(7)]
    assert [message async for message in damaged(desk.shop)] == []
    lengths = [len(row[0]) for row in await database.rows("SELECT content FROM file_piece")]
    assert (max(lengths), sum(lengths)) == (5, len("first_name\r\n") + 7 * len("N0\r\n"))
    # An erasure while one is under way: it begins anew, and tells of everybody who is left once.
    asked = (await desk.done("customersExport", "bulkJob { id }", {"everyone": True, "columns": ["first_name"]}))[
        "bulkJob"
    ]
    key = asked["id"].removeprefix("job_")
    await database.transaction(lambda: worker._batch(desk.shop, key, do, 2))
    await database.transaction(lambda: drop_for_erasure(desk.shop))
    await do_bulk_jobs(desk.shop)
    again = await desk.looked_at(asked["id"])
    assert len(await desk.fetched(again)) == 8
    # What is kept long enough goes, and its name stays.
    await database.transaction(lambda: database.run("UPDATE stored_file SET available_until = 0"))
    await database.transaction(lambda: database.run("UPDATE file_link SET expires_at = 0"))
    [(pieces,)] = await database.rows("SELECT count(*) FROM file_piece")
    removed, step = list[Any](), Pace.step

    async def counted(pace: Pace, work: Any) -> Any:
        removed.append(await step(pace, work))
        return removed[-1]

    monkeypatch.setattr(storage, "_MAX_PIECES", 2)
    monkeypatch.setattr(Pace, "step", counted)
    await drop_expired(desk.shop)
    assert (max(removed), sum(removed), pieces > 2 * len(lengths)) == (2, pieces, True)  # few in each transaction
    counts = [
        (await database.rows(f"SELECT count(*) FROM {table}"))[0][0]
        for table in ("file_piece", "file_link", "stored_file")
    ]
    assert counts == [0, 0, 2]
    assert [file["rowCount"] for file in (await desk.looked_at(asked["id"]))["files"]] == [7]
    await database.transaction(lambda: database.run("DELETE FROM bulk_job"))
    await drop_expired(desk.shop)
    assert (await database.rows("SELECT count(*) FROM stored_file"))[0][0] == 0
    for statement in ("UPDATE export_entry SET task = 'X'", "DELETE FROM export_fetch"):
        with pytest.raises(Exception, match="append-only"):
            await database.transaction(lambda sql=statement: database.run(sql))  # type: ignore[misc]


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_what_is_rare_among_many_is_looked_for_among_some_at_a_time(
    database_url: str, engine: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each of a hundred is looked at for as long as a hundred must not take; two of them are asked for."""
    monkeypatch.setitem(connection.SETTINGS, "statement_timeout", "400ms")
    slow = "CASE WHEN pg_sleep(0.005) IS NULL THEN FALSE ELSE c.first_name IN ('N57', 'N98') END"
    where = not_gone(Where("leaf", leaf=Leaf("slow", lambda _, __: slow)))
    people = tmp_path / "people.csv"
    people.write_text("code,first_name,last_name\n" + "".join(f"C{n:02},N{n},Li\n" for n in range(100)))
    async with open_desk(database_url) as desk:
        shop = desk.shop
        [(key,)] = await shop.database.rows("SELECT id FROM api_key")
        by = await actor_of_key(shop, key)
        assert by is not None
        await import_customers(shop, people, ImportOptions(), lambda *_: None)
        columns = [(await export_columns(shop, "CUSTOMERS"))["first_name"]]
        wanted = Wanted("CUSTOMERS", columns, where, None, Order(SORT_KEYS["CODE"]))
        asked = await shop.database.transaction(lambda: request_export(shop, wanted, by))
        await do_bulk_jobs(shop)
        done = await desk.looked_at(f"job_{asked.id}")
        assert await desk.fetched(done) == [["first_name"], ["N57"], ["N98"]]
        file = io.StringIO()
        assert await export_customers(shop, file, ["first_name"], where=where) == 2
        assert file.getvalue().split() == ["first_name", "N57", "N98"]


async def test_what_cannot_be_opened_is_told_and_not_sent(sealed_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = sealed_desk
    database = desk.shop.database
    await customer(desk, "Ana", "Li")
    job = await desk.job("customersExport", {"everyone": True, "columns": ["first_name"]})
    assert await desk.fetched(job) == [["first_name"], ["Ana"]]
    file = job["files"][0]["id"]
    [row] = await database.rows("SELECT content FROM file_piece")
    sealed = bytes(row[0])
    for changed, why in ((sealed[:-1] + bytes([sealed[-1] ^ 1]), "changed"), (b"\x01two" + sealed[4:], "'two'")):
        await database.transaction(lambda content=changed: database.run("UPDATE file_piece SET content = $1", content))  # type: ignore[misc]
        [told] = [message async for message in damaged(desk.shop)]
        assert told.startswith(f"{file}: a piece cannot be opened")
        answer = await desk.client.get(await desk.link(file))
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (500, "INTERNAL")
        assert why in told
        assert why in answer.text
    url = await desk.link(file)
    piece = storage._piece

    async def late(*which: Any) -> bytes:
        await database.transaction(lambda: database.run("DELETE FROM file_piece"))
        return await piece(*which)

    monkeypatch.setattr(storage, "_piece", late)  # it goes between the link and the first piece
    assert (await desk.client.get(url)).status_code == 404


async def test_who_does_not_take_the_end_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def content(*_: Any) -> AsyncIterator[bytes]:
        yield b"code"

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            await asyncio.Event().wait()

    monkeypatch.setattr(files, "content_of", content)
    shop: Any = SimpleNamespace(settings=SimpleNamespace(body_seconds=0.01), database=None)
    file, place = StoredFileRow("0" * 32, None, "x.csv", "text/csv", 4, 1, "0" * 64, True, LATEST), ExitStack()
    scope = {"regulars.request_log": RequestLog("one")}
    async with asyncio.timeout(9):
        await files._Sent(shop, file, place)(scope, asyncio.Event().wait, send)  # type: ignore[arg-type]
    assert RequestLog.of(scope).code == "CUT_OFF"
