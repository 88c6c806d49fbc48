"""Finding and ordering customers by what they have: exactly by what is shown, also where something is due."""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
import time_machine

from regulars_core.plugin import DAY_MS, now
from tests.loyalty.conftest import Owner
from tests.loyalty.random_ledgers import CUSTOMERS, filled

SHOWN = """{ customers(first: 60) { nodes { id points { available expiringSoon(withinDays: 20) { remaining } }
  credit { available { amount } } } } }"""
FOUND = "query($where: CustomerWhere) { customers(first: 60, where: $where) { totalCount nodes { id } } }"
ORDERED = "query($by: CustomerOrderBy) { customers(first: 60, orderBy: $by) { nodes { id } } }"
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "gte": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "lte": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
}


async def found(owner: Owner, where: Any) -> set[str]:
    customers = (await owner.api.data(FOUND, where=where))["customers"]
    assert customers["totalCount"] == len(customers["nodes"])
    return {one["id"] for one in customers["nodes"]}


async def ordered(owner: Owner, field: str, direction: str) -> list[str]:
    nodes = (await owner.api.data(ORDERED, by={"field": field, "direction": direction}))["customers"]["nodes"]
    return [one["id"] for one in nodes]


@pytest.mark.parametrize("seed", [1, 2])
async def test_it_is_what_is_shown(owner: Owner, seed: int) -> None:
    """Of customers to whom anything has happened: at once, and days later, when nothing that is due was written down."""
    random = Random(seed)
    ids = await filled(owner, random)
    await owner.customer("Nobody")
    group = (await owner.api.done("customerGroupCreate", "customerGroup { id }", {"name": "May owe"}))["customerGroup"][
        "id"
    ]
    await owner.limits(group, 25)
    for id_ in ids[:10]:
        await owner.api.done("customerUpdate", "customer { id }", {"id": f"customer_{id_}", "groupId": group})
    present, seen = now(), set[Any]()
    for days in (0, 3, 30):
        at = datetime.fromtimestamp((present + days * DAY_MS) / 1000, UTC)
        with time_machine.travel(at, tick=False):
            nodes = (await owner.api.data(SHOWN))["customers"]["nodes"]
            points = {one["id"]: int(one["points"]["available"]) for one in nodes}
            credit = {one["id"]: int(one["credit"]["available"]["amount"].replace(".", "")) for one in nodes}
            soon = {one["id"] for one in nodes if one["points"]["expiringSoon"]}
            assert len(nodes) == CUSTOMERS + 1
            for bound in (-1, 0, 1, 25, 60):
                for name, holds in OPERATORS.items():
                    wanted = {id_ for id_, value in points.items() if holds(value, bound)}
                    assert await found(owner, {"points": {name: str(bound)}}) == wanted, (days, name, bound)
                    wanted = {id_ for id_, value in credit.items() if holds(value, bound)}
                    amount = f"{bound / 100:.2f}"
                    assert await found(owner, {"credit": {name: amount}}) == wanted, (days, name, bound)
            for value in {0, *list(points.values())[:3]}:
                wanted = {id_ for id_, each in points.items() if each == value}
                assert await found(owner, {"points": {"eq": str(value)}}) == wanted
            between = {id_ for id_, each in points.items() if 0 <= each < 40}
            assert await found(owner, {"points": {"gte": "0", "lt": "40"}}) == between
            assert await found(owner, {"pointsExpireInDays": 20}) == soon
            for field, values in (("POINTS", points), ("CREDIT", credit)):
                ascending = sorted(values, key=lambda id_: (values[id_], id_))
                assert await ordered(owner, field, "ASC") == ascending
                assert await ordered(owner, field, "DESC") == ascending[::-1]
            seen |= {tuple(sorted(points.values())), tuple(sorted(credit.values())), frozenset(soon)}
    assert len(seen) > 5  # time changes it


async def test_pages_by_points(owner: Owner) -> None:
    customers = [await owner.customer(f"Ana{n}") for n in range(5)]
    for n, customer in enumerate(customers):
        await owner.gives(customer, 10 * (n + 1))
    document = """query($after: String) { customers(first: 2, after: $after, orderBy: { field: POINTS, direction: DESC }) {
      pageInfo { hasNextPage endCursor } nodes { id } } }"""
    found, after = [], None
    while True:
        page = (await owner.api.data(document, after=after))["customers"]
        found += [one["id"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == customers[::-1]


async def test_a_life_that_an_activity_prolongs(owner: Owner, calendar: Callable[[str], Any]) -> None:
    """Who is active keeps what would have ended; also where the one who gives does not look at what there was."""
    with calendar("2026-01-01"):
        ana = await owner.customer()
        await owner.gives(ana, 100, kind="EARN", life="P3M")
    with calendar("2026-03-01"):
        await owner.gives(ana, 10, kind="EARN", life="P3M")
    with calendar("2026-04-15"):
        assert await found(owner, {"points": {"eq": "110"}}) == {ana}
        assert await found(owner, {"pointsExpireInDays": 40}) == set()
        assert await found(owner, {"pointsExpireInDays": 60}) == {ana}
    with calendar("2026-06-02"):
        assert await found(owner, {"points": {"eq": "0"}}) == {ana}


@pytest.mark.parametrize("days", [-1, 367])
async def test_days_that_are_too_many_or_too_few(owner: Owner, days: int) -> None:
    answer = await owner.api.ask(FOUND, where={"pointsExpireInDays": days})
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_nobody_finds_by_what_they_may_not_see(owner: Owner) -> None:
    reader = owner.by("reader", own=["customers.view", "credit.view"])
    for where in ({"points": {"gte": "1"}}, {"pointsExpireInDays": 1}):
        assert (await reader.ask(FOUND, where=where)).codes == ["FORBIDDEN"]
    assert (await reader.ask(ORDERED, by={"field": "POINTS"})).codes == ["FORBIDDEN"]
    assert not (await reader.ask(FOUND, where={"credit": {"gte": "1"}})).errors
    assert not (await reader.ask(ORDERED, by={"field": "CREDIT"})).errors
