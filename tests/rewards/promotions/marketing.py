"""Somebody who makes promotions over the API."""

from typing import Any

from regulars_core.plugin import Shop, new_id
from regulars_core.shop.actors import Actor, Binding
from regulars_schema.testing import Api

PROMOTION = (
    "id name description phase priority needsCoupon startsAt endsAt createdAt updatedAt audience bestOfGroup"
    " budget { amount currencyCode } budgetUsed { amount } totalLimit perCustomerLimit usedCount excludesReduced isExclusive"
    " isReusableAfterCancel isStackable stores { id } scope { mode skus brands categories }"
    " discountRule { kind description isAvailable settings { name value } } conditions { kind settings { name value } }"
)
Rule = dict[str, Any]


def rule(kind: str, **settings: Any) -> Rule:
    """A rule as it is sent; a list is a setting with several values."""
    pairs = [
        {"name": name.rstrip("_"), "value": str(one)}
        for name, value in settings.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return {"kind": kind, "settings": pairs}


TEN_PERCENT = rule("PERCENT", percent=10)


class Marketing:
    """Makes, changes and ends promotions, and asks for them; customers and promotions are named by their ids for the API."""

    def __init__(self, shop: Shop, role: str = "administrator") -> None:
        self.shop, self.api = shop, Api.of(shop, role)

    def by(self, *permissions: str, stores: list[str] | None = None) -> Api:
        """Somebody with these permissions; in the whole shop, or in these stores, given by their keys."""
        binding = Binding.of(self.shop.permissions, "own", stores, permissions)
        return Api(self.api.schema, self.shop, Actor("key", "till", (binding,)))

    async def makes(self, name: str = "Tea week", **more: Any) -> Any:
        """A new promotion, with all its fields."""
        given = {"promotion": {"name": name, "discountRule": TEN_PERCENT, **more}}
        return (await self.api.done("promotionCreate", f"promotion {{ {PROMOTION} }}", given))["promotion"]

    async def refuses(self, api: Api | None = None, **more: Any) -> list[tuple[str, str]]:
        """(code, path) of why a promotion is not made."""
        given = {"promotion": {"name": "Tea week", "discountRule": TEN_PERCENT, **more}}
        made = await (api or self.api).do("promotionCreate", "promotion { id }", given)
        return [(one["code"], ".".join(one["path"])) for one in made["userErrors"]]

    async def changes(self, id_: str, **changes: Any) -> Any:
        """A promotion after a change."""
        given = {"id": id_, **changes}
        return (await self.api.done("promotionUpdate", f"promotion {{ {PROMOTION} }}", given))["promotion"]

    async def refuses_change(self, id_: str, **changes: Any) -> list[tuple[str, str]]:
        """(code, path) of why a promotion is not changed."""
        made = await self.api.do("promotionUpdate", "promotion { id }", {"id": id_, **changes})
        return [(one["code"], ".".join(one["path"])) for one in made["userErrors"]]

    async def ends(self, id_: str) -> Any:
        """A promotion after its end."""
        return (await self.api.done("promotionEnd", f"promotion {{ {PROMOTION} }}", {"id": id_}))["promotion"]

    async def asks(self, id_: str, fields: str = PROMOTION) -> Any:
        """Fields of a promotion."""
        document = f"query($id: ID!) {{ promotion(id: $id) {{ {fields} }} }}"
        return (await self.api.data(document, id=id_))["promotion"]

    async def lists(self, arguments: str = "") -> list[str]:
        """The names of promotions."""
        found = await self.api.data(f"{{ promotions{arguments} {{ nodes {{ name }} }} }}")
        return [one["name"] for one in found["promotions"]["nodes"]]

    async def customer(self, **more: Any) -> str:
        """Register somebody; the id for the API."""
        given = {"firstName": "Ana", "lastName": "Li", "force": True, **more}
        return str((await self.api.done("customerCreate", "customer { id }", given))["customer"]["id"])

    async def uses(self, promotion: str, *, customer: str | None = None, **columns: Any) -> str:
        """Write a use down as if it were of a sale, without counting it anywhere else; its key."""
        row = {
            "id": new_id(), "promotion_id": key(promotion), "customer_id": customer and key(customer), "store_id": new_id(),
            "position": 0, "amount": 0, "is_counted": True, "created_at": 1, "redeemed_at": 2, "sharing": 0, **columns,
        }  # fmt: skip
        places = ", ".join(f"${n}" for n in range(1, len(row) + 1))

        async def work() -> None:
            await self.shop.database.run(f"INSERT INTO rewards_use ({', '.join(row)}) VALUES ({places})", *row.values())

        await self.shop.database.transaction(work)
        return str(row["id"])


def key(id_: str) -> str:
    """The key in an id for the API."""
    return id_.rpartition("_")[2]
