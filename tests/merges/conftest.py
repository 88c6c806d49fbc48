"""A shop with tiers, in which customers are registered, buy, and are made one."""

from itertools import count
from typing import Any

import pytest

import regulars_tiers
from regulars_core.plugin import DAY_MS, Instant, Plugins, Shop, now, plugins_on, printed
from regulars_core.verification import verifications_of
from regulars_schema.testing import Api

MERGED = """customersMerge { mergeId fingerprint mergedAt mergedBy undoableUntil undoneAt survivor { id } absorbed { id status }
  fields { field keptFrom values { customerId value } } moved { kind count } effects { kind message }
  obstacles { code path } }"""
PERSON = """id code displayName firstName lastName preferredName email phone birthDate gender taxId preferredContact
  contactFrequency contactTime contactCheckedAt status
  createdAt group { name } tags billingAddress { line1 city } shippingAddress { line1 city } mergedInto { id } aliases { id }
  notes(first: 50) { nodes { id body } } tier { code }
  stats { totalSpent { amount } purchaseCount averagePurchase { amount } firstPurchaseAt lastPurchaseAt }
  purchases(first: 50) { nodes { id reference } }"""
"""What is shown of a customer, but for version and history."""


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers})


class Desk:
    """Whoever sits at a desk and asks."""

    def __init__(self, shop: Shop, role: str = "administrator") -> None:
        self.shop, self.api = shop, Api.of(shop, role)
        self._numbers = count(1)

    async def customer(self, name: str = "Ana", **given: Any) -> str:
        """Register somebody; the id."""
        made = await self.api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li", **given})
        return str(made["customer"]["id"])

    async def sells(self, buyer: str | None, total: str = "10.00", **given: Any) -> dict[str, Any]:
        """Sell something; the purchase."""
        sale = {
            "reference": f"R{next(self._numbers)}",
            "purchasedAt": printed(Instant(now() - DAY_MS)),
            "lines": [{"name": "Tea", "total": total}],
            **({"customerId": buyer} if buyer else {}),
            **given,
        }
        made = await self.api.done("purchaseRecord", "purchase { id reference customer { id } } created", sale)
        return dict(made["purchase"])

    async def shown(self, customer: str, fields: str = PERSON) -> dict[str, Any]:
        """What is shown of a record by itself, wherever it leads."""
        document = f"query($id: ID!) {{ node(id: $id) {{ ... on Customer {{ {fields} }} }} }}"
        return dict((await self.api.data(document, id=customer))["node"])

    async def led_to(self, fields: str = "id", **by: str) -> Any:
        """The customer to whom an id or a code leads."""
        document = f"query($id: ID, $code: String) {{ customer(id: $id, code: $code) {{ {fields} }} }}"
        return (await self.api.data(document, **by))["customer"]

    async def preview(self, survivor: str, *absorbed: str, **given: Any) -> Any:
        """What a merge would do."""
        selected = MERGED.removeprefix("customersMerge")
        document = f"query($input: CustomersMergePreviewInput!) {{ customersMergePreview(input: $input) {selected} }}"
        asked = {"survivorId": survivor, "absorbedIds": list(absorbed), **given}
        return (await self.api.data(document, input=asked))["customersMergePreview"]

    async def merges(self, survivor: str, *absorbed: str, **given: Any) -> Any:
        """Make customers one."""
        asked = {"survivorId": survivor, "absorbedIds": list(absorbed), **given}
        return (await self.api.done("customersMerge", MERGED, asked))["customersMerge"]

    async def undoes(self, merge: Any) -> list[str]:
        """Undo a merge; the ids of the customers."""
        made = await self.api.done("customersUnmerge", "customers { id }", {"mergeId": merge["mergeId"]})
        return [one["id"] for one in made["customers"]]

    async def wrong(self) -> list[str]:
        """What `regulars verify` would print."""
        return [line for one in verifications_of(self.shop.plugins) async for line in one.differences(self.shop)]


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop)
