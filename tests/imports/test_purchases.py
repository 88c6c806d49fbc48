"""Purchases from a file: what becomes of each, with whom, and what does not go in."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.imports import ImportRefused
from regulars_core.primitives.clock import printed
from regulars_core.shop.shop import Shop

HEAD = "reference,store,purchased_at,customer_code,first_name,last_name,email,sku,quantity,unit_price,total\n"
TWO_BASKETS = HEAD + (
    "R1,Centro,2026-01-31T09:30:00Z,A1,Ana,Ruiz,ana@example.com,BEANS,2,10.50,\n"
    "R1,Centro,2026-01-31T09:30:00Z,A1,Ana,Ruiz,ana@example.com,MILK,0.5,3.01,\n"
    "R2,Centro,2026-01-30T09:30:00Z,A1,Ana,Ruiz,ana@example.com,BEANS,1,,9.99\n"
)


async def stats(shop: Shop) -> Sequence[tuple[Any, ...]]:
    """Code, spent, count of every customer."""
    rows = await shop.database.rows(
        "SELECT c.code, s.total_spent, s.purchase_count, c.created_at FROM customer c"
        " JOIN customer_stats s ON s.customer_id = c.id ORDER BY c.code"
    )
    return [tuple(row) for row in rows]


async def test_baskets_are_recorded_with_their_customer_and_store(shop, purchases):
    report = await purchases(TWO_BASKETS)
    assert (report.rows, report.created, report.customers_created, report.stores_created) == (3, 2, 1, 1)
    assert (report.unchanged, report.rejected, report.rejects) == (0, 0, None)
    [(code, spent, count, created_at)] = await stats(shop)
    # 2 × 10.50 + half-up(0.5 × 3.01) + 9.99
    assert (code, spent, count, printed(created_at)) == ("A1", 2100 + 151 + 999, 2, "2026-01-30T09:30:00.000Z")
    [store] = await shop.database.rows("SELECT code, name FROM store WHERE code <> 'MAIN'")
    assert tuple(store) == ("CENTRO", "Centro")


async def test_the_same_file_again_changes_nothing(purchases, everything):
    await purchases(TWO_BASKETS)
    before = await everything()
    report = await purchases(TWO_BASKETS)
    assert (report.created, report.unchanged, report.rejected) == (0, 2, 0)
    assert await everything() == before


async def test_other_content_under_a_used_reference_is_rejected(purchases, files, everything):
    await purchases(TWO_BASKETS)
    before = await everything()
    report = await purchases(TWO_BASKETS.replace("9.99", "9.98"))
    assert (report.created, report.unchanged, report.rejected) == (0, 1, 1)
    [row] = files.rejects()
    assert (row["reference"], row["reject_code"], row["reject_line"]) == ("R2", "REFERENCE_REUSED", "4")
    assert await everything() == before


@pytest.mark.parametrize("batch", [1, 2, 1000])
async def test_a_reference_that_comes_again_later_in_the_file(purchases, files, shop, batch):
    rows = "R1,,2026-01-01,{who},Eva,Sol,,X,1,5,\n"
    text = HEAD + rows.format(who="E1") + "R2,,2026-01-01,,,,,X,1,5,\n" + rows.format(who="E1") + rows.format(who="E2")
    # All of R1 are one basket wherever they stand, and of one line it cannot be told whether it was sold twice.
    report = await purchases(text, batch_size=batch)
    assert (report.created, report.unchanged, report.rejected) == (1, 0, 1)
    assert {row["reject_code"] for row in files.rejects()} == {"REPEATED_LINES"}
    await purchases(HEAD + rows.format(who="E1"))
    report = await purchases(
        HEAD + rows.format(who="E1") + "R3,,2026-01-01,,,,,X,1,5,\n" + rows.format(who="E2"), batch_size=batch
    )
    assert (report.created, report.unchanged, report.rejected) == (1, 0, 1)
    assert {row["reject_code"] for row in files.rejects()} == {"CONTRADICTION"}, "a basket has one customer"
    assert [row[0] for row in await stats(shop)] == ["E1"], "nobody becomes a customer by what is refused"


async def test_one_bad_row_rejects_its_whole_basket_and_no_other(purchases, files, shop):
    report = await purchases(TWO_BASKETS.replace("0.5,3.01", "half,3.01"))
    assert (report.created, report.rejected, report.rejected_rows) == (1, 1, 2)
    assert [row["reject_line"] for row in files.rejects()] == ["2", "3"]
    assert {row["reject_code"] for row in files.rejects()} == {"INVALID_QUANTITY"}
    assert {row["reject_reason"] for row in files.rejects()} == {"Line 3, quantity: This is not a number."}
    assert (await stats(shop))[0][1] == 999


async def test_a_mended_rejects_file_goes_in_as_it_is(purchases, files, everything):
    await purchases(TWO_BASKETS.replace("0.5,3.01", "half,3.01"))
    mended = (files.folder / "file.rejects.csv").read_text().replace("half", "0.5")
    report = await purchases(mended)
    assert (report.created, report.rejected) == (1, 0)
    before = await everything()
    report = await purchases(TWO_BASKETS)
    assert (report.created, report.unchanged) == (0, 2)
    assert await everything() == before


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("R9,,yesterday,,,,,X,1,5,", "INVALID_DATE"),
        ("R9,,2026-02-30,,,,,X,1,5,", "INVALID_DATE"),
        ("R9,,0001-01-01,,,,,X,1,5,", "INVALID_DATE"),
        (",,2026-01-01,,,,,X,1,5,", "REQUIRED"),
        ("R9,,2026-01-01,,,,,X,1,,", "REQUIRED"),
        ("R9,,2026-01-01,,,,,,1,5,", "REQUIRED"),
        ("R9,,2026-01-01,,,,,X,0.0000001,5,", "INVALID_QUANTITY"),
        ("R9,,2026-01-01,,,,,X,1,-5,", "INVALID_AMOUNT"),
        ("R9,,2026-01-01,,,,,X,1,5.001,", "INVALID_AMOUNT"),
        ("R9,,2026-01-01,,,,,X,1,1e3,", "INVALID_AMOUNT"),
        ("R9,,2026-01-01,,,,,X,1,NaN,", "INVALID_AMOUNT"),
        ("R9,,2026-01-01,,,,,X,1,٣,", "INVALID_AMOUNT"),
        ("R9,,2026-01-01,,,,,X,1,99999999999999999999,", "INVALID_AMOUNT"),
        ("R9,,2026-01-01,,,,,X,1,5,-1", "INVALID_AMOUNT"),
        ("R9,,2026-01-01,,,,,X,1,5", "WRONG_NUMBER_OF_CELLS"),
        ("R9,,2026-01-01,,,,,X,1,5,,,", "WRONG_NUMBER_OF_CELLS"),
        ('R9,,2026-01-01,,,,,"X"Y,1,5,', "MALFORMED"),
        ("R9,,2026-01-01,,,,,X\0,1,5,", "INVALID_TEXT"),
        ("R9,,2026-01-01,NOBODY,,,,X,1,5,", "CUSTOMER_UNKNOWN"),
        ("R9,,2026-01-01,,,,who@example.com,X,1,5,", "CUSTOMER_UNKNOWN"),
        ("R9,,2026-01-01,,,,not an address,X,1,5,", "INVALID_EMAIL"),
        ("R9,,2026-01-01,,Only,Names,,X,1,5,", "NO_IDENTITY"),
        (f"{'R' * 121},,2026-01-01,,,,,X,1,5,", "TOO_LONG"),
    ],
)
async def test_a_broken_row_is_rejected_with_its_reason_and_the_rest_goes_on(purchases, files, row, code):
    report = await purchases(f"{HEAD}G1,,2026-01-01,,,,,X,1,5,\n{row}\nG2,,2026-01-01,,,,,X,1,5,\n")
    assert (report.rows, report.created, report.rejected) == (3, 2, 1)
    [rejected] = files.rejects()
    assert (rejected["reject_line"], rejected["reject_code"]) == ("3", code)
    assert rejected["reject_reason"].endswith(".")


async def test_bytes_that_are_not_utf8_are_rejected_and_written_legibly(purchases, files):
    report = await purchases(HEAD.encode() + b"G1,,2026-01-01,,,,,caf\xe9,1,5,\nG2,,2026-01-01,,,,,X,1,5,\n")
    assert (report.created, report.rejected) == (1, 1)
    assert [(row["sku"], row["reject_code"]) for row in files.rejects()] == [("caf\\xe9", "INVALID_ENCODING")]


async def test_a_quote_that_is_never_closed_costs_one_row(purchases, files):
    good = "".join(f"G{n},,2026-01-01,,,,,X,1,5,\n" for n in range(300))
    report = await purchases(f'{HEAD}B1,,2026-01-01,,,,,"X,1,5,\n{good}')
    assert (report.created, report.rejected, report.rejected_rows) == (300, 1, 1)
    report = await purchases(f'{HEAD}B1,,2026-01-01,,,,,"X,1,5,\nG1,,2026-01-01,,,,,"X",1,5,\n')
    assert (report.unchanged, report.rejected, report.rejected_rows) == (1, 1, 1)
    assert [row["reference"] for row in files.rejects()] == ["B1"]


async def test_a_broken_row_breaks_the_basket_in_which_it_stands(purchases, files):
    whole, broken = "A,,2026-01-01,,,,,X,1,5,\n", "A,,2026-01-01,,,,,X,1\n"
    other = "B,,2026-01-01,,,,,X,1,5,\n"
    for rows, rejected in (
        (whole + broken + other, 2),
        (broken + whole + other, 2),
        (other + broken + whole, 2),
        (whole + "?\n" + whole + other, 3),  # whose it is can only be seen from where it stands
    ):
        report = await purchases(HEAD + rows)
        assert (report.created + report.unchanged, report.rejected_rows) == (1, rejected), rows
        assert "B" not in {row["reference"] for row in files.rejects()}
    report = await purchases(HEAD + whole + "?\n" + other)
    assert (report.created, report.unchanged, report.rejected_rows) == (1, 1, 1)


async def test_more_lines_than_a_purchase_may_have(purchases, files):
    rows = "".join(f"A,,2026-01-01,,,,,X{n},1,5,\n" for n in range(2_500))
    report = await purchases(f"{HEAD}{rows}B,,2026-01-01,,,,,X,1,5,\n")
    assert (report.created, report.rejected, report.rejected_rows) == (1, 1, 2_500)
    assert {row["reject_code"] for row in files.rejects()} == {"INVALID_LINES"}


async def test_formulas_are_escaped_where_they_are_formulas_only(purchases, files):
    cells = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-5.00", "+52 (55) 1234-5678", "plain"]
    rows = "".join(f'B{n},,never,,,,,"{cell}",1,5,\n' for n, cell in enumerate(cells))
    await purchases(HEAD + rows)
    assert [row["sku"] for row in files.rejects()] == [f"'{cell}" for cell in cells[:3]] + cells[3:]
    mended = (files.folder / "file.rejects.csv").read_text().replace("never", "2026-01-01")
    assert (await purchases(mended)).created == len(cells)


async def test_formulas_come_back_as_they_were(purchases, files, shop):
    await purchases(f"{HEAD}B1,,never,,,,,=1+1,1,5,\n")
    await purchases((files.folder / "file.rejects.csv").read_text().replace("never", "2026-01-01"))
    assert (await shop.database.row("SELECT sku FROM purchase_line"))[0] == "=1+1"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_ways_in_which_spreadsheets_write(purchases, shop, delimiter, bom, end):
    text = TWO_BASKETS.replace(",", delimiter).replace("\n", end)
    report = await purchases(bom + text.encode())
    assert (report.created, report.rejected) == (2, 0)
    assert (await stats(shop))[0][1] == 3250


async def test_a_decimal_comma_where_semicolons_separate(purchases, shop):
    await purchases("reference;purchased_at;sku;quantity;unit_price\nR1;2026-01-01;X;1,5;10,50\n")
    assert (await shop.database.row("SELECT total FROM purchase"))[0] == 1575


async def test_columns_of_another_program(purchases, shop):
    text = "Order No,Date,What,Sum,Internal\n7,31/01/2026 18:00,Beans,12.50,x\n"
    mapping = {"Order No": "reference", "Date": "purchased_at", "What": "name", "Sum": "total", "Internal": ""}
    report = await purchases(text, mapping=mapping, date_format="%d/%m/%Y %H:%M", currency="USD")
    assert (report.created, report.rejected) == (1, 0)
    [row] = await shop.database.rows("SELECT reference, total, purchased_at FROM purchase")
    assert (row[0], row[1], printed(row[2])) == ("7", 1250, "2026-01-31T18:00:00.000Z")


async def test_times_without_an_offset_are_told_by_the_shops_clock(open_shop, files):
    from regulars_core.imports import ImportOptions, import_purchases

    shop = await open_shop(timezone="America/Mexico_City")
    path = files.write(
        "reference,purchased_at,sku,total\nR1,2026-01-31,X,1\nR2,2026-01-31T09:00,X,1\nR3,2026-01-31T09:00Z,X,1\n"
    )
    await import_purchases(shop, path, ImportOptions(), lambda done, size: None)
    rows = await shop.database.rows("SELECT purchased_at FROM purchase ORDER BY reference")
    assert [printed(row[0])[:16] for row in rows] == ["2026-01-31T06:00", "2026-01-31T15:00", "2026-01-31T09:00"]


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("", {}, "first line is empty"),
        ("reference,total,sku\nR,1,X\n", {}, "no column purchased_at"),
        ("reference,purchased_at,sku\nR,2026-01-01,X\n", {}, "one of the columns unit_price, total"),
        ("reference,purchased_at,sku,total,total\n", {}, "Two columns are called 'total'"),
        ("reference,purchased_at,sku,total,Sku\n", {}, "Two columns are taken for sku"),
        ("reference,purchased_at,sku,total,quantiy\n", {}, "Not known: 'quantiy'"),
        ("reference,purchased_at,sku,total\n", {"mapping": {"Nr": "reference"}}, "no column 'Nr'"),
        ("Nr,purchased_at,sku,total\n", {"mapping": {"Nr": "number"}}, "no column of ours"),
        ("reference,purchased_at,sku,total\n", {"date_format": "%H:%M"}, "does not tell the day"),
        ("reference,purchased_at,sku,total\n", {"date_format": "%d.%m.%Q"}, "is none"),
        ("reference,purchased_at,sku,total\n", {"currency": "EUR"}, "sells in USD"),
        ("reference,purchased_at,sku,total\n", {"currency": "dollars"}, "not the code of a currency"),
        ("reference,purchased_at,sku,total\n", {"batch_size": 0}, "1 to 2000"),
        ("reference,purchased_at,caf\xe9,total\n".encode("latin-1"), {}, "not UTF-8"),
        ("reference,purchased_at\rR,2026-01-01\r", {}, "end with a newline"),
    ],
)
async def test_a_file_that_cannot_be_is_refused_before_anything_is_written(
    purchases, everything, text, options, reason
):
    before = await everything()
    with pytest.raises(ImportRefused, match=reason):
        await purchases(text, **options)
    assert await everything() == before


async def test_every_reason_is_told_at_once(purchases):
    with pytest.raises(ImportRefused) as refused:
        await purchases("colour,total\n", mapping={"Nr": "number"})
    message = str(refused.value)
    for part in ("'Nr'", "'number'", "'colour'", "purchased_at", "reference", "name, sku"):
        assert part in message


async def test_customers_are_recognised_by_code_else_email_else_phone(purchases, shop):
    head = "reference,purchased_at,customer_code,email,phone,first_name,last_name,sku,total\n"
    await purchases(
        head + "1,2026-01-01,A,ana@example.com,+525512345678,Ana,Ruiz,X,1\n"
        "2,2026-01-02,a,,,,,X,1\n3,2026-01-03,,ANA@example.com,,,,X,1\n4,2026-01-04,,,55 1234 5678,,,X,1\n"
        "5,2026-01-05,,ana@example.com,55 8765 4321,,,X,1\n6,2026-01-06,B,ana@example.com,,Eva,Sol,X,1\n"
        "7,2026-01-07,,,,,,X,1\n"
    )
    assert [(code, count) for code, _, count, _ in await stats(shop)] == [("A", 5), ("B", 1)]
    assert (await shop.database.row("SELECT count(*) FROM purchase WHERE customer_id IS NULL"))[0] == 1


async def test_codes_of_our_own_pattern_are_never_given_out_again(purchases, shop):
    head = "reference,purchased_at,customer_code,email,first_name,last_name,sku,total\n"
    await purchases(head + "1,2026-01-01,CUST-00007,,Ana,Ruiz,X,1\n2,2026-01-01,,eva@example.com,Eva,Sol,X,1\n")
    assert [row[0] for row in await stats(shop)] == ["CUST-00007", "CUST-00008"]


async def test_what_belongs_to_the_whole_purchase(purchases, shop):
    head = "reference,purchased_at,sku,total,shipping,tax,prices_include_tax,payment_method,channel,note,currency\n"
    await purchases(
        head + "1,2026-01-01,X,10.00,5.00,1.60,,card,online,Ring twice,USD\n1,2026-01-01,Y,2.00,,,,,,,\n"
        "2,2026-01-01,X,10.00,,1.38,yes,cash,,,usd\n3,2026-01-01,X,0.00,,,,cash,,,\n"
    )
    rows = await shop.database.rows("SELECT total, channel, note, origin, basket FROM purchase ORDER BY reference")
    assert [tuple(row) for row in rows] == [
        (1860, "online", "Ring twice", "IMPORT", None), (1000, None, None, "IMPORT", None), (0, None, None, "IMPORT", None)
    ]  # fmt: skip
    paid = await shop.database.rows("SELECT method, amount FROM payment ORDER BY amount")
    assert [tuple(row) for row in paid] == [("cash", 0), ("cash", 1000), ("card", 1860)]


async def test_another_currency_is_rejected(purchases, files):
    report = await purchases("reference,purchased_at,sku,total,currency\n1,2026-01-01,X,1,EUR\n2,2026-01-01,X,1,USD\n")
    assert (report.created, report.rejected, files.rejects()[0]["reject_code"]) == (1, 1, "CURRENCY_MISMATCH")


async def test_long_and_foreign_names_of_stores_stay_apart(purchases, shop):
    rows = "R{n},{store},2026-01-01,,,,,X,1,5,\n"
    names = ["Centro Comercial Perisur", "Centro Comercial Pericoapa", "北京", "上海", "S07", "s-07"]
    report = await purchases(HEAD + "".join(rows.format(n=n, store=store) for n, store in enumerate(names)))
    assert (report.created, report.stores_created) == (6, 5)
    codes = {row[0] for row in await shop.database.rows("SELECT code FROM store")}
    assert {"S07", "MAIN"} < codes
    assert len(codes) == 6


async def test_rejects_of_an_earlier_run_are_gone_when_there_are_none(purchases, files):
    await purchases(TWO_BASKETS.replace("9.99", "?"))
    assert files.rejects()
    await purchases(TWO_BASKETS)
    assert not files.rejects()
