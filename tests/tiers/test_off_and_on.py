"""Off for a week of changes and on again, it is as if tiers had never been off."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import regulars_tiers
from regulars_core.plugin import Shop, plugins_on
from regulars_core.testing import (
    Databases,
    Engine,
    ImportOptions,
    OpenShop,
    import_customers,
    import_purchases,
    opened_shop,
)
from tests.tiers.conftest import OpenTiers, Owner, noon_of

ON, OFF = plugins_on({"tiers": regulars_tiers}), plugins_on()
CUSTOMERS = "code,first_name,last_name,created_at\nI-1,Imre,Io,2025-12-01T09:00:00Z\nI-2,Ines,Io,2026-01-12T09:00:00Z\n"
PURCHASES = """reference,purchased_at,customer_code,email,name,total
F1,2025-12-20T10:00:00Z,I-1,,Tea,2100.00
F2,2026-01-13T10:00:00Z,I-1,,Tea,30.00
F3,2026-01-13T11:00:00Z,I-2,,Tea,250.00
F4,2025-12-24T10:00:00Z,,ana@example.com,Tea,220.00
"""
ALL = """query($first: DateTime!, $last: DateTime!) {
    customers(first: 20, orderBy: {field: NAME}) { nodes { firstName tier { code }
        first: tier(at: $first) { code } last: tier(at: $last) { code }
        tierStanding { since source mode reason until grace { endsAt fallsTo { code } } atRisk { on fallsTo { code } }
            progress { tier { code } criteria { description value missing until } }
            explanation { at purchaseCount criterion { description value } purchases { reference } } } } }
    tierDistribution { tier { code } customerCount totalSpent { amount } } }"""


@pytest.fixture
async def urls(engine: Engine, databases: Databases) -> AsyncIterator[list[str]]:
    """Two databases."""
    made = [await databases.migrated(engine, ON.apps) for _ in range(2)]
    yield made
    for url in made:
        databases.drop(url)


class Regulars(Owner):
    """Whom the shop knows, by first name, and what they bought."""

    def __init__(self, shop: Shop, known: dict[str, str]) -> None:
        super().__init__(shop)
        self.known = known

    async def comes(self, name: str, **given: Any) -> None:
        made = await self.api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li", **given})
        self.known[name] = made["customer"]["id"]

    async def buys(self, name: str, reference: str, total: str, day: str) -> None:
        given = {"reference": reference, "customerId": self.known[name], "purchasedAt": f"{day}T12:00:00Z",
                 "lines": [{"name": "Tea", "total": total}]}  # fmt: skip
        made = await self.api.done("purchaseRecord", "purchase { id }", given)
        self.known[reference] = made["purchase"]["id"]


async def before(owner: Regulars) -> None:
    """With tiers: purchases, a tier to begin with, and tiers that somebody gives."""
    with noon_of("2025-10-01"):
        for name in ("Ana", "Bo", "Cy", "Di", "Ed"):
            await owner.comes(name, email=f"{name}@example.com")
        await owner.buys("Ana", "A1", "520.00", "2025-10-01")
        await owner.buys("Bo", "B1", "5200.00", "2025-10-01")
        await owner.buys("Cy", "C1", "300.00", "2025-10-01")
    with noon_of("2026-01-09"):
        await owner.comes("Fay", tier="B")
        exact = {"customerId": owner.known["Di"], "tier": "A", "reason": "A friend", "mode": "EXACT"}
        await owner.api.done("tierAssign", "customer { id }", {**exact, "until": "2026-01-14T00:00:00Z"})
        await owner.api.done(
            "tierAssign", "customer { id }", {**exact, "customerId": owner.known["Ed"], "mode": "FLOOR"}
        )
        await owner.api.done("tierClear", "customer { id }", {"customerId": owner.known["Ed"]})
        await owner.buys("Di", "D1", "210.00", "2026-01-08")


async def the_week(owner: Regulars, files: Path) -> None:
    """Purchases, of days past too, refunds, voids, customers, files; and tiers and assignments that end meanwhile."""
    with noon_of("2026-01-11"):
        await owner.comes("Gus")
        await owner.buys("Gus", "G1", "600.00", "2026-01-11")
        await owner.buys("Ed", "E1", "2500.00", "2025-12-30")
        await owner.refunds(owner.known["B1"], "5100.00", "2026-01-11")
    with noon_of("2026-01-13"):
        await owner.buys("Gus", "G2", "40.00", "2026-01-13")
        await owner.refunds(owner.known["G1"], "350.00", "2026-01-13")
        await owner.api.done("purchaseVoid", "purchase { id }", {"purchaseId": owner.known["C1"]})
        await owner.api.done("customerUpdate", "customer { id }", {"id": owner.known["Cy"], "taxId": "7"})
        for name, bring in (("customers", import_customers), ("purchases", import_purchases)):
            report = await bring(owner.shop, files / f"{name}.csv", ImportOptions(), lambda _, __: None)
            assert report.rejected == 0
    with noon_of("2026-01-16"):
        await owner.buys("Fay", "Y1", "5.00", "2026-01-16")
        await owner.refunds(owner.known["E1"], "2500.00", "2026-01-16")


async def test_as_if_never_off(urls: list[str], tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "purchases.csv").write_text(PURCHASES)
    seen = []
    for url, week in zip(urls, (ON, OFF), strict=True):
        known: dict[str, str] = {}
        async with opened_shop(url, ON) as shop:
            await before(Regulars(shop, known))
        async with opened_shop(url, week) as shop:
            stale = await kept(shop)
            await the_week(Regulars(shop, known), tmp_path)
            assert (await kept(shop) == stale) is (week is OFF)
        with noon_of("2026-01-17"):
            async with opened_shop(url, ON) as shop:
                owner = Regulars(shop, known)
                assert await owner.wrong() == []
                asked = {"first": "2026-01-01T00:00:00Z", "last": "2026-01-15T00:00:00Z"}
                seen.append((await kept(shop), await owner.api.data(ALL, **asked)))
                await owner.job()
                assert await owner.wrong() == []
    always, again = seen
    assert again == always
    found = {one["firstName"]: one["tier"]["code"] for one in always[1]["customers"]["nodes"]}
    assert found == {
        "Ana": "A",
        "Bo": "C",
        "Cy": "C",
        "Di": "B",
        "Ed": "C",
        "Fay": "B",
        "Gus": "B",
        "Imre": "A",
        "Ines": "B",
    }


async def kept(shop: Shop) -> list[tuple[Any, ...]]:
    """The periods of all customers, by name."""
    rows = await shop.database.rows(
        "SELECT c.first_name, s.begins, s.ends, s.tier, s.position FROM tier_spell s"
        " JOIN customer c ON c.id = s.customer_id ORDER BY c.first_name, s.begins"
    )
    return [tuple(row) for row in rows]


async def test_who_bought_before_the_plugin_was_ever_on(open_shop: OpenShop, open_tiers: OpenTiers) -> None:
    bare = Owner(await open_shop(plugins=OFF))
    customer = await bare.customer()
    await bare.sells(customer, "6000.00", "2026-01-05")
    owner = Owner(await open_tiers())
    assert await owner.job() == 1
    assert await owner.tier(customer) == "A"
    assert await owner.job() == 0
    assert await owner.wrong() == []
