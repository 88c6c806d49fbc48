"""Customers deleted, erased and told by command; each in the audit, as the operator's."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from regulars_core.customers.notes.service import add_note
from regulars_core.customers.rules import NewCustomer
from regulars_core.shop.shop import Shop
from tests.support.commands import Regulars, in_shop, register


def _cell(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, bool) else "" if value is None else str(value)
    return f"'{text}" if text.startswith("=") else text


def test_erased_cancelled_deleted_and_told(regulars: Regulars, database_url: str, elsewhere: Path) -> None:
    people = [
        NewCustomer(name, "Li", code=f"C-{n}", email=f"{name}@marker.example") for n, name in enumerate(("ana", "bo"))
    ]
    ana, _ = register(database_url, *people)
    in_shop(database_url, lambda shop: add_note(shop, ana, {"body": "=Likes tea."}, "x"))

    def done(*arguments: str) -> str:
        result = regulars(*arguments, database_url=database_url)
        assert result.exit_code == 0, result.stderr
        return str(result.stdout)

    asked = done("erase", "c-0", "--at", "2099-05-01")
    erasure, code, *rest = asked.split()
    assert (code, rest) == ("c-0", ["scheduled,", "to", "be", "done", "2099-05-01T00:00:00.000Z"])
    assert done("erase", "--list") == f"{erasure} C-0 scheduled, to be done 2099-05-01T00:00:00.000Z\n"
    assert done("erase", "--cancel", erasure).startswith(f"{erasure} cancelled")
    assert done("erase", "--list") == ""
    told = json.loads(done("data-request", "C-0"))
    assert told["records"][0]["core"]["customer_note"][0]["body"] == "=Likes tea."
    assert done("data-request", "C-0", "--output", "ana.json") == "Wrote ana.json.\n"
    assert json.loads((elsewhere / "ana.json").read_text())["records"] == told["records"]
    assert json.loads(done("data-request", "C-0", "--format", "JSON"))["records"] == told["records"]
    assert done("data-request", "C-0", "--format", "csv", "--output", "ana.zip") == "Wrote ana.zip.\n"
    with zipfile.ZipFile(elsewhere / "ana.zip") as archive:
        assert set(archive.namelist()) == {f"core/{table}.csv" for table in told["records"][0]["core"]}
        for table, rows in told["records"][0]["core"].items():
            lines = list(csv.DictReader(io.StringIO(archive.read(f"core/{table}.csv").decode(), newline="")))
            assert [one.pop("record") for one in lines] == [f"customer_{ana}"] * len(rows)
            assert [{name: _cell(value) for name, value in row.items()} for row in rows] == lines
    assert done("delete", "C-1") == "Deleted.\n"
    for given, said in (
        (("delete", "C-1"), "There is no customer with the code C-1."),
        (("delete", "C-0"), "Something refers to the customer (1 notes)"),
        (("erase", "--cancel", erasure), "The erasure is cancelled already."),
        (("erase", "--cancel", "erasure_x"), "There is no erasure erasure_x."),
        (("erase",), "Say one of"),
        (("erase", "--list", "--at", "2099-05-01"), "--at goes with"),
        (("erase", "C-0", "--at", "2001-05-01"), "must not lie in the past"),
        (("data-request", "C-9"), "There is no customer with the code C-9."),
    ):
        refused = regulars(*given, database_url=database_url)
        assert (refused.exit_code, said in refused.stderr) == (1, True), refused.stderr

    async def audit(shop: Shop) -> list[Any]:
        rows = await shop.database.rows("SELECT action FROM audit WHERE key_id = 'operator' ORDER BY recorded_at, id")
        return [row[0] for row in rows]

    actions = [
        "customerEraseRequest",
        "customerEraseCancel",
        *["customerDataRequest"] * 4,
        "customerDelete",
    ]
    assert in_shop(database_url, audit) == actions
