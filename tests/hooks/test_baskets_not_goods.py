"""Whoever takes something off is told which lines are no goods."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest

import regulars_loyalty
from regulars_core.plugin import Basket, Quote, hookimpl, plugins_on
from regulars_schema.testing import Api
from tests.conftest import OpenShop
from tests.support.tellers import asked

LINES = [{"name": "Tea", "unitPrice": "5.00"}, {"name": "Card", "total": "3.00"}, {"name": "Cake", "total": "2.00"}]


class Cards:
    """A plugin whose lines are in these places."""

    def __init__(self, places: Any) -> None:
        self._places = places

    @hookimpl
    def baskets_not_goods(self, extras: Sequence[Mapping[str, Any]]) -> Sequence[Collection[int]]:
        if isinstance(self._places, Exception):
            raise self._places
        places: Sequence[Collection[int]] = self._places
        return places


class Asked:
    """A plugin that notes which of the lines that it is asked about are goods."""

    def __init__(self) -> None:
        self.seen: list[list[bool]] = []

    @hookimpl
    def baskets_quoted(self, baskets: Sequence[Basket]) -> Sequence[Quote]:
        self.seen += [[line.is_goods for line in basket.lines] for basket in baskets]
        return [Quote()] * len(baskets)

    @hookimpl
    async def purchases_recorded(self, quotes: Sequence[Quote | None]) -> None:
        assert quotes == [Quote()]


async def sold(open_shop: OpenShop, lines: Sequence[Mapping[str, Any]], **plugins: Any) -> None:
    """Ask what is taken off a basket, and sell it."""
    api = Api.of(await open_shop(plugins=plugins_on(plugins)))
    await asked(api, {"lines": lines})
    await api.done("purchaseRecord", "created", {"reference": "R1", "lines": lines})


async def test_all_are_told_by_the_query_and_by_the_sale(open_shop: OpenShop) -> None:
    first, last = Asked(), Asked()
    await sold(open_shop, LINES, first=first, cards=Cards([{1}]), more=Cards([{1, 2}]), last=last)
    assert first.seen == last.seen == [[True, False, False]] * 2


async def test_without_any_such_plugin_all_are_goods(open_shop: OpenShop) -> None:
    only = Asked()
    await sold(open_shop, LINES, only=only)
    assert only.seen == [[True, True, True]] * 2


@pytest.mark.parametrize("wrong", [[], [[0], [1]], [None], 7, RuntimeError()])
async def test_what_is_answered_wrongly_is_contained(open_shop: OpenShop, wrong: Any) -> None:
    only = Asked()
    await sold(open_shop, LINES, cards=Cards(wrong), only=only)
    assert only.seen == [[True, True, True]] * 2


async def test_credit_is_no_goods(open_shop: OpenShop) -> None:
    only = Asked()
    api = Api.of(await open_shop(plugins=plugins_on({"loyalty": regulars_loyalty, "only": only})))
    new = {"firstName": "Ana", "lastName": "Li"}
    ana = (await api.done("customerCreate", "customer { id }", new))["customer"]["id"]
    lines = [LINES[0], {**LINES[1], "creditFor": True}, {**LINES[2], "creditFor": False}]
    await asked(api, {"lines": lines, "customerId": ana})
    await api.done("purchaseRecord", "created", {"reference": "R1", "lines": lines, "customerId": ana})
    assert only.seen == [[True, False, True]] * 2
