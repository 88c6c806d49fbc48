"""Who may do what at a till, twice and at the same time, and what the operations of the contract answer."""

import asyncio
from typing import Any

import pytest

import regulars_loyalty
from tests.rewards.sales.conftest import OpenTill, Till, amount_of, rule

TEA = {"sku": "TEA-1", "name": "Tea", "unitPrice": "60.00"}
ASK = "query($input: BasketQuoteInput!) { basketQuote(input: $input) { total { amount } } }"


async def store(till: Till, code: str) -> str:
    """A store; its key."""
    made = await till.office.done("storeCreate", "store { id }", {"code": code, "name": code})
    return str(made["store"]["id"].partition("_")[2])


@pytest.mark.parametrize("role", ["cashier", "store_terminal"])
async def test_a_key_of_one_store_quotes_reserves_sells_and_releases(till: Till, role: str) -> None:
    here = await store(till, "S07")
    promotion = await till.promotion("Welcome", needsCoupon=True)
    await till.coupon(promotion, "WELCOME10")
    one = till.by(role, stores=[here])
    reserve = {"couponCode": "welcome10", "basket": "B1", "storeCode": "S07", "idempotencyKey": "1"}
    await one.api.done("couponReserve", "use { id }", reserve)
    elsewhere = await till.quote([TEA], couponCodes=["WELCOME10"], basket="B2")
    assert [each["reason"] for each in elsewhere["skipped"]] == ["RESERVED"]
    quote = await one.quote([TEA], couponCodes=["WELCOME10"], basket="B1", storeCode="S07")
    assert amount_of(quote, "total") == "54.00"
    sold = await one.api.done(
        "purchaseRecord",
        "created",
        {**till.told([TEA], quote), "basket": "B1", "storeCode": "S07", "idempotencyKey": "2"},
    )
    assert sold["created"]
    assert [each["reason"] for each in (await till.quote([TEA], couponCodes=["WELCOME10"]))["skipped"]] == [
        "LIMIT_REACHED"
    ]
    await till.coupon(promotion, "OTHER10")
    again = {**reserve, "couponCode": "OTHER10", "basket": "B3", "idempotencyKey": "3"}
    await one.api.done("couponReserve", "use { id }", again)
    release = {"couponCode": "OTHER10", "basket": "B3", "idempotencyKey": "4"}
    await one.api.done("couponRelease", "coupon { id }", release)
    assert (await till.quote([TEA], couponCodes=["OTHER10"]))["skipped"] == []


async def test_quoting_only_where_offers_may_be_seen(till: Till) -> None:
    here, there = await store(till, "HERE"), await store(till, "THERE")
    for one in (till.by("cashier", stores=[here]), till.by("own", stores=[here], own=["offers.view"])):
        assert amount_of(await one.quote([TEA]), "total") == "60.00"  # in its only store
        answer = await one.api.ask(ASK, input={"lines": [TEA], "storeCode": "THERE"})
        assert [(error["message"], error["extensions"]) for error in answer.errors] == [
            (
                "This needs the permission offers.view in this store.",
                {
                    "code": "FORBIDDEN", "permission": "offers.view", "store": f"store_{there}", "refused": 1,
                    "retryable": False,
                },
            )
        ]  # fmt: skip


async def test_only_where_they_may(till: Till) -> None:
    here, _ = await store(till, "HERE"), await store(till, "THERE")
    promotion = await till.promotion("Welcome", needsCoupon=True)
    await till.coupon(promotion, "WELCOME10")
    quote = await till.quote([TEA], couponCodes=["WELCOME10"])
    given = {**till.told([TEA], quote), "storeCode": "HERE", "idempotencyKey": "1"}
    mutation = (
        "mutation($input: PurchaseRecordInput!) { purchaseRecord(input: $input) { created userErrors { code } } }"
    )
    for own in (["purchases.record"], ["coupons.redeem"]):
        answer = await till.by("none", stores=[here], own=own).api.ask(mutation, input=given)
        assert answer.codes == ["FORBIDDEN"]
    trusted = await till.by("cashier", stores=[here]).api.ask(mutation, input={**given, "offersTrusted": True})
    assert (trusted.codes, trusted.errors[0]["extensions"]["permission"]) == (["FORBIDDEN"], "offers.trust")
    nobody = await till.by("none", own=["purchases.record"]).api.ask(ASK, input={"lines": [TEA]})
    assert (nobody.data, nobody.codes) == ({"basketQuote": None}, ["FORBIDDEN"])
    viewer = till.by("none", own=["offers.view"])
    assert amount_of(await viewer.quote([TEA]), "total") == "60.00"


async def test_nobody_learns_what_an_audience_compares(till: Till) -> None:
    await till.promotion("Young", audience={"age": {"lt": 30}})
    ana = await till.customer(birthDate="1950-01-01")
    seen = (await till.quote([TEA], customerId=ana))["skipped"][0]
    hidden = (await till.by("none", own=["offers.view"]).quote([TEA], customerId=ana))["skipped"][0]
    assert (seen["reason"], seen["obstacles"][0]["leaf"]) == ("AUDIENCE", "age")
    assert (hidden["reason"], hidden["obstacles"][0]["leaf"]) == ("AUDIENCE", None)
    assert "age" not in hidden["obstacles"][0]["message"]


async def test_the_last_use_is_one(till: Till) -> None:
    """Of many that want the last use of a coupon at the same time one has it."""
    promotion = await till.promotion("Welcome", needsCoupon=True)
    await till.coupon(promotion, "WELCOME10")
    quote = await till.quote([TEA], couponCodes=["WELCOME10"])
    told = await asyncio.gather(*(till.send(**till.told([TEA], quote)) for _ in range(12)))
    codes = [one["userErrors"][0]["code"] if one["userErrors"] else None for one in told]
    assert (codes.count(None), codes.count("COUPON_EXHAUSTED")) == (1, 11)


async def test_a_budget_is_never_overrun(till: Till) -> None:
    promotion = await till.promotion("Budget", budget={"amount": "20.00"}, totalLimit=5)
    quote = await till.quote([TEA])
    told = await asyncio.gather(*(till.send(**till.told([TEA], quote)) for _ in range(10)))
    assert sum(one["purchase"] is not None for one in told) == 3
    assert {one["userErrors"][0]["code"] for one in told if one["userErrors"]} == {"OFFERS_CHANGED"}
    shown = await till.office.data(
        "query($id: ID!) { promotion(id: $id) { usedCount budgetUsed { amount } } }", id=promotion
    )
    assert shown["promotion"] == {"usedCount": 3, "budgetUsed": {"amount": "18.00"}}


async def test_per_customer_limits_hold_at_the_same_time(till: Till) -> None:
    await till.promotion("Twice", perCustomerLimit=2)
    ana = await till.customer()
    quote = await till.quote([TEA], customerId=ana)
    told = await asyncio.gather(*(till.send(**till.told([TEA], quote, customerId=ana)) for _ in range(6)))
    assert sum(one["purchase"] is not None for one in told) == 2


async def test_the_same_sale_twice_is_one(till: Till) -> None:
    await till.promotion("Once", totalLimit=1)
    quote = await till.quote([TEA])
    given = {**till.told([TEA], quote), "idempotencyKey": "S"}
    told = await asyncio.gather(*(till.send(**given) for _ in range(4)))
    assert len({one["purchase"]["id"] for one in told}) == 1


@pytest.mark.parametrize(
    ("wrong", "reason", "place"),
    [
        ({"lines": []}, "INVALID_LINES", "lines"),
        ({"lines": [{"name": "x"}]}, "REQUIRED", "lines.0.unitPrice"),
        ({"storeCode": "S99"}, "NOT_FOUND", "storeCode"),
        ({"customerId": f"customer_{'0' * 32}"}, "NOT_FOUND", "customerId"),
        ({"currencyCode": "EUR"}, "CURRENCY_MISMATCH", "currencyCode"),
        ({"couponCodes": ["A1B2"] * 11}, "TOO_MANY", "couponCodes"),
        ({"basket": "x" * 121}, "TOO_LONG", "basket"),
        ({"basket": "a\0b"}, "INVALID_TEXT", "basket"),
    ],
)
async def test_a_wrong_basket_is_told_with_its_place(
    till: Till, wrong: dict[str, Any], reason: str, place: str
) -> None:
    answer = await till.api.ask(ASK, input={"lines": [TEA], **wrong})
    assert answer.data == {"basketQuote": None}
    told = answer.errors[0]["extensions"]
    assert (told["code"], told["reason"], told["argument"]) == (
        "BAD_USER_INPUT", reason, ["input", *place.split(".")],
    )  # fmt: skip


async def test_hostile_codes_are_unknown(till: Till) -> None:
    codes = ["", " ", "a\0b", "\ud7ff", "x" * 5_000, "'; DROP TABLE rewards_coupon; --", "💥", "%", "_"]
    told = await till.quote([TEA], couponCodes=codes)
    assert {one["reason"] for one in told["skipped"]} == {"UNKNOWN_CODE"}
    problems = await till.refused(lines=[TEA], couponCodes=codes)
    assert {one["reason"] for one in problems} == {"UNKNOWN_CODE"}


async def test_what_a_basket_would_earn_is_what_it_earns(open_till: OpenTill) -> None:
    till = await open_till({"loyalty": regulars_loyalty})
    rules = [{"code": "base", "name": "Base", "rule": rule("PER_AMOUNT", points="1", per="1.00")}]
    program = {"program": {"rules": rules}, "idempotencyKey": "P"}
    await till.office.done("pointsProgramUpdate", "pointsProgram { number }", program)
    await till.promotion()
    ana = await till.customer()
    asked = "query($input: BasketQuoteInput!) { basketQuote(input: $input) { earnings { kind value text } } }"
    lines: list[dict[str, Any]] = [TEA, {"name": "Card", "unitPrice": "20.00", "creditFor": True}]
    told = await till.api.data(asked, input={"lines": lines, "customerId": ana})
    assert told["basketQuote"]["earnings"] == [{"kind": "POINTS", "value": "54", "text": "54 points"}]
    sold = await till.sells(lines, customerId=ana)
    earned = await till.office.data("query($id: ID!) { purchase(id: $id) { pointsEarned } }", id=sold["id"])
    assert earned["purchase"]["pointsEarned"] == "54"
    assert (await till.api.data(asked, input={"lines": lines}))["basketQuote"]["earnings"] == []
