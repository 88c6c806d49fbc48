"""Plugins say how urgently customers are to be answered; the highest number counts, and a note is given it."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.plugin import Lookup, Shop, hookimpl, plugins_on
from regulars_core.testing import OpenShop, statements
from regulars_schema.testing import Api


class Club:
    """A plugin by which whoever is called so is more urgent."""

    def __init__(self, name: str, priority: Any) -> None:
        self._name, self._priority = name, priority

    @hookimpl
    def customers_priority_lookups(self, shop: Shop, customers: Sequence[str]) -> Sequence[Lookup]:
        among = shop.database.dialect.among("id", 1)
        return [(f"SELECT id FROM customer WHERE {among} AND first_name = $2", [list(customers), self._name])]

    @hookimpl
    def customers_priority(self, customers: Sequence[str], found: Sequence[Sequence[Any]]) -> Sequence[int]:
        if isinstance(self._priority, Exception):
            raise self._priority
        members = {row[0] for row in found[0]}
        return [self._priority if id_ in members else 0 for id_ in customers]


class Wrong:
    """A plugin that answers something else."""

    @hookimpl
    def customers_priority(self, customers: Sequence[str]) -> Sequence[int]:
        return [7] * (len(customers) + 1)


@pytest.mark.one_executor
async def test_the_highest_counts(open_shop: OpenShop, caplog: pytest.LogCaptureFixture) -> None:
    clubs = {
        "one": Club("Ana", 2), "two": Club("Ana", 5), "low": Club("Bo", -4), "far": Club("Cy", 10**30),
        "failing": Club("Ana", RuntimeError("No.")), "wrong": Wrong(), "text": Club("Ana", "9"),
    }  # fmt: skip
    shop = await open_shop(plugins=plugins_on(clubs))
    api, ids = Api.of(shop), []
    for name in ("Ana", "Bo", "Cy"):
        made = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
        ids.append(made["customer"]["id"])
    with statements(shop, 1 + (1 if shop.database.engine == "postgres" else 3)):
        found = await api.data("{ customers { nodes { firstName priority } } }")
    assert {row["firstName"]: row["priority"] for row in found["customers"]["nodes"]} == {
        "Ana": 5,
        "Bo": 0,
        "Cy": 1_000,
    }
    assert "the priorities of the plugin 'failing'" in caplog.text
    for about, said, priority in ((ids[0], {}, 5), (ids[0], {"priority": 1}, 1), (ids[1], {}, 0)):
        written = await api.done("noteAdd", "note { id priority }", {"customerId": about, "body": "Hi", **said})
        assert written["note"]["priority"] == priority
    asked = await api.done("correctionRequest", "note { id priority }", {"customerId": ids[0], "body": "Hi"})
    assert asked["note"]["priority"] == 5
    given = {"id": asked["note"]["id"], "priority": None}
    await api.done("noteUpdate", "note { id }", {**given, "priority": 900})
    assert (await api.done("noteUpdate", "note { priority }", given))["note"]["priority"] == 5


async def test_without_any_such_plugin_everybody_is_as_usual(open_shop: OpenShop) -> None:
    shop = await open_shop()
    api = Api.of(shop)
    await api.done("customerCreate", "created", {"firstName": "Ana", "lastName": "Li"})
    with statements(shop, 1):
        found = await api.data("{ customers { nodes { priority } } }")
    assert found["customers"]["nodes"] == [{"priority": 0}]
