"""Giving, taking, holding and taking back, as clients do it."""

from typing import Any

import pytest

from regulars_loyalty.ledger.book import Account
from regulars_loyalty.ledger.storage import read_ledger
from regulars_schema.testing import Api
from tests.loyalty.conftest import Owner, key

ENTRY = "entry { id kind delta { amount } balanceAfter { amount } reason note actor store { code } purchase { id } }"
POINTS_ENTRY = "entry { id kind pointsDelta pointsAfter reason note actor store { code } }"
HOLD = "hold { id amount { amount } capturedAmount { amount } isOpen basket heldUntil closedAt customer { id } }"
POINTS_HOLD = "hold { id heldPoints capturedPoints isOpen basket heldUntil closedAt customer { id } }"
FIGURES = """userErrors { code message path
  ... on InsufficientFunds { requested { amount currencyCode } available { amount } }
  ... on InsufficientPoints { requestedPoints availablePoints } }"""


class Hand:
    """Somebody who does things by hand; amounts are in the shop's currency, as text."""

    def __init__(self, owner: Owner, api: Api | None = None) -> None:
        self.owner, self.api = owner, api or owner.api

    async def adds(self, customer: str, amount: str, **more: Any) -> Any:
        """Give credit; the entry."""
        made = await self.api.done("creditAdd", ENTRY, credit(customer, amount, **more))
        return made["entry"]

    async def deducts(self, customer: str, amount: str, **more: Any) -> Any:
        """Take credit; the entry."""
        made = await self.api.done("creditDeduct", ENTRY, credit(customer, amount, **more))
        return made["entry"]

    async def holds(self, customer: str, amount: str, basket: str = "B1", **more: Any) -> Any:
        """Keep credit; the hold."""
        given = {"customerId": customer, "amount": {"amount": amount}, "basket": basket, **more}
        return (await self.api.done("creditHold", HOLD, given))["hold"]

    async def adjusts(self, customer: str, points: int, **more: Any) -> Any:
        """Give points, or take them where it is below zero; the entry."""
        return (await self.api.done("pointsAdjust", POINTS_ENTRY, adjusting(customer, points, **more)))["entry"]

    async def reverses(self, entry: str, **more: Any) -> Any:
        """Take an entry back."""
        fields = "creditEntry { id kind delta { amount } balanceAfter { amount } reverses { id } } "
        fields += "pointsEntry { id kind pointsDelta pointsAfter reverses { id } } customer { id }"
        return await self.api.done("ledgerReverse", fields, {"entryId": entry, "reason": "CORRECTION", **more})

    async def errors(self, mutation: str, given: dict[str, Any]) -> list[Any]:
        """The codes of a refusal, with their paths."""
        made = await self.api.do(mutation, "__typename", given)
        return [(error["code"], ".".join(error["path"])) for error in made["userErrors"]]

    async def figures(self, mutation: str, given: dict[str, Any]) -> Any:
        """The figures of a refusal for want of something."""
        kind = mutation[0].upper() + mutation[1:] + "Input"
        document = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {FIGURES} }} }}"
        data = await self.api.data(
            document, input={"idempotencyKey": f"{mutation}-{given}"[:100].replace(" ", ""), **given}
        )
        [error] = data[mutation]["userErrors"]
        return error

    async def balance(self, customer: str, unit: str = "USD") -> int:
        """What is left, less the debt, as it is shown now; in minor units, or points."""
        return (await self.account(customer, unit)).balance

    async def available(self, customer: str, unit: str = "USD") -> int:
        """What can be spent now."""
        return (await self.account(customer, unit)).available

    async def account(self, customer: str, unit: str = "USD") -> Account:
        """The account as it is now, with what is due."""
        ledger = await read_ledger(self.owner.shop, [key(customer)])
        account = ledger.account(key(customer), unit)
        account.post_due()
        return account


def credit(customer: str, amount: str, **more: Any) -> dict[str, Any]:
    """The input of creditAdd and creditDeduct."""
    return {"customerId": customer, "amount": {"amount": amount}, "reason": "GOODWILL", **more}


def adjusting(customer: str, points: int, **more: Any) -> dict[str, Any]:
    """The input of pointsAdjust."""
    direction = "ADD" if points > 0 else "DEDUCT"
    return {"customerId": customer, "points": str(abs(points)), "direction": direction, "reason": "GOODWILL", **more}


@pytest.fixture
def hand(owner: Owner) -> Hand:
    return Hand(owner)
