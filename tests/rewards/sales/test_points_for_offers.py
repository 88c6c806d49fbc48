"""Points for a purchase in which an offer was used: a kind of loyalty's rules that rewards brings."""

from typing import Any

import pytest

import regulars_loyalty
import regulars_rewards
from regulars_core.plugin import Plugins, RuleKinds, plugins_on
from regulars_core.testing import Databases, Engine, opened_shop, try_laws
from regulars_rewards.points_rules import PER_OFFER, PerOffer
from tests.rewards.sales.conftest import OpenTill, Till, rule
from tests.support.sales import line, sale

ORDER = [{"name": "Order", "unitPrice": "100.00"}, {"name": "Bag", "unitPrice": "20.00"}]
EARNINGS = "query($input: BasketQuoteInput!) { basketQuote(input: $input) { earnings { value } } }"
OUTCOMES = "query($id: ID!) { purchase(id: $id) { pointsEarned pointsOutcomes { given reason explanation { text } } } }"


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty, "rewards": regulars_rewards})


@pytest.fixture
async def till(open_till: OpenTill) -> Till:
    """A till whose coupon PROMO10 takes 10 % off; ten points for it."""
    till = await open_till({"loyalty": regulars_loyalty})
    await begin(till, await promo(till))
    return till


async def promo(till: Till) -> str:
    promotion = await till.promotion("Promo", needsCoupon=True)
    await till.coupon(promotion, "PROMO10", limit=99)
    return promotion


async def begin(till: Till, promotion: str) -> None:
    rules = [{"code": "PROMO", "name": "Promo", "rule": rule("PER_OFFER", points="10", promotion=promotion)}]
    given = {"program": {"rules": rules}, "idempotencyKey": "P"}
    await till.office.done("pointsProgramUpdate", "pointsProgram { number }", given)


async def points(till: Till, customer: str) -> str:
    found = await till.office.data("query($id: ID!) { customer(id: $id) { points { balance } } }", id=customer)
    return str(found["customer"]["points"]["balance"])


def test_the_laws_and_the_words() -> None:
    settings = PerOffer(points=10, promotion="promotion_" + "1" * 32)
    try_laws(PER_OFFER, settings)
    assert PER_OFFER.words(settings, "USD") == "10 points per purchase in which the promotion is used"
    assert PER_OFFER.answer(settings, sale(line("Tea", "100.00"))).value == 0


def test_it_is_there_without_loyalty() -> None:
    """As a kind of a use that nobody asks for then; loyalty's own keep their class beside it."""
    alone = RuleKinds.of(plugins_on({"rewards": regulars_rewards})).for_use("POINTS_RULE")
    both = RuleKinds.of(plugins_on({"loyalty": regulars_loyalty, "rewards": regulars_rewards})).for_use("POINTS_RULE")
    assert set(alone) == {"PER_OFFER"}
    assert {"PER_OFFER", "PER_AMOUNT"} <= set(both)


async def test_x1_points_only_with_the_code(till: Till) -> None:
    """X1: 10 points per order, only with code PROMO10. A $100 order without it earns 0, with it 10."""
    ana = await till.customer()
    without = await till.sells(ORDER[:1], customerId=ana)
    assert await points(till, ana) == "0"
    with_code = await till.sells(ORDER[:1], ["PROMO10"], customerId=ana)
    assert await points(till, ana) == "10"
    for purchase, earned, reason, text in (
        (without, "0", "NO_MATCH", "the offer was not used in the purchase = 0"),
        (with_code, "10", None, "10 points for the purchase, in which the offer was used = 10"),
    ):
        found = (await till.office.data(OUTCOMES, id=purchase["id"]))["purchase"]
        [outcome] = found["pointsOutcomes"]
        assert (found["pointsEarned"], outcome["reason"]) == (earned, reason)
        assert outcome["explanation"]["text"] == text


async def test_a_till_that_tells_nothing_of_offers_used_none(till: Till) -> None:
    ana = await till.customer()
    await till.sold(lines=ORDER, customerId=ana)
    assert await points(till, ana) == "0"


async def test_the_quote_tells_what_the_sale_earns(till: Till) -> None:
    ana = await till.customer()
    for codes, earned in (([], []), (["PROMO10"], [{"value": "10"}])):
        told = await till.api.data(EARNINGS, input={"lines": ORDER, "customerId": ana, "couponCodes": codes})
        assert told["basketQuote"]["earnings"] == earned


async def test_what_comes_back_takes_its_part(till: Till) -> None:
    """100 of 120 come back: ⌊10 × 90 ÷ 108⌋ = 8; and then the rest."""
    ana = await till.customer()
    sold = await till.sells(ORDER, ["PROMO10"], customerId=ana)
    await till.refunds(sold, 0)
    assert await points(till, ana) == "2"
    await till.refunds(sold, 1)
    assert await points(till, ana) == "0"
    [outcome] = (await till.office.data(OUTCOMES, id=sold["id"]))["purchase"]["pointsOutcomes"]
    assert outcome["reason"] == "UNDONE"


async def test_who_gets_the_purchase_gets_the_points(till: Till) -> None:
    ana, bo = await till.customer(), await till.customer("Bo")
    sold = await till.sells(ORDER, ["PROMO10"], customerId=ana)
    moved = {"purchaseIds": [sold["id"]], "customerId": bo}
    await till.office.done("purchasesReassign", "__typename", moved)
    assert (await points(till, ana), await points(till, bo)) == ("0", "10")


async def test_a_program_is_tried_on_what_was_used(till: Till) -> None:
    ana = await till.customer()
    for codes in ((), ("PROMO10",)):
        await till.sells(ORDER, codes, customerId=ana)
    promotion = (await till.office.data("{ promotions(first: 1) { nodes { id } } }"))["promotions"]["nodes"][0]["id"]
    rules = [{"code": "PROMO", "name": "Promo", "rule": rule("PER_OFFER", points="25", promotion=promotion)}]
    asked = "query($input: PointsProgramSimulateInput!) { pointsProgramSimulate(input: $input) { given givenNow } }"
    told = (await till.office.data(asked, input={"program": {"rules": rules}}))["pointsProgramSimulate"]
    assert told == {"given": "25", "givenNow": "10"}


@pytest.mark.parametrize("promotion", ["", "nonsense", "customer_" + "0" * 32, "promotion_" + "0" * 31])
async def test_what_is_no_promotion_is_refused(open_till: OpenTill, promotion: str) -> None:
    till = await open_till({"loyalty": regulars_loyalty})
    rules = [{"code": "PROMO", "name": "Promo", "rule": rule("PER_OFFER", points="10", promotion=promotion)}]
    made: Any = await till.office.do(
        "pointsProgramUpdate", "pointsProgram { number }", {"program": {"rules": rules}, "idempotencyKey": "P"}
    )
    assert [one["code"] for one in made["userErrors"]] == ["INVALID_RULE"]


@pytest.mark.parametrize("off", ["loyalty", "rewards"])
async def test_off_meanwhile(databases: Databases, engine: Engine, plugins: Plugins, off: str) -> None:
    """While loyalty was off rewards have kept what was used: it earns when loyalty is on again. While rewards were off nothing
    can have been used."""
    url = await databases.migrated(engine, plugins.apps)
    try:
        async with opened_shop(url, plugins) as shop:
            till = Till(shop)
            await begin(till, await promo(till))
            ana = await till.customer()
        async with opened_shop(url, plugins.without(off)) as shop:
            less = Till(shop)
            less.numbers = till.numbers
            if off == "loyalty":
                await less.sells(ORDER, ["PROMO10"], customerId=ana)
            sold = {"reference": "PLAIN", "idempotencyKey": "PLAIN", "customerId": ana, "lines": ORDER}
            await less.office.done("purchaseRecord", "created", sold)
        async with opened_shop(url, plugins) as shop:
            assert await points(Till(shop), ana) == ("10" if off == "loyalty" else "0")
    finally:
        databases.drop(url)
