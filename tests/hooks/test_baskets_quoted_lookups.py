"""What plugins look up for quotes is asked together, and with everything else that a sale looks up."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.plugin import BasketOutline, Lookup, PurchaseOutline, Quote, Shop, hookimpl, plugins_on
from regulars_core.testing import opened_shop, statements
from regulars_schema.testing import Api
from tests.conftest import OpenShop
from tests.hooks.test_baskets_quoted import CAKES, members
from tests.support.club import Club
from tests.support.rounds import Rounds
from tests.support.tellers import asked

on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)


@pytest.mark.one_executor
@pytest.mark.parametrize("count", [1, 2])
async def test_as_many_statements_for_one_basket_as_for_fifty(open_shop: OpenShop, count: int) -> None:
    """Who buys, the stores, and what plugins look up, which is the same for both of them."""
    clubs = {f"club{n}": Club(f"club{n}") for n in range(count)}
    shop = await open_shop(plugins=plugins_on(clubs))
    api = Api.of(shop)
    buyers = await members(api, *(str(n) for n in range(50)))
    await api.done("storeCreate", "store { id }", {"code": "S1", "name": "S1"})
    baskets = [{"lines": CAKES * (n % 9 + 1), "customerId": buyer, "storeCode": "S1"} for n, buyer in enumerate(buyers)]
    for some in (baskets[:1], baskets):
        with statements(shop, 3):
            assert len(await asked(api, *some)) == len(some)
    with statements(shop, 1):
        await asked(api, *({"lines": CAKES} for _ in range(50)))


async def test_nothing_is_looked_up_where_nobody_quotes(open_shop: OpenShop) -> None:
    shop = await open_shop()
    with statements(shop, 0):
        [told] = await asked(Api.of(shop), {"lines": CAKES})
    assert (told["total"], told["declined"], told["unavailable"]) == ({"amount": "2.99"}, [], [])


class Twice:
    """A plugin that looks the same up for its quotes and for what is recorded, and the moment of the sale."""

    def __init__(self) -> None:
        self.found: list[Any] = []

    @staticmethod
    def _looked_up(shop: Shop, customer_id: str | None, at: int) -> Sequence[Lookup]:
        buyers = [customer_id] if customer_id else []
        return [
            (f"SELECT first_name FROM customer WHERE {shop.database.dialect.among('id', 1)}", [buyers]),
            ("SELECT code FROM store WHERE created_at <= $1", [at]),
        ]

    @hookimpl
    def baskets_quoted_lookups(self, shop: Shop, baskets: Sequence[BasketOutline]) -> Sequence[Lookup]:
        return self._looked_up(shop, baskets[0].customer_id, baskets[0].at)

    @hookimpl
    def baskets_quoted(self, baskets: Sequence[Any], found: Sequence[Sequence[Any]]) -> Sequence[Quote]:
        self.found.append([[tuple(row) for row in rows] for rows in found])
        return [Quote()] * len(baskets)

    @hookimpl
    def purchases_recorded_lookups(self, shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
        return self._looked_up(shop, purchases[0].customer_id, purchases[0].purchased_at)

    @hookimpl
    async def purchases_recorded(self, found: Sequence[Sequence[Any]]) -> None:
        self.found.append([[tuple(row) for row in rows] for rows in found])


@on_postgres
@pytest.mark.parametrize("quoting", [False, True])
async def test_a_sale_takes_as_many_rounds_as_without(
    database_url: str, quoting: bool, no_settings_from_outside: None
) -> None:
    """Two: what is looked up, and what is written. Also for nobody in particular, at a moment that nobody has named."""
    twice = Twice()
    plugins = plugins_on({"club": Club(), "twice": twice, "second": Club("second")} if quoting else {})
    rounds = Rounds.to(database_url)
    async with rounds.before(database_url) as url, opened_shop(url, plugins, country="MX", database_pool=1) as shop:
        api = Api.of(shop)
        [ana] = await members(api, "10")
        for buyer in ({}, {"customerId": ana}):
            for n in range(4):  # the like of which PostgreSQL has seen before
                rounds.count = 0
                sale = {"reference": f"R{n}{buyer}", "lines": CAKES, **buyer}
                assert (await api.done("purchaseRecord", "created", sale))["created"]
            assert rounds.count == 2
    if quoting:
        assert twice.found == [[[], [("MAIN",)]]] * 8 + [[[("Ana",)], [("MAIN",)]]] * 8


async def test_what_is_newly_registered_is_looked_up_too(open_shop: OpenShop) -> None:
    twice = Twice()
    api = Api.of(await open_shop(plugins=plugins_on({"twice": twice})))
    person = {"firstName": "Bo", "lastName": "Ek", "email": "bo@example.com"}
    for n in range(2):
        sale = {"reference": f"R{n}", "lines": CAKES, "customer": person}
        assert (await api.done("purchaseRecord", "customerCreated", sale))["customerCreated"] is (n == 0)
    assert twice.found == [[[("Bo",)], [("MAIN",)]]] * 4


@pytest.mark.parametrize(
    "named", [None, [], [("SELECT 1", ())], "raise", ["SELECT 1"], [("SELECT 1", 7)], [(1, [])], 7]
)
async def test_what_is_named_wrongly_is_contained(open_shop: OpenShop, named: Any) -> None:
    class Odd:
        quotes: Sequence[Quote | None] = ()

        @hookimpl
        def baskets_quoted_lookups(self) -> Any:
            if named == "raise":
                raise RuntimeError
            return named

        @hookimpl
        def baskets_quoted(self, baskets: Sequence[Any]) -> Sequence[Quote]:
            return [Quote()] * len(baskets)

        @hookimpl
        async def purchases_recorded(self, quotes: Sequence[Quote | None]) -> None:
            self.quotes = quotes

    odd, right = Odd(), named in (None, [], [("SELECT 1", ())])
    api = Api.of(await open_shop(plugins=plugins_on({"odd": odd, "club": Club()})))
    [ana] = await members(api, "10")
    for told in await asked(api, *[{"lines": CAKES, "customerId": ana}] * 2):
        assert (told["unavailable"], told["discount"]["amount"]) == ([] if right else ["odd"], "0.10")
    await api.done("purchaseRecord", "created", {"reference": "R1", "lines": CAKES, "customerId": ana})
    assert odd.quotes == [Quote() if right else None]
