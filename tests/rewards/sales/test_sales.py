"""What a till is told of offers, and what becomes of a sale with them: refused with the new quote, or written down."""

from collections.abc import Sequence
from typing import Any

import pytest

import regulars_rewards
from regulars_core.plugin import plugins_on
from regulars_core.testing import OpenShop, statements
from regulars_rewards.quotes import quoting
from tests.rewards.sales.conftest import PERCENT, OpenTill, Till, amount_of, rule
from tests.support.club import Club
from tests.support.tellers import asked

TEA = {"sku": "TEA-1", "name": "Tea", "unitPrice": "60.00"}
MUG = {"sku": "MUG-4", "name": "Mug", "unitPrice": "40.00"}
FLAT = rule("FLAT", amount="10.00")


async def test_ten_flat_by_a_coupon_is_shared_refunded_and_released(till: Till) -> None:
    """Basket 60 + 40, coupon 10 flat: shares 6 and 4. The 40 line gives 36 back, the coupon still used; the rest 54, released."""
    promotion = await till.promotion("Welcome", discountRule=FLAT, needsCoupon=True)
    await till.coupon(promotion, "WELCOME10")
    quote = await till.quote([TEA, MUG], couponCodes=["welcome-10"])
    assert [amount_of(line, "offerDiscount") for line in quote["lines"]] == ["6.00", "4.00"]
    assert (amount_of(quote, "subtotal"), amount_of(quote, "discount"), amount_of(quote, "total")) == (
        "100.00", "10.00", "90.00",
    )  # fmt: skip
    assert [(one["couponCode"], one["offer"]["name"]) for one in quote["applied"]] == [("WELCOME10", "Welcome")]
    sold = await till.sold(**till.told([TEA, MUG], quote))
    assert sold["total"] == {"amount": "90.00"}
    assert [amount_of(line, "offerDiscount") for line in sold["lines"]] == ["6.00", "4.00"]
    assert sold["offerCheck"] == {
        "recorded": {"amount": "10.00"}, "computed": {"amount": "10.00"}, "isDifferent": False, "isTrusted": False,
        "obstacles": [],
    }  # fmt: skip
    [refused] = await till.refused(lines=[TEA], couponCodes=["WELCOME10"])
    assert (refused["code"], refused["reason"], refused["path"]) == (
        "COUPON_EXHAUSTED", "LIMIT_REACHED", ["input", "couponCodes", "0"],
    )  # fmt: skip
    assert await till.refunds(sold, 1) == "36.00"
    assert await till.uses(sold) == [("Welcome", True, True)]
    assert await till.refunds(sold, 0) == "54.00"
    assert await till.uses(sold) == [("Welcome", False, True)]
    again = await till.sells([TEA], ["WELCOME10"])
    assert again["total"] == {"amount": "50.00"}


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [
        ((FLAT, 4, False), (rule("PERCENT", percent="20"), 1, False), "72.00"),
        ((FLAT, 1, False), (rule("PERCENT", percent="20"), 4, False), "70.00"),
        ((FLAT, 5, False), (rule("PERCENT", percent="20"), 1, True), "80.00"),
        ((FLAT, 5, True), (rule("PERCENT", percent="20"), 1, True), "90.00"),
    ],
)
async def test_priorities_and_exclusives(till: Till, first: Any, second: Any, total: str) -> None:
    """$100: $10 off (1) and 20 % (4) is 70, swapped 72; 20 % exclusive 80; both exclusive, $10 higher, 90."""
    for n, (discount, priority, exclusive) in enumerate((first, second)):
        await till.promotion(f"P{n}", discountRule=discount, priority=priority, isExclusive=exclusive)
    lines = [{"name": "Tea", "unitPrice": "100.00"}]
    assert amount_of(await till.quote(lines), "total") == total
    assert (await till.sells(lines))["total"] == {"amount": total}


async def test_who_tells_nothing_takes_no_part(till: Till) -> None:
    await till.promotion()
    sold = await till.sold(lines=[TEA])
    assert (sold["total"], sold["offerCheck"]) == ({"amount": "60.00"}, None)
    assert await till.uses(sold) == []


async def test_strict_refuses_with_the_new_quote_and_keeps_nothing(till: Till) -> None:
    promotion = await till.promotion()
    key = {"idempotencyKey": "S1", "reference": "X1"}
    [changed] = await till.refused(lines=[TEA], offers=[], **key)
    assert (changed["__typename"], changed["code"], changed["path"]) == (
        "OffersChanged", "OFFERS_CHANGED", ["input", "offers"],
    )  # fmt: skip
    quote = changed["quote"]
    assert [amount_of(one) for one in quote["applied"]] == ["6.00"]
    assert quote["applied"][0]["offer"]["id"] == promotion
    sold = await till.sold(**{**till.told([TEA], quote), **key})
    assert sold["total"] == {"amount": "54.00"}
    again = await till.send(**{**till.told([TEA], quote), **key})
    assert (again["purchase"]["id"], again["userErrors"]) == (sold["id"], [])


async def test_what_does_not_fit_together(till: Till) -> None:
    promotion = await till.promotion()
    coupons = await till.promotion("C", needsCoupon=True)
    await till.coupon(coupons, "WELCOME10")
    line = {**TEA, "discount": "6.00", "offerDiscount": "6.00"}
    offer = {"offerId": promotion, "amount": "6.00"}
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"lines": [line], "offers": []}, "OFFERS_MISMATCH", "offers"),
        ({"lines": [TEA], "offers": [offer]}, "OFFERS_MISMATCH", "offers"),
        ({"lines": [line], "offers": [offer, offer]}, "OFFERS_MISMATCH", "offers.1"),
        ({"lines": [line], "offers": [offer], "couponCodes": ["WELCOME10"]}, "OFFERS_MISMATCH", "couponCodes.0"),
        ({"lines": [line], "offers": [{**offer, "couponCode": "WELCOME10"}]}, "OFFERS_MISMATCH", "offers.0.couponCode"),
        ({"lines": [line], "offers": [{**offer, "amount": "0.00"}]}, "INVALID_AMOUNT", "offers.0.amount"),
        ({"lines": [line], "offers": [{**offer, "amount": "6.001"}]}, "INVALID_AMOUNT", "offers.0.amount"),
        ({"lines": [{**line, "offerDiscount": "7.00"}], "offers": [offer]}, "INVALID_AMOUNT", "lines.0.offerDiscount"),
        ({"lines": [{**line, "offerDiscount": "-1.00"}], "offers": [offer]}, "INVALID_AMOUNT", "lines.0.offerDiscount"),
        ({"lines": [TEA], "couponCodes": ["A1B2"] * 11}, "TOO_MANY", "couponCodes"),
    ]
    for given, code, place in wrong:
        problems = await till.refused(**given)
        assert (code, ["input", *place.split(".")]) in [(one["code"], one["path"]) for one in problems], given


async def test_a_sale_that_was_made_is_recorded_as_it_was_told(till: Till) -> None:
    promotion = await till.promotion("Ended", endsAt="2099-01-01T00:00:00Z")
    await till.office.done("promotionEnd", "promotion { id }", {"id": promotion, "idempotencyKey": "E"})
    line = {**TEA, "discount": "3.00", "offerDiscount": "3.00"}
    offers = [{"offerId": promotion, "amount": "3.00"}]
    [changed] = await till.refused(lines=[line], offers=offers)
    assert changed["code"] == "OFFERS_CHANGED"
    sold = await till.sold(lines=[line], offers=offers, offersTrusted=True)
    assert sold["offerCheck"] == {
        "recorded": {"amount": "3.00"}, "computed": {"amount": "0.00"}, "isDifferent": True, "isTrusted": True,
        "obstacles": [],
    }  # fmt: skip
    assert await till.uses(sold) == [("Ended", True, True)]
    told = await till.office.data("{ purchases(where: { offersDiffer: true }) { nodes { id } } }")
    assert told == {"purchases": {"nodes": [{"id": sold["id"]}]}}
    none = await till.office.data("{ purchases(where: { offersDiffer: false }) { nodes { id } } }")
    assert none == {"purchases": {"nodes": []}}


async def test_a_shop_that_trusts_its_tills(open_till: OpenTill) -> None:
    till = await open_till(rewards_offers="TRUST")
    promotion = await till.promotion("Once", totalLimit=1)
    lines = [{**TEA, "discount": "6.00", "offerDiscount": "6.00"}]
    offers = [{"offerId": promotion, "amount": "6.00"}]
    first, second = [await till.sold(lines=lines, offers=offers) for _ in range(2)]
    assert (first["offerCheck"]["isDifferent"], second["offerCheck"]["isDifferent"]) == (False, True)
    assert second["offerCheck"]["obstacles"] == [{"reason": "LIMIT_REACHED", "leaf": None}]
    assert second["offerCheck"]["isTrusted"] is False
    assert (await till.uses(first), await till.uses(second)) == ([("Once", True, True)], [("Once", True, False)])
    shown = await till.office.data("query($id: ID!) { promotion(id: $id) { usedCount } }", id=promotion)
    assert shown["promotion"]["usedCount"] == 1


async def test_lines_below_zero_and_credit_take_no_part(open_till: OpenTill) -> None:
    import regulars_loyalty

    till = await open_till({"loyalty": regulars_loyalty})
    await till.promotion()
    ana = await till.customer()
    back = {"name": "Bottle", "quantity": "-1", "unitPrice": "1.00"}
    credit = {"name": "Card", "unitPrice": "20.00", "creditFor": True}
    quote = await till.quote([TEA, back, credit], customerId=ana)
    assert [amount_of(line, "offerDiscount") for line in quote["lines"]] == ["6.00", "0.00", "0.00"]
    sold = await till.sold(**till.told([TEA, back, credit], quote, customerId=ana))
    assert sold["total"] == {"amount": "73.00"}


async def test_a_basket_is_one_use_and_uses_up_what_is_reserved(till: Till) -> None:
    promotion = await till.promotion("Once", totalLimit=1)
    first = await till.sells([TEA], basket="B1")
    second = await till.sells([MUG], basket="B1")
    assert await till.uses(first) == await till.uses(second) == [("Once", True, True)]
    quote = await till.quote([TEA], basket="B2")
    assert [(one["reason"], one["offer"]["id"]) for one in quote["skipped"]] == [("LIMIT_REACHED", promotion)]
    await till.refunds(first, 0)
    assert (await till.quote([TEA], basket="B2"))["skipped"] != []  # the other purchase of the basket uses it
    await till.refunds(second, 0)
    assert (await till.quote([TEA], basket="B2"))["skipped"] == []


async def test_told_late_is_computed_as_of_its_instant(till: Till) -> None:
    await till.promotion("From today")
    at = "2025-12-31T23:59:59Z"
    assert (await till.quote([TEA], at=at))["skipped"][0]["reason"] == "NOT_STARTED"
    sold = await till.sold(lines=[TEA], offers=[], purchasedAt=at)
    assert sold["offerCheck"]["isDifferent"] is False


async def test_a_code_that_is_not_theirs_tells_nothing(till: Till) -> None:
    promotion = await till.promotion("Secret", needsCoupon=True)
    ana, bob = await till.customer("Ana"), await till.customer("Bob")
    await till.coupon(promotion, "ANAS1", customer=ana)
    for buyer in ({}, {"customerId": bob}):
        [skipped] = (await till.quote([TEA], couponCodes=["anas1", "nothing"][:1], **buyer))["skipped"]
        assert (skipped["offer"], skipped["reason"], len(skipped["obstacles"])) == (None, "NOT_THEIRS", 1)
        [refused] = await till.refused(lines=[TEA], couponCodes=["ANAS1"], **buyer)
        assert (refused["code"], refused["reason"], len(refused["obstacles"])) == ("COUPON_REFUSED", "NOT_THEIRS", 1)
    [unknown] = (await till.quote([TEA], couponCodes=["nothing"]))["skipped"]
    assert (unknown["couponCode"], unknown["offer"], unknown["reason"]) == ("NOTHING", None, "UNKNOWN_CODE")
    assert (await till.sells([TEA], ["anas1"], customerId=ana))["total"] == {"amount": "54.00"}


async def test_a_refusal_of_a_code_is_kept_and_told_again(till: Till) -> None:
    promotion = await till.promotion("Big", needsCoupon=True, conditions=[rule("BASKET_TOTAL", minimum="100.00")])
    await till.coupon(promotion, "BIG1")
    given = {"lines": [TEA], "couponCodes": ["BIG1"], "idempotencyKey": "K1", "reference": "X1"}
    [first] = await till.refused(**given)
    assert (first["reason"], first["obstacles"][0]["missing"]) == ("MIN_NOT_REACHED", {"amount": "40.00"})
    assert await till.refused(**given) == [first]


async def test_voids_release(till: Till) -> None:
    await till.promotion("Once", totalLimit=1)
    sold = await till.sells([TEA])
    given = {"purchaseId": sold["id"], "idempotencyKey": "V"}
    await till.office.done("purchaseVoid", "purchase { id }", given)
    assert await till.uses(sold) == [("Once", False, True)]
    assert (await till.sells([TEA]))["total"] == {"amount": "54.00"}


async def test_an_exchange_uses_the_coupon_that_it_releases(till: Till) -> None:
    promotion = await till.promotion("Welcome", needsCoupon=True)
    await till.coupon(promotion, "WELCOME10")
    first = await till.sells([TEA], ["WELCOME10"])
    returns = [{"lineId": first["lines"][0]["id"], "quantity": "1"}]
    line = {**MUG, "discount": "4.00", "offerDiscount": "4.00"}
    offers = [{"offerId": promotion, "couponCode": "WELCOME10", "amount": "4.00"}]
    second = await till.sold(lines=[line], offers=offers, couponCodes=["WELCOME10"], returns=returns,
                             payments=[{"method": "cash", "amount": "-18.00"}])  # fmt: skip
    assert (await till.uses(first), await till.uses(second)) == ([("Welcome", False, True)], [("Welcome", True, True)])
    await till.office.done("purchaseVoid", "purchase { id }", {"purchaseId": second["id"], "idempotencyKey": "V"})
    assert (await till.uses(first), await till.uses(second)) == ([("Welcome", True, True)], [("Welcome", False, True)])


async def test_a_coupon_that_is_not_reusable_stays_used(till: Till) -> None:
    promotion = await till.promotion("Welcome", needsCoupon=True, isReusableAfterCancel=False)
    await till.coupon(promotion, "WELCOME10")
    sold = await till.sells([TEA], ["WELCOME10"])
    await till.refunds(sold, 0)
    assert await till.uses(sold) == [("Welcome", True, True)]


async def test_who_has_it_now_has_used_it(till: Till) -> None:
    await till.promotion("Once each", perCustomerLimit=1, discountRule=PERCENT)
    ana, bob = await till.customer("Ana"), await till.customer("Bob")
    sold = await till.sells([TEA], customerId=ana)
    assert (await till.quote([TEA], customerId=ana))["skipped"][0]["reason"] == "LIMIT_REACHED"
    given = {"purchaseIds": [sold["id"]], "customerId": bob, "idempotencyKey": "M"}
    await till.office.done("purchasesReassign", "userErrors { code }", given)
    assert (await till.quote([TEA], customerId=ana))["skipped"] == []
    assert (await till.quote([TEA], customerId=bob))["skipped"][0]["reason"] == "LIMIT_REACHED"
    assert (await till.quote([TEA]))["skipped"][0]["reason"] == "NOT_THEIRS"


async def test_uses_are_told_in_the_order_in_which_they_applied(till: Till) -> None:
    """The best of a group applies at the place of the group's first, here before one of a higher priority than its own. The till
    may tell them in any order, and what was reserved before has an older id."""
    await till.promotion("Weaker", priority=9, bestOfGroup="g", discountRule=rule("PERCENT", percent="5"))
    await till.promotion("Middle", priority=5, discountRule=rule("PERCENT", percent="10"))
    last = await till.promotion("By a code", priority=3, discountRule=FLAT, needsCoupon=True)
    await till.promotion("Better", priority=1, bestOfGroup="g", discountRule=rule("PERCENT", percent="20"))
    await till.coupon(last, "WELCOME10")
    given = {"couponCode": "WELCOME10", "basket": "B", "idempotencyKey": "RESERVE"}
    await till.office.done("couponReserve", "use { id }", given)
    quote = await till.quote([TEA, MUG], couponCodes=["WELCOME10"], basket="B")
    order = ["Better", "Middle", "By a code"]
    assert [one["offer"]["name"] for one in quote["applied"]] == order
    told = till.told([TEA, MUG], quote, basket="B")
    told["offers"].reverse()
    sold = await till.sold(**told)
    assert [one["offer"]["name"] for one in sold["offerUses"]] == order
    assert [name for name, *_ in await till.uses(sold)] == order


async def share(till: Till, *customers: str) -> list[str | None]:
    found = await till.api.data("{ customers(first: 100) { nodes { id offerShare } } }")
    by_id = {one["id"]: one["offerShare"] for one in found["customers"]["nodes"]}
    return [by_id[one] for one in customers]


async def test_the_part_of_purchases_with_an_offer(till: Till) -> None:
    """Two offers in one purchase count once; what is voided or wholly given back counts in neither figure."""
    coupons = await till.promotion("By a code", needsCoupon=True, isReusableAfterCancel=False)
    await till.coupon(coupons, "WELCOME10", limit=9)
    ana, bo, new = await till.customer(), await till.customer("Bo"), await till.customer("Cy")
    await till.promotion("For all")
    both = await till.sells([TEA, MUG], ["WELCOME10"], customerId=ana)
    assert [name for name, *_ in await till.uses(both)] == ["By a code", "For all"]
    await till.sold(lines=[TEA], customerId=ana)
    third = await till.sold(lines=[TEA], customerId=ana)
    await till.sold(lines=[TEA], customerId=bo)
    await till.sells([TEA])  # a stranger's
    with statements(till.shop, 2):  # a page of customers, and the shares of all of them
        assert await share(till, ana, bo, new) == ["0.3333", "0", None]
    await till.refunds(both, 0)
    assert await share(till, ana) == ["0.3333"]
    passed = {"purchaseIds": [both["id"]], "customerId": bo, "idempotencyKey": "M"}
    await till.office.done("purchasesReassign", "userErrors { code }", passed)
    assert await share(till, ana, bo) == ["0", "0.5"]
    await till.refunds(both, 1)
    given = {"purchaseId": third["id"], "idempotencyKey": "V"}
    await till.office.done("purchaseVoid", "purchase { id }", given)
    assert await share(till, ana, bo) == ["0", "0"]


async def test_the_part_of_purchases_is_the_whole_shops(till: Till) -> None:
    ana = await till.customer()
    main = "SELECT id FROM store WHERE code = 'MAIN'"
    [[store]] = await till.shop.database.rows(main)
    seeing = {"customers.view", "offers.view", "purchases.view"}
    asked = "query($id: ID!) { customer(id: $id) { id offerShare } }"
    assert await share(till.by("own", own=seeing), ana) == [None]
    for own, stores, missing in (
        (seeing, [store], "purchases.view"),
        (seeing - {"purchases.view"}, None, "purchases.view"),
        (seeing - {"offers.view"}, None, "offers.view"),
    ):
        told = await till.by("own", own=own, stores=stores).api.ask(asked, id=ana)
        assert told.data == {"customer": {"id": ana, "offerShare": None}}
        assert told.codes == ["FORBIDDEN"]
        assert missing in told.errors[0]["message"]


@pytest.mark.parametrize("names", [("rewards", "club"), ("club", "rewards")])
async def test_a_refusal_quotes_what_other_plugins_take_off_too(open_shop: OpenShop, names: Sequence[str]) -> None:
    modules = {"rewards": regulars_rewards, "club": Club()}
    till = Till(await open_shop(plugins=plugins_on({name: modules[name] for name in names})))
    await till.promotion("Ten", discountRule=PERCENT)
    given = {"firstName": "Ana", "lastName": "50"}  # of whom the club takes half of cakes off
    ana = str((await till.office.done("customerCreate", "customer { id }", given))["customer"]["id"])
    lines = [{"name": "Torte", "category": "Cake", "unitPrice": "8.00"}, TEA]
    quote = await till.quote(lines, customerId=ana)
    assert amount_of(quote, "total") == "57.60"
    assert amount_of(quote, "discount") == ("6.80" if names[0] == "rewards" else "6.40")
    [changed] = await till.refused(lines=lines, customerId=ana, offers=[])
    assert {**changed["quote"], "at": None} == {**quote, "at": None}


async def test_what_plugins_take_off_tells_the_same_of_offers(till: Till) -> None:
    """basketAdjustments of many baskets tells of offers what basketQuote does of each; of codes it is not told."""
    await till.promotion("Ten", discountRule=PERCENT)
    await till.promotion("Coupon", needsCoupon=True, priority=1)
    some = {"hasEmail": True}
    await till.promotion("By e-mail", audience=some, discountRule=rule("FLAT", amount="3.00"), totalLimit=1)
    ana = await till.customer(email="ana@shop.example")
    baskets: list[dict[str, Any]] = [{"lines": [TEA, MUG]}, {"lines": [MUG], "customerId": ana}, {"lines": [TEA]}]
    told = await asked(till.office, *baskets)
    assert [[(one["line"], one["message"], one["plugin"]) for one in each["adjustments"]] for each in told] == [
        [(0, "Ten", "rewards"), (1, "Ten", "rewards")],
        [(0, "Ten", "rewards"), (0, "By e-mail", "rewards")],
        [(0, "Ten", "rewards")],
    ]
    for basket, each in zip(baskets, told, strict=True):
        quote = await till.quote(**basket)
        assert [amount_of(each, name) for name in ("subtotal", "discount", "total")] == [
            amount_of(quote, name) for name in ("subtotal", "discount", "total")
        ]
        assert [amount_of(line, "adjustment") for line in each["lines"]] == [
            amount_of(line, "offerDiscount") for line in quote["lines"]
        ]


@pytest.mark.parametrize(
    "selected",
    [
        "total { amount }",
        "total { amount } skipped { reason }",
        "... on BasketQuote { ...Why } } } fragment Why on BasketQuote { others: skipped { reason",
    ],
)
async def test_a_basket_is_looked_at_once_whatever_is_asked(
    till: Till, selected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why offers do not apply is found together with what applies where it is asked for, and else not at all."""
    await till.promotion("Ten")
    dear = [rule("BASKET_TOTAL", minimum="1000.00")]
    await till.promotion("Dear", conditions=dear)
    looked: list[bool] = []
    real = quoting.evaluate

    def counted(*given: Any, explains: bool = True, **more: Any) -> Any:
        looked.append(explains)
        return real(*given, explains=explains, **more)

    monkeypatch.setattr(quoting, "evaluate", counted)
    asked_for = f"query($input: BasketQuoteInput!) {{ basketQuote(input: $input) {{ {selected} }} }}"
    told = (await till.api.data(asked_for, input={"lines": [TEA]}))["basketQuote"]
    reasons = next((value for value in told.values() if isinstance(value, list)), None)
    assert reasons == (None if selected == "total { amount }" else [{"reason": "MIN_NOT_REACHED"}])
    assert looked == [reasons is not None]
