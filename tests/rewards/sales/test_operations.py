"""The operations of the contract that tills send of offers, as their clients write them."""

from typing import Any

import regulars_loyalty
from regulars_schema.request.context import GraphQLContext, RequestContext
from tests.rewards.sales.conftest import OpenTill, Till, rule

FRAGMENTS = """
fragment Amount on Money { amount currencyCode }
fragment Trouble on UserError { __typename code message path
  ... on InsufficientFunds { requested { ...Amount } available { ...Amount } }
  ... on InsufficientPoints { requestedPoints availablePoints }
  ... on CouponRefused { reason obstacles { ...Obstacle } }
  ... on OffersChanged { quote { ...Quote } } }
fragment Obstacle on OfferObstacle { reason message leaf at missing { ...Amount } excludedBy { id name } }
fragment Quote on BasketQuote { at subtotal { ...Amount } discount { ...Amount } total { ...Amount }
  lines { index discount { amount } offerDiscount { amount } total { amount } }
  applied { offer { id name } couponCode amount { ...Amount } explanation { text } }
  skipped { offer { id name } couponCode reason obstacles { ...Obstacle } }
  earnings { kind value text } }
"""
QUOTE = FRAGMENTS + "query TillQuote($input: BasketQuoteInput!) { basketQuote(input: $input) { ...Quote } }"
SALE = (
    FRAGMENTS
    + """mutation TillSale($input: PurchaseRecordInput!) { purchaseRecord(input: $input) { created
  purchase { id reference total { ...Amount } payments { method amount { ...Amount } pointsPaid }
    offerUses { offer { name } amount { ...Amount } } pointsEarned
    customer { credit { available { ...Amount } } points { available pending } } }
  userErrors { ...Trouble } } }"""
)
OFFLINE = (
    FRAGMENTS
    + """mutation OfflineSale($input: PurchaseRecordInput!) { purchaseRecord(input: $input) {
  purchase { id offerCheck { isDifferent isTrusted recorded { ...Amount } computed { ...Amount } obstacles { ...Obstacle } } }
  userErrors { ...Trouble } } }"""
)
TO_LOOK_AT = (
    FRAGMENTS
    + """query SalesToLookAt($after: String) {
  purchases(first: 50, after: $after, where: { offersDiffer: true }) {
    nodes { reference store { code } offerCheck { recorded { ...Amount } computed { ...Amount } obstacles { reason message } } }
    pageInfo { hasNextPage endCursor } } }"""
)
LINES = [
    {"sku": "TEA-1", "name": "Tea", "brand": "Leaf", "category": "drinks", "quantity": "2", "unitPrice": "30.00"},
    {"sku": "MUG-4", "name": "Mug", "category": "kitchen", "unitPrice": "40.00", "discount": "5.00"},
]


def asked(document: str, *left_out: str) -> str:
    """A document with the fragments that it needs, in a shop without what is left out."""
    return "\n".join(line for line in document.split("\n") if not any(part in line for part in left_out))


async def begun(open_till: OpenTill) -> tuple[Till, str, str]:
    """A shop with loyalty, a customer, and ten off by a coupon."""
    till = await open_till({"loyalty": regulars_loyalty})
    await till.office.done("storeCreate", "store { id }", {"code": "S07", "name": "Harbour"})
    promotion = await till.promotion("Welcome", needsCoupon=True, discountRule=rule("FLAT", amount="10.00"))
    await till.coupon(promotion, "WELCOME10")
    return till, await till.customer(), promotion


async def test_quote_and_sale(open_till: OpenTill) -> None:
    """Tea for 60.00 and a mug for 35.00 left: 6.32 and 3.68 of the ten."""
    till, ana, promotion = await begun(open_till)
    about = {"customerId": ana, "storeCode": "S07", "basket": "S07-till3-20261128-118"}
    unused = ("fragment Trouble", "InsufficientFunds", "InsufficientPoints", "CouponRefused", "OffersChanged")
    quote = (await till.api.data(asked(QUOTE, *unused), input={**about, "couponCodes": ["WELCOME10"], "lines": LINES}))[
        "basketQuote"
    ]
    assert [(line["discount"]["amount"], line["offerDiscount"]["amount"]) for line in quote["lines"]] == [
        ("6.32", "6.32"), ("8.68", "3.68"),
    ]  # fmt: skip
    lines = [
        {**LINES[0], "discount": "6.32", "offerDiscount": "6.32"},
        {**LINES[1], "discount": "8.68", "offerDiscount": "3.68"},
    ]
    offers = [{"offerId": promotion, "couponCode": "WELCOME10", "amount": "10.00"}]
    given: dict[str, Any] = {
        **about, "reference": "20261128-118", "lines": lines, "couponCodes": ["WELCOME10"], "offers": offers,
        "payments": [{"method": "card", "amount": "85.00", "reference": "T-99812"}],
        "idempotencyKey": "S07-till3-20261128-118-1",
    }  # fmt: skip
    sold = (await till.api.data(SALE, input=given))["purchaseRecord"]
    assert sold["userErrors"] == []
    assert [(one["offer"]["name"], one["amount"]["amount"]) for one in sold["purchase"]["offerUses"]] == [
        ("Welcome", "10.00")
    ]


async def test_offline(open_till: OpenTill) -> None:
    till, _, promotion = await begun(open_till)
    lines = [{"sku": "TEA-1", "unitPrice": "30.00", "discount": "3.00", "offerDiscount": "3.00"}]
    given = {
        "reference": "20261128-119", "storeCode": "S07", "purchasedAt": "2026-11-28T14:02:11+01:00", "lines": lines,
        "offers": [{"offerId": promotion, "amount": "3.00"}], "offersTrusted": True,
        "payments": [{"method": "cash", "amount": "27.00"}], "idempotencyKey": "S07-till3-20261128-119",
    }  # fmt: skip
    sold = (await till.api.data(OFFLINE, input=given))["purchaseRecord"]
    assert sold["userErrors"] == []
    check = sold["purchase"]["offerCheck"]
    assert (check["isDifferent"], check["isTrusted"], check["recorded"]["amount"], check["computed"]["amount"]) == (
        True, True, "3.00", "0.00",
    )  # fmt: skip
    unused = ("fragment Trouble", "InsufficientFunds", "InsufficientPoints", "CouponRefused", "OffersChanged")
    document = asked(TO_LOOK_AT, *unused, "fragment Obstacle")
    document = "\n".join(
        line for line in document.split("\n")
        if not line.startswith(("fragment Quote", "  lines {", "  applied", "  skipped", "  earnings"))
    )  # fmt: skip
    found = await till.api.data(document, after=None)
    assert [one["reference"] for one in found["purchases"]["nodes"]] == ["20261128-119"]


HOLDS = (
    FRAGMENTS
    + """mutation WebCheckoutHolds($credit: CreditHoldInput!, $points: PointsHoldInput!, $coupon: CouponReserveInput!) {
  creditHold(input: $credit) { hold { id heldUntil } userErrors { ...Trouble } }
  pointsHold(input: $points) { hold { id heldUntil } userErrors { ...Trouble } }
  couponReserve(input: $coupon) { use { id reservedUntil } userErrors { ...Trouble } } }
mutation WebCheckoutPays($input: PurchaseRecordInput!) {
  purchaseRecord(input: $input) { purchase { id } userErrors { ...Trouble } } }
mutation WebCheckoutAbandoned($credit: CreditReleaseInput!, $points: PointsReleaseInput!, $coupon: CouponReleaseInput!) {
  creditRelease(input: $credit) { hold { isOpen } userErrors { ...Trouble } }
  pointsRelease(input: $points) { hold { isOpen } userErrors { ...Trouble } }
  couponRelease(input: $coupon) { coupon { state } userErrors { ...Trouble } } }"""
)
HELD = """query($id: ID!) { customer(id: $id) {
  credit { balance { amount } available { amount } } points { balance available } } coupon(code: "WELCOME10") { state } }"""


class Checkout:
    """The web shop's checkout of one basket, by the document of its client, which holds all three operations."""

    def __init__(self, till: Till, customer: str) -> None:
        self.till, self.customer = till, customer

    async def runs(self, operation: str, **variables: Any) -> dict[str, Any]:
        """What an operation of the document answers; none of its mutations may be refused."""
        api = self.till.api
        context = GraphQLContext(RequestContext(api.shop, api.actor))
        told = await api.schema.execute(HOLDS, variables, context, operation_name=operation)
        assert not told.errors, told.errors
        assert told.data is not None
        assert all(one["userErrors"] == [] for one in told.data.values()), told.data
        return dict(told.data)

    async def holds(self, n: int) -> tuple[str, str]:
        """Hold 20.00 of credit, 500 points, and the coupon; which credit and which points."""
        about = {"customerId": self.customer, "basket": "web-7781"}
        told = await self.runs(
            "WebCheckoutHolds",
            credit={**about, "amount": {"amount": "20.00"}, "minutes": 30, "idempotencyKey": f"web-7781-credit-{n}"},
            points={**about, "points": "500", "idempotencyKey": f"web-7781-points-{n}"},
            coupon={**about, "couponCode": "welcome10", "idempotencyKey": f"web-7781-coupon-{n}"},
        )
        assert told["couponReserve"]["use"]["reservedUntil"]
        return told["creditHold"]["hold"]["id"], told["pointsHold"]["hold"]["id"]

    async def has(self) -> tuple[str, str, str, str, str]:
        """Credit and points, there and available, and what has become of the coupon."""
        told = await self.till.api.data(HELD, id=self.customer)
        credit, points = told["customer"]["credit"], told["customer"]["points"]
        state = told["coupon"]["state"]
        return (
            credit["balance"]["amount"], credit["available"]["amount"], points["balance"], points["available"], state,
        )  # fmt: skip


async def test_web_checkout(open_till: OpenTill) -> None:
    """Credit, points and a coupon are held, and given up; held again, they pay together with a card."""
    till, ana, promotion = await begun(open_till)
    rate = {"points": "100", "amount": {"amount": "1.00"}}
    program = {"rules": [], "rate": rate}
    await till.office.done("pointsProgramUpdate", "userErrors { code }", {"program": program, "idempotencyKey": "P"})
    given = {"customerId": ana, "amount": {"amount": "25.00"}, "reason": "GOODWILL", "idempotencyKey": "C"}
    await till.office.done("creditAdd", "userErrors { code }", given)
    given = {"customerId": ana, "points": "600", "direction": "ADD", "reason": "GOODWILL", "idempotencyKey": "A"}
    await till.office.done("pointsAdjust", "userErrors { code }", given)

    checkout = Checkout(till, ana)
    credit, points = await checkout.holds(1)
    assert await checkout.has() == ("25.00", "5.00", "600", "100", "RESERVED")
    told = await checkout.runs(
        "WebCheckoutAbandoned",
        credit={"holdId": credit, "idempotencyKey": "web-7781-free-1"},
        points={"holdId": points, "idempotencyKey": "web-7781-free-2"},
        coupon={"couponCode": "WELCOME10", "basket": "web-7781", "idempotencyKey": "web-7781-free-3"},
    )
    assert told == {
        "creditRelease": {"hold": {"isOpen": False}, "userErrors": []},
        "pointsRelease": {"hold": {"isOpen": False}, "userErrors": []},
        "couponRelease": {"coupon": {"state": "ISSUED"}, "userErrors": []},
    }
    assert await checkout.has() == ("25.00", "25.00", "600", "600", "ISSUED")

    credit, points = await checkout.holds(2)
    line = {"sku": "TEA-1", "unitPrice": "30.00", "quantity": "2", "discount": "10.00", "offerDiscount": "10.00"}
    payments = [
        {"method": "STORE_CREDIT", "amount": "20.00", "reference": credit},
        {"method": "POINTS", "amount": "5.00", "reference": points},
        {"method": "card", "amount": "25.00"},
    ]
    sale = {
        "reference": "web-7781", "basket": "web-7781", "customerId": ana, "channel": "web", "lines": [line],
        "couponCodes": ["WELCOME10"], "offers": [{"offerId": promotion, "couponCode": "WELCOME10", "amount": "10.00"}],
        "payments": payments, "idempotencyKey": "web-7781-pay-1",
    }  # fmt: skip
    paid = await checkout.runs("WebCheckoutPays", input=sale)
    assert await checkout.has() == ("5.00", "5.00", "100", "100", "REDEEMED")
    assert await checkout.runs("WebCheckoutPays", input=sale) == paid
    assert await till.uses(paid["purchaseRecord"]["purchase"]) == [("Welcome", True, True)]
    assert await checkout.has() == ("5.00", "5.00", "100", "100", "REDEEMED")
