"""A6: instants compare inclusively too, by `gte`, `lte` and whole days, wherever they are compared: in lists, in stored
audiences, in plugins."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from graphql import get_named_type

import regulars_rewards
from regulars_core.audiences import comparisons
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.primitives.clock import Instant, instant_of
from regulars_core.testing import OpenShop
from regulars_schema.fields.filters import InstantComparison
from regulars_schema.schema import schema_of
from regulars_schema.testing import Api
from tests.support.filled_plugins import TEN

MARCH = "2026-03-01T00:00:00Z"
SALES = {"A": "2026-02-28T23:59:59.999Z", "B": MARCH, "C": "2026-03-31T00:00:00Z", "D": "2026-04-01T00:00:00Z"}
RANGES: list[tuple[dict[str, Any], str]] = [
    ({"gte": MARCH, "lt": "2026-04-01T00:00:00Z"}, "BC"),
    ({"gte": MARCH}, "BCD"),
    ({"gt": MARCH}, "CD"),
    ({"after": MARCH}, "CD"),
    ({"lte": MARCH}, "AB"),
    ({"lt": MARCH}, "A"),
    ({"before": MARCH}, "A"),
    ({"gte": MARCH, "lte": MARCH}, "B"),
    ({"gte": "2026-03-01T01:00:00+01:00", "before": "2026-03-31T00:00:00Z"}, "B"),
    ({"days": {"from": "2026-03-01", "to": "2026-03-31"}}, "BC"),
    ({"days": {"from": "2026-03-01", "to": "2026-03-01"}}, "B"),
    ({"days": {"to": "2026-02-28"}}, "A"),
    ({"days": {"from": "2026-03-31"}}, "CD"),
    ({"days": {"from": "0001-01-01", "to": "9999-12-31"}}, "ABCD"),
    ({"days": {"from": "2026-03-31", "to": "2026-03-01"}}, ""),
]
ASK = "query($where: PurchaseWhere) { purchases(where: $where, orderBy: { field: PURCHASED_AT }) { nodes { reference } } }"


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"rewards": regulars_rewards})


@pytest.fixture
async def sold(open_shop: OpenShop, plugins: Plugins) -> Api:
    """A file with days puts what was bought at midnight."""
    api = Api.of(await open_shop(plugins=plugins))
    for reference, at in SALES.items():
        given = {"firstName": reference, "lastName": "Li"}
        customer = (await api.done("customerCreate", "customer { id }", given))["customer"]["id"]
        sale = {"reference": reference, "purchasedAt": at, "customerId": customer}
        await api.done("purchaseRecord", "created", {**sale, "lines": [{"name": "Tea", "total": "1.00"}]})
    return api


@pytest.mark.parametrize(("range_", "wanted"), RANGES)
async def test_a6_the_first_and_the_last_are_in_it(sold: Api, range_: dict[str, Any], wanted: str) -> None:
    with time_machine.travel("2026-11-30T12:00:00Z"):
        found = await sold.data(ASK, where={"purchasedAt": range_})
        assert "".join(one["reference"] for one in found["purchases"]["nodes"]) == wanted
        for leaf in ("firstPurchaseAt", "lastPurchaseAt"):
            asked = "query($where: CustomerWhere) { customers(where: $where) { nodes { firstName } } }"
            found = await sold.data(asked, where={leaf: range_})
            assert "".join(sorted(one["firstName"] for one in found["customers"]["nodes"])) == wanted


async def test_a6_days_are_those_of_the_shop(open_shop: OpenShop, plugins: Plugins) -> None:
    """A day of 25 hours, in a zone that is behind."""
    api = Api.of(await open_shop(plugins=plugins, timezone="America/New_York"))
    for n, at in enumerate(
        ("2026-11-01T03:59:59Z", "2026-11-01T04:00:00Z", "2026-11-02T04:59:59.999Z", "2026-11-02T05:00:00Z")
    ):
        lines = [{"name": "Tea", "total": "1.00"}]
        await api.done("purchaseRecord", "created", {"reference": f"{n}", "purchasedAt": at, "lines": lines})
    found = await api.data(ASK, where={"purchasedAt": {"days": {"from": "2026-11-01", "to": "2026-11-01"}}})
    assert [one["reference"] for one in found["purchases"]["nodes"]] == ["1", "2"]


async def test_a6_a_range_of_no_days_is_refused(sold: Api) -> None:
    for days in ({}, {"from": None}, {"to": None}):
        answer = await sold.ask(ASK, where={"purchasedAt": {"days": days}})
        assert answer.codes == ["BAD_USER_INPUT"]
        assert answer.data == {"purchases": None}


async def test_a6_coupons_too(sold: Api) -> None:
    """What a plugin compares: when coupons expire, by themselves or with their promotion."""
    given = {"name": "Spring", "discountRule": TEN, "endsAt": "2027-01-01T00:00:00Z", "needsCoupon": True}
    made = await sold.done("promotionCreate", "promotion { id }", {"promotion": given})
    ana = (await sold.data("{ customers(first: 1) { nodes { id } } }"))["customers"]["nodes"][0]["id"]
    ends = ("2026-12-24T00:00:00Z", None)
    for n, expires in enumerate(ends):
        coupon = {"promotionId": made["promotion"]["id"], "customerId": ana, "code": f"SPRING-{n}2"}
        await sold.done("couponIssue", "coupon { id }", coupon | ({"expiresAt": expires} if expires else {}))
    for range_, wanted in (
        ({"lte": ends[0]}, ["SPRING-02"]), ({"lt": ends[0]}, []), ({"gte": ends[0]}, ["SPRING-02", "SPRING-12"]),
        ({"gt": ends[0], "lte": "2027-01-01T00:00:00Z"}, ["SPRING-12"]), ({"days": {"to": "2026-12-24"}}, ["SPRING-02"]),
    ):  # fmt: skip
        asked = (
            "query($id: ID!, $where: CouponWhere) { promotion(id: $id) { coupons(where: $where) { nodes { code } } } }"
        )
        found = await sold.data(asked, id=made["promotion"]["id"], where={"expiresAt": range_})
        assert sorted(one["code"] for one in found["promotion"]["coupons"]["nodes"]) == wanted, range_


def test_a6_audiences_that_are_stored_mean_the_same() -> None:
    zone, present = ZoneInfo("UTC"), Instant(1_796_040_000_000)
    for range_, wanted in RANGES:
        holds = comparisons.instant(range_, zone)
        found = [name for name, at in SALES.items() if holds(instant_of(datetime.fromisoformat(at)), present)]
        assert "".join(found) == wanted, range_
        assert not holds(None, present)
    for wrong in ({"days": {}}, {"days": {"since": "2026-01-01"}}, {"since": MARCH}):
        with pytest.raises(ValueError, match="no "):
            comparisons.instant(wrong, zone)


def test_a6_whoever_compares_instants_or_days_does_so_inclusively(plugins: Plugins) -> None:
    """The kind: every leaf of every filter whose comparison speaks of instants or days is an InstantComparison."""
    schema = schema_of(plugins)
    for where, leaves in schema.leaves.items():
        for leaf in leaves.values():
            if leaf.comparison is InstantComparison:
                continue
            fields = getattr(schema._schema.type_map.get(getattr(leaf.comparison, "__name__", "")), "fields", {})
            told = {name for name, one in fields.items() if get_named_type(one.type).name in {"DateTime", "Date"}}
            assert told <= {"at"}, f"{where.__name__}.{leaf.name}"
