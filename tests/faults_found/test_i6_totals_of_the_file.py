"""I6: what a file itself says a purchase comes to, took off, gave back and undid was compared by nobody."""

import asyncio

import pytest

from regulars_core.imports import ImportOptions, import_purchases
from tests.imports.conftest import silent

HEAD = (
    "reference,purchased_at,name,quantity,unit_price,shipping,tax,purchase_discount,purchase_total,refunded,status,email,"
    "first_name,last_name,prices_include_tax\n"
)
ORDER = (
    "S1,2026-05-01T10:00:00Z,Mug,2,16.00,6.00,3.29,5.00,56.29,,paid,ada@example.com,Ada,Moss,\n"
    "S1,2026-05-01T10:00:00Z,Pot,1,20.00,,,,,,,,,,\n"
)


async def recorded(shop, columns="total, discount, refunded, status"):
    rows = await shop.database.rows(f"SELECT reference, {columns} FROM purchase ORDER BY reference")
    return {row[0]: tuple(row)[1:] for row in rows}


async def counted(shop):
    [row] = await shop.database.rows("SELECT total_spent, purchase_count FROM customer_stats")
    return tuple(row)


def told(files):
    return [(row["reject_code"], row["reject_reason"]) for row in files.rejects()]


async def test_i6_a_discount_on_the_whole_is_spread_and_the_total_compared(shop, purchases, files, everything):
    assert (await purchases(HEAD + ORDER)).created == 1, told(files)
    assert await recorded(shop) == {"S1": (5629, 500, 0, "PAID")}
    lines = await shop.database.rows("SELECT name, discount, total FROM purchase_line ORDER BY position")
    assert [tuple(row) for row in lines] == [("Mug", 308, 2892), ("Pot", 192, 1808)]  # 5.00 over 32.00 and 20.00
    before = await everything()
    assert (await purchases(HEAD + ORDER)).unchanged == 1
    assert await everything() == before


@pytest.mark.parametrize("wrong", ["56.28", "61.29", "0", "-56.29"])
async def test_i6_a_total_that_is_another_is_told(shop, purchases, files, wrong):
    await purchases(HEAD + ORDER.replace("56.29", wrong))
    assert await recorded(shop) == {}
    assert {code for code, _ in told(files)} == {"TOTAL_MISMATCH"}
    if wrong == "61.29":
        assert (
            "Line 2, purchase_total: The file says 61.29, and the lines, delivery and tax come to 56.29."
            in told(files)[0]
        )


async def test_i6_so_is_a_subtotal(shop, purchases, files):
    """After the discount of 5.00, before delivery, and before tax that is on top."""
    head, [first, second] = HEAD.replace("\n", ",purchase_subtotal\n"), ORDER.splitlines()
    for told_sum, created in (("52.00", 0), ("50.29", 0), ("47.00", 1)):
        report = await purchases(f"{head}{first},{told_sum}\n{second},\n")
        assert report.created == created, told(files)
        if not created:
            message = f"Line 2, purchase_subtotal: The file says {told_sum}, and the lines come to 47.00."
            assert told(files)[0] == ("TOTAL_MISMATCH", message)


@pytest.mark.parametrize(
    ("discount", "code"), [("-5.00", "INVALID_AMOUNT"), ("52.01", "INVALID_AMOUNT"), ("x", "INVALID_AMOUNT")]
)
async def test_i6_a_discount_that_cannot_be(shop, purchases, files, discount, code):
    await purchases(HEAD + ORDER.replace("5.00,56.29", f"{discount},"))
    assert {one for one, _ in told(files)} == {code}
    assert await recorded(shop) == {}


async def test_i6_what_was_given_back_is_a_refund(shop, purchases, files, everything):
    assert (await purchases(HEAD + ORDER)).refunded == 0
    some = HEAD + ORDER.replace("56.29,,paid", "56.29,6.29,paid")
    report = await purchases(some)
    assert (report.created, report.unchanged, report.refunded) == (0, 1, 1)
    assert (await recorded(shop))["S1"] == (5629, 500, 629, "PARTIALLY_REFUNDED")
    assert await counted(shop) == (5000, 1)
    before = await everything()
    assert (await purchases(some)).refunded == 0  # it is what was given back in all
    assert (await purchases(HEAD + ORDER)).refunded == 0
    assert await everything() == before
    assert (await purchases(some.replace("6.29,paid", "10.00,paid"))).refunded == 1
    assert (await recorded(shop))["S1"][2:] == (1000, "PARTIALLY_REFUNDED")
    assert (await purchases(HEAD + ORDER.replace(",paid,", ",refunded,"))).refunded == 1
    assert (await recorded(shop))["S1"][2:] == (5629, "REFUNDED")
    assert await counted(shop) == (0, 0)


async def test_i6_more_than_was_paid_is_never_given_back(shop, purchases, files):
    await purchases(HEAD + ORDER.replace("56.29,,paid", "56.29,56.30,paid"))
    assert {code for code, _ in told(files)} == {"REFUND_EXCEEDS_PAID"}
    await purchases(HEAD + ORDER.replace("56.29,,paid", "56.29,-1,paid"))
    assert {code for code, _ in told(files)} == {"INVALID_AMOUNT"}
    assert await recorded(shop) == {}


async def test_i6_statuses(shop, purchases, files, everything):
    row = "{0},2026-05-01T10:00:00Z,Mug,1,10.00,,,,,,{1},ada@example.com,Ada,Moss,\n"
    text = HEAD + "".join(
        row.format(*one)
        for one in [("A", "PAID"), ("B", "voided"), ("C", "pending"), ("D", "passed over"), ("E", "authorised")]
    )
    report = await purchases(text)
    assert (report.created, report.voided, report.left_out) == (3, 1, 1)
    assert await recorded(shop, "status, due") == {"A": ("PAID", 0), "B": ("VOIDED", 0), "C": ("PAID", 1000)}
    assert [code for code, _ in told(files)] == ["INVALID_STATUS"]
    assert await counted(shop) == (2000, 2)
    before = await everything()
    again = await purchases(text)
    assert (again.created, again.unchanged, again.voided) == (0, 3, 0)
    assert await everything() == before
    assert (await purchases(text.replace("PAID", "voided"))).voided == 1  # it was cancelled since
    assert await counted(shop) == (1000, 1)


@pytest.mark.parametrize("prices", ["by total", "yes"])
async def test_i6_whether_prices_include_the_tax_may_be_seen_from_the_total(shop, purchases, files, prices):
    row = "{0},2026-05-01T10:00:00Z,Mug,1,12.00,3.00,2.00,,{1},,,,,,{2}\n"
    text = HEAD + row.format("IN", "15.00", prices) + row.format("TOP", "17.00", "by total")
    assert (await purchases(text)).created == 2, told(files)
    assert await recorded(shop, "total, tax, prices_include_tax") == {"IN": (1500, 200, 1), "TOP": (1700, 200, 0)}


async def test_i6_what_two_bring_at_the_same_time_is_given_back_once(shop, files):
    text = (
        HEAD
        + "".join(f"S{n},2026-05-01T10:00:00Z,Mug,1,10.00,,,,,4.00,,ada@example.com,Ada,Moss,\n" for n in range(20))
        + "".join(f"V{n},2026-05-01T10:00:00Z,Mug,1,10.00,,,,,,voided,ada@example.com,Ada,Moss,\n" for n in range(5))
    )
    paths = [files.write(text, f"{n}.csv") for n in range(3)]
    reports = await asyncio.gather(
        *(import_purchases(shop, path, ImportOptions(batch_size=7), silent) for path in paths)
    )
    assert sum(report.created for report in reports) == 25
    assert (sum(report.refunded for report in reports), sum(report.voided for report in reports)) == (20, 5)
    assert set((await recorded(shop, "refunded, status")).values()) == {(400, "PARTIALLY_REFUNDED"), (0, "VOIDED")}
    assert await counted(shop) == (20 * 600, 20)


async def test_i6_a_status_of_whole_refunds_needs_no_amount(shop, purchases):
    row = "{0},2026-05-01T10:00:00Z,Mug,1,10.00,,,,,{1},refunded,,,,\n"
    await purchases(HEAD + row.format("A", "") + row.format("B", "0.00") + row.format("C", "10.00"))
    assert set((await recorded(shop, "refunded, status")).values()) == {(1000, "REFUNDED")}
