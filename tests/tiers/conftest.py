"""Shops with tiers, a calendar that can be turned, and a shop owner's way of asking."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest
import time_machine

import regulars_tiers
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.plugin import Actor, Plugins, Shop, plugins_on
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api
from regulars_tiers.reassessment import differences, work_off

OpenTiers = Callable[..., Awaitable[Shop]]


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of tiers."""
    return plugins_on({"tiers": regulars_tiers})


@pytest.fixture
def open_tiers(open_shop: OpenShop) -> OpenTiers:
    """Opens the test's database with tiers, and with other plugins, of which the `first` is told of events first. What happens
    may be dated ahead of the calendar."""

    async def open_one(others: dict[str, object] | None = None, first: str = "tiers", **settings: Any) -> Shop:
        chosen = {"tiers": regulars_tiers, **(others or {})}
        chosen = {first: chosen[first], **chosen}
        return await open_shop(plugins=plugins_on(chosen), **{"future_hours": 876_000, **settings})

    return open_one


@pytest.fixture
async def tiers(open_tiers: OpenTiers) -> Shop:
    """A shop with tiers that sells in USD, by UTC."""
    return await open_tiers()


class Owner:
    """Runs a shop: registers, sells, gives back, asks. Every day begins where the calendar is turned to."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.api = Api.of(shop)
        self._numbers = count(1)

    def over(self, shop: Shop) -> "Owner":
        """The same owner, who goes on in another opening of the shop."""
        other = Owner(shop)
        other._numbers = self._numbers
        return other

    def by(self, role: str) -> Actor:
        """Somebody with a role of the box."""
        return Actor.of_role("key", "till", role, self.shop.permissions)

    async def customer(self, name: str = "Ana") -> str:
        """Register somebody; the id for the API."""
        person = checked(self.shop.settings, NewCustomer(name, "Li"))
        return "customer_" + (await find_or_register(self.shop, person, ())).id

    async def sells(self, customer: str, total: str, when: str) -> str:
        """Sell something for an amount; the purchase's id."""
        made = await self.api.done(
            "purchaseRecord",
            "purchase { id }",
            {
                "reference": f"R{next(self._numbers)}",
                "customerId": customer,
                "purchasedAt": moment(when),
                "lines": [{"name": "Tea", "total": total}],
            },
        )
        return str(made["purchase"]["id"])

    async def refunds(self, purchase: str, amount: str, when: str) -> None:
        """Give something back."""
        given = {"purchaseId": purchase, "amount": amount, "refundedAt": moment(when)}
        await self.api.done("purchaseRefund", "purchase { id }", given)

    async def tier(self, customer: str, when: str | None = None) -> str:
        """The customer's tier, on a day."""
        document = "query($id: ID!, $at: DateTime) { customer(id: $id) { tier(at: $at) { code } } }"
        at = {"at": moment(when)} if when else {}
        return str((await self.api.data(document, id=customer, **at))["customer"]["tier"]["code"])

    async def standing(self, customer: str, fields: str, when: str | None = None) -> Any:
        """All about the customer's tier, on a day."""
        document = "query($id: ID!, $at: DateTime) { customer(id: $id) { tierStanding(at: $at) { FIELDS } } }"
        document = document.replace("FIELDS", fields)
        at = {"at": moment(when)} if when else {}
        return (await self.api.data(document, id=customer, **at))["customer"]["tierStanding"]

    async def history(self, customer: str) -> list[tuple[str, str, str, str]]:
        """What was shown: (day, before, after, cause), the first one first."""
        document = "query($id: ID!) { customer(id: $id) { tierHistory(last: 50) { nodes { at before after cause } } } }"
        nodes = (await self.api.data(document, id=customer))["customer"]["tierHistory"]["nodes"]
        return [(one["at"][:10], one["before"], one["after"], one["cause"]) for one in reversed(nodes)]

    async def job(self) -> int:
        """The job runs; for how many customers there was something to do."""
        return sum([count async for count in work_off(self.shop)])

    async def wrong(self) -> list[str]:
        """What `regulars verify` would print."""
        return [difference async for difference in differences(self.shop)]


def moment(when: str) -> str:
    """Noon of a day in UTC, or the very time."""
    return when if "T" in when else f"{when}T12:00:00Z"


@pytest.fixture
def owner(tiers: Shop) -> Owner:
    return Owner(tiers)


def noon_of(when: str, *, tick: bool = False) -> Any:
    """The clock at noon of a day, or at the very time; it stands still, so that two lives are alike to the millisecond."""
    return time_machine.travel(datetime.fromisoformat(moment(when)), tick=tick)


@pytest.fixture
def calendar() -> Callable[[str], Any]:
    """Turns the clock to noon of a day: `with calendar("2026-05-10"): …`"""
    return lambda when: noon_of(when, tick=True)
