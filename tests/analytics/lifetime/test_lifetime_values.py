"""What a customer is worth, as the API tells it: by the rate and by a fit, kept and found again, for who may know."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

import regulars_analytics
from regulars_analytics.lifetime import fits
from regulars_analytics.lifetime.kept import differences, find_anew
from regulars_analytics.lifetime.lives import day_number, lives_of, next_lives
from regulars_analytics.rfm.edges import keep_fifths
from regulars_core.exports.columns import cells_of, columns_named
from regulars_core.health import checks
from regulars_core.plugin import ExportBatch, Shop, customers_by_ids, instant_of, plugins_on
from regulars_core.shop.actors import Actor, Binding
from regulars_core.testing import Databases, Engine, OpenShop, misses_nothing, statements
from regulars_schema.testing import Api
from tests.analytics.lifetime.conftest import TODAY, sales_of_many, sell
from tests.erasure.conftest import pass_days

VALUE = """lifetimeValue(horizonDays: $days) { method horizonDays expectedPurchases activeProbability
    spent { amount } projected { amount } total { amount } low { amount } high { amount }
    fit { number customerCount logLikelihood parameters { name value } } }"""
ONE = f"query($days: Int, $phone: String!) {{ customerSearch(query: $phone) {{ {VALUE} }} }}"
LIST = """query($least: Decimal, $first: Int) { customers(first: $first, where: {lifetimeValue: {gte: $least}},
    orderBy: {field: LIFETIME_VALUE, direction: DESC}) { totalCount nodes { phone lifetimeValue { total { amount } } } } }"""


async def value(api: Api, phone: str, days: int | None = None) -> Any:
    """What somebody is worth."""
    variables = {"phone": phone} | ({} if days is None else {"days": days})
    return (await api.data(ONE, **variables))["customerSearch"][0]["lifetimeValue"]


async def wrong(shop: Shop) -> list[str]:
    return [sentence async for sentence in differences(shop)]


async def test_by_the_rate(shop: Shop, api: Api, tmp_path) -> None:
    """Three purchases of 70 a year are 630 in three years, and six of 60 are 1080 (P-A12)."""
    await sell(shop, tmp_path / "a.csv", [("5550000001", days, "70.00") for days in (365, 200, 3)])
    await sell(shop, tmp_path / "b.csv", [("5550000002", days, "60.00") for days in (365, 300, 200, 100, 50, 3)])
    await sell(shop, tmp_path / "c.csv", [("5550000003", 3, "10.00"), ("5550000004", 180, "10.00")])
    told = await value(api, "5550000001", 1095)
    assert (told["method"], told["projected"], told["total"]) == ("RATE", {"amount": "630.00"}, {"amount": "840.00"})
    assert (told["expectedPurchases"], told["spent"]) == ("9.00", {"amount": "210.00"})
    assert [told[name] for name in ("activeProbability", "low", "high", "fit")] == [None] * 4
    assert (await value(api, "5550000002", 1095))["projected"] == {"amount": "1080.00"}
    new = await value(api, "5550000003")  # as if known for 30 days
    assert (new["horizonDays"], new["expectedPurchases"], new["projected"]) == (365, "12.17", {"amount": "121.67"})
    assert (await value(api, "5550000004"))["projected"] == {"amount": "0.00"}  # lost since today
    for days in (0, 1096):
        assert (await api.ask(ONE, phone="5550000001", days=days)).codes == ["BAD_USER_INPUT"]
    await find_anew(shop)
    assert await wrong(shop) == []
    found = await api.data(LIST, least="220", first=10)
    assert [one["lifetimeValue"]["total"]["amount"] for one in found["customers"]["nodes"]] == ["720.00", "420.00"]
    assert found["customers"]["totalCount"] == 2
    columns = await columns_named(shop, "CUSTOMERS", ["lifetime_value", "rfm"])
    rows = await customers_by_ids(
        shop.database, [row[0] for row in await shop.database.rows("SELECT id FROM customer")]
    )
    cells = await cells_of(columns, ExportBatch(shop, list(rows.values()), None))
    assert sorted(map(tuple, cells), key=lambda one: -float(one[0]))[:2] == [
        ("720.00", "LOYAL"),
        ("420.00", "AT_RISK"),
    ]


async def test_by_a_fit(shop: Shop, api: Api, calendar: time_machine.Traveller, tmp_path) -> None:
    """It is fitted each night, kept for good, and told with what it rests on."""
    await sell(shop, tmp_path / "a.csv", sales_of_many(320))
    once, often = "5559000001", "5559000002"
    await sell(shop, tmp_path / "b.csv", [(once, 40, "12.00"), (once, 40, "8.00")])
    await sell(shop, tmp_path / "c.csv", [(often, days, "30.00") for days in range(200, 0, -20)])
    assert (await value(api, often))["method"] == "RATE"  # nothing is fitted yet
    await find_anew(shop)
    told = await value(api, often)
    assert told["method"] == "BG_NBD"
    assert 0.7 < float(told["activeProbability"]) < 1
    low, middle, high = (Decimal(told[name]["amount"]) for name in ("low", "projected", "high"))
    assert 0 <= low < middle < high < 3 * middle
    assert (told["fit"]["number"], told["fit"]["customerCount"]) == (1, 322)
    assert [one["name"] for one in told["fit"]["parameters"]] == ["r", "alpha", "a", "b", "p", "q", "gamma"]
    assert (await value(api, once))["activeProbability"] is None
    nobody = await api.done(
        "customerCreate", "customer { id }", {"firstName": "Bo", "lastName": "Li", "phone": "5559000003"}
    )
    assert nobody
    assert (await value(api, "5559000003"))["total"] == {"amount": "0.00"}
    assert await wrong(shop) == []

    plain = "{ customers(first: 3, orderBy: {field: LIFETIME_VALUE, direction: DESC}) { nodes { phone } } }"
    best = [one["phone"] for one in (await api.data(plain))["customers"]["nodes"]]
    page = (await api.data(LIST, first=100, least="0"))["customers"]["nodes"]
    amounts = [Decimal(one["lifetimeValue"]["total"]["amount"]) for one in page]
    assert amounts == sorted(amounts, reverse=True)
    assert [one["phone"] for one in page[:3]] == best
    least = (await api.data(LIST, first=1, least=str(amounts[9])))["customers"]["totalCount"]
    assert least == 10

    calendar.move_to(TODAY + timedelta(days=1))
    await find_anew(shop)
    assert (await value(api, often))["fit"]["number"] == 2
    kept = await shop.database.rows("SELECT number, customers FROM analytics_fit ORDER BY number")
    assert [tuple(row) for row in kept] == [(1, 322), (2, 322)]
    assert await wrong(shop) == []
    await shop.database.transaction(
        lambda: shop.database.run("UPDATE analytics_lifetime SET projected = projected + 1")
    )
    assert len(await wrong(shop)) == 322
    await find_anew(shop)
    assert len(await wrong(shop)) == 322  # nothing was to be found anew


async def test_a_fit_that_fails_changes_no_method(
    shop: Shop, api: Api, calendar: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, caplog, tmp_path
) -> None:
    """The one before goes on, and whoever runs the shop is told."""

    async def told() -> tuple[bool, str]:
        [found] = [one for one in await checks(shop) if one.name == "lifetime-values"]
        return found.ok, found.message

    await sell(shop, tmp_path / "a.csv", sales_of_many(320))
    [phone] = await shop.database.row("SELECT phone FROM customer ORDER BY id LIMIT 1") or []
    assert await told() == (True, "nothing was fitted yet")
    await find_anew(shop)
    before = await value(api, phone)
    assert before["method"] == "BG_NBD"
    assert await told() == (True, "projected by BG_NBD as fitted on 2026-07-01 to 320 customers")
    monkeypatch.setattr(fits, "LEAST_REPEATING", 1_000)
    calendar.move_to(TODAY + timedelta(days=1))
    await find_anew(shop)
    after = await value(api, phone)
    assert (after["method"], after["fit"]) == ("BG_NBD", before["fit"])
    assert "fit 1 goes on" in caplog.text
    assert await wrong(shop) == []
    is_fine, message = await told()
    assert not is_fine
    assert message.startswith("projected by BG_NBD as fitted on 2026-07-01; it could not be fitted anew on 2026-07-02")


async def test_the_doctor_misses_the_extra(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fits, "find_spec", lambda name: None)
    [found] = [one for one in await checks(shop) if one.name == "lifetime-values"]
    assert (found.ok, found.works) == (False, True)
    assert "pip install 'regulars[analytics]'" in found.message


async def test_too_few_who_come_again(shop: Shop, api: Api, tmp_path) -> None:
    await sell(shop, tmp_path / "a.csv", [(f"55500{n:05}", days, "7.00") for n in range(99) for days in (90, 30)])
    await find_anew(shop)
    [attempt] = await shop.database.rows("SELECT number, repeating, body FROM analytics_fit")
    assert tuple(attempt) == (1, 99, None)
    assert (await value(api, "5550000001"))["method"] == "RATE"


async def test_whatever_becomes_of_purchases(shop: Shop, api: Api) -> None:
    """What is kept is to be found anew of everybody whose purchases move, and of nobody else; an erased one is not in it."""
    made = [
        await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"}) for name in "ABC"
    ]
    ana, bo, cy = (one["customer"]["id"] for one in made)

    async def sold(customer: str) -> str:
        at = (TODAY - timedelta(days=60)).isoformat()
        given = {"customerId": customer, "purchasedAt": at, "lines": [{"name": "Tea", "total": "10.00"}]}
        reference = f"R{await _number(shop)}"
        return (await api.done("purchaseRecord", "purchase { id }", {"reference": reference, **given}))["purchase"][
            "id"
        ]

    async def moved() -> str:
        """The initials of those who were to be found anew, and are."""
        due = await shop.database.rows(
            "SELECT c.first_name FROM analytics_lifetime l JOIN customer c ON c.id = l.customer_id WHERE l.as_of < 0"
            " ORDER BY c.first_name"
        )
        await find_anew(shop)
        assert await wrong(shop) == []
        return "".join(row[0] for row in due)

    sales = [await sold(ana), await sold(ana), await sold(bo)]
    assert await moved() == "AB"
    await api.done("purchaseRefund", "refund { id }", {"purchaseId": sales[0], "amount": "4.00"})
    assert await moved() == "A"
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": sales[0]})
    assert await moved() == "A"
    await api.done("purchasesReassign", "movedCount", {"purchaseIds": [sales[1]], "customerId": cy, "reason": "Twins."})
    assert await moved() == "AC"
    assert await moved() == ""
    merge = await api.done("customersMerge", "customersMerge { mergeId }", {"survivorId": bo, "absorbedIds": [cy]})
    assert await moved() == "BC"
    kept = "SELECT projected FROM analytics_lifetime WHERE customer_id = $1"
    assert (await shop.database.row(kept, bo.split("_")[1]))[0] == 12167
    assert await shop.database.row(kept, cy.split("_")[1]) is None
    undone = {"mergeId": merge["customersMerge"]["mergeId"]}
    await api.done("customersUnmerge", "customers { id }", undone)
    assert await moved() == "BC"
    assert (await shop.database.row(kept, bo.split("_")[1]))[0] == 6083


async def _number(shop: Shop) -> int:
    row = await shop.database.row("SELECT count(*) FROM purchase")
    return int(row[0])


async def test_two_statements_for_a_page(shop: Shop, api: Api, tmp_path) -> None:
    await sell(shop, tmp_path / "a.csv", [(f"55500{n:05}", 40, "7.00") for n in range(60)])
    page = (
        "query($first: Int) { customers(first: $first) { nodes { lifetimeValue { total { amount } } rfm { kind } } } }"
    )
    await keep_fifths(shop)
    for first in (2, 50):
        with statements(shop, 5):
            found = await api.data(page, first=first)
        assert len(found["customers"]["nodes"]) == first


@pytest.mark.parametrize("asked", [
    "customers { nodes { lifetimeValue { horizonDays } } }",
    "customers { nodes { rfm { kind } } }",
    "customers(where: {lifetimeValue: {gte: 1}}) { totalCount }",
    "customers(where: {rfm: {in: [LOYAL]}}) { totalCount }",
    "customers(orderBy: {field: LIFETIME_VALUE, direction: ASC}) { totalCount }",
    "rfmDistribution { kind }",
])  # fmt: skip
async def test_who_may_know(shop: Shop, api: Api, asked: str) -> None:
    """Who holds the permission in the whole shop: the figures are of all stores."""
    await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    store = "0" * 32

    def holding(*permissions: str, stores: list[str] | None = None) -> Binding:
        return Binding.of(shop.permissions, "own", stores, permissions)

    rest = holding("customers.view", "purchases.view")
    whole = Api(api.schema, shop, Actor("k", "all", (holding("analytics.view"), rest)))
    part = Api(api.schema, shop, Actor("k", "some", (holding("analytics.view", stores=[store]), rest)))
    none = Api(api.schema, shop, Actor("k", "none", (rest,)))
    assert (await whole.ask(f"{{ {asked} }}")).codes == []
    assert (await part.ask(f"{{ {asked} }}")).codes == ["FORBIDDEN"]
    assert (await none.ask(f"{{ {asked} }}")).codes == ["FORBIDDEN"]


async def test_by_the_setting(open_shop: OpenShop, calendar: time_machine.Traveller, tmp_path) -> None:
    """A shop that wants the rate has nothing fitted, and what was kept by a fit is found anew."""
    shop = await open_shop()
    await sell(shop, tmp_path / "a.csv", sales_of_many(320))
    await find_anew(shop)
    other = await open_shop(analytics_method="RATE")
    await find_anew(other)
    rows = await other.database.rows("SELECT DISTINCT fit FROM analytics_lifetime")
    assert [row[0] for row in rows] == [0]
    assert [sentence async for sentence in differences(other)] == []


async def test_repeats_as_the_model_takes_them(shop: Shop, api: Api, tmp_path) -> None:
    """P-A01: repeats, days from the first to the last, days known, and the mean of the repeats; the first is not in it."""
    given = {
        1: ["01-01 1.00", "02-06 2.00"], 2: ["01-01 2.00"], 3: ["01-01 3.00", "01-02 1.00", "01-05 5.00"],
        4: ["01-16 6.00", "02-02 3.00", "02-05 3.00"], 5: ["01-16 3.00", "01-17 1.00", "01-18 8.00"], 6: ["02-02 5.00"],
    }  # fmt: skip
    told = {
        1: (1, 36, 37, 200),
        2: (0, 0, 37, 0),
        3: (2, 4, 37, 300),
        4: (2, 20, 22, 300),
        5: (2, 2, 22, 450),
        6: (0, 0, 5, 0),
    }
    as_of = datetime(2015, 2, 7, 12, tzinfo=UTC)
    sales = [
        (f"555000000{n}", (TODAY - datetime.fromisoformat(f"2015-{day}T12:00:00+00:00")).days, amount)
        for n, purchases in given.items()
        for day, amount in (one.split() for one in purchases)
    ]
    await sell(shop, tmp_path / "a.csv", [*sales, sales[0]])  # twice on one day is once
    rows = await shop.database.rows("SELECT id, phone FROM customer")
    lives = await lives_of(shop, [row[0] for row in rows])
    today = day_number(shop, instant_of(as_of))
    found = {int(phone[-1]): lives[str(id_).replace("-", "")] for id_, phone in rows}
    assert {
        n: (one.repeats, one.last_day - one.first_day, one.known_days(today), one.repeats_spent // max(one.repeats, 1))
        for n, one in found.items()
    } == told


async def test_off_and_on_again(databases: Databases, engine: Engine) -> None:
    """Whoever bought while the plugin was off is to be found anew as if it had been on."""
    await misses_nothing(
        databases, engine, plugins_on({"analytics": regulars_analytics}), "analytics", apart_from={"moves"}
    )


async def test_who_is_erased_is_in_nothing_that_is_kept(shop: Shop, api: Api, tmp_path) -> None:
    await sell(shop, tmp_path / "a.csv", [("5550000001", 9, "7.00"), ("5550000002", 9, "7.00")])
    await find_anew(shop)
    [gone, stays] = await shop.database.rows("SELECT id FROM customer ORDER BY phone")
    id_ = str(gone[0]).replace("-", "")
    await api.done("customerEraseRequest", "erasure { id }", {"customerId": f"customer_{id_}"})
    await pass_days(shop)
    kept = await shop.database.rows("SELECT customer_id FROM analytics_lifetime")
    assert [tuple(row) for row in kept] == [tuple(stays)]
    shop.memory.clear()  # as another process would
    await find_anew(shop)
    assert len(await shop.database.rows("SELECT customer_id FROM analytics_lifetime")) == 1
    assert (await lives_of(shop, [id_])) == {}
    assert [one.customer_id for one in await next_lives(shop, "0" * 32, 1)] == [stays[0]], (
        "a walk ends where nobody is left"
    )
    shown = "query($id: ID!) { node(id: $id) { ... on Customer { lifetimeValue { horizonDays } rfm { kind } } } }"
    assert (await api.data(shown, id=f"customer_{id_}"))["node"] == {"lifetimeValue": None, "rfm": None}


async def test_a_sale_reads_nothing_of_it(shop: Shop, api: Api) -> None:
    """Whom it is to be found anew of is noted by one statement with what else is written; nothing is read or computed."""
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    sale = {"customerId": made["customer"]["id"], "lines": [{"name": "Tea", "total": "5.00"}]}
    with shop.database.counting() as counted:
        await api.done("purchaseRecord", "created", {"reference": "R1", **sale})
    ours = [sql for sql in counted if "analytics" in sql]
    assert not [sql for sql in ours if sql.startswith("SELECT")]
    assert len(ours) <= 1  # PostgreSQL is sent it together with others
    [noted] = await shop.database.rows("SELECT as_of, moves FROM analytics_lifetime")
    assert tuple(noted) == (-1, 0)
