"""Audiences of promotions: by any leaves, and which of their conditions does not hold."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from regulars_core.plugin import (
    AudienceFacts,
    AudienceLeaf,
    CustomerMoment,
    Instant,
    Leaf,
    Shop,
    compared,
    hookimpl,
    now,
)
from regulars_rewards.promotions.audiences import Belonging, belonging_lookups, read_belongings
from regulars_rewards.promotions.known import read_promotions
from regulars_schema.plugin import Contribution, CustomerWhere, FilterLeaf
from tests.rewards.conftest import OpenRewards
from tests.rewards.promotions.marketing import Marketing, key


async def belonging(shop: Shop, *customers: str, at: Instant | None = None) -> list[dict[str, Belonging]]:
    """Of each customer, whether they belong to the audience of each promotion, by its name."""
    promotions = (await read_promotions(shop)).promotions
    instant = now() if at is None else at
    found = await read_belongings(shop, promotions, [(key(one), instant) for one in customers])
    names = {one.id: one.name for one in promotions}
    return [
        {names[id_]: told for (id_, who), told in found.items() if who.customer_id == key(one)} for one in customers
    ]


HOLDS = Belonging()


async def test_each_condition_is_asked_by_itself(rewards: Shop) -> None:
    marketing = Marketing(rewards)
    ana = await marketing.customer(email="ana@example.com", birthDate="1990-05-17", tags=["vip"])
    bo = await marketing.customer(firstName="Bo", birthDate="2020-05-17")
    for name, audience in {
        "one": {"hasEmail": True},
        "both": {"hasEmail": True, "age": {"gte": 18}},
        "nested": {"all": [{"age": {"gte": 18}}, {"all": [{"tag": {"in": ["VIP"]}}, {"hasPhone": True}]}]},
        "any": {"any": [{"age": {"gte": 18}}, {"hasEmail": True}]},
        "not": {"not": {"hasEmail": True}},
        "never": {"any": []},
        "mixed": {"any": [{"totalSpent": {"gte": "1.00"}}, {"city": {"in": ["Rome"]}}]},
    }.items():
        await marketing.makes(name, audience=audience)
    await marketing.makes("everybody")
    of_ana, of_bo = await belonging(rewards, ana, bo)
    assert of_ana == {
        "one": HOLDS, "both": HOLDS, "nested": Belonging(("hasPhone",)), "any": HOLDS, "not": Belonging(("hasEmail",)),
        "never": Belonging((None,)), "mixed": Belonging(("totalSpent",)),
    }  # fmt: skip
    assert of_bo == {
        "one": Belonging(("hasEmail",)), "both": Belonging(("hasEmail", "age")),
        "nested": Belonging(("age", "tag", "hasPhone")), "any": Belonging(("age",)), "not": HOLDS,
        "never": Belonging((None,)), "mixed": Belonging(("totalSpent",)),
    }  # fmt: skip


async def test_it_agrees_with_the_list_of_customers(rewards: Shop) -> None:
    marketing = Marketing(rewards)
    ids = [
        await marketing.customer(
            firstName=f"C{n}", **({"email": f"c{n}@example.com"} if n % 2 else {}), tags=[f"t{n % 3}"]
        )
        for n in range(6)
    ]
    audiences: list[dict[str, Any]] = [
        {"hasEmail": True, "tag": {"in": ["t1", "T2"]}},
        {"not": {"all": [{"hasEmail": True}, {"tag": {"in": ["t1"]}}]}},
        {"any": [{"tag": {"in": ["t0"]}}, {"hasEmail": False}], "status": {"in": ["ACTIVE"]}},
        {"createdAt": {"withinDays": 1}, "purchaseCount": {"eq": 0}},
    ]
    for n, audience in enumerate(audiences):
        await marketing.makes(str(n), audience=audience)
    told = await belonging(rewards, *ids)
    for n, audience in enumerate(audiences):
        document = "query($where: CustomerWhere) { customers(first: 100, where: $where) { nodes { id } } }"
        listed = (await marketing.api.data(document, where=audience))["customers"]["nodes"]
        assert {one["id"] for one in listed} == {id_ for id_, one in zip(ids, told, strict=True) if one[str(n)].holds}


async def test_what_has_a_past_is_asked_as_of_then(rewards: Shop, calendar: Callable[[str], Any]) -> None:
    marketing = Marketing(rewards)
    with calendar("2026-03-01"):
        ana = await marketing.customer(birthDate="2008-03-10")
        await marketing.makes("adults", audience={"age": {"gte": 18}})
        then = now()
    with calendar("2026-03-12"):
        assert await belonging(rewards, ana) == [{"adults": HOLDS}]
        assert await belonging(rewards, ana, at=then) == [{"adults": Belonging(("age",))}]


async def test_the_look_ups_do_not_grow(rewards: Shop) -> None:
    marketing = Marketing(rewards)
    ana = await marketing.customer()

    async def named() -> int:
        promotions = (await read_promotions(rewards)).promotions
        return len(belonging_lookups(rewards, promotions, [(key(ana), now())]))

    assert await named() == 0
    await marketing.makes(audience={"age": {"gte": 18}, "hasEmail": True, "totalSpent": {"gte": "5.00"}})
    few = await named()
    for n in range(12):
        await marketing.makes(audience={"age": {"gte": n}, "tag": {"in": [f"t{n}"]}, "totalSpent": {"gte": f"{n}.00"}})
    assert await named() == few <= 5
    with rewards.database.counting() as log:
        await belonging(rewards, ana)
    assert len(log) <= few + 1


def leaf(name: str, conditions: Callable[[bool, Any], Any]) -> FilterLeaf:
    return FilterLeaf(CustomerWhere, name, bool, Leaf(name, compared("c.is_company")), conditions, "Whether so.")


def _fails(*_: Any) -> Any:
    raise ZeroDivisionError


class Strange:
    """Brings a leaf that can be asked once, while it is set, and one for the past that fails."""

    broken = False

    def _conditions(self, wanted: bool, _: Any) -> Sequence[tuple[str, Any]]:
        return _fails() if Strange.broken else [("=", wanted)]

    @hookimpl
    def regulars_schema(self) -> Contribution:
        past = leaf("isPast", lambda wanted, _: [("=", wanted)])
        return Contribution("strange", leaves=[leaf("isStrange", self._conditions), past])

    @hookimpl
    def regulars_audiences(self) -> list[AudienceLeaf]:
        facts = AudienceFacts(
            [lambda shop, who: ("SELECT 1", [])],
            lambda shop, who, rows: _fails() if Strange.broken else {CustomerMoment(*one): True for one in who},
        )
        return [AudienceLeaf("isPast", facts, lambda shop, comparison: lambda fact, at: bool(comparison))]


async def test_a_leaf_that_fails_or_is_off_is_for_nobody(
    open_rewards: OpenRewards, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await open_rewards({"strange": Strange()})
    marketing = Marketing(shop)
    ana = await marketing.customer()
    await marketing.makes("now", audience={"isStrange": False})
    await marketing.makes("not", audience={"not": {"isStrange": True}})
    await marketing.makes("then", audience={"isPast": True})
    await marketing.makes("other", audience={"hasEmail": False})
    assert await belonging(shop, ana) == [{"now": HOLDS, "not": HOLDS, "then": HOLDS, "other": HOLDS}]
    nobody = Belonging(is_unavailable=True)
    monkeypatch.setattr(Strange, "broken", True)
    broken = await open_rewards({"strange": Strange()})
    assert await belonging(broken, ana) == [{"now": nobody, "not": nobody, "then": nobody, "other": HOLDS}]
    without = await open_rewards()
    assert await belonging(without, ana) == [{"now": nobody, "not": nobody, "then": nobody, "other": HOLDS}]
