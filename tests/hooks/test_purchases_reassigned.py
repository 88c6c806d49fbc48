"""Plugins hear of purchases that are given to others, and whose they were."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.plugin import Problem, ReassignedPurchase, Refused, hookimpl, plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.support.stamps import told


async def test_once(asking: Api) -> None:
    made = await asking.done("purchaseRecord", "purchase { id }", basket())
    ana = await asking.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    given = {"purchaseIds": [made["purchase"]["id"]], "customerId": ana["customer"]["id"]}
    for _ in range(2):
        await asking.done("purchasesReassign", "movedCount", given)
    found = [value for key, value in (await told(asking.shop)).items() if key.startswith("purchases_reassigned")]
    assert found == [(500, 1)]


class Hears:
    """Notes from whom and to whom; refuses a purchase of 6.66."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str | None, str | None]] = []

    @hookimpl
    async def purchases_reassigned(
        self, purchases: Sequence[ReassignedPurchase], before: Sequence[str | None], after: Sequence[str | None]
    ) -> None:
        if any(one.total_minor == 666 for one in purchases):
            raise Refused(Problem("UNLUCKY", "Nobody wants it.", ("purchaseIds",)))
        assert [one.before for one in purchases] == list(before)
        assert [one.customer_id for one in purchases] == list(after)
        assert all(one.lines for one in purchases)
        names = (one.reference for one in purchases)
        self.heard += zip(names, before, after, strict=True)


async def test_from_whom_to_whom(open_with: OpenWith) -> None:
    hears = Hears()
    api = Api.of(await open_with(plugins_on({"hears": hears})))
    people: list[Any] = []
    for name in ("Ana", "Bo"):
        person = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
        people.append(person["customer"]["id"])
    ana, bo = (one.removeprefix("customer_") for one in people)
    of_ana = await api.done("purchaseRecord", "purchase { id }", basket("R1", customerId=people[0]))
    nobodys = await api.done("purchaseRecord", "purchase { id }", basket("R2"))
    of_bo = await api.done("purchaseRecord", "purchase { id }", basket("R3", customerId=people[1]))
    ids = [one["purchase"]["id"] for one in (of_ana, nobodys, of_bo)]
    await api.done("purchasesReassign", "movedCount", {"purchaseIds": ids, "customerId": people[1]})
    await api.done("purchasesReassign", "movedCount", {"purchaseIds": ids[:1], "toNobody": True})
    assert hears.heard == [("R1", ana, bo), ("R2", None, bo), ("R1", bo, None)]


@pytest.mark.parametrize("number", [1, 2])
async def test_a_plugin_may_refuse_all_of_them(open_with: OpenWith, number: int) -> None:
    hears = Hears()
    api = Api.of(await open_with(plugins_on({"hears": hears})))
    ids = [
        (await api.done("purchaseRecord", "purchase { id }", basket(f"R{n}", "6.66" if n == 0 else "1.00")))[
            "purchase"
        ]["id"]
        for n in range(number)
    ]
    ana = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    given = {"purchaseIds": ids, "customerId": ana["customer"]["id"]}
    assert await api.refused("purchasesReassign", given) == ["UNLUCKY"]
    data = await api.data("{ purchases { nodes { customer { id } } } }")
    assert [one["customer"] for one in data["purchases"]["nodes"]] == [None] * number
