"""Promotions over the API: made, changed, ended, listed, and refused at the place of what is wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from regulars_core.plugin import MAIN_STORE_ID, NoSettings, Shop, hookimpl, new_id
from regulars_rewards.offers.kinds import OfferDiscountKind
from tests.rewards.conftest import OpenRewards
from tests.rewards.promotions.marketing import PROMOTION, TEN_PERCENT, Marketing, rule


@pytest.fixture
def marketing(rewards: Shop) -> Marketing:
    return Marketing(rewards)


async def test_one_is_made_and_shown_with_everything(marketing: Marketing) -> None:
    made = await marketing.makes(
        "Tea week",
        description="Agreed with the supplier\nuntil June",
        priority=5,
        needsCoupon=True,
        endsAt="2999-01-01T00:00:00Z",
        audience={"hasEmail": True},
        bestOfGroup="tea",
        budget={"amount": "100.00"},
        totalLimit=100,
        perCustomerLimit=2,
        excludesReduced=True,
        isExclusive=True,
        isReusableAfterCancel=False,
        isStackable=False,
        storeIds=[f"store_{MAIN_STORE_ID}"],
        scope={"brands": ["Leaf"], "skus": ["T1", "T1", "T2"], "mode": "ANY_PRESENT"},
        conditions=[rule("BASKET_TOTAL", minimum="10.00")],
    )
    assert made.pop("id").startswith("promotion_")
    assert made.pop("createdAt") == made.pop("updatedAt") == made.pop("startsAt")
    discount = made.pop("discountRule")
    assert (discount["kind"], discount["isAvailable"]) == ("PERCENT", True)
    assert {"name": "percent", "value": "10"} in discount["settings"]
    assert {"name": "minimum", "value": "10.00"} in made.pop("conditions")[0]["settings"]
    assert made == {
        "name": "Tea week", "description": "Agreed with the supplier\nuntil June", "phase": "RUNNING", "priority": 5,
        "needsCoupon": True, "endsAt": "2999-01-01T00:00:00.000Z", "audience": {"hasEmail": True}, "bestOfGroup": "tea",
        "budget": {"amount": "100.00", "currencyCode": "USD"}, "budgetUsed": {"amount": "0.00"}, "totalLimit": 100,
        "perCustomerLimit": 2, "usedCount": 0, "excludesReduced": True, "isExclusive": True, "isReusableAfterCancel": False,
        "isStackable": False, "stores": [{"id": f"store_{MAIN_STORE_ID}"}],
        "scope": {"mode": "ANY_PRESENT", "skus": ["T1", "T2"], "brands": ["Leaf"], "categories": []},
    }  # fmt: skip


async def test_what_is_absent_has_its_default(marketing: Marketing) -> None:
    made = await marketing.makes()
    for name in ("description", "endsAt", "audience", "bestOfGroup", "budget", "budgetUsed", "totalLimit", "scope"):
        assert made[name] is None, name
    assert (made["stores"], made["perCustomerLimit"], made["priority"], made["needsCoupon"]) == (None, None, 0, False)
    assert (made["isStackable"], made["isReusableAfterCancel"]) == (True, True)
    assert (made["isExclusive"], made["excludesReduced"], made["conditions"]) == (False, False, [])


LONG = "x" * 121
UNKNOWN = f"store_{new_id()}"
WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"name": "  "}, [("REQUIRED", "name")]),
    ({"name": LONG}, [("TOO_LONG", "name")]),
    ({"name": "a\0b"}, [("INVALID_TEXT", "name")]),
    ({"description": "y" * 2001}, [("TOO_LONG", "description")]),
    ({"bestOfGroup": "g" * 65}, [("TOO_LONG", "bestOfGroup")]),
    ({"priority": 1001}, [("OUT_OF_RANGE", "priority")]),
    ({"priority": -1001}, [("OUT_OF_RANGE", "priority")]),
    ({"totalLimit": 0}, [("OUT_OF_RANGE", "totalLimit")]),
    ({"perCustomerLimit": -1}, [("OUT_OF_RANGE", "perCustomerLimit")]),
    ({"budget": {"amount": "0.00"}}, [("INVALID_AMOUNT", "budget.amount")]),
    ({"budget": {"amount": "0.001"}}, [("INVALID_AMOUNT", "budget.amount")]),
    ({"budget": {"amount": "1.00", "currencyCode": "EUR"}}, [("CURRENCY_MISMATCH", "budget.currencyCode")]),
    ({"startsAt": "2020-01-01T00:00:00Z"}, [("INVALID_DATE", "startsAt")]),
    ({"endsAt": "2020-01-01T00:00:00Z"}, [("INVALID_DATE", "endsAt")]),
    ({"startsAt": "2998-01-01T00:00:00Z", "endsAt": "2997-01-01T00:00:00Z"}, [("INVALID_DATE", "endsAt")]),
    ({"storeIds": []}, [("REQUIRED", "storeIds")]),
    ({"storeIds": [f"store_{MAIN_STORE_ID}", UNKNOWN]}, [("NOT_FOUND", "storeIds.1")]),
    ({"scope": {}}, [("REQUIRED", "scope")]),
    ({"scope": {"skus": [], "brands": []}}, [("REQUIRED", "scope")]),
    ({"scope": {"skus": [str(n) for n in range(501)]}}, [("TOO_MANY", "scope")]),
    ({"scope": {"brands": ["ok", " "]}}, [("REQUIRED", "scope.brands.1")]),
    ({"scope": {"categories": [LONG]}}, [("TOO_LONG", "scope.categories.0")]),
    ({"audience": {}}, [("INVALID_AUDIENCE", "audience")]),
    ({"audience": {"all": [{"hasEmail": True}, {}]}}, [("INVALID_AUDIENCE", "audience.all.1")]),
    ({"discountRule": rule("NONE_SUCH")}, [("UNKNOWN_KIND", "discountRule.kind")]),
    ({"discountRule": rule("PERCENT", percent="much")}, [("INVALID_RULE", "discountRule.settings.0.value")]),
    ({"discountRule": rule("BASKET_TOTAL", minimum="1.00")}, [("UNKNOWN_KIND", "discountRule.kind")]),
    ({"conditions": [rule("QUANTITY", minimum="1"), rule("PERCENT", percent="1")]}, [("UNKNOWN_KIND", "conditions.1.kind")]),
    ({"conditions": [rule("QUANTITY", minimum="1")] * 11}, [("TOO_MANY", "conditions")]),
]  # fmt: skip


async def test_what_is_wrong_is_told_at_its_place(marketing: Marketing) -> None:
    id_ = (await marketing.makes("Other", startsAt="2990-01-01T00:00:00Z"))["id"]
    for given, expected in WRONG:
        assert await marketing.refuses(**given) == [(code, f"input.promotion.{path}") for code, path in expected]
        told = await marketing.refuses_change(id_, **given)
        assert told == [(code, f"input.{path}") for code, path in expected]
    assert await marketing.lists() == ["Other"]


async def test_all_that_is_wrong_is_told_at_once(marketing: Marketing) -> None:
    told = await marketing.refuses(name="", totalLimit=0, discountRule=rule("NONE"), audience={})
    assert {code for code, _ in told} == {"REQUIRED", "OUT_OF_RANGE", "UNKNOWN_KIND", "INVALID_AUDIENCE"}


GREEDY = OfferDiscountKind("GREEDY", NoSettings, "Takes more than there is", take=lambda _, basket: 10**9)


class Greedy:
    """A stranger's plugin with a kind that breaks the law."""

    @hookimpl
    def regulars_rules(self) -> list[OfferDiscountKind]:
        return [GREEDY]


async def test_a_kind_that_breaks_the_law_is_refused(open_rewards: OpenRewards) -> None:
    marketing = Marketing(await open_rewards({"greedy": Greedy()}))
    told = await marketing.refuses(discountRule=rule("GREEDY"))
    assert told == [("RULE_BREAKS_LAW", "input.promotion.discountRule.kind")]


async def test_a_change_changes_what_is_given_alone(marketing: Marketing) -> None:
    made = await marketing.makes(
        description="Old", totalLimit=5, budget={"amount": "9.00"}, audience={"hasEmail": True}
    )
    after = await marketing.changes(made["id"], name="Coffee week", totalLimit=None, audience=None, priority=3)
    assert after.pop("updatedAt") >= made["updatedAt"]
    expected = {**made, "name": "Coffee week", "totalLimit": None, "audience": None, "priority": 3}
    del expected["updatedAt"]
    assert after == expected
    cleared = await marketing.changes(made["id"], description=None, budget=None, isStackable=False, conditions=None)
    assert (cleared["description"], cleared["budget"], cleared["isStackable"]) == (None, None, False)


async def test_when_it_started_stays_so(marketing: Marketing, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-03-01"):
        later = await marketing.makes(startsAt="2026-04-01T00:00:00Z", endsAt="2026-05-01T00:00:00Z")
        assert later["phase"] == "SCHEDULED"
        moved = await marketing.changes(later["id"], startsAt="2026-03-20T00:00:00Z")
        assert moved["startsAt"] == "2026-03-20T00:00:00.000Z"
    with calendar("2026-03-25"):
        assert (await marketing.asks(later["id"]))["phase"] == "RUNNING"
        told = await marketing.refuses_change(later["id"], startsAt="2026-04-01T00:00:00Z")
        assert told == [("INVALID_DATE", "input.startsAt")]
        same = await marketing.changes(later["id"], startsAt="2026-03-20T00:00:00Z", endsAt=None)
        assert same["endsAt"] is None
        await marketing.changes(later["id"], endsAt="2026-05-01T00:00:00Z")
    with calendar("2026-05-01T00:00:00Z"):
        assert (await marketing.asks(later["id"]))["phase"] == "ENDED"
        assert await marketing.refuses_change(later["id"], name="x") == [("PROMOTION_ENDED", "input.id")]


async def test_an_end_is_once(marketing: Marketing, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-03-01"):
        made = await marketing.makes()
        later = await marketing.makes("Later", startsAt="2026-04-01T00:00:00Z")
    with calendar("2026-03-02"):
        ended = await marketing.ends(made["id"])
        assert (ended["phase"], ended["endsAt"][:10]) == ("ENDED", "2026-03-02")
        assert (await marketing.ends(later["id"]))["phase"] == "ENDED"
    with calendar("2026-03-03"):
        assert await marketing.ends(made["id"]) == ended
    assert await marketing.api.refused("promotionEnd", {"id": f"promotion_{new_id()}"}) == ["NOT_FOUND"]
    assert await marketing.refuses_change(f"promotion_{new_id()}", name="x") == [("NOT_FOUND", "input.id")]


async def test_the_same_request_is_done_once(marketing: Marketing) -> None:
    given = {"promotion": {"name": "Tea week", "discountRule": TEN_PERCENT}, "idempotencyKey": "K1"}
    first = await marketing.api.done("promotionCreate", "promotion { id }", given)
    assert await marketing.api.done("promotionCreate", "promotion { id }", given) == first
    assert await marketing.lists() == ["Tea week"]


async def test_they_are_listed_as_they_apply(marketing: Marketing) -> None:
    for name, priority in (("b", 0), ("a", 0), ("first", 9), ("last", -3)):
        await marketing.makes(name, priority=priority, needsCoupon=name == "a")
    await marketing.makes("later", startsAt="2990-01-01T00:00:00Z", priority=-9)
    assert await marketing.lists() == ["first", "b", "a", "last", "later"]
    assert await marketing.lists("(where: { needsCoupon: true })") == ["a"]
    assert await marketing.lists("(where: { phase: { in: [SCHEDULED] } })") == ["later"]
    assert await marketing.lists("(where: { phase: { in: [RUNNING, ENDED] }, not: { needsCoupon: true } })") == [
        "first", "b", "last",
    ]  # fmt: skip
    assert await marketing.lists("(where: { phase: { in: [] } })") == []
    assert await marketing.lists("(last: 2)") == ["last", "later"]
    page = (await marketing.api.data("{ promotions(first: 2) { totalCount pageInfo { endCursor } } }"))["promotions"]
    assert page["totalCount"] == 5
    assert await marketing.lists(f'(after: "{page["pageInfo"]["endCursor"]}")') == ["a", "last", "later"]


async def test_it_is_a_node(marketing: Marketing) -> None:
    made = await marketing.makes()
    document = "query($id: ID!) { node(id: $id) { id ... on Promotion { name } } }"
    assert (await marketing.api.data(document, id=made["id"]))["node"] == {"id": made["id"], "name": "Tea week"}


async def test_uses_are_counted_with_a_limit_and_without(marketing: Marketing) -> None:
    plain, limited = (await marketing.makes())["id"], (await marketing.makes("Limited"))["id"]
    for one in (plain, limited):
        first = await marketing.uses(one, amount=200, basket="B")
        await marketing.uses(one, amount=50, basket="B", first_id=first)
        await marketing.uses(one, amount=100)
        await marketing.uses(one, amount=100, is_counted=False)
        await marketing.uses(one, amount=100, released_at=5)
        await marketing.uses(one, redeemed_at=None, reserved_until=3)  # has run out
        await marketing.uses(one, redeemed_at=None, reserved_until=2**50)
    await marketing.changes(limited, totalLimit=50, budget={"amount": "99.00"})
    used = [(await marketing.asks(one, "usedCount budgetUsed { amount }")) for one in (plain, limited)]
    assert used == [{"usedCount": 3, "budgetUsed": None}, {"usedCount": 3, "budgetUsed": {"amount": "3.50"}}]


async def test_a_page_takes_so_many_statements_however_long_it_is(marketing: Marketing) -> None:
    async def statements() -> int:
        with marketing.shop.database.counting() as log:
            await marketing.api.data(f"{{ promotions(first: 100) {{ nodes {{ {PROMOTION} }} }} }}")
        return len(log)

    for n in range(3):
        budget = {"amount": "5.00"} if n else None
        await marketing.makes(str(n), storeIds=[f"store_{MAIN_STORE_ID}"], budget=budget)
    few = await statements()
    for n in range(20):
        budget = {"amount": "5.00"} if n % 2 else None
        await marketing.makes(str(n), storeIds=[f"store_{MAIN_STORE_ID}"], budget=budget)
    assert await statements() == few <= 4


async def test_what_was_changed_stands_in_the_audit(marketing: Marketing) -> None:
    made = await marketing.makes(description="Old")
    await marketing.changes(made["id"], name="New", totalLimit=5, audience={"hasEmail": True})
    await marketing.changes(made["id"], name="New")
    await marketing.ends(made["id"])
    document = "query($id: ID!) { audit(entityId: $id) { nodes { action changes { field old new } } } }"
    told = (await marketing.api.data(document, id=made["id"]))["audit"]["nodes"]
    assert [one["action"] for one in told] == ["promotionEnd", "promotionUpdate", "promotionUpdate", "promotionCreate"]
    assert told[1]["changes"] == []
    changes = {one["field"]: (one["old"], one["new"]) for one in told[2]["changes"]}
    assert changes == {"name": ('"Tea week"', '"New"'), "totalLimit": ("null", "5"), "audience": (None, None)}
    assert [one["field"] for one in told[0]["changes"]] == ["endsAt"]
    assert "hasEmail" not in str(told)


async def test_an_audience_is_shown_to_who_may_read_it(marketing: Marketing) -> None:
    made = await marketing.makes(audience={"hasEmail": True}, storeIds=[f"store_{MAIN_STORE_ID}"])
    document = "query($id: ID!) { promotion(id: $id) { audience stores { id } name } }"
    seen = await marketing.by("offers.view").ask(document, id=made["id"])
    assert seen.data["promotion"] == {"audience": None, "stores": None, "name": "Tea week"}
    assert seen.codes == ["FORBIDDEN"]
    manager = marketing.by("offers.view", "offers.manage")
    given = {"promotion": {"name": "x", "discountRule": TEN_PERCENT, "audience": {"hasEmail": True}}}
    tried = await manager.ask(
        "mutation($input: PromotionCreateInput!) { promotionCreate(input: $input) { promotion { id } } }",
        input={"idempotencyKey": "A", **given},
    )
    assert tried.codes == ["FORBIDDEN"]


async def test_managing_is_for_the_whole_shop_alone(marketing: Marketing) -> None:
    made = await marketing.makes()
    bound = marketing.by("offers.view", "offers.manage", stores=[MAIN_STORE_ID])
    assert (await bound.data("query($id: ID!) { promotion(id: $id) { name } }", id=made["id"]))["promotion"]
    tried = await bound.ask(
        "mutation($input: PromotionEndInput!) { promotionEnd(input: $input) { promotion { id } } }",
        input={"idempotencyKey": "A", "id": made["id"]},
    )
    assert tried.codes == ["FORBIDDEN"]


async def test_a_kind_whose_plugin_is_off_is_shown_and_never_applies(open_rewards: OpenRewards) -> None:
    half = OfferDiscountKind(
        "HALF", NoSettings, "Half of it", take=lambda _, basket: sum(one.left for one in basket.lines) // 2
    )

    class Half:
        @hookimpl
        def regulars_rules(self) -> list[OfferDiscountKind]:
            return [half]

    made = await Marketing(await open_rewards({"half": Half()})).makes(discountRule=rule("HALF"))
    shown = await Marketing(await open_rewards()).asks(made["id"])
    assert (shown["discountRule"]["kind"], shown["discountRule"]["isAvailable"]) == ("HALF", False)
