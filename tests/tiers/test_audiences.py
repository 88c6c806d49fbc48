"""The tier in audiences: that before each purchase, also for who is told of it later."""

from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any

import pytest

import regulars_tiers
from regulars_core.plugin import (
    CustomerMoment,
    Instant,
    Lookup,
    PurchaseOutline,
    RecordedPurchase,
    Shop,
    audience_answers,
    audience_lookups,
    hookimpl,
    now,
    plugins_on,
    read_audiences,
)
from regulars_core.testing import Databases, Engine, opened_shop
from tests.schema.test_audiences import CLUB, KEEP
from tests.tiers.conftest import OpenTiers, Owner, noon_of
from tests.tiers.test_off_and_on import Regulars

TIERS: dict[str, Any] = {code: {"tier": {"in": [code]}} for code in "ABC"}
FIND = "query($where: CustomerWhere) { customers(first: 100, where: $where) { nodes { id } } }"


class Asker:
    """Asks for the tier of each purchase."""

    def __init__(self) -> None:
        self.heard: dict[str, str] = {}

    @hookimpl
    def purchases_recorded_lookups(self, shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
        return audience_lookups(
            shop, TIERS, [(one.customer_id, one.purchased_at) for one in purchases if one.customer_id]
        )

    @hookimpl
    async def purchases_recorded(
        self, shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]
    ) -> None:
        who = [CustomerMoment(str(one.customer_id), one.purchased_at) for one in purchases]
        answers = audience_answers(shop, TIERS, who, found)
        for one, moment in zip(purchases, who, strict=True):
            self.heard[one.reference] = "".join(code for code in TIERS if answers[code, moment])


@pytest.fixture
async def urls(engine: Engine, databases: Databases) -> AsyncIterator[list[str]]:
    made = [await databases.migrated(engine, plugins_on({"tiers": regulars_tiers}).apps) for _ in range(3)]
    yield made
    for url in made:
        databases.drop(url)


async def weeks(owner: Regulars) -> None:
    """Who buys rises, and falls by what is given back afterwards; some purchases are of days past."""
    for day, name, total in ((1, "Ana", "600.00"), (2, "Bo", "250.00"), (3, "Ana", "10.00"), (4, "Bo", "300.00")):
        with noon_of(f"2026-01-0{day}"):
            if name not in owner.known:
                await owner.comes(name)
            await owner.buys(name, f"{name}{day}", total, f"2026-01-0{day}")
    with noon_of("2026-01-05"):
        await owner.buys("Bo", "Bo5", "1.00", "2026-01-05")
        await owner.refunds(owner.known["Bo4"], "300.00", "2026-01-05")
    with noon_of("2026-01-06"):
        await owner.buys("Bo", "Bo6", "1.00", "2026-01-06")
        await owner.refunds(owner.known["Ana1"], "600.00", "2026-01-06")
    with noon_of("2026-01-07"):
        await owner.buys("Ana", "Ana7", "1.00", "2026-01-07")


async def test_told_later_it_is_the_tier_of_then(urls: list[str]) -> None:
    """Whether tiers were on meanwhile, and so know more, or were told later too."""
    heard = []
    for url, meanwhile in zip(urls, ("all", "tiers", "none"), strict=True):
        asker = Asker()
        everybody = plugins_on({"tiers": regulars_tiers, "asker": asker})
        on = {"all": everybody, "tiers": everybody.without("asker"), "none": plugins_on()}[meanwhile]
        async with opened_shop(url, everybody):
            pass
        async with opened_shop(url, on) as shop:
            await weeks(Regulars(shop, {}))
        with noon_of("2026-01-08"):
            async with opened_shop(url, everybody):
                heard.append(asker.heard)
    assert heard[0] == {
        "Ana1": "C", "Bo2": "C", "Ana3": "A", "Bo4": "B", "Bo5": "A", "Bo6": "B", "Ana7": "C",
    }  # fmt: skip
    assert heard[1:] == [heard[0]] * 2


async def test_now_they_find_whom_filters_find(owner: Owner) -> None:
    chance, customers = Random(3), [await owner.customer(name) for name in ("Ana", "Bo", "Cy", "Di", "Ed")]
    with noon_of("2026-03-01"):
        for one in customers[1:]:
            for _ in range(chance.randint(1, 3)):
                day = f"2026-0{chance.randint(1, 2)}-{chance.randint(10, 28)}"
                await owner.sells(one, chance.choice(["30.00", "210.00", "520.00"]), day)
        keys = [one.removeprefix("customer_") for one in customers]
        seen = set[str]()
        for codes in ([], ["A"], ["B"], ["C"], ["A", "C"], ["X"]):
            leaf = {"tier": {"in": codes}}
            for where in (leaf, {"not": leaf}, {"any": [leaf, {"totalSpent": {"gte": "500.00"}}]}):
                at = now()
                answers = await read_audiences(owner.shop, {0: where}, [(key, at) for key in keys])
                ours = {key for key in keys if answers[0, CustomerMoment(key, at)]}
                nodes = (await owner.api.data(FIND, where=where))["customers"]["nodes"]
                assert {node["id"].removeprefix("customer_") for node in nodes} == ours
                seen.add(str(sorted(ours)))
        assert len(seen) > 5


async def test_by_the_policy_of_then_who_has_no_periods_has_the_lowest(owner: Owner) -> None:
    who = [CustomerMoment("9" * 32, Instant(0)), CustomerMoment("9" * 32, now())]
    answers = await read_audiences(owner.shop, TIERS, who)
    assert [code for code in TIERS for one in who if answers[code, one]] == ["C", "C"]


async def test_with_tiers_off_it_is_for_nobody(owner: Owner, database_url: str) -> None:
    customer = (await owner.customer()).removeprefix("customer_")
    async with opened_shop(database_url) as shop:
        at = now()
        answers = await read_audiences(shop, {**TIERS, "not": {"not": TIERS["A"]}, "": None}, [(customer, at)])
        assert [key for (key, _), holds in answers.items() if holds] == [""]


async def test_an_instant_of_its_own_means_nothing_there(open_tiers: OpenTiers) -> None:
    owner = Owner(await open_tiers({"club": CLUB}))
    at = {"tier": {"in": ["A"], "at": "2026-01-01T00:00:00Z"}}
    assert (await owner.api.data(KEEP, where={"not": at}))["keep"] == [
        "INVALID_AUDIENCE input.rules.0.audience.not.tier.at"
    ]
    assert (await owner.api.data(KEEP, where=TIERS["A"]))["keep"] == []
    assert (await owner.api.data("{ kept }"))["kept"] == TIERS["A"]
