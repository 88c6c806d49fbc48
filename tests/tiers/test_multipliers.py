"""By what a tier multiplies points: of sales while they are recorded, and of those that are."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from regulars_core.plugin import (
    Instant,
    Lookup,
    NoSettings,
    PurchaseFact,
    PurchaseOutline,
    RecordedPurchase,
    RuleKind,
    Shop,
    fact_of,
    hookimpl,
    instant_of,
)
from regulars_core.testing import ImportOptions, import_purchases, statements
from regulars_tiers.plugin import (
    CriterionKind,
    NotLookedUp,
    Sale,
    multiplier_lookups,
    multipliers,
    read_multipliers,
)
from regulars_tiers.policy_versions import versions_of
from tests.tiers.conftest import OpenTiers, Owner, noon_of
from tests.tiers.test_overtaken import decree

TWO, HALF = Decimal("2"), Decimal("1.5")


def policy(trigger: bool, *, metric: str = "NET_SPEND", days: int | None = None) -> dict[str, Any]:
    window = {"window": "ROLLING", "days": days} if days else {"window": "LIFETIME"}

    def tier(code: str, threshold: str, value: str) -> dict[str, Any]:
        criteria = [[{"metric": metric, "threshold": threshold, **window}]]
        benefits = [
            {"text": "A smile"},
            {"text": "Free delivery", "kind": "DELIVERY", "value": "7"},
            {"text": "More points", "kind": "POINTS_MULTIPLIER", "value": value},
        ]
        return {"code": code, "name": code, "criteria": criteria, "benefits": benefits}

    tiers = [tier("A", "500", "2"), tier("B", "200", "1.5"), {"code": "C", "name": "C"}]
    return {"grace_days": 10, "upgrade_applies_to_trigger": trigger, "tiers": tiers}


class Points:
    """A plugin that asks for the multiplier of each purchase, as one that keeps points does; and brings a criterion that reads
    who buys and what."""

    def __init__(self) -> None:
        self.heard: dict[str, Decimal | None] = {}

    @hookimpl
    def regulars_rules(self) -> Sequence[RuleKind]:
        return [
            CriterionKind("TEA", NoSettings, "Tea for the group", _tea, is_monotone=True, reads=("customer", "lines"))
        ]

    @hookimpl
    def purchases_recorded_lookups(self, shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
        return multiplier_lookups(shop, [Sale(one.customer_id, one.purchased_at) for one in purchases])

    @hookimpl
    async def purchases_recorded(
        self, shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]
    ) -> None:
        sales = [Sale(one.customer_id, one.purchased_at, fact_of(shop, one, lines=True)) for one in purchases]
        try:
            own = multipliers(shop, sales, found)
        except NotLookedUp:
            own = await read_multipliers(shop, sales)
        self.heard |= zip((one.reference for one in purchases), own, strict=True)


def _tea(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
    cups = [line for fact in facts if fact.customer for line in fact.lines if line.name == "Tea" and line.stands]
    return 100 * len(cups)


@pytest.fixture
def points() -> Points:
    return Points()


@pytest.fixture
async def owner(open_tiers: OpenTiers, points: Points) -> Owner:
    return Owner(await open_tiers({"points": points}))


async def recorded(owner: Owner) -> dict[str, Decimal | None]:
    """The multipliers of all purchases that are recorded, by reference, read in one go."""
    rows = await owner.shop.database.rows(
        "SELECT reference, customer_id, purchased_at FROM purchase ORDER BY reference"
    )
    found = await read_multipliers(owner.shop, [Sale(one, at) for _, one, at in rows])
    return {row[0]: multiplier for row, multiplier in zip(rows, found, strict=True)}


@pytest.mark.parametrize(
    ("trigger", "heard"), [(False, [None, HALF, HALF, TWO, TWO]), (True, [HALF, HALF, TWO, TWO, TWO])]
)
async def test_before_the_purchase_or_after_it(owner: Owner, points: Points, trigger: bool, heard: list[Any]) -> None:
    await decree(owner.shop, policy(trigger))
    customer = await owner.customer()
    for day, total in enumerate(("200.00", "100.00", "200.00", "5.00", "1.00"), 1):
        await owner.sells(customer, total, f"2026-01-0{day}")
    assert list(points.heard.values()) == heard
    assert await recorded(owner) == points.heard
    document = "{ purchases(first: 9) { nodes { reference tier { benefits { kind value } } } } }"
    for node in (await owner.api.data(document))["purchases"]["nodes"]:
        own = [one["value"] for one in node["tier"]["benefits"] if one["kind"] == "POINTS_MULTIPLIER"]
        assert own == [format(points.heard[node["reference"]], "f")] if points.heard[node["reference"]] else own == []


async def test_nobodys_purchase_has_none(owner: Owner, points: Points) -> None:
    given = {"reference": "N1", "lines": [{"name": "Tea", "total": "900.00"}]}
    await owner.api.done("purchaseRecord", "created", given)
    assert points.heard == {"N1": None} == await recorded(owner)
    assert multiplier_lookups(owner.shop, [Sale(None, Instant(0))]) == []


async def test_purchases_of_a_file_lift_each_other(owner: Owner, points: Points, tmp_path: Path) -> None:
    await decree(owner.shop, policy(True))
    file = tmp_path / "purchases.csv"
    rows = [f"F{n},2026-01-0{n}T10:00:00Z,ana@example.com,Tea,150.00" for n in (4, 1, 2, 3)]
    await owner.api.done(
        "customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li", "email": "ana@example.com"}
    )
    file.write_text("reference,purchased_at,email,name,total\n" + "\n".join(rows) + "\n")
    assert (await import_purchases(owner.shop, file, ImportOptions(), lambda _, __: None)).rejected == 0
    assert points.heard == {"F1": None, "F2": HALF, "F3": HALF, "F4": TWO} == await recorded(owner)


@pytest.mark.parametrize("days", [None, 60])
@pytest.mark.parametrize("metric", ["NET_SPEND", "TEA"])
async def test_at_random_it_is_what_is_stored_afterwards(
    owner: Owner, points: Points, metric: str, days: int | None, open_tiers: OpenTiers
) -> None:
    """Of any day, with refunds and a tier that somebody gives, and in a process that has just begun too."""
    chance = Random(f"{metric}{days}")
    with noon_of("2026-05-01"):
        await decree(owner.shop, policy(True, metric=metric, days=days))
        customers, sold = [await owner.customer(name) for name in ("Ana", "Bo")], list[str]()
        given = {"customerId": customers[1], "tier": "B", "reason": "A friend", "mode": "FLOOR"}
        await owner.api.done("tierAssign", "customer { id }", given)
        for n in range(18):
            if n == 9:
                owner = owner.over(await open_tiers({"points": points}))
                owner._numbers = iter(range(100, 200))  # type: ignore[assignment]
            when = f"2026-0{chance.randint(1, 4)}-{chance.randint(10, 28)}"
            purchase = await owner.sells(chance.choice(customers), chance.choice(["20.00", "150.00", "330.00"]), when)
            reference, heard = list(points.heard.items())[-1]
            assert (await recorded(owner))[reference] == heard, (n, reference)
            sold.append(purchase)
            if chance.random() < 0.2:
                await owner.refunds(sold.pop(chance.randrange(len(sold))), "15.00", "2026-05-01")
    assert {TWO, HALF} <= set(points.heard.values())


async def test_as_many_statements_however_many_sales(owner: Owner) -> None:
    await decree(owner.shop, policy(True))
    sales = [Sale(f"{n:032x}", Instant(n)) for n in range(300)]
    with statements(owner.shop, 1 if owner.shop.database.engine == "postgres" else 2):
        assert await read_multipliers(owner.shop, sales) == [None] * 300
    with statements(owner.shop, 0):
        assert await read_multipliers(owner.shop, [Sale(None, Instant(0))]) == [None]


async def test_who_named_too_little_is_told_so(owner: Owner) -> None:
    """Another process has put a policy in force meanwhile."""
    shop, customer = owner.shop, await owner.customer()
    await versions_of(shop)
    at = instant_of(datetime.fromisoformat("2026-01-05T12:00:00Z"))
    fact = PurchaseFact("f" * 32, at, 739_621, 90_000, True, "0" * 32, None)
    sale = Sale(customer.removeprefix("customer_"), at)
    named = multiplier_lookups(shop, [sale])
    assert len(named) == 2
    await decree(shop, policy(True))
    found = await shop.database.read_together(named)
    assert multipliers(shop, [sale], found) == [None]
    with pytest.raises(NotLookedUp):
        multipliers(shop, [sale._replace(fact=fact)], found)
    assert await read_multipliers(shop, [sale._replace(fact=fact)]) == [TWO]
    assert len(multiplier_lookups(shop, [sale])) == 5
