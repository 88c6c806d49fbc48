"""Files in the form in which other programs write them, as they stand, by the profiles in the box."""

import shutil
from pathlib import Path

import pytest

from regulars_core.imports import ImportOptions, import_customers, import_purchases, profile_names, profile_of, proposed
from regulars_core.primitives.clock import printed
from tests.imports.conftest import silent

SAMPLES = Path(__file__).parent.parent / "samples"
FILES = {
    ("shopify", "purchases"): "shopify_orders",
    ("shopify", "customers"): "shopify_customers",
    ("square", "purchases"): "square_items",
    ("square", "customers"): "square_customers",
    ("stripe", "purchases"): "stripe_payments",
    ("stripe", "customers"): "stripe_customers",
    ("loyverse", "purchases"): "loyverse_receipts_by_item",
    ("loyverse", "customers"): "loyverse_customers",
    ("woocommerce", "purchases"): "woocommerce_orders",
    ("woocommerce", "customers"): "woocommerce_customers",
}


@pytest.fixture
def bring(shop, files):
    """Imports the sample of a program."""

    async def run(name, kind, **options):
        path = files.folder / "file.csv"
        shutil.copy(SAMPLES / f"{FILES[name, kind]}.csv", path)
        work = import_purchases if kind == "purchases" else import_customers
        return await work(shop, path, ImportOptions(profile=profile_of(name, kind), **options), silent)

    return run


async def recorded(shop, columns="total, refunded, status"):
    rows = await shop.database.rows(f"SELECT reference, {columns} FROM purchase ORDER BY reference")
    return {row[0]: tuple(row)[1:] for row in rows}


async def people(shop, columns="first_name, last_name, phone"):
    rows = await shop.database.rows(f"SELECT email, {columns} FROM customer ORDER BY email")
    return {row[0]: tuple(row)[1:] for row in rows}


def rejected(files):
    return [(row["reject_line"], row["reject_code"]) for row in files.rejects()]


async def spent(shop):
    rows = await shop.database.rows(
        "SELECT c.email, s.total_spent, s.purchase_count FROM customer c JOIN customer_stats s ON s.customer_id = c.id"
    )
    return {row[0]: tuple(row)[1:] for row in rows}


async def test_shopify_orders(shop, bring, files):
    report = await bring("shopify", "purchases")
    assert (report.rows, report.created, report.refunded, report.voided) == (7, 5, 2, 1)
    assert rejected(files) == [("9", "TOTAL_MISMATCH")]
    assert await recorded(shop) == {
        "#1001": (5629, 0, "PAID"),
        "#1002": (2000, 500, "PARTIALLY_REFUNDED"),
        "#1003": (1600, 0, "VOIDED"),
        "#1004": (101_600, 101_600, "REFUNDED"),
        "#1005": (1200, 0, "PAID"),
    }
    assert await recorded(shop, "tax, due, shipping, discount") == {
        "#1001": (329, 0, 600, 500),
        "#1002": (0, 0, 0, 0),
        "#1003": (0, 0, 0, 0),
        "#1004": (0, 0, 0, 0),
        "#1005": (200, 1200, 0, 0),
    }
    found = await people(shop)
    assert found["ada.moss@example.com"] == ("Ada", "de la Moss", "+12015550123")
    assert found["ben.oak@example.com"] == ("Ben", "Oak", "+442079460018")
    assert (await spent(shop))["ada.moss@example.com"] == (5629 + 1200, 2)
    again = await bring("shopify", "purchases")
    assert (again.created, again.unchanged, again.refunded, again.voided) == (0, 5, 0, 0)


async def test_shopify_customers(shop, bring, files):
    report = await bring("shopify", "customers")
    assert report.created == 3
    assert rejected(files) == [("5", "NO_IDENTITY")]
    assert (await people(shop))["ben.oak@example.com"] == ("Ben", "", "+442079460018")
    assert {row[0] for row in await shop.database.rows("SELECT tag FROM customer_tag")} == {"vip", "wholesale"}
    rows = await shop.database.rows("SELECT postal_code FROM customer_address WHERE postal_code <> ''")
    assert [row[0] for row in rows] == ["01234"]


async def test_square_items(shop, bring, files):
    report = await bring("square", "purchases")
    assert (report.created, report.customers_created, report.stores_created) == (3, 1, 1), files.rejects()
    assert await recorded(shop, "total, tax, discount") == {
        "TXAAAA01": (800 + 66 + 120_000 + 9_900, 9_966, 300),
        "TXAAAA01-PAYR001": (-433, -33, 0),
        "TXBBBB02": (400, 0, 100),
    }
    times = await recorded(shop, "purchased_at")
    assert printed(times["TXAAAA01"][0]) == "2026-05-01T21:05:09.000Z"
    assert printed(times["TXBBBB02"][0]) == "2026-05-01T19:00:00.000Z"
    [row] = await shop.database.rows("SELECT code, first_name, last_name FROM customer")
    assert tuple(row) == ("CUSTA1", "Ana", "Ruiz")
    assert (await bring("square", "purchases")).unchanged == 3


async def test_square_customers_are_those_of_the_items(shop, bring, files):
    await bring("square", "purchases")
    report = await bring("square", "customers")
    assert (report.created, report.updated, report.rejected) == (1, 1, 0), files.rejects()
    assert (await people(shop, "code, birth_date"))["ana.ruiz@example.com"] == ("CUSTA1", "1990-04-05")


async def test_stripe_payments(shop, bring, files):
    report = await bring("stripe", "purchases")
    assert (report.created, report.left_out, report.refunded) == (3, 1, 2)
    assert rejected(files) == [("6", "CURRENCY_MISMATCH"), ("7", "INVALID_STATUS")]
    assert await recorded(shop) == {
        "ch_0001": (100_000, 0, "PAID"),
        "ch_0002": (2000, 2000, "REFUNDED"),
        "ch_0003": (3000, 1000, "PARTIALLY_REFUNDED"),
    }
    assert printed((await recorded(shop, "purchased_at"))["ch_0001"][0]) == "2026-05-01T23:30:00.000Z"
    assert (await people(shop))["kim@example.com"] == ("Kim Lee", "Park", None)


async def test_stripe_customers_keep_names_whole_whose_order_nobody_has_told(shop, bring, files):
    assert (await bring("stripe", "customers")).created == 3, files.rejects()
    found = await people(shop, "first_name, last_name, created_at")
    assert [name[:2] for name in found.values()] == [("Kim Lee", "Park"), ("山田太郎", ""), ("ヤマダ ユキ", "")]
    assert printed(found["kim@example.com"][2]) == "2026-01-01T23:30:00.000Z"


async def test_loyverse_receipts(shop, bring, files):
    report = await bring("loyverse", "purchases")
    assert (report.created, report.voided) == (3, 1), files.rejects()
    assert await recorded(shop, "total, discount, status") == {
        "1-1001": (975, 100, "PAID"),
        "1-1002": (-325, 0, "PAID"),
        "1-1003": (325, 0, "VOIDED"),
    }
    assert await people(shop) == {"mia@example.com": ("Mia", "Berg", "+12015550134")}
    assert [row[0] for row in await shop.database.rows("SELECT name FROM purchase_line WHERE sku = '10001'")] == [
        "Green tea (Large)"
    ]
    assert (await spent(shop))["mia@example.com"] == (650, 1)


async def test_loyverse_customers(shop, bring, files):
    report = await bring("loyverse", "customers")
    assert report.created == 2, files.rejects()
    assert (await people(shop))["mia@example.com"] == ("Mia", "Berg", "+12015550134")


async def test_woocommerce_orders(shop, bring, files):
    report = await bring("woocommerce", "purchases")
    assert (report.created, report.left_out, report.refunded) == (4, 1, 1), files.rejects()
    # 3 × 16.528926 = 49.59 (rounded once), 3.41, -5.00, +4.95, +11.14
    assert await recorded(shop, "total, due, status") == {
        "901": (6409, 0, "PAID"),
        "902": (1000, 0, "PAID"),
        "903": (1000, 0, "REFUNDED"),
        "905": (1000, 1000, "PAID"),
    }
    found = await people(shop)
    assert found == {"noa@example.com": ("Noa", "Vidal", "+34612345678"), "sam@example.com": ("Sam", "", None)}


async def test_woocommerce_customers(shop, bring, files):
    assert (await bring("woocommerce", "customers")).created == 2, files.rejects()
    assert set(await people(shop)) == {"noa@example.com", "sam@example.com"}


@pytest.mark.parametrize("which", FILES, ids="-".join)
async def test_a_program_is_recognised_by_its_columns(which):
    name, kind = which
    assert {one for one, _ in FILES} == set(profile_names(kind))
    profile = proposed(SAMPLES / f"{FILES[which]}.csv", kind)
    assert profile is not None
    assert profile.name == name
    other = "customers" if kind == "purchases" else "purchases"
    assert proposed(SAMPLES / f"{FILES[which]}.csv", other) is None


@pytest.mark.parametrize("which", FILES, ids="-".join)
async def test_a_check_writes_nothing_and_says_what_an_import_then_does(bring, everything, files, which):
    before = await everything()
    foreseen = await bring(*which, check=True)
    assert await everything() == before
    assert not (files.folder / "file.rejects.csv").exists()
    assert foreseen.rejects is None
    done = await bring(*which)
    for figure in (
        "rows", "created", "updated", "unchanged", "rejected", "rejected_rows", "customers_created", "stores_created",
        "refunded", "voided", "left_out", "counts", "samples",
    ):  # fmt: skip
        assert getattr(foreseen, figure) == getattr(done, figure), figure
