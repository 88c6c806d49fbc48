"""Shops with loyalty, a calendar that can be turned, and a shop owner's way of giving, taking and asking."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from itertools import count
from typing import Any

import pytest
import time_machine

import regulars_loyalty
from regulars_core.customers.merge.forecasts import Wanted
from regulars_core.customers.merge.service import merge
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.plugin import (
    LATEST,
    Actor,
    Instant,
    Plugins,
    Shop,
    insert,
    instant_of,
    new_id,
    now,
    plugins_on,
)
from regulars_core.shop.actors import Binding
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger.book import ISSUED, PAID, POINTS, REDEEMED, Account, Cause, Terms
from regulars_loyalty.ledger.storage import customer_ledger, write_ledger
from regulars_schema.testing import Api

OpenLoyalty = Callable[..., Awaitable[Shop]]


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of loyalty."""
    return plugins_on({"loyalty": regulars_loyalty})


@pytest.fixture
def open_loyalty(open_shop: OpenShop) -> OpenLoyalty:
    """Opens the test's database with loyalty, and with other plugins. What happens may be dated ahead of the calendar."""

    async def open_one(others: dict[str, object] | None = None, **settings: Any) -> Shop:
        chosen = plugins_on({"loyalty": regulars_loyalty, **(others or {})})
        return await open_shop(plugins=chosen, **{"future_hours": 876_000, **settings})

    return open_one


@pytest.fixture
async def loyalty(open_loyalty: OpenLoyalty) -> Shop:
    """A shop with loyalty that sells in USD, by UTC."""
    return await open_loyalty()


class Owner:
    """Runs a shop: registers, sells, gives back, gives and takes credit and points, asks. Customers are named by their ids for
    the API, credit by minor units. Every day begins where the calendar is turned to."""

    def __init__(self, shop: Shop, role: str = "administrator") -> None:
        self.shop = shop
        self.api = Api.of(shop, role)
        self._numbers = count(1)

    def by(self, role: str, *, stores: Collection[str] | None = None, own: Collection[str] | None = None) -> Api:
        """Somebody with a role of the box, or with these permissions of their own; in the whole shop, or in these stores, given
        by their keys."""
        binding = Binding.of(self.shop.permissions, role, stores, own)
        return Api(self.api.schema, self.shop, Actor("key", "till", (binding,)))

    async def customer(self, name: str = "Ana") -> str:
        """Register somebody; the id for the API."""
        person = checked(self.shop.settings, NewCustomer(name, "Li"))
        return "customer_" + (await find_or_register(self.shop, person, ())).id

    async def sells(self, customer: str | None, total: str, when: str, **more: Any) -> str:
        """Sell something for an amount; the purchase's id."""
        made = await self.api.done(
            "purchaseRecord",
            "purchase { id }",
            {
                "reference": f"R{next(self._numbers)}",
                "customerId": customer,
                "purchasedAt": moment(when),
                "lines": [{"name": "Tea", "total": total}],
                **more,
            },
        )
        return str(made["purchase"]["id"])

    async def refunds(self, purchase: str, amount: str, when: str) -> None:
        """Give something back."""
        given = {"purchaseId": purchase, "amount": amount, "refundedAt": moment(when)}
        await self.api.done("purchaseRefund", "purchase { id }", given)

    async def merges(self, survivor: str, absorbed: str) -> str:
        """Make two customers one; the merge's key."""
        return await merge(self.shop, Wanted(key(survivor), [key(absorbed)]), "till")

    async def limits(self, group: str, amount: int) -> None:
        """Let the customers of a group spend so far below zero."""
        rows = [(key(group), amount)]
        columns = ("group_id", "amount")

        async def work() -> None:
            await insert(self.shop.database, "loyalty_group_limit", columns, rows)

        await self.shop.database.transaction(work)

    # --- posting through the ledger, under whatever mutations there are

    async def posts(self, customer: str, unit: str, work: Callable[[Account], Any]) -> Any:
        """Do something to the customer's account in a unit, and write it down."""

        async def written() -> Any:
            ledger = await customer_ledger(self.shop, key(customer))
            done = work(ledger.account(key(customer), unit))
            await write_ledger(ledger)
            return done

        return await self.shop.database.transaction(written)

    async def gives(
        self,
        customer: str,
        amount: int,
        unit: str = POINTS,
        *,
        kind: str | None = None,
        at: Instant | None = None,
        available: Instant | None = None,
        expires: Instant = LATEST,
        life: str | None = None,
        purchase: str | None = None,
        **cause: Any,
    ) -> str:
        """Give points, or credit in a currency; the entry's key."""
        kind = kind or ("ADJUST" if unit == POINTS else "FUNDING")

        def work(account: Account) -> str:
            happened = Instant(account.present if at is None else at)
            why = self.cause(kind, happened, purchase, **cause)
            terms = Terms(happened if available is None else available, expires, life, purchase_id=why.purchase_id)
            transfer_id = account.give(kind, amount, why, terms).transfer_id
            if kind == "EARN":
                account.is_active(happened)
            return transfer_id

        return str(await self.posts(customer, unit, work))

    async def takes(
        self,
        customer: str,
        amount: int,
        unit: str = POINTS,
        *,
        kind: str | None = None,
        at: Instant | None = None,
        purchase: str | None = None,
        allow_debt: bool = False,
        limit: int = 0,
        **cause: Any,
    ) -> list[str]:
        """Take points, or credit in a currency; the entries' keys. Raises Short."""
        kind = kind or ("ADJUST" if unit == POINTS else "UNFUNDING")
        house = {"PAYMENT": PAID, "REDEEM": REDEEMED}.get(kind, ISSUED)

        def work(account: Account) -> list[str]:
            account.limit = limit
            why = self.cause(kind, Instant(account.present if at is None else at), purchase, **cause)
            return [one.id for one in account.spend(kind, amount, why, house, allow_debt=allow_debt)]

        found: list[str] = await self.posts(customer, unit, work)
        return found

    async def holds(
        self, customer: str, amount: int, unit: str = POINTS, *, until: Instant | None = None, basket: str = "B1"
    ) -> str:
        """Keep something for a basket, for an hour if it is not said; the hold's key. Raises Short."""
        ends = Instant(now() + 3_600_000) if until is None else until
        return str(await self.posts(customer, unit, lambda account: account.hold(amount, basket, ends).id))

    @staticmethod
    def cause(kind: str, at: Instant, purchase: str | None = None, **more: Any) -> Cause:
        """Why something is posted: because of a purchase, whose event it belongs to, or by hand."""
        if purchase is None:
            by_hand = {"actor": "till", "reason": "GOODWILL", **more}
            return Cause(new_id(), kind, at, **by_hand)
        return Cause(key(purchase), "PURCHASE", at, purchase_id=key(purchase), **{"actor": "till", **more})

    async def asks(self, customer: str, fields: str, **variables: Any) -> Any:
        """Fields of a customer."""
        declared = "".join(f", ${name}: {_TYPES.get(name, 'String')}" for name in variables)
        document = f"query($id: ID!{declared}) {{ customer(id: $id) {{ {fields} }} }}"
        return (await self.api.data(document, id=customer, **variables))["customer"]


_TYPES = {"at": "DateTime", "first": "Int", "after": "String", "last": "Int", "before": "String", "days": "Int"}


def key(id_: str) -> str:
    """The key in an id for the API."""
    return id_.rpartition("_")[2]


def moment(when: str) -> str:
    """Noon of a day in UTC, or the very time."""
    return when if "T" in when else f"{when}T12:00:00Z"


def noon(when: str) -> Instant:
    """The instant of `moment`."""
    return instant_of(datetime.fromisoformat(moment(when)))


@pytest.fixture
def owner(loyalty: Shop) -> Owner:
    return Owner(loyalty)


@pytest.fixture
def calendar() -> Callable[[str], Any]:
    """Turns the clock to noon of a day: `with calendar("2026-05-10"): …`"""
    return lambda when: time_machine.travel(datetime.fromisoformat(moment(when)), tick=True)
