"""The demo's shop: as large as promised, the same every time, sound in its sums, and nobody in it is real."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from regulars_core.contribution import CORE_APP
from regulars_core.database import Database, migrations
from regulars_core.primitives.clock import datetime_of, instant_of
from regulars_core.primitives.errors import Refused
from regulars_core.purchases.statistics import differences
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_server.demo import DemoSummary, fill
from regulars_server.demo.names import TWICE
from regulars_server.demo.rhythm import OPENING_HOURS, Calendar
from regulars_server.demo.story import story_of

TODAY = instant_of(datetime(2026, 3, 18, 15, 30, tzinfo=UTC))

# Everything that can be seen, with codes and names in place of ids.
VISIBLE = (
    "SELECT code, name, is_active, created_at, updated_at FROM store ORDER BY code",
    "SELECT name, description, is_default, created_at, updated_at FROM customer_group ORDER BY name",
    "SELECT c.code, c.first_name, c.last_name, c.preferred_name, c.email, c.phone, c.birth_date, c.gender, c.tax_id,"
    " c.preferred_contact, c.status, g.name, o.code, c.version, c.created_at, c.updated_at"
    " FROM customer c JOIN customer_group g ON g.id = c.group_id LEFT JOIN store o ON o.id = c.origin_store_id"
    " ORDER BY c.id",
    "SELECT c.code, t.tag FROM customer_tag t JOIN customer c ON c.id = t.customer_id ORDER BY c.code, t.tag_key",
    "SELECT c.code, a.kind, a.recipient, a.line1, a.line2, a.city, a.region, a.postal_code, a.country"
    " FROM customer_address a JOIN customer c ON c.id = a.customer_id ORDER BY c.code, a.kind",
    "SELECT c.code, n.body, n.author, n.created_at, n.updated_at"
    " FROM customer_note n JOIN customer c ON c.id = n.customer_id ORDER BY n.id",
    "SELECT p.reference, s.code, c.code, p.purchased_at, p.recorded_at, p.status, p.currency, p.channel, p.note,"
    " p.subtotal, p.discount, p.shipping, p.tax, p.total, p.refunded, p.prices_include_tax"
    " FROM purchase p JOIN store s ON s.id = p.store_id LEFT JOIN customer c ON c.id = p.customer_id ORDER BY p.id",
    "SELECT p.reference, l.position, l.sku, l.name, l.brand, l.category, l.quantity, l.unit_price, l.discount, l.total,"
    " l.refunded_quantity FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id ORDER BY p.id, l.position",
    "SELECT p.reference, y.position, y.method, y.amount, y.reference"
    " FROM payment y JOIN purchase p ON p.id = y.purchase_id ORDER BY p.id, y.position",
    "SELECT p.reference, f.refunded_at, f.amount, f.reason"
    " FROM refund f JOIN purchase p ON p.id = f.purchase_id ORDER BY p.id, f.id",
    "SELECT c.code, s.total_spent, s.purchase_count, s.first_purchase_at, s.last_purchase_at"
    " FROM customer_stats s JOIN customer c ON c.id = s.customer_id ORDER BY c.code",
)


async def filled(path: Path, seed: int = 7, **settings: Any) -> DemoSummary:
    """Fills a new database file and closes it."""
    database = await Database.open(f"sqlite://{path}", [CORE_APP])
    try:
        await migrations.migrate(database)
        return await fill(Shop(database, Settings(**settings), plugins_on()), seed=seed, today=TODAY)
    finally:
        await database.close()


async def visible(path: Path) -> list[list[Sequence[Any]]]:
    database = await Database.open(f"sqlite://{path}", [CORE_APP])
    try:
        return [[tuple(row) for row in await database.rows(sql)] for sql in VISIBLE]
    finally:
        await database.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoSummary]:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    return path, asyncio.run(filled(path, currency="USD", timezone="America/New_York", country="US"))


@pytest.fixture
def summary(demo: tuple[Path, DemoSummary]) -> DemoSummary:
    return demo[1]


@pytest.fixture
async def database(demo: tuple[Path, DemoSummary]) -> AsyncIterator[Database]:
    opened = await Database.open(f"sqlite://{demo[0]}", [CORE_APP])
    yield opened
    await opened.close()


async def column(database: Database, sql: str) -> list[Any]:
    return [row[0] for row in await database.rows(sql)]


def test_there_is_as_much_as_promised(summary: DemoSummary) -> None:
    assert 400 <= summary.customers <= 450
    assert (summary.groups, summary.stores) == (4, 4)
    assert 4_500 <= summary.purchases <= 5_800
    assert 90 <= summary.refunds <= 200
    assert 5 <= summary.voids <= 9
    assert 80 <= summary.notes <= 200


async def test_the_summary_counts_what_is_there(database: Database, summary: DemoSummary) -> None:
    counts = [
        (await column(database, f"SELECT count(*) FROM {what}"))[0]
        for what in (
            "customer", "customer_group WHERE NOT is_default", "store", "purchase", "refund",
            "purchase WHERE status = 'VOIDED'", "customer_note",
        )
    ]  # fmt: skip
    assert DemoSummary(*counts) == summary
    assert str(summary).startswith(
        f"{summary.customers} customers, 4 groups, 4 stores, {summary.purchases} purchases ("
    )


async def test_it_is_the_same_every_time(demo: tuple[Path, DemoSummary], tmp_path: Path) -> None:
    again = tmp_path / "again.db"
    assert await filled(again, currency="USD", timezone="America/New_York", country="US") == demo[1]
    assert await visible(again) == await visible(demo[0])


def test_another_seed_tells_another_story() -> None:
    settings = Settings(currency="USD", timezone="America/New_York", country="US")
    stories = [story_of(Random(seed), Calendar(TODAY, settings.zone), settings) for seed in (7, 8)]
    assert stories[0].people != stories[1].people
    assert stories[0].sales != stories[1].sales


async def test_the_statistics_are_what_the_purchases_amount_to(database: Database) -> None:
    assert [difference async for difference in differences(database)] == []


async def test_no_email_address_and_no_phone_number_can_be_anybodys(database: Database) -> None:
    emails = await column(database, "SELECT email FROM customer WHERE email IS NOT NULL")
    assert len(emails) > 300
    assert {email.partition("@")[2] for email in emails} == {"example.com", "example.org", "example.net"}
    phones = await column(database, "SELECT phone FROM customer WHERE phone IS NOT NULL")
    assert len(phones) > 270
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in phones)
    assert all("55501" in phone for phone in phones if phone.startswith("+1"))


async def test_only_the_pairs_share_an_email_address_or_a_phone_number(database: Database) -> None:
    emails = Counter(await column(database, "SELECT email FROM customer WHERE email IS NOT NULL"))
    phones = Counter(await column(database, "SELECT phone FROM customer WHERE phone IS NOT NULL"))
    by_contact = [common for *_, common in TWICE if common != "birth_date"]
    assert sum(count - 1 for count in (*emails.values(), *phones.values())) == len(by_contact)
    people = {tuple(row) for row in await database.rows("SELECT first_name, last_name FROM customer")}
    assert {name for _, one, other, _ in TWICE for name in (one, other)} <= people


async def test_customers_are_of_all_kinds(database: Database) -> None:
    statuses = Counter(await column(database, "SELECT status FROM customer"))
    assert statuses["INACTIVE"] >= 10
    assert statuses["SUSPENDED"] >= 2
    assert statuses["ACTIVE"] > 350
    groups = await column(
        database, "SELECT DISTINCT g.name FROM customer c JOIN customer_group g ON g.id = c.group_id ORDER BY g.name"
    )
    assert groups == ["Customers", "Friends of the house", "Staff", "Students", "Wholesale"]
    assert len(await column(database, "SELECT DISTINCT country FROM customer_address")) == 14
    assert await column(database, "SELECT birth_date FROM customer WHERE birth_date LIKE '%-02-29'")
    born = await column(database, "SELECT birth_date FROM customer WHERE birth_date IS NOT NULL")
    assert all(1930 < date.fromisoformat(day).year < 2010 for day in born)
    genders = set(await column(database, "SELECT gender FROM customer"))
    assert genders == {"FEMALE", "MALE", "NON_BINARY", "UNDISCLOSED", None}
    contacts = set(await column(database, "SELECT preferred_contact FROM customer"))
    assert contacts == {"EMAIL", "PHONE", "SMS", "POST", None}


async def test_nobody_buys_before_the_registration_or_after_today(database: Database) -> None:
    assert not await database.rows(
        "SELECT p.id FROM purchase p JOIN customer c ON c.id = p.customer_id WHERE p.purchased_at < c.created_at"
    )
    assert not await database.rows(f"SELECT id FROM purchase WHERE purchased_at > {TODAY}")
    assert not await database.rows(f"SELECT id FROM customer WHERE max(created_at, updated_at) > {TODAY}")
    assert not await database.rows(f"SELECT id FROM customer_note WHERE created_at > {TODAY}")
    assert not await database.rows(
        "SELECT f.id FROM refund f JOIN purchase p ON p.id = f.purchase_id"
        f" WHERE f.refunded_at < p.purchased_at OR f.refunded_at > {TODAY}"
    )
    assert not await database.rows(
        "SELECT p.id FROM purchase p JOIN store s ON s.id = p.store_id WHERE p.purchased_at < s.created_at"
    )


async def test_the_till_rings_while_the_shop_is_open(database: Database) -> None:
    zone = ZoneInfo("America/New_York")
    sold = await column(
        database,
        "SELECT purchased_at FROM purchase WHERE channel = 'till' AND (note IS NULL OR note NOT LIKE '%twice%')",
    )
    for at in sold:
        local = datetime_of(at).astimezone(zone)
        opens, closes = OPENING_HOURS[local.weekday()]
        assert opens <= local.time() < closes, local
        assert (local.month, local.day) not in {(1, 1), (12, 25)}


async def test_weekends_and_december_are_full_and_business_grows(database: Database) -> None:
    at = [datetime_of(when) for when in await column(database, "SELECT purchased_at FROM purchase")]
    weekdays, months = Counter(when.weekday() for when in at), Counter((when.year, when.month) for when in at)
    assert weekdays[5] == max(weekdays.values())
    assert max(months[2024, 11], months[2025, 1]) < months[2024, 12] < months[2025, 12]
    assert months[2025, 12] == max(months.values())
    assert months[2024, 5] < months[2025, 5]


async def test_purchases_are_of_all_kinds(database: Database) -> None:
    assert set(await column(database, "SELECT channel FROM purchase")) == {"till", "web", "phone"}
    methods = set(await column(database, "SELECT method FROM payment"))
    assert methods == {"card", "cash", "mobile", "voucher", "transfer"}
    statuses = set(await column(database, "SELECT status FROM purchase"))
    assert statuses == {"PAID", "PARTIALLY_REFUNDED", "REFUNDED", "VOIDED"}
    lines = await column(database, "SELECT count(*) FROM purchase_line GROUP BY purchase_id")
    assert set(lines) == {1, 2, 3, 4, 5, 6}
    assert len(await column(database, "SELECT DISTINCT sku FROM purchase_line")) == 80
    assert not await column(database, "SELECT id FROM purchase_line WHERE brand IS NULL OR category IS NULL")
    for condition in (
        "purchase WHERE customer_id IS NULL",
        "purchase WHERE total = 0",
        "purchase WHERE shipping > 0 AND channel = 'web'",
        "purchase WHERE tax > 0 AND prices_include_tax = 0",
        "purchase_line WHERE discount > 0",
        "purchase_line WHERE quantity % 1000000 <> 0",
        "payment WHERE position = 1",
        "refund_line",
        "refund WHERE id NOT IN (SELECT refund_id FROM refund_line)",
    ):
        [count] = await column(database, f"SELECT count(*) FROM {condition}")
        assert count >= 5, condition


async def test_a_shop_without_minor_units_is_served_too(tmp_path: Path) -> None:
    path = tmp_path / "tokyo.db"
    await filled(path, currency="JPY", timezone="Asia/Tokyo", country="JP")
    database = await Database.open(f"sqlite://{path}", [CORE_APP])
    try:
        [croissant] = await column(
            database, "SELECT min(unit_price) FROM purchase_line WHERE sku = 'PST-CRO' AND unit_price IS NOT NULL"
        )
        assert croissant == 410
        assert set(await column(database, "SELECT DISTINCT prices_include_tax FROM purchase")) == {1}
        assert [difference async for difference in differences(database)] == []
    finally:
        await database.close()


async def test_a_shop_that_has_its_demo_is_not_filled_again(demo: tuple[Path, DemoSummary]) -> None:
    before = await visible(demo[0])
    with pytest.raises(Refused):
        await filled(demo[0], currency="USD", timezone="America/New_York", country="US")
    assert await visible(demo[0]) == before
