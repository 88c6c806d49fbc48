"""A till that quotes baskets, sells them at the prices that it was told, and takes goods back."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from itertools import count
from typing import Any

import pytest

from regulars_core.plugin import LATEST, Actor, Shop, inserting, new_id, now
from regulars_core.shop.actors import Binding
from regulars_rewards.coupons.codes import key_of_code
from regulars_schema.testing import Api
from tests.rewards.conftest import OpenRewards

OBSTACLE = "reason message leaf at missing { amount } excludedBy { id name }"
QUOTE = f"""at subtotal {{ amount }} discount {{ amount }} total {{ amount }}
  lines {{ index discount {{ amount }} offerDiscount {{ amount }} total {{ amount }} }}
  applied {{ offer {{ id name }} couponCode amount {{ amount }} explanation {{ text }} }}
  skipped {{ offer {{ id name }} couponCode reason obstacles {{ {OBSTACLE} }} }}"""
ASK = f"query($input: BasketQuoteInput!) {{ basketQuote(input: $input) {{ {QUOTE} }} }}"
PURCHASE = """id total { amount } status offerUses { amount { amount } isCounted offer { name } releasedAt }
  lines { id total { amount } offerDiscount { amount } }
  offerCheck { recorded { amount } computed { amount } isDifferent isTrusted obstacles { reason leaf } }"""
TROUBLE = f"""__typename code path ... on CouponRefused {{ reason obstacles {{ {OBSTACLE} }} }}
  ... on OffersChanged {{ quote {{ {QUOTE} }} }}"""
SELL = f"""mutation($input: PurchaseRecordInput!) {{ purchaseRecord(input: $input) {{
  created purchase {{ {PURCHASE} }} userErrors {{ {TROUBLE} }} }} }}"""
PERCENT = {"kind": "PERCENT", "settings": [{"name": "percent", "value": "10"}]}


def rule(kind: str, **settings: str) -> dict[str, Any]:
    """A rule as it is given."""
    return {"kind": kind, "settings": [{"name": name, "value": value} for name, value in settings.items()]}


class Till:
    """Makes offers as the shop, quotes and sells as somebody."""

    def __init__(self, shop: Shop, api: Api | None = None) -> None:
        self.shop, self.office = shop, Api.of(shop)
        self.api = api or self.office
        self.numbers = count(1)

    def by(self, role: str, *, stores: Collection[str] | None = None, own: Collection[str] | None = None) -> "Till":
        """The same shop by somebody with a role of the box, or these permissions; in the whole shop, or in stores by key."""
        binding = Binding.of(self.shop.permissions, role, stores, own)
        other = Till(self.shop, Api(self.office.schema, self.shop, Actor("key", "till", (binding,))))
        other.numbers = self.numbers
        return other

    async def promotion(self, name: str = "Ten off", **more: Any) -> str:
        """Make a promotion; its id for the API."""
        given = {"name": name, "discountRule": PERCENT, **more}
        key = f"P{next(self.numbers)}"
        made = await self.office.done(
            "promotionCreate", "promotion { id }", {"promotion": given, "idempotencyKey": key}
        )
        return str(made["promotion"]["id"])

    async def coupon(
        self, promotion: str, code: str, *, customer: str | None = None, limit: int | None = 1, expires: int = LATEST
    ) -> str:
        """A coupon that opens a promotion; its key."""
        id_ = new_id()
        columns = (
            "id", "code", "key", "promotion_id", "customer_id", "issued_at", "expires_at", "usage_limit", "reserved", "redeemed",
        )  # fmt: skip
        owner = customer and customer.partition("_")[2]
        row = (id_, code, key_of_code(code), promotion.partition("_")[2], owner, now(), expires, limit, 0, 0)

        async def work() -> None:
            await self.shop.database.defer([inserting("rewards_coupon", columns, [row])])

        await self.shop.database.transaction(work)
        return id_

    async def customer(self, name: str = "Ana", **more: Any) -> str:
        """Register somebody; the id for the API."""
        given = {"firstName": name, "lastName": "Li", **more}
        return str((await self.office.done("customerCreate", "customer { id }", given))["customer"]["id"])

    async def quote(self, lines: Sequence[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """What is told of a basket."""
        told: dict[str, Any] = (await self.api.data(ASK, input={"lines": lines, **more}))["basketQuote"]
        return told

    def told(self, lines: Sequence[dict[str, Any]], quote: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A sale as it is sent that was told this."""
        applied = quote["applied"]
        codes = [one["couponCode"] for one in applied if one["couponCode"]]
        offers = [
            {"offerId": one["offer"]["id"], "amount": one["amount"]["amount"]}
            | ({"couponCode": one["couponCode"]} if one["couponCode"] else {})
            for one in applied
        ]
        prices = [
            {**line, "discount": now_["discount"]["amount"], "offerDiscount": now_["offerDiscount"]["amount"]}
            | ({"total": now_["total"]["amount"]} if "total" in line else {})
            for line, now_ in zip(lines, quote["lines"], strict=True)
        ]
        given = {"reference": f"R{next(self.numbers)}", "lines": prices, "offers": offers, **more}
        return {**given, "couponCodes": codes} if codes else given

    async def send(self, **given: Any) -> dict[str, Any]:
        """What is answered to a sale."""
        n = next(self.numbers)
        own = {"reference": f"R{n}", "idempotencyKey": f"K{n}", **given}
        told: dict[str, Any] = (await self.api.data(SELL, input=own))["purchaseRecord"]
        return told

    async def sold(self, **given: Any) -> dict[str, Any]:
        """A sale that must succeed; the purchase."""
        told = await self.send(**given)
        assert told["userErrors"] == [], told["userErrors"]
        purchase: dict[str, Any] = told["purchase"]
        return purchase

    async def sells(self, lines: Sequence[dict[str, Any]], codes: Sequence[str] = (), **more: Any) -> dict[str, Any]:
        """Quote a basket, and sell it so."""
        about = {name: more[name] for name in ("customerId", "storeCode", "basket") if name in more}
        quote = await self.quote(lines, couponCodes=list(codes), **about)
        return await self.sold(**self.told(lines, quote, **more))

    async def refused(self, **given: Any) -> list[dict[str, Any]]:
        """Why a sale is refused."""
        told = await self.send(**given)
        assert told["purchase"] is None
        problems: list[dict[str, Any]] = told["userErrors"]
        return problems

    async def refunds(self, purchase: dict[str, Any], *places: int, quantity: str = "1") -> str:
        """Take lines back whole; the amount."""
        lines = [{"lineId": purchase["lines"][n]["id"], "quantity": quantity} for n in places]
        given = {"purchaseId": purchase["id"], "lines": lines, "idempotencyKey": f"B{next(self.numbers)}"}
        done = await self.office.done("purchaseRefund", "refund { amount { amount } }", given)
        return str(done["refund"]["amount"]["amount"])

    async def uses(self, purchase: dict[str, Any]) -> list[tuple[str, bool, bool]]:
        """What was used in a purchase: the promotion's name, whether it stands, and whether it counts."""
        asked = "query($id: ID!) { purchase(id: $id) { offerUses { offer { name } releasedAt isCounted } } }"
        found = (await self.office.data(asked, id=purchase["id"]))["purchase"]["offerUses"]
        return [(one["offer"]["name"], one["releasedAt"] is None, one["isCounted"]) for one in found]


OpenTill = Callable[..., Awaitable[Till]]


@pytest.fixture
def open_till(open_rewards: OpenRewards) -> OpenTill:
    """Opens a shop with rewards, other plugins and settings, and answers its till."""

    async def open_one(others: dict[str, object] | None = None, **settings: Any) -> Till:
        return Till(await open_rewards(others, **settings))

    return open_one


@pytest.fixture
async def till(open_till: OpenTill) -> Till:
    """The till of a shop that sells in USD, by UTC."""
    return await open_till()


def amount_of(part: dict[str, Any], name: str = "amount") -> str:
    """An amount of something that was told."""
    return str(part[name]["amount"])
