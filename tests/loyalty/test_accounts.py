"""What customers have: store credit and points, now and as it was."""

from collections.abc import Callable
from typing import Any

import pytest

from regulars_core.plugin import Shop
from regulars_core.testing import statements
from regulars_loyalty.ledger.book import POINTS
from tests.loyalty.conftest import OpenLoyalty, Owner, noon

CREDIT = """credit(at: $at) { currencyCode available { amount } balance { amount } debt { amount } held { amount }
  pending { amount } creditLimit { amount } }"""
POINTS_OF = "points(at: $at) { available balance debt held pending }"
EMPTY = {"available": "0", "balance": "0", "debt": "0", "held": "0", "pending": "0"}


async def points(owner: Owner, customer: str, at: str | None = None) -> tuple[int, ...]:
    """(balance, available, pending, held, debt)."""
    found = (await owner.asks(customer, POINTS_OF, at=at))["points"]
    return tuple(int(found[name]) for name in ("balance", "available", "pending", "held", "debt"))


async def credit(owner: Owner, customer: str, at: str | None = None) -> dict[str, str]:
    """All figures of the account in the shop's currency, as decimals."""
    found = (await owner.asks(customer, CREDIT, at=at))["credit"]
    return {name: one["amount"] for name, one in found.items() if name != "currencyCode"}


async def test_an_account_where_nothing_was_ever_posted(owner: Owner) -> None:
    ana = await owner.customer()
    found = await owner.asks(
        ana,
        "credit { currencyCode available { amount } entries { totalCount nodes { id } } holds { id } expiringSoon { remaining"
        ' { amount } } } yen: credit(currencyCode: "JPY") { currencyCode balance { amount } } points { available entries {'
        " totalCount } }",
    )
    assert found["credit"] == {
        "currencyCode": "USD",
        "available": {"amount": "0.00"},
        "entries": {"totalCount": 0, "nodes": []},
        "holds": [],
        "expiringSoon": [],
    }
    assert found["yen"] == {"currencyCode": "JPY", "balance": {"amount": "0"}}
    assert found["points"] == {"available": "0", "entries": {"totalCount": 0}}


async def test_the_lots_of_the_worked_example(owner: Owner, calendar: Callable[[str], Any]) -> None:
    """100 from 10 Jan to 10 Apr, 80 from 1 Feb to 2 May, 50 from 15 Feb on, 40 from 1 Mar to 5 Apr; 150 are spent on 10 Mar."""
    ana = await owner.customer()
    for day, amount, ends in (
        ("2026-01-10", 100, "2026-04-10"),
        ("2026-02-01", 80, "2026-05-02"),
        ("2026-02-15", 50, None),
        ("2026-03-01", 40, "2026-04-05"),
    ):
        with calendar(day):
            await owner.gives(ana, amount, **({"expires": noon(ends)} if ends else {}))
    with calendar("2026-03-10"):
        [spent] = await owner.takes(ana, 150, kind="REDEEM")
        assert await points(owner, ana) == (120, 120, 0, 0, 0)
        [left] = (
            await owner.asks(
                ana,
                "points { expiringSoon(withinDays: 60) { points remaining availableAt expiresAt openedBy"
                " { kind pointsDelta } } }",
            )
        )["points"]["expiringSoon"]
        assert (left["points"], left["remaining"], left["expiresAt"][:10]) == ("80", "70", "2026-05-02")
        assert left["openedBy"] == {"kind": "ADJUST", "pointsDelta": "80"}
    lots = (
        await owner.api.data(
            "query($id: ID!) { node(id: $id) { ... on PointsEntry { lots { amount } } } }", id=f"pointsentry_{spent}"
        )
    )["node"]["lots"]
    assert [lot["amount"] for lot in lots] == ["40", "100", "10"]
    with calendar("2026-05-10"):
        assert await points(owner, ana) == (50, 50, 0, 0, 0)
        assert await points(owner, ana, "2026-03-09T12:00:00Z") == (270, 270, 0, 0, 0)
        assert await points(owner, ana, "2026-03-10T13:00:00Z") == (120, 120, 0, 0, 0)
        assert await points(owner, ana, "2026-05-02T11:59:59.999Z") == (120, 120, 0, 0, 0)
        assert await points(owner, ana, "2026-05-02T12:00:00Z") == (50, 50, 0, 0, 0)
        assert await points(owner, ana, "2025-12-31T12:00:00Z") == (0, 0, 0, 0, 0)


async def test_what_cannot_be_spent_yet_and_what_is_kept(owner: Owner, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-06-01"):
        ana = await owner.customer()
        await owner.gives(ana, 100, available=noon("2026-07-01"))
        await owner.gives(ana, 50)
        hold = await owner.holds(ana, 20, until=noon("2026-06-02"))
        assert await points(owner, ana) == (150, 30, 100, 20, 0)
        [one] = (await owner.asks(ana, "points { holds { id heldPoints basket isOpen } }"))["points"]["holds"]
        assert one == {"id": f"pointshold_{hold}", "heldPoints": "20", "basket": "B1", "isOpen": True}
    with calendar("2026-06-03"):
        assert await points(owner, ana) == (150, 50, 100, 0, 0)
        assert await points(owner, ana, "2026-06-01T13:00:00Z") == (150, 30, 100, 20, 0)
        assert await points(owner, ana, "2026-07-02T12:00:00Z") == (
            150,
            150,
            0,
            0,
            0,
        )  # what is to come, if nothing happens
    with calendar("2026-07-01"):
        assert await points(owner, ana) == (150, 150, 0, 0, 0)


async def test_debt_is_settled_by_what_comes_in(owner: Owner, calendar: Callable[[str], Any]) -> None:
    """Earn 100, redeem 100, and the 100 are taken back: 100 are owed. Earn 30: -70. Earn 100: 30."""
    with calendar("2026-05-01"):
        ana = await owner.customer()
        await owner.gives(ana, 100, kind="EARN")
        await owner.takes(ana, 100, kind="REDEEM")
        await owner.posts(
            ana, POINTS, lambda account: account.take_back("REVERSE", 100, owner.cause("REFUND", account.present), [])
        )
        assert await points(owner, ana) == (-100, 0, 0, 0, 100)
    with calendar("2026-05-02"):
        await owner.gives(ana, 30, kind="EARN")
        assert await points(owner, ana) == (-70, 0, 0, 0, 70)
    with calendar("2026-05-03"):
        await owner.gives(ana, 100, kind="EARN")
        assert await points(owner, ana) == (30, 30, 0, 0, 0)
        assert await points(owner, ana, "2026-05-01T13:00:00Z") == (-100, 0, 0, 0, 100)
        assert await points(owner, ana, "2026-05-02T13:00:00Z") == (-70, 0, 0, 0, 70)


async def test_the_limit_of_a_group(owner: Owner) -> None:
    ana = await owner.customer()
    await owner.gives(ana, 1_000, "USD")
    group = (await owner.asks(ana, "group { id creditLimit { amount } }"))["group"]
    assert group["creditLimit"] is None
    await owner.limits(group["id"], 5_000)
    found = await owner.asks(ana, "group { creditLimit { amount currencyCode } } " + CREDIT, at=None)
    assert found["group"]["creditLimit"] == {"amount": "50.00", "currencyCode": "USD"}
    assert {name: one["amount"] for name, one in found["credit"].items() if name != "currencyCode"} == {
        "available": "60.00",
        "balance": "10.00",
        "creditLimit": "50.00",
        "debt": "0.00",
        "held": "0.00",
        "pending": "0.00",
    }
    await owner.takes(ana, 3_000, "USD", limit=5_000)
    assert (await credit(owner, ana))["balance"] == "-20.00"
    assert (await credit(owner, ana))["available"] == "30.00"
    yen = await owner.asks(ana, 'credit(currencyCode: "JPY") { available { amount } creditLimit { amount } }')
    assert yen["credit"] == {"available": {"amount": "0"}, "creditLimit": {"amount": "0"}}


async def test_a_life_from_the_last_activity_on(owner: Owner, calendar: Callable[[str], Any]) -> None:
    soon = "points { expiringSoon(withinDays: 366) { expiresAt } }"
    with calendar("2026-01-01"):
        ana = await owner.customer()
        await owner.gives(ana, 100, kind="EARN", life="P3M")
    with calendar("2026-03-01"):
        await owner.takes(ana, 10, kind="REDEEM")
        [lot] = (await owner.asks(ana, soon))["points"]["expiringSoon"]
        assert lot["expiresAt"][:10] == "2026-06-01"
    with calendar("2026-07-01"):
        assert await points(owner, ana) == (0, 0, 0, 0, 0)
        assert await points(owner, ana, "2026-05-31T12:00:00Z") == (90, 90, 0, 0, 0)
        assert await points(owner, ana, "2026-06-02T12:00:00Z") == (0, 0, 0, 0, 0)
        [lot] = (await owner.asks(ana, soon.replace("points", "points(at: $at)", 1), at="2026-02-01T12:00:00Z"))[
            "points"
        ]["expiringSoon"]
        assert lot["expiresAt"][:10] == "2026-04-01"


async def test_a_life_goes_on_after_a_merge(owner: Owner, calendar: Callable[[str], Any]) -> None:
    """Who was merged was active, too: from then on what both had lives as long."""
    with calendar("2026-01-01"):
        ana, other = await owner.customer(), await owner.customer("Bo")
        await owner.gives(ana, 100, kind="EARN", life="P3M")
    with calendar("2026-02-20"):
        await owner.gives(other, 10, kind="EARN", life="P3M")
    with calendar("2026-03-01"):
        await owner.merges(ana, other)
        assert await points(owner, ana) == (110, 110, 0, 0, 0)
    with calendar("2026-06-01"):
        assert await points(owner, ana) == (0, 0, 0, 0, 0)
        assert await points(owner, ana, "2026-05-19T12:00:00Z") == (110, 110, 0, 0, 0)
        assert await points(owner, ana, "2026-05-21T12:00:00Z") == (0, 0, 0, 0, 0)
        assert await points(owner, ana, "2026-02-25T12:00:00Z") == (100, 100, 0, 0, 0)


async def test_a_page_of_entries(owner: Owner, calendar: Callable[[str], Any]) -> None:
    """The one recorded last comes first, whatever its date."""
    ana = await owner.customer()
    with calendar("2026-05-01"):
        for n in range(1, 6):
            await owner.gives(ana, n, at=noon(f"2026-05-{10 - n:02}"))
    page = """points { entries(first: $first, after: $after) {
      totalCount pageInfo { hasNextPage endCursor } nodes { pointsDelta pointsAfter } } }"""
    one = (await owner.asks(ana, page, first=2, after=None))["points"]["entries"]
    assert (one["totalCount"], one["pageInfo"]["hasNextPage"]) == (5, True)
    assert [node["pointsDelta"] for node in one["nodes"]] == ["5", "4"]
    two = (await owner.asks(ana, page, first=3, after=one["pageInfo"]["endCursor"]))["points"]["entries"]
    assert two["pageInfo"]["hasNextPage"] is False
    assert [(node["pointsDelta"], node["pointsAfter"]) for node in two["nodes"]] == [("3", "6"), ("2", "3"), ("1", "1")]
    with calendar("2026-05-20"):
        then = await owner.asks(
            ana, "points(at: $at) { balance entries { totalCount nodes { pointsDelta } } }", at="2026-05-06T12:00:00Z"
        )
        assert then["points"] == {
            "balance": "9",
            "entries": {"totalCount": 2, "nodes": [{"pointsDelta": "5"}, {"pointsDelta": "4"}]},
        }


@pytest.mark.one_executor
async def test_a_level_is_a_constant_number_of_statements(owner: Owner) -> None:
    """Fifty customers with credit, points and the last five entries of each are asked by as many statements as one."""
    document = """query($first: Int) { customers(first: $first) { nodes { id
      credit { available { amount } balance { amount } entries(first: 5) { nodes { kind delta { amount } } } }
      points { available balance entries(first: 5) { nodes { kind pointsDelta } } } } } }"""
    for n in range(50):
        customer = await owner.customer(f"Ana{n}")
        for _ in range(2):
            await owner.gives(customer, 100 + n)
            await owner.gives(customer, 100 + n, "USD")
    sqlite = owner.shop.database.engine == "sqlite"
    for first in (1, 50):
        with statements(owner.shop, 11 if sqlite else 5):
            found = (await owner.api.data(document, first=first))["customers"]["nodes"]
        assert len(found) == first
        assert all(len(one["points"]["entries"]["nodes"]) == 2 for one in found)
        assert all(int(one["points"]["available"]) >= 200 for one in found)


async def test_nobody_sees_them_without_the_permission(owner: Owner) -> None:
    ana = await owner.customer()
    await owner.gives(ana, 20)
    reader = owner.by("reader", own=["credit.view", "customers.view"])
    answer = await reader.ask(
        "query($id: ID!) { customer(id: $id) { credit { balance { amount } } points { balance } } }", id=ana
    )
    assert answer.data["customer"] == {"credit": {"balance": {"amount": "0.00"}}, "points": None}
    assert answer.codes == ["FORBIDDEN"]


@pytest.mark.parametrize("days", [-1, 367])
async def test_days_that_are_too_many_or_too_few(owner: Owner, days: int) -> None:
    ana = await owner.customer()
    document = (
        "query($id: ID!, $days: Int) { customer(id: $id) { points { expiringSoon(withinDays: $days) { remaining } } } }"
    )
    assert (await owner.api.ask(document, id=ana, days=days)).codes == ["BAD_USER_INPUT"]


async def test_a_shop_in_yen(open_loyalty: OpenLoyalty) -> None:
    shop: Shop = await open_loyalty(currency="JPY")
    owner = Owner(shop)
    ana = await owner.customer()
    await owner.gives(ana, 1_050, "JPY")
    assert (await credit(owner, ana))["available"] == "1050"
