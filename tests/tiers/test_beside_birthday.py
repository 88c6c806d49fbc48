"""Tiers and a stranger's plugin in one shop: neither is in the other's way, and both have their say in one purchase."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from tests.tiers.conftest import OpenTiers, Owner
from tests.tiers.test_simulation import Calendar

EXAMPLE = Path(__file__).parents[1] / "examples" / "regulars_birthday"


@pytest.fixture
def birthday(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stranger's plugin, from its source."""
    monkeypatch.syspath_prepend(EXAMPLE)
    return importlib.import_module("regulars_birthday")


@pytest.mark.parametrize("first", ["tiers", "birthday"])
async def test_both_react_to_one_purchase(open_tiers: OpenTiers, birthday: Any, calendar: Calendar, first: str) -> None:
    """Who is old enough is lifted; who is too young is refused, and nothing of the lift is left, whoever is told first."""
    owner = Owner(await open_tiers({"birthday": birthday}, first=first, birthday_youngest=18))
    assert owner.shop.plugins.names[0] == first
    with calendar("2026-01-10"):
        ids = {}
        for name, born in (("Ana", "1990-05-17"), ("Bo", "2015-05-17")):
            given = {"firstName": name, "lastName": "Li", "birthDate": born, "remindDaysBefore": 3}
            ids[name] = (await owner.api.done("customerCreate", "customer { id }", given))["customer"]["id"]
        document = """mutation($input: PurchaseRecordInput!) { purchaseRecord(input: $input) {
            purchase { tier { code } customer { tier { code } } }
            userErrors { __typename code ... on TooYoung { youngest } } } }"""
        answers = {}
        for name, buyer in ids.items():
            given = {"reference": name, "customerId": buyer, "purchasedAt": "2026-01-10T12:00:00Z",
                     "lines": [{"name": "Tea", "total": "520.00"}], "idempotencyKey": name}  # fmt: skip
            answers[name] = (await owner.api.data(document, input=given))["purchaseRecord"]
        assert answers["Ana"] == {
            "purchase": {"tier": {"code": "C"}, "customer": {"tier": {"code": "A"}}}, "userErrors": [],
        }  # fmt: skip
        assert answers["Bo"] == {
            "purchase": None, "userErrors": [{"__typename": "TooYoung", "code": "TOO_YOUNG", "youngest": 18}],
        }  # fmt: skip
        assert await owner.tier(ids["Bo"]) == "C"
        assert await owner.history(ids["Bo"]) == []
        assert await owner.wrong() == []


async def test_no_clash_in_the_schema(open_tiers: OpenTiers, birthday: Any) -> None:
    """Fields, a filter, an order, and what the input of one mutation takes, of both in one document."""
    owner = Owner(await open_tiers({"birthday": birthday}))
    given = {"firstName": "Cy", "lastName": "Li", "tier": "B", "remindDaysBefore": 9}
    await owner.api.done("customerCreate", "customer { id }", given)
    await owner.customer("Di")
    found = await owner.api.data(
        """{ customers(where: {tier: {in: ["B"]}, greetings: {eq: 0}}, orderBy: {field: TIER}) {
                nodes { firstName tier { code } greetings remindDaysBefore } }
             customersByBirth: customers(orderBy: {field: BIRTH_DATE}) { totalCount }
             shop { plugins { name } } }"""
    )
    assert found["customers"]["nodes"] == [
        {"firstName": "Cy", "tier": {"code": "B"}, "greetings": 0, "remindDaysBefore": 9}
    ]
    assert found["customersByBirth"]["totalCount"] == 2
    assert [one["name"] for one in found["shop"]["plugins"]] == ["tiers", "birthday"]
