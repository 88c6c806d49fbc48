"""Somebody who makes reward systems over the API, and looks at what customers have."""

from typing import Any
from uuid import uuid4

from regulars_core.plugin import Actor, Shop
from regulars_core.shop.actors import Binding
from regulars_schema.testing import Api
from tests.rewards.promotions.marketing import TEN_PERCENT, rule

SYSTEM = (
    "id name mode target isEnabled issuedCount startsAt endsAt createdAt updatedAt audience bands { from to progress }"
    " triggerRule { kind description isAvailable settings { name value } } reward { kind isAvailable settings { name value } }"
)
ENTRY = (
    "id cause progressDelta progressAfter at actor reason system { name } customer { id } coupon { id state }"
    " purchase { id } explanation { text figures { name value } rule { kind } }"
)
REWARDS = f"progress target missing issuedCount system {{ name }} entries(first: 50) {{ nodes {{ {ENTRY} }} }}"
MANUAL = rule("MANUAL")
BANDS = [
    {"from": "0", "to": "10", "progress": 1},
    {"from": "10", "to": "50.00", "progress": 3},
    {"from": "50", "progress": 5},
]


class Office:
    """Makes, changes and removes reward systems, and gives progress; everything is named by its ids for the API."""

    def __init__(self, shop: Shop, role: str = "administrator") -> None:
        self.shop, self.api = shop, Api.of(shop, role)
        self.promotion = ""

    def by(self, *permissions: str, stores: list[str] | None = None) -> Api:
        """Somebody with these permissions; in the whole shop, or in these stores, given by their keys."""
        binding = Binding.of(self.shop.permissions, "own", stores, permissions)
        return Api(self.api.schema, self.shop, Actor("key", "till", (binding,)))

    async def opens(self) -> str:
        """The promotion of which coupons are given."""
        if not self.promotion:
            given = {"promotion": {"name": "Reward", "needsCoupon": True, "discountRule": TEN_PERCENT}}
            made = await self.api.done("promotionCreate", "promotion { id }", given)
            self.promotion = made["promotion"]["id"]
        return self.promotion

    async def given(self, name: str = "Stamps", **more: Any) -> dict[str, Any]:
        """A reward system as it is sent: by hand, for a coupon, unless it says otherwise."""
        coupon = rule("COUPON", promotion=await self.opens())
        return {"rewardSystem": {"name": name, "triggerRule": MANUAL, "reward": coupon, **more}}

    async def makes(self, name: str = "Stamps", **more: Any) -> Any:
        """A new reward system, with all its fields."""
        given = await self.given(name, **more)
        return (await self.api.done("rewardSystemCreate", f"rewardSystem {{ {SYSTEM} }}", given))["rewardSystem"]

    async def refuses(self, api: Api | None = None, **more: Any) -> list[tuple[str, str]]:
        """(code, path) of why a reward system is not made."""
        made = await (api or self.api).do("rewardSystemCreate", "rewardSystem { id }", await self.given(**more))
        return [(one["code"], ".".join(one["path"])) for one in made["userErrors"]]

    async def changes(self, id_: str, **changes: Any) -> Any:
        """A reward system after a change."""
        given = {"id": id_, **changes}
        return (await self.api.done("rewardSystemUpdate", f"rewardSystem {{ {SYSTEM} }}", given))["rewardSystem"]

    async def refuses_change(self, id_: str, **changes: Any) -> list[tuple[str, str]]:
        """(code, path) of why a reward system is not changed."""
        made = await self.api.do("rewardSystemUpdate", "rewardSystem { id }", {"id": id_, **changes})
        return [(one["code"], ".".join(one["path"])) for one in made["userErrors"]]

    async def lists(self, arguments: str = "") -> list[str]:
        """The names of reward systems."""
        found = await self.api.data(f"{{ rewardSystems{arguments} {{ nodes {{ name }} }} }}")
        return [one["name"] for one in found["rewardSystems"]["nodes"]]

    async def asks(self, id_: str, fields: str = SYSTEM, api: Api | None = None) -> Any:
        """Fields of a reward system."""
        document = f"query($id: ID!) {{ rewardSystem(id: $id) {{ {fields} }} }}"
        return (await (api or self.api).data(document, id=id_))["rewardSystem"]

    async def customer(self, **more: Any) -> str:
        """Register somebody."""
        given = {"firstName": "Ana", "lastName": "Li", "force": True, **more}
        return str((await self.api.done("customerCreate", "customer { id }", given))["customer"]["id"])

    async def grants(self, customer: str, system: str, progress: int | None = None, **more: Any) -> Any:
        """The entry of progress that is given by hand."""
        given = {"customerId": customer, "rewardSystemId": system, "reason": "Sorry", **more}
        told = given if progress is None else {**given, "progress": progress}
        return (await self.api.done("rewardGrant", f"entry {{ {ENTRY} }}", told))["entry"]

    async def refuses_grant(self, customer: str, system: str, **more: Any) -> list[tuple[str, str]]:
        """(code, path) of why progress is not given."""
        given = {"customerId": customer, "rewardSystemId": system, "reason": "Sorry", **more}
        made = await self.api.do("rewardGrant", "entry { id }", given)
        return [(one["code"], ".".join(one["path"])) for one in made["userErrors"]]

    async def rewards(self, customer: str, fields: str = REWARDS, api: Api | None = None) -> Any:
        """How far a customer is in each system."""
        document = f"query($id: ID!) {{ customer(id: $id) {{ rewards {{ {fields} }} }} }}"
        return (await (api or self.api).data(document, id=customer))["customer"]["rewards"]

    async def store(self, code: str) -> str:
        """Open a store; its id."""
        made = await self.api.done("storeCreate", "store { id }", {"code": code, "name": code})
        return str(made["store"]["id"])

    async def sells(self, customer: str | None, amount: str, store: str = "MAIN", **more: Any) -> Any:
        """Sell something; the purchase, with its lines."""
        given = {"storeCode": store, "lines": [{"name": "Tea", "unitPrice": amount}], "reference": uuid4().hex, **more}
        given |= {"customerId": customer} if customer else {}
        return (await self.api.done("purchaseRecord", "purchase { id lines { id } }", given))["purchase"]
