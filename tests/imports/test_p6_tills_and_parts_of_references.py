"""Receipt numbers that begin anew each day and with each till, taxes by line, rounding, and what is still due, from a file."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.imports import ImportOptions, ImportRefused, import_purchases
from regulars_core.shop.shop import Shop
from regulars_core.testing import OpenShop

HEAD = "reference,store,register,session,purchased_at,sku,quantity,total\n"
TILLS = HEAD + (
    "0001,Centro,T1,2026-01-31,2026-01-31T09:00:00Z,TEA,1,1.00\n"
    "0001,Centro,T1,2026-01-31,2026-01-31T09:00:00Z,MILK,1,2.00\n"
    "0001,Centro,T2,2026-01-31,2026-01-31T09:00:00Z,TEA,1,4.00\n"
    "0001,Centro,T1,2026-02-01,2026-02-01T09:00:00Z,TEA,1,8.00\n"
    "0001,Centro,,,2026-02-02T09:00:00Z,TEA,1,16.00\n"
)


async def recorded(shop: Shop, columns: str = "reference, register, session, total") -> list[tuple[Any, ...]]:
    rows = await shop.database.rows(f"SELECT {columns} FROM purchase ORDER BY purchased_at, register, reference")
    return [tuple(row) for row in rows]


async def test_tills_that_share_a_store_number_by_themselves(shop, purchases, files, everything):
    report = await purchases(TILLS)
    assert (report.created, report.rejected) == (4, 0)
    assert await recorded(shop) == [
        ("0001", "T1", "2026-01-31", 300),
        ("0001", "T2", "2026-01-31", 400),
        ("0001", "T1", "2026-02-01", 800),
        ("0001", "", "", 1600),
    ]
    before = await everything()
    report = await purchases(TILLS)
    assert (report.created, report.unchanged) == (0, 4)
    assert await everything() == before
    report = await purchases(TILLS.replace("4.00", "5.00"))
    assert (report.created, report.unchanged, report.rejected) == (0, 3, 1)
    [row] = files.rejects()
    assert (row["register"], row["reject_code"]) == ("T2", "REFERENCE_REUSED")
    report = await purchases(TILLS.replace("T2", "T" * 41))
    assert [row["reject_code"] for row in files.rejects()] == ["TOO_LONG"]


SPREAD = "Date,No,Till,store,purchased_at,sku,total\n" + (
    "2026-01-31,1,T1,Centro,2026-01-31,TEA,1.00\n"
    "2026-01-31,1,T1,Centro,2026-01-31,MILK,1.00\n"
    "2026-01-31, 1 ,T2,Centro,2026-01-31,TEA,2.00\n"
    "2026-02-01,1,T1,Centro,2026-02-01,TEA,3.00\n"
    "2026-02-02,,T1,Centro,2026-02-02,TEA,4.00\n"
)


async def test_a_reference_is_made_of_several_columns(shop, purchases, files, everything):
    options = {"mapping": {"Till": "register"}, "reference": "{Date}/{no}"}
    report = await purchases(SPREAD, **options)
    assert (report.created, report.rejected, report.rejected_rows) == (3, 1, 1)
    assert await recorded(shop) == [
        ("2026-01-31/1", "T1", "", 200),
        ("2026-01-31/1", "T2", "", 200),
        ("2026-02-01/1", "T1", "", 300),
    ]
    [row] = files.rejects()
    assert (row["Date"], row["reject_code"]) == ("2026-02-02", "REQUIRED")  # of all that have no number it would be one
    before = await everything()
    report = await purchases(SPREAD, **options)
    assert (report.created, report.unchanged) == (0, 3)
    assert await everything() == before
    mended = (files.folder / "file.rejects.csv").read_text().replace("2026-02-02,,", "2026-02-02,7,")
    report = await purchases(mended, **options)
    assert (report.created, report.rejected) == (1, 0)
    assert (await recorded(shop))[-1] == ("2026-02-02/7", "T1", "", 400)


CANNOT_BE_MADE: Sequence[tuple[str, dict[str, str], str]] = (
    ("{Date}-{Nr}", {}, "The reference is made of 'Nr', which is no column of the file."),
    ("{}", {}, "The reference is made of '', which is no column of the file."),
    ("plain", {}, "The reference is made of no column"),
    ("{{Date}}", {}, "The reference is made of no column"),
    ("{Date", {}, "The reference has a brace without its other one"),
    ("{Date}", {"No": "reference"}, "Two columns are taken for reference: what it is made of and 'No'."),
    ("{Date}", {"No": ""}, "'Till'"),  # which is no column of ours, nor a part of the reference
)


async def test_a_reference_that_cannot_be_made(purchases, everything):
    before = await everything()
    for template, mapping, reason in CANNOT_BE_MADE:
        with pytest.raises(ImportRefused) as refused:
            await purchases(SPREAD, reference=template, mapping=mapping)
        assert reason in str(refused.value)
    assert await everything() == before


async def test_the_column_itself_and_braces_in_a_reference(shop, purchases):
    text = HEAD + "7,Centro,T1,S1,2026-01-31,TEA,1,1.00\n"
    await purchases(text, reference="{{{session}:{reference}}}")
    assert await recorded(shop) == [("{S1:7}", "T1", "S1", 100)]


TAXED = "reference,purchased_at,sku,total,line_tax,shipping,shipping_tax,tax,prices_include_tax,rounding,due,payment_method\n"


async def test_taxes_rounding_and_what_is_due(open_shop: OpenShop, files):
    shop = await open_shop(cash_rounding="0.05")

    async def purchases(rows: str) -> Any:
        return await import_purchases(shop, files.write(TAXED + rows), ImportOptions(), lambda _done, _all: None)

    rows = (
        "R1,2026-01-01,BREAD,10.00,0,3.00,0.50,,,,,card\n"
        "R1,2026-01-01,WINE,10.00,2.00,,,,,,,\n"
        "R2,2026-01-02,WINE,1.98,,,,,,0.02,,cash\n"
        "R3,2026-01-03,SOFA,100.00,,,,,,,80.00,cash\n"
        "R4,2026-01-04,SOFA,100.00,,,,,,,100.00,\n"
        "R5,2026-01-05,TEA,10.00,1.00,2.00,,1.50,yes,,,card\n"
        "R6,2026-01-06,SOFA,100.00,,,,,,,100.00,cash\n"
    )
    report = await purchases(rows)
    assert (report.created, report.rejected) == (6, 0), files.rejects()
    assert await recorded(shop, "reference, tax, shipping_tax, total, rounding, due") == [
        ("R1", 250, 50, 2550, 0, 0),
        ("R2", 0, 0, 198, 2, 0),
        ("R3", 0, 0, 10_000, 0, 8_000),
        ("R4", 0, 0, 10_000, 0, 10_000),
        ("R5", 150, 50, 1200, 0, 0),
        ("R6", 0, 0, 10_000, 0, 10_000),
    ]
    lines = await shop.database.rows(
        "SELECT p.reference, l.tax FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id"
        " WHERE l.tax <> 0 ORDER BY p.reference, l.position"
    )
    assert [tuple(row) for row in lines] == [("R1", 200), ("R5", 100)]
    paid = await shop.database.rows(
        "SELECT p.reference, y.amount FROM payment y JOIN purchase p ON p.id = y.purchase_id ORDER BY p.reference"
    )
    assert [tuple(row) for row in paid] == [("R1", 2550), ("R2", 200), ("R3", 2000), ("R5", 1200)]
    assert (await purchases(rows)).unchanged == 6

    def told() -> Sequence[tuple[str, str]]:
        return [(row["reject_code"], row["reject_reason"].partition(": ")[0]) for row in files.rejects()]

    await purchases(
        "B1,2026-01-01,BREAD,10.00,-1,,,,,,,card\n"
        "B2,2026-01-01,BREAD,10.00,,,-1,,,,,card\n"
        "B3,2026-01-01,BREAD,10.00,2,,,1,,,,card\n"
        "B4,2026-01-01,BREAD,10.00,,,,,,0.03,,cash\n"
        "B5,2026-01-01,BREAD,10.00,,,,,,0.02,,\n"
        "B6,2026-01-01,BREAD,10.00,,,,,,,11,cash\n"
        "B7,2026-01-01,BREAD,10.00,,,,,,,1,\n"
        "B8,2026-01-01,BREAD,10.00,x,,,,,,,card\n"
        "B9,2026-01-01,BREAD,10.00,,,,,,,1,cash\nB9,2026-01-01,BREAD,10.00,,,,,,,2,\n"
    )
    assert told() == [
        ("INVALID_AMOUNT", "Line 2, line_tax"),
        ("INVALID_AMOUNT", "Line 3, shipping_tax"),
        ("TAX_MISMATCH", "Line 4, tax"),
        ("INVALID_ROUNDING", "Line 5, rounding"),
        ("INVALID_ROUNDING", "Line 6, rounding"),
        ("INVALID_AMOUNT", "Line 7, due"),
        ("PAYMENTS_MISMATCH", "Line 8, payments"),
        ("INVALID_AMOUNT", "Line 9, line_tax"),
        ("CONTRADICTION", "Line 11"),
        ("CONTRADICTION", "Line 11"),
    ]
