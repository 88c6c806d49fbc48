"""One request that tries a points program, a reward system and a promotion on the same past, as a back office asks it."""

from typing import Any

import pytest

import regulars_loyalty
from tests.rewards.sales.conftest import OpenTill, Till, rule
from tests.rewards.simulations.conftest import PERCENT, SPAN, counted_rows, tea
from tests.rewards.systems.conftest import Club

BACK_TEST = """
fragment Amount on Money { amount currencyCode }
fragment Tried on RuleSimulation {
  from until unit purchaseCount customerCount given givenNow cost { ...Amount } costNow { ...Amount } winnerCount loserCount notes
  perTier { tier customerCount given givenNow }
  sample { customer { code } given givenNow explanations { text figures { name value } } }
}
query BackTest(
  $program: PointsProgramSimulateInput!, $system: RewardSystemSimulateInput!, $promotion: PromotionSimulateInput!
) {
  pointsProgramSimulate(input: $program) { ...Tried }
  rewardSystemSimulate(input: $system) { ...Tried }
  promotionSimulate(input: $promotion) { ...Tried }
}"""
SYSTEM = (
    "query($input: RewardSystemSimulateInput!) { rewardSystemSimulate(input: $input) { given givenNow unit notes } }"
)


async def opened(open_till: OpenTill) -> tuple[Till, dict[str, Any]]:
    """Ana bought for 70 and 50; a shop with loyalty too, and a system to try: a coupon at each 100.00."""
    till = await open_till({"loyalty": regulars_loyalty})
    club = Club(till)
    await club.opens()
    ana = await till.customer("Ana")
    for price, day in (("70.00", 2), ("50.00", 3)):
        await till.sold(lines=tea(price), customerId=ana, purchasedAt=f"2026-01-0{day}T12:00:00Z")
    edges = [{"from": f"{n}0.00", "to": f"{n + 1}0.00", "progress": n} for n in range(1, 41)]
    reward = rule("COUPON", promotion=club.promotion)
    system = {"name": "Tried", "triggerRule": rule("PURCHASE"), "reward": reward, "target": 10, "bands": edges}
    return till, system


async def test_all_three(open_till: OpenTill) -> None:
    till, system = await opened(open_till)
    before = await counted_rows(till.shop)
    program = {"rules": [{"code": "BASE", "name": "Points", "rule": rule("PER_AMOUNT", points="1", per="1.00")}]}
    told = await till.office.data(
        BACK_TEST,
        program={**SPAN, "program": program},
        system={**SPAN, "rewardSystem": system},
        promotion={**SPAN, "promotion": {"name": "Tried", "discountRule": PERCENT}},
    )
    found = [told[name] for name in ("pointsProgramSimulate", "rewardSystemSimulate", "promotionSimulate")]
    assert [(one["unit"], one["given"], one["givenNow"]) for one in found] == [
        ("PTS", "120", "0"), ("COUPONS", "1", "0"), ("USD", "12.00", "0.00"),
    ]  # fmt: skip
    assert [(one["purchaseCount"], one["customerCount"], one["winnerCount"]) for one in found] == [(2, 1, 1)] * 3
    assert {one["sample"][0]["customer"]["code"] for one in found} != {None}
    assert [len(one["sample"][0]["explanations"]) for one in found] == [2, 2, 2]
    assert found[1]["sample"][0]["explanations"][0]["figures"][-1] == {"name": "RESULT", "value": "5"}
    assert await counted_rows(till.shop) == before


@pytest.mark.parametrize(
    ("wrong", "reason", "argument"),
    [
        ({"sample": -1}, "OUT_OF_RANGE", ["input", "sample"]),
        ({"replacesId": "promotion_" + "0" * 32}, None, ["input", "replacesId"]),
        ({"rewardSystem": {"target": 0}}, "OUT_OF_RANGE", ["input", "rewardSystem", "target"]),
        (
            {"rewardSystem": {"triggerRule": rule("NO")}},
            "UNKNOWN_KIND",
            ["input", "rewardSystem", "triggerRule", "kind"],
        ),
    ],
)
async def test_what_is_wrong(open_till: OpenTill, wrong: Any, reason: str | None, argument: list[str]) -> None:
    till, system = await opened(open_till)
    given = {**SPAN, **wrong, "rewardSystem": {**system, **wrong.get("rewardSystem", {})}}
    [error] = (await till.office.ask(SYSTEM, input=given)).errors
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("BAD_USER_INPUT", argument)
    assert reason is None or error["extensions"]["reason"] == reason


async def test_who_may(open_till: OpenTill) -> None:
    till, system = await opened(open_till)
    given = {**SPAN, "rewardSystem": system}
    store = "0" * 31 + "1"
    assert (await till.by("marketing").api.ask(SYSTEM, input=given)).codes == []
    for refused in (
        till.by("store_terminal", stores=[store]),
        till.by("store_manager"),
        till.by("own", own=["offers.manage"]),
        till.by("own", stores=[store], own=["offers.manage", "purchases.view"]),
    ):
        assert (await refused.api.ask(SYSTEM, input=given)).codes == ["FORBIDDEN"]
