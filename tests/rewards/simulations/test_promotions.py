"""A promotion is tried on the shop's own past: figures worked by hand, and nothing written."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

import regulars_tiers
from regulars_core.plugin import NEVER, Instant, RuleData
from regulars_rewards.offers.promotion import Promotion, PromotionData
from tests.rewards.sales.conftest import OpenTill, Till, rule
from tests.rewards.simulations.conftest import SPAN, TRY, counted_rows, figures, tea, tries

Calendar = Callable[[str], Any]


async def past(till: Till) -> tuple[str, str]:
    """Ana bought for 30 and 10, Bo for 5, a stranger for 50; what Bo bought for 70 was voided."""
    ana, bo = await till.customer("Ana"), await till.customer("Bo")
    for who, price, day in ((ana, "30.00", "02"), (bo, "5.00", "03"), (ana, "10.00", "04"), (None, "50.00", "05")):
        await till.sold(lines=tea(price), customerId=who, purchasedAt=f"2026-01-{day}T12:00:00Z")
    gone = await till.sold(lines=tea("70.00"), customerId=bo, purchasedAt="2026-01-06T12:00:00Z")
    await till.office.done("purchaseVoid", "purchase { id }", {"purchaseId": gone["id"]})
    return ana, bo


async def test_what_it_would_have_cost(till: Till) -> None:
    """10 % of 30, 10, 5 and 50 is 9.50; nothing is in force."""
    await past(till)
    before = await counted_rows(till.shop)
    told = await tries(till)
    assert (told["unit"], told["from"], told["until"]) == (
        "USD",
        "2026-01-01T00:00:00.000Z",
        "2026-06-01T00:00:00.000Z",
    )
    assert figures(told) == ("9.50", "0.00", 2, 0)
    assert (told["cost"], told["costNow"]) == ({"amount": "9.50"}, None)
    assert (told["purchaseCount"], told["customerCount"], told["perTier"]) == (4, 2, [])
    first, second = told["sample"]
    assert (first["customer"]["firstName"], first["given"], first["givenNow"]) == ("Ana", "4.00", "0.00")
    assert [one["text"] for one in first["explanations"]] == ["10 % of 10.00 = 1.00", "10 % of 30.00 = 3.00"]
    assert (second["customer"]["firstName"], second["given"]) == ("Bo", "0.50")
    assert "Of what would have been given, this promotion takes off 9.50 USD in 4 purchases." in told["notes"]
    assert await counted_rows(till.shop) == before


async def test_only_so_many_are_explained(till: Till) -> None:
    await past(till)
    assert [one["given"] for one in (await tries(till, asked={"sample": 1}))["sample"]] == ["4.00"]
    assert (await tries(till, asked={"sample": 0}))["sample"] == []


async def test_only_that_time_counts(till: Till) -> None:
    await past(till)
    told = await tries(till, asked={"from": "2026-01-03T12:00:00Z", "until": "2026-01-05T12:00:00Z"})
    assert (told["given"], told["purchaseCount"]) == ("1.50", 2)


async def test_beside_those_of_that_time_and_in_the_place_of_one(till: Till, calendar: Calendar) -> None:
    """2 off each purchase from February on, before 10 % of what is left: 20 → 2 + 1.80, 40 → 2 + 3.80; January saw 10 % alone."""
    with calendar("2026-02-01"):
        two_off = await till.promotion("Two off", priority=5, discountRule=rule("FLAT", amount="2.00"))
        ended = await till.promotion("Nine off", priority=9, discountRule=rule("FLAT", amount="9.00"))
        await till.office.done("promotionEnd", "promotion { id }", {"id": ended, "idempotencyKey": "E"})
    ana, bo = await till.customer("Ana"), await till.customer("Bo")
    for who, price, when in ((ana, "10.00", "2026-01-10"), (ana, "20.00", "2026-02-10"), (bo, "40.00", "2026-02-11")):
        await till.sold(lines=tea(price), customerId=who, purchasedAt=f"{when}T12:00:00Z")
    beside = await tries(till)
    assert figures(beside) == ("10.60", "4.00", 2, 0)
    assert beside["costNow"] == {"amount": "4.00"}
    assert "Of what would have been given, this promotion takes off 6.60 USD in 3 purchases." in beside["notes"]
    instead = await tries(till, replaces=two_off)
    assert figures(instead) == ("7.00", "4.00", 2, 0)
    less = await tries(till, replaces=two_off, discountRule=rule("FLAT", amount="1.00"))
    assert figures(less) == ("3.00", "4.00", 0, 1)
    [bo_loses] = less["sample"]
    assert (bo_loses["given"], bo_loses["givenNow"]) == ("1.00", "2.00")


async def test_in_the_place_of_one_it_keeps_its_age(till: Till, calendar: Calendar) -> None:
    """Of equal priority the older comes first: 50 % in the place of the first of 100 leaves 50, then 10 off; else 90, then 45."""
    with calendar("2026-01-01"):
        first = await till.promotion("First", discountRule=rule("PERCENT", percent="1"))
        await till.promotion("Second", discountRule=rule("FLAT", amount="10.00"))
    await till.sold(lines=tea("100.00"), purchasedAt="2026-01-10T12:00:00Z")
    half = {"discountRule": rule("PERCENT", percent="50")}
    assert (await tries(till, replaces=first, **half))["given"] == "60.00"
    assert (await tries(till, **half))["given"] == "55.50"


async def test_it_is_tried_on_prices_before_offers(till: Till, calendar: Calendar) -> None:
    """A tea of 60 that was sold for 50 by a coupon is one of 60 still; what the coupon gave is given now."""
    with calendar("2026-01-01"):
        flat = await till.promotion("Welcome", discountRule=rule("FLAT", amount="10.00"), needsCoupon=True)
        await till.coupon(flat, "WELCOME10")
        ana = await till.customer("Ana")
    with calendar("2026-01-02"):
        sold = await till.sells(tea("60.00"), ["WELCOME10"], customerId=ana)
        await till.sells(tea("60.00"), customerId=ana)
    assert sold["total"]["amount"] == "50.00"
    assert figures(await tries(till, priority=5)) == ("22.00", "10.00", 1, 0)
    assert figures(await tries(till, replaces=flat)) == ("12.00", "10.00", 1, 0)


async def test_everybody_has_a_coupon(till: Till) -> None:
    await past(till)
    told = await tries(till, needsCoupon=True)
    assert told["given"] == "9.50"
    assert "It needs a coupon: it was tried as if everybody had one." in told["notes"]


@pytest.mark.parametrize(
    ("limits", "given", "when"),
    [
        ({"totalLimit": 2}, "3.50", "2026-01-03T12:00:00.000Z"),
        ({"perCustomerLimit": 1}, "3.50", None),
        ({"budget": {"amount": "4.00", "currencyCode": "USD"}}, "3.50", "2026-01-04T12:00:00.000Z"),
        ({"budget": {"amount": "3.50", "currencyCode": "USD"}}, "3.50", "2026-01-03T12:00:00.000Z"),
        ({"budget": {"amount": "9.50", "currencyCode": "USD"}}, "9.50", "2026-01-05T12:00:00.000Z"),
        ({"budget": {"amount": "9.49", "currencyCode": "USD"}}, "4.50", "2026-01-05T12:00:00.000Z"),
        ({"totalLimit": 9}, "9.50", None),
    ],
)
async def test_limits_are_kept_in_the_order_of_time(till: Till, limits: Any, given: str, when: str | None) -> None:
    """3.00, 0.50, 1.00, 5.00 in the order of time; a use that would pass the budget takes nothing off."""
    await past(till)
    told = await tries(till, **limits)
    assert told["given"] == given
    ended = [note for note in told["notes"] if "used up" in note]
    assert [note.rpartition(" ")[2] for note in ended] == ([] if when is None else [f"{when}."])
    assert (await tries(till, **limits, needsCoupon=True))["given"] == given


async def test_sales_of_one_basket_are_one_use(till: Till) -> None:
    ana = await till.customer("Ana")
    for day, basket in (("02", "B1"), ("03", "B1"), ("04", "B2"), ("05", None)):
        named = {} if basket is None else {"basket": basket}
        await till.sold(lines=tea("10.00"), customerId=ana, purchasedAt=f"2026-01-{day}T12:00:00Z", **named)
    assert (await tries(till, perCustomerLimit=2))["given"] == "3.00"
    assert (await tries(till, totalLimit=1))["given"] == "2.00"


async def test_who_belongs_as_of_then_and_what_is_only_known_now(till: Till) -> None:
    """Who has bought before: Ana's second purchase alone. Who has an address now: all of Bo's."""
    await past(till)
    told = await tries(till, audience={"purchaseCount": {"gte": 1}})
    assert (told["given"], [note for note in told["notes"] if "as of now" in note]) == ("1.00", [])
    await till.customer("Cy", email="cy@example.org")
    told = await tries(till, audience={"not": {"hasEmail": True}, "purchaseCount": {"lt": 1}})
    assert told["given"] == "3.50"
    assert "Read as of now, since they do not answer for a past instant: hasEmail." in told["notes"]


async def test_stores(till: Till) -> None:
    await past(till)
    made = await till.office.done("storeCreate", "store { id }", {"code": "NORTH", "name": "North"})
    assert (await tries(till, storeIds=[made["store"]["id"]]))["given"] == "0.00"


async def test_by_tier(open_till: OpenTill) -> None:
    till = await open_till({"tiers": regulars_tiers})
    ana, bo = await till.customer("Ana"), await till.customer("Bo")
    for who, price in ((ana, "600.00"), (bo, "5.00")):
        await till.sold(lines=tea(price), customerId=who, purchasedAt="2026-01-02T12:00:00Z")
    told = await tries(till, asked={"until": "2026-01-20T00:00:00Z"})
    assert told["perTier"] == [
        {"tier": "A", "customerCount": 1, "given": "60.00", "givenNow": "0.00"},
        {"tier": "C", "customerCount": 1, "given": "0.50", "givenNow": "0.00"},
    ]
    assert any(note.startswith("By tier") for note in told["notes"])


async def test_a_sample_is_the_same_each_time(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    await past(till)
    monkeypatch.setattr(import_module("regulars_core.samples"), "MAX_SIMULATED_CUSTOMERS", 1)
    told = await tries(till)
    assert told["customerCount"] == 1
    assert told["given"] in {"4.00", "0.50"}
    assert (
        "Purchases of 1 of about 2 customers were looked at: a sample by the ends of their ids, the same each time."
        in (told["notes"])
    )
    assert any("nobody who is known" in note for note in told["notes"])
    assert await tries(till) == told


async def test_no_more_purchases_than_fit(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where those of strangers would be too many they are left out whole."""
    await past(till)
    module = import_module("regulars_rewards.simulations.promotions")
    monkeypatch.setattr(module, "MAX_WORK", 4)
    told = await tries(till)
    assert (told["given"], told["purchaseCount"]) == ("4.50", 3)
    assert any("nobody who is known" in note for note in told["notes"])
    monkeypatch.setattr(module, "MAX_WORK", 3)
    assert (await tries(till))["purchaseCount"] == 2


def test_the_more_are_in_force_at_once_the_fewer_purchases_are_looked_at() -> None:
    """A hundred all the time are as many as two hundred half of the time, or fifty with an audience."""
    module = import_module("regulars_rewards.simulations.promotions")
    year = (Instant(0), Instant(1_000))

    def promotion(ends: int, audience: Any = None) -> Promotion:
        data = PromotionData(discount=RuleData(kind="PERCENT"), audience=audience)
        return Promotion("1", 1, "One", 0, False, NEVER, Instant(ends), data, None)

    assert module.affordable([], *year) == module.MAX_WORK
    for some in ([promotion(9_999)] * 100, [promotion(500)] * 200, [promotion(9_999, {"age": {"gte": 18}})] * 50):
        assert module.affordable(some, *year) == module.MAX_WORK // 3


async def test_statements_do_not_grow(till: Till) -> None:
    ana = await till.customer("Ana")
    counts = []
    for n in range(1, 6):
        await till.sold(lines=tea("10.00"), customerId=ana, purchasedAt=f"2026-01-0{n}T12:00:00Z")
        if n in {2, 5}:
            with till.shop.database.counting() as counted:
                await tries(till, audience={"purchaseCount": {"gte": 1}})
            counts.append(len(counted))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("wrong", "reason", "argument"),
    [
        ({"sample": 101}, "OUT_OF_RANGE", ["input", "sample"]),
        ({"from": "2026-06-01T00:00:00Z"}, "INVALID_DATE", ["input", "until"]),
        ({"from": "2999-01-01T00:00:00Z", "until": None}, "INVALID_DATE", ["input", "from"]),
        ({"replacesId": "nonsense"}, None, ["input", "replacesId"]),
        ({"replacesId": "promotion_" + "0" * 32}, "NOT_FOUND", ["input", "replacesId"]),
        (
            {"promotion": {"name": "", "discountRule": rule("FLAT", amount="1")}},
            "REQUIRED",
            ["input", "promotion", "name"],
        ),
        (
            {"promotion": {"name": "N", "discountRule": rule("NO")}},
            "UNKNOWN_KIND",
            ["input", "promotion", "discountRule", "kind"],
        ),
        (
            {"promotion": {"name": "N", "discountRule": rule("FLAT", amount="1"), "storeIds": ["store_" + "1" * 32]}},
            "NOT_FOUND",
            ["input", "promotion", "storeIds", "0"],
        ),
    ],
)
async def test_what_is_wrong(till: Till, wrong: Any, reason: str | None, argument: list[str]) -> None:
    given = {**SPAN, "promotion": {"name": "Tried", "discountRule": rule("FLAT", amount="1.00")}, **wrong}
    [error] = (await till.api.ask(TRY, input=given)).errors
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert (error["extensions"].get("reason"), error["extensions"]["argument"]) == (reason, argument) or (
        reason is None and error["extensions"]["argument"] == argument
    )


FIGURE = "query($input: PromotionSimulateInput!) { promotionSimulate(input: $input) { given notes } }"


async def test_who_may(till: Till) -> None:
    await past(till)
    given = {**SPAN, "promotion": {"name": "Tried", "discountRule": rule("FLAT", amount="1.00")}}
    store = "0" * 31 + "1"
    for allowed in (till.by("marketing"), till.by("own", own=["offers.manage", "purchases.view"])):
        assert (await allowed.api.ask(FIGURE, input=given)).codes == []
    for refused in (
        till.by("store_terminal", stores=[store]),
        till.by("cashier"),
        till.by("store_manager"),
        till.by("own", own=["offers.manage"]),
        till.by("own", own=["purchases.view", "offers.view"]),
        till.by("own", stores=[store], own=["offers.manage", "purchases.view"]),
    ):
        assert (await refused.api.ask(FIGURE, input=given)).codes == ["FORBIDDEN"]
