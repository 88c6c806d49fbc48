"""Customers by what they bought: one leaf, by the stores whose purchases the caller sees, and the same as counted by hand."""

import random
from typing import Any

import pytest

from regulars_core.primitives.clock import DAY_MS, now, printed
from regulars_schema.testing import Api
from tests.support.keys import bound

NAMES = "query($where: CustomerWhere) { customers(first: 100, where: $where) { totalCount nodes { firstName } } }"
BAKERY, TEA = {"category": "Bakery", "brand": "Ole", "sku": "B1"}, {"category": "Tea", "brand": "Bo", "sku": "T1"}
SALES = (
    # who, days ago, store, total, article, what became of it
    ("A", 40, "MAIN", "10.00", BAKERY, None), ("A", 5, "HERE", "20.00", BAKERY, None), ("A", 1, "HERE", "5.00", TEA, None),
    ("B", 3, "MAIN", "30.00", TEA, "void"), ("B", 3, "MAIN", "30.00", BAKERY, "refund"), ("B", 3, "MAIN", "8.00", TEA, "part"),
    ("C", 400, "HERE", "100.00", BAKERY, None), ("D", 2, "MAIN", "-4.00", TEA, None),
)  # fmt: skip


async def found(api: Api, where: Any) -> str:
    page = (await api.data(NAMES, where=where))["customers"]
    assert page["totalCount"] == len(page["nodes"])
    return "".join(sorted(node["firstName"] for node in page["nodes"]))


@pytest.fixture
async def town(api: Api) -> Api:
    """Five customers; E has never bought."""
    await api.done("storeCreate", "store { id }", {"code": "HERE", "name": "Here"})
    ids = {}
    for name in "ABCDE":
        given = {"firstName": name, "lastName": "Li", "force": True}
        ids[name] = (await api.done("customerCreate", "customer { id }", given))["customer"]["id"]
    for n, (who, days, store, total, article, fate) in enumerate(SALES):
        line = {"name": "X", "total": total, **article} | ({"quantity": "-1"} if total[0] == "-" else {})
        at = printed(now() - days * DAY_MS)  # type: ignore[arg-type]
        given = {"reference": f"R{n}", "customerId": ids[who], "lines": [line], "storeCode": store, "purchasedAt": at}
        made = (await api.done("purchaseRecord", "purchase { id }", given))["purchase"]["id"]
        if fate == "void":
            await api.done("purchaseVoid", "purchase { id }", {"purchaseId": made})
        elif fate:
            await api.done(
                "purchaseRefund",
                "refund { id }",
                {"purchaseId": made, "amount": "30.00" if fate == "refund" else "3.00"},
            )
    return api


async def test_what_how_often_and_for_how_much(town: Api) -> None:
    bakery, days = {"category": {"in": ["Bakery"]}}, {"purchasedAt": {"withinDays": 30}}
    for comparison, expected in (
        ({}, "ABC"),
        ({"where": {}}, "ABC"),
        ({"where": bakery}, "AC"),
        ({"where": {"any": [bakery, {"brand": {"in": ["Bo"]}}]}}, "ABC"),
        ({"where": {**bakery, "not": days}}, "AC"),
        ({"where": {**bakery, **days}}, "A"),
        ({"count": {"gte": 2}}, "A"),
        ({"count": {"gte": 1}}, "ABC"),
        ({"count": {"eq": 1}}, "BC"),
        ({"count": {"eq": 0}}, "DE"),
        ({"count": {"lt": 2}}, "BCDE"),
        ({"where": bakery, "count": {"eq": 0}}, "BDE"),
        ({"count": {"gt": 0, "lte": 1}, "where": bakery}, "C"),
        ({"count": {"gte": 2}, "where": {"sku": {"in": ["B1"]}}}, "A"),
        ({"count": {"lte": 1}, "where": {"sku": {"in": ["B1"]}, **days}}, "ABCDE"),
        ({"total": {"lte": "5.00"}, "count": {"gte": 0}, "where": {"sku": {"in": ["T1"]}}}, "ABCDE"),
        ({"total": {"gte": "35.00"}}, "AC"),
        ({"total": {"lt": "35.01"}}, "AB"),
        ({"total": {"lte": "5.00", "gte": "5.00"}}, "B"),
        ({"total": {"gte": "30.00"}, "where": bakery}, "AC"),
        ({"total": {"gte": "30.00"}, "count": {"gte": 2}, "where": bakery}, "A"),
        ({"total": {"lt": "0.00"}, "count": {"gte": 0}}, "D"),
        ({"total": {"lte": "0.00"}, "count": {"eq": 0}}, "DE"),
    ):
        assert (comparison, await found(town, {"purchases": comparison})) == (comparison, expected)
    assert await found(town, {"not": {"purchases": {"where": bakery}}}) == "BDE"
    assert await found(town, {"any": [{"purchases": {"count": {"eq": 0}}}, {"purchases": {"where": days}}]}) == "ABDE"

    ask = "query($where: CustomerWhere) { customers(where: $where) { totalCount } }"
    for wrong, place in (
        ({"where": None}, ["where"]), ({"count": {}}, ["count"]), ({"count": {"gte": None}}, ["count", "gte"]),
        ({"total": {"gte": "0.001"}}, ["total"]), ({"where": {"total": {}}}, ["where", "total"]),
        ({"where": {"customer": {"in": ["x"]}}}, ["where", "customer", "in", "0"]),
    ):  # fmt: skip
        answer = await town.ask(ask, where={"purchases": wrong})
        assert (answer.codes, answer.errors[0]["extensions"]["argument"]) == (
            ["BAD_USER_INPUT"],
            ["where", "purchases", *place],
        )
    much = {"any": [{"purchases": {"where": {"all": [{"hasNote": True}] * 9}}}] * 6}
    assert "conditions" in (await town.ask(ask, where=much)).errors[0]["message"]


async def test_by_the_stores_whose_purchases_the_caller_sees(town: Api) -> None:
    stores = (await town.data("{ stores { nodes { id code } } }"))["stores"]["nodes"]
    here = next(one["id"].partition("_")[2] for one in stores if one["code"] == "HERE")
    branch = Api(town.schema, town.shop, bound("store_manager", here))
    for comparison, expected in (
        ({}, "AC"), ({"count": {"eq": 2}}, "A"), ({"count": {"eq": 0}}, "BDE"), ({"total": {"gte": "26.00"}}, "C"),
        ({"where": {"store": {"in": [next(one["id"] for one in stores if one["code"] == "MAIN")]}}}, ""),
    ):  # fmt: skip
        assert (comparison, await found(branch, {"purchases": comparison})) == (comparison, expected)
    support = Api(town.schema, town.shop, bound("store_terminal", here))
    terminal = await support.ask(NAMES, where={"purchases": {}})
    assert terminal.codes in (["FORBIDDEN"], [])


async def test_the_same_as_counted_by_hand(town: Api) -> None:
    """Any comparison, against the purchases that are told of each."""
    chance = random.Random(7)
    asked = "status total { amount } refundedTotal { amount } lines { category }"
    document = f"{{ customers(first: 9) {{ nodes {{ firstName purchases(first: 9) {{ nodes {{ {asked} }} }} }} }} }}"
    people = (await town.data(document))["customers"]["nodes"]
    for _ in range(12):
        count = (
            {chance.choice(["eq", "gte", "gt", "lte", "lt"]): chance.randrange(4)} if chance.random() < 0.7 else None
        )
        total = (
            {chance.choice(["gte", "gt", "lte", "lt"]): f"{chance.choice([0, 5, 10, 30, 35, 100])}.00"}
            if chance.random() < 0.6
            else None
        )
        category = chance.choice([None, "Bakery", "Tea"])
        wanted = "".join(
            sorted(one["firstName"] for one in people if _holds(one["purchases"]["nodes"], category, count, total))
        )
        comparison = {name: value for name, value in (("count", count), ("total", total)) if value is not None}
        article = {"category": [category]} if chance.random() < 0.5 else {"sku": [f"{category}"[:1] + "1"]}
        comparison |= {"where": {name: {"in": those} for name, those in article.items()}} if category else {}
        assert (comparison, await found(town, {"purchases": comparison})) == (comparison, wanted)


def _holds(purchases: Any, category: str | None, count: Any, total: Any) -> bool:
    own = [one for one in purchases if one["status"] in {"PAID", "PARTIALLY_REFUNDED"}]
    own = [one for one in own if category is None or category in {line["category"] for line in one["lines"]}]
    number = sum(float(one["total"]["amount"]) >= 0 for one in own)
    spent = sum(float(one["total"]["amount"]) - float(one["refundedTotal"]["amount"]) for one in own)

    def compares(value: float, conditions: Any) -> bool:
        return all(
            {
                "eq": value == float(n),
                "gte": value >= float(n),
                "gt": value > float(n),
                "lte": value <= float(n),
                "lt": value < float(n),
            }[name]
            for name, n in conditions.items()
        )

    return compares(number, count or {"gte": 1}) and (total is None or compares(spent, total))
