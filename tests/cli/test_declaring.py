"""Attributes, consents and segments by command, and exports narrowed by conditions, with what is written down of each."""

import json
from pathlib import Path
from typing import Any

from regulars_core.customers.rules import NewCustomer
from regulars_core.shop.shop import Shop
from tests.support.commands import Regulars, in_shop, register, table


def test_what_a_shop_declares_and_takes_out(regulars: Regulars, database_url: str, elsewhere: Path) -> None:
    register(database_url, NewCustomer("Ana", "Li", code="C-0"), NewCustomer("Bo", "Li", code="C-1"))

    def done(*given: str, code: int = 0) -> str:
        result = regulars(*given, database_url=database_url, country="MX")
        assert result.exit_code == code, result.output
        return result.stdout + result.stderr

    def where(conditions: Any) -> str:
        (elsewhere / "where.json").write_text(json.dumps(conditions))
        return "where.json"

    assert done("attribute", "define", "till_id", "--type", "text", "--unique") == "Declared till_id.\n"
    done("attribute", "define", "size", "--type", "choice", "--choice", "S", "--choice", "M", "--sensitive")
    listed = done("attribute", "list")
    assert all(text in listed for text in ("till_id", "unique", "size", "choice", "sensitive", "S, M"))
    assert "one of" in done("attribute", "define", "odd", "--type", "soul", code=1).lower()
    (elsewhere / "in.csv").write_text("code,first_name,last_name,attribute.till_id\nC-0,Ana,Li,T1\n")
    done("import", "customers", "in.csv")
    said = done(
        "consent", "C-0", "--state", "granted", "--channel", "email", "--source", "letter", "--at", "2026-01-02"
    )
    assert said == "Written down: granted.\n"
    done("consent", "C-1", "--state", "withdrawn", "--source", "phone")
    assert "There is no customer" in done("consent", "C-9", "--state", "granted", "--source", "x", code=1)
    assert "purposes alone" in done("consent", "C-0", "--state", "granted", "--source", "x", "--purpose", "y", code=1)

    assert done(
        "segment", "create", "Known at tills", "--where", where({"attribute": {"name": "till_id", "in": ["T1"]}})
    ) == ("Made Known at tills.\n")
    assert "till_id" in done("segment", "list")
    assert "has this name" in done("segment", "create", "known AT tills", "--where", "where.json", code=1)
    columns = "code,attribute.till_id,consent.marketing.email,consent.marketing.email.at"
    export = ("export", "customers", "--columns", columns)
    ana = ["C-0", "T1", "granted", "2026-01-02T00:00:00.000Z"]
    bo = ["C-1", "", "withdrawn"]
    assert table(done(*export, "--segment", "known at tills").removesuffix("1 customers\n"))[1:] == [ana]
    agreed = {"hasConsent": {"channel": "EMAIL"}}
    assert table(done(*export, "--where", where({"not": agreed})).removesuffix("1 customers\n"))[1][:3] == bo
    assert len(table(done(*export, "--everyone").removesuffix("2 customers\n"))) == 3
    for wrong, why in (
        ({}, "one condition"), ({"any": [agreed, {}]}, "one condition"), ([], "an object"), ({"soul": 1}, "soul"),
        ({"attribute": {"name": "shoe", "in": ["1"]}}, "no attribute of this name"),
    ):  # fmt: skip
        assert why in done(*export, "--where", where(wrong), code=1), wrong
    assert "There is no segment" in done(*export, "--segment", "Nobody", code=1)
    assert "Say one of" in done(*export, "--segment", "x", "--everyone", code=1)

    sales = "R1,2026-03-01,Tea,5.00,C-0\nR1,2026-03-01,=Cake,7.00,C-0\nR2,2026-03-02,Tea,90.00,\n"
    (elsewhere / "sales.csv").write_text(f"reference,purchased_at,name,total,customer_code\n{sales}")
    done("import", "purchases", "sales.csv")
    bought = ("--purchases-from", "2026-03-01", "--purchases-to", "2026-03-01")
    spent = ("export", "customers", "--columns", "total_spent", "--segment", "Known at tills")
    assert [done(*spent, *days).split()[1] for days in (bought, ("--purchases-to", "2026-02-28"))] == ["12.00", "0.00"]
    few = ("export", "purchases", "--where", where({"total": {"lt": "50"}}))
    rows = table(done(*few, "--columns", "reference,name,customer_code").removesuffix("2 rows\n"))
    assert rows == [["reference", "name", "customer_code"], ["R1", "Tea", "C-0"], ["R1", "'=Cake", "C-0"]]
    assert done(*few, "--output", "out.csv") == "2 rows\n"
    assert "1 as they were" in done("import", "purchases", "out.csv")
    assert "no column soul" in done(*few, "--columns", "soul", code=1)

    log = done("export-log", "--last", "2")
    assert log.count("PURCHASES_EXPORT") == 2
    assert log.count("operator") == 2

    async def taken(shop: Shop) -> tuple[list[Any], list[Any]]:
        rows = await shop.database.rows(
            "SELECT narrowed_by, row_count FROM export_entry WHERE task = 'CUSTOMERS_EXPORT' ORDER BY at, id"
        )
        audit = await shop.database.rows("SELECT action FROM audit WHERE key_id = 'operator' ORDER BY recorded_at, id")
        return [(row[0] and json.loads(row[0]), row[1]) for row in rows], [row[0] for row in audit]

    entries, actions = in_shop(database_url, taken)
    assert [count for _, count in entries] == [1, 1, 2, 1, 1]
    assert [list(about or ()) for about, _ in entries] == [["segment"], ["not"], [], ["segment"], ["segment"]]
    assert "T1" not in str(entries)
    assert [one for one in actions if "xport" not in one] == [
        "customerAttributeDefine", "customerAttributeDefine", "consentRecord", "consentRecord", "segmentCreate",
    ]  # fmt: skip
    assert actions.count("customersExport") == 5
    assert done("segment", "delete", "Known at tills") == "Deleted Known at tills.\n"
    assert "A customer has a value" in done("attribute", "delete", "till_id", code=1)
    assert done("attribute", "delete", "till_id", "--values") == "Deleted till_id, and 1 values.\n"
