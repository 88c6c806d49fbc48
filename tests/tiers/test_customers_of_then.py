"""Criteria that go by what the customer was: whoever is changed is measured anew, whatever happens at the same time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

import regulars_tiers
from regulars_core.customers.changes import assign_group
from regulars_core.groups.service import create_group
from regulars_core.plugin import NoSettings, Plugins, PurchaseFact, RuleKind, Shop, hookimpl, plugins_on
from regulars_core.testing import opened_shop
from regulars_tiers.rules.criteria import CriterionKind
from tests.tiers.conftest import Owner
from tests.tiers.test_overtaken import decree, elsewhere

VIPS: set[str] = set()
"""The ids of groups."""


def _young(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
    born = (fact.customer.birth_date for fact in facts if fact.counted and fact.customer)
    return sum(one is not None and one.year >= 2000 for one in born)


def _vip(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
    return sum(fact.counted and fact.customer is not None and fact.customer.group_id in VIPS for fact in facts)


class Kinds:
    """A plugin that brings them."""

    @hookimpl
    def regulars_rules(self) -> Sequence[RuleKind]:
        return [
            CriterionKind("YOUNG", NoSettings, "Purchases of the young", _young, is_monotone=True, reads=("customer",)),
            CriterionKind("VIP", NoSettings, "Purchases as a VIP", _vip, is_monotone=True, reads=("customer",)),
        ]


def _two(metric: str) -> dict[str, Any]:
    criterion = {"metric": metric, "threshold": "2", "window": "LIFETIME"}
    tiers = [{"code": "A", "name": "A", "criteria": [[criterion]]}, {"code": "C", "name": "C"}]
    return {"grace_days": 0, "tiers": tiers}


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers, "kinds": Kinds()})


@pytest.fixture
async def tiers(database_url: str, plugins: Plugins, no_settings_from_outside: None) -> AsyncIterator[Shop]:
    async with opened_shop(database_url, plugins) as shop:
        yield shop


async def test_a_changed_customer_is_measured_anew(owner: Owner) -> None:
    await decree(owner.shop, _two("YOUNG"))
    customer, other = await owner.customer(), await owner.customer("Bo")
    for day in (1, 2):
        await owner.sells(customer, "10.00", f"2026-01-0{day}")
    for born, tier in (("2005-01-01", "A"), ("1990-01-01", "C")):
        for one in (customer, other):
            await owner.api.done("customerUpdate", "customer { id }", {"id": one, "birthDate": born})
        assert await owner.tier(customer) == tier
        assert await owner.wrong() == []
    assert [one[1:] for one in await owner.history(customer)] == [
        ("C", "A", "REASSESSMENT"),
        ("A", "C", "REASSESSMENT"),
    ]


@pytest.mark.parametrize("first", ["who sells", "who moves"])
async def test_who_is_moved_into_a_group_while_somebody_sells(
    owner: Owner, database_url: str, plugins: Plugins, first: str
) -> None:
    """Whichever comes first, what counts is the group at the moment of each purchase."""
    await decree(owner.shop, _two("VIP"))
    group = await create_group(owner.shop, "VIPs", None)
    VIPS.add(group)
    customer, begun, go_on = await owner.customer(), asyncio.Event(), asyncio.Event()
    async with opened_shop(database_url, plugins) as other:
        rival = elsewhere(other)

        async def move(shop: Shop) -> None:
            await assign_group(shop, [customer.partition("_")[2]], group)

        async def sell(one: Owner) -> None:
            for _ in range(2):
                given = {
                    "reference": f"N{next(one._numbers)}",
                    "customerId": customer,
                    "lines": [{"name": "Tea", "total": "9"}],
                }
                await one.api.done("purchaseRecord", "created", given)

        async def slowly() -> None:
            await (sell(rival) if first == "who sells" else move(other))
            await other.database.rows("SELECT 1")  # what waits is sent
            begun.set()
            await go_on.wait()

        slow = asyncio.create_task(other.database.transaction(slowly))
        await begun.wait()
        await asyncio.sleep(0.02)
        quick = asyncio.create_task(move(owner.shop) if first == "who sells" else sell(owner))
        await asyncio.wait({quick}, timeout=0.5)
        go_on.set()
        await asyncio.gather(slow, quick)
    assert await owner.wrong() == []
