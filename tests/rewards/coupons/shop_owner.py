"""A shop owner's way of making promotions and coupons, and of asking what became of them."""

from typing import Any

from regulars_core.plugin import Shop
from regulars_schema.testing import Api

USE = (
    "use { id amount { amount } basket isCounted reservedUntil redeemedAt releasedAt customer { id } coupon { code } "
    "store { code } }"
)
REFUSED = "userErrors { code path ... on CouponRefused { reason obstacles { reason at } } }"


class Owner:
    """Asks a shop as its administrator."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.api = shop, Api.of(shop)
        self._count = 0

    async def customer(self, name: str = "Ana") -> str:
        """A new customer's id."""
        made = await self.api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
        return str(made["customer"]["id"])

    async def promotion(self, **given: Any) -> str:
        """A new promotion's id; one of a tenth off that needs a coupon, unless something else is given."""
        rule = {"kind": "PERCENT", "settings": [{"name": "percent", "value": "10"}]}
        promotion = {"name": "Ten off", "needsCoupon": True, "discountRule": rule, **given}
        made = await self.api.done("promotionCreate", "promotion { id }", {"promotion": promotion})
        return str(made["promotion"]["id"])

    async def code(self, promotion_id: str, code: str, **given: Any) -> str:
        """A code that belongs to nobody; its batch."""
        input = {"promotionId": promotion_id, "codes": [code], **given}
        made = await self.api.done("couponsGenerate", "batch { id }", input)
        return str(made["batch"]["id"])

    async def issued(self, promotion_id: str, customer_id: str, **given: Any) -> dict[str, Any]:
        """A customer's new coupon."""
        input = {"promotionId": promotion_id, "customerId": customer_id, **given}
        made = await self.api.done("couponIssue", "coupon { id code state }", input)
        return dict(made["coupon"])

    async def redeemed(self, code: str, **given: Any) -> dict[str, Any]:
        """A use that was redeemed."""
        made = await self.api.done("couponRedeem", USE, {"couponCode": code, **given})
        return dict(made["use"])

    async def reserved(self, code: str, basket: str, **given: Any) -> dict[str, Any]:
        """A use that is reserved."""
        made = await self.api.done("couponReserve", USE, {"couponCode": code, "basket": basket, **given})
        return dict(made["use"])

    async def refusal(self, mutation: str, **given: Any) -> tuple[str, list[str]]:
        """With which code a mutation was refused a coupon, and for which reasons; the first of them is its reason."""
        kind = mutation[0].upper() + mutation[1:]
        document = f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ {REFUSED} }} }}"
        self._count += 1
        answer = await self.api.data(document, input={"idempotencyKey": f"R{self._count}", **given})
        [error] = answer[mutation]["userErrors"]
        assert error["path"] == ["input", "couponCode"], error
        reasons = [one["reason"] for one in error["obstacles"]]
        assert error["reason"] == reasons[0]
        return error["code"], reasons

    async def problems(self, mutation: str, **given: Any) -> list[tuple[str, str]]:
        """With which codes a mutation was refused, and where."""
        made = await self.api.do(mutation, "__typename", given)
        return [(one["code"], ".".join(one["path"])) for one in made["userErrors"]]

    async def coupon(self, code: str) -> dict[str, Any]:
        """A coupon as it is now."""
        fields = "id code state usedCount usageLimit reason expiresAt actor customer { id } batch { id couponCount }"
        document = (
            f"query($code: String!) {{ coupon(code: $code) {{ {fields} uses {{ totalCount nodes {{ id }} }} }} }}"
        )
        return dict((await self.api.data(document, code=code))["coupon"])

    async def used(self, promotion_id: str) -> int:
        """How often a promotion is used or reserved."""
        document = "query($id: ID!) { promotion(id: $id) { usedCount } }"
        return int((await self.api.data(document, id=promotion_id))["promotion"]["usedCount"])
