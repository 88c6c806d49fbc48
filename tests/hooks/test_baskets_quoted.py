"""Plugins quote baskets before they are sold: the same to who asks and to who sells, and whatever one does wrong is contained."""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from regulars_core.events.replay import catch_up
from regulars_core.imports import ImportOptions, import_purchases
from regulars_core.plugin import (
    Adjustment,
    Basket,
    BasketOutline,
    Declined,
    Lookup,
    Outdated,
    Problem,
    Quote,
    Refused,
    hookimpl,
    plugins_on,
    quote,
)
from regulars_core.primitives.money import exponent_of
from regulars_schema.testing import Api
from tests.conftest import OpenShop
from tests.imports.conftest import Files, silent
from tests.support.club import Club
from tests.support.tellers import amounts, asked, at_these_prices, random_lines

PERCENTS = ("5", "17", "33", "99", "0")
CAKES = [
    {"name": "Torte", "category": "Cake", "unitPrice": "0.99"},
    {"name": "Tea", "category": "Tea", "total": "2.00"},
]


async def members(api: Api, *percents: str) -> list[str]:
    """Customers with these percentages."""
    made = [
        await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": percent})
        for percent in percents
    ]
    return [one["customer"]["id"] for one in made]


def shortened(told: dict[str, Any]) -> dict[str, Any]:
    """What is told without the amounts of lines."""
    return {name: told[name] for name in ("discount", "declined", "unavailable")}


@pytest.mark.parametrize(("currency", "count"), [("JPY", 300), ("USD", 400), ("KWD", 300)])
async def test_the_query_and_the_sale_agree_to_the_cent(open_shop: OpenShop, currency: str, count: int) -> None:
    """Random baskets are asked about many at a time, sold at the prices that were told, and refused at any other."""
    club, exponent, chance = Club(), exponent_of(currency), random.Random(currency)
    api = Api.of(await open_shop(plugins=plugins_on({"club": club}), currency=currency))
    buyers = [*await members(api, *PERCENTS), None]
    baskets: list[dict[str, Any]] = [
        {"lines": random_lines(chance, exponent), "clubDoubled": chance.random() < 0.1}
        | ({"customerId": buyer} if (buyer := chance.choice(buyers)) else {})
        for _ in range(count)
    ]
    refused = reduced = 0
    for start in range(0, count, 50):
        some = baskets[start : start + 50]
        for n, (basket, told) in enumerate(zip(some, await asked(api, *some), strict=True), start):
            reduced += Decimal(told["discount"]["amount"]) > 0
            sale = {**basket, "reference": f"R{n}", "lines": at_these_prices(basket["lines"], told, "club")}
            if n % 5 == 0 and (otherwise := one_more(sale, told, exponent)):
                assert await api.refused("purchaseRecord", otherwise) == ["TOLD_OTHERWISE"]
                refused += 1
            made = await api.done(
                "purchaseRecord",
                "created purchase { total { amount } lines { total { amount } discount { amount } } }",
                sale,
            )
            assert made["created"]
            assert made["purchase"]["total"] == told["total"]
            for name in ("total", "discount"):
                assert amounts(made["purchase"]["lines"], name) == amounts(told["lines"], name)
    assert reduced > count / 4
    assert refused > count / 10
    assert len(club.quotes) == count + refused
    assert None not in club.quotes


def one_more(sale: dict[str, Any], told: dict[str, Any], exponent: int) -> dict[str, Any] | None:
    """The sale with one more minor unit taken off the first line that has some left, as if that had been told."""
    unit = Decimal(1).scaleb(-exponent)
    left = [Decimal(amount) for amount in amounts(told["lines"], "total")]
    n = next((n for n, amount in enumerate(left) if amount), None)
    if n is None:
        return None
    line = dict(sale["lines"][n])
    for name, more in (("discount", unit), ("clubDiscount", unit), ("total", -unit)):
        if name in line:
            line[name] = str(Decimal(line[name]) + more)
    return {**sale, "lines": [line if n == m else one for m, one in enumerate(sale["lines"])]}


async def test_what_is_told(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop(plugins=plugins_on({"club": Club()})))
    [ana] = await members(api, "10")
    lines = [
        {"name": "Torte", "category": "Cake", "unitPrice": "10.01", "discount": "0.01"},
        {"name": "Tea", "category": "Tea", "unitPrice": "3.00"},
        {"name": "Strudel", "category": "Cake", "total": "0.05"},
    ]
    cakes, teas, strangers = await asked(
        api, {"lines": lines, "customerId": ana}, {"lines": lines[1:2], "customerId": ana}, {"lines": lines}
    )
    assert cakes == {
        "subtotal": {"amount": "13.05", "currencyCode": "USD"}, "discount": {"amount": "1.01"},
        "total": {"amount": "12.04"}, "unavailable": [], "declined": [],
        "adjustments": [
            {"line": 0, "amount": {"amount": "1.00"}, "code": "MEMBER", "message": "10 % for members", "plugin": "club"},
            {"line": 2, "amount": {"amount": "0.01"}, "code": "MEMBER", "message": "10 % for members", "plugin": "club"},
        ],
        "lines": [
            {"index": 0, "adjustment": {"amount": "1.00"}, "discount": {"amount": "1.01"}, "total": {"amount": "9.00"}},
            {"index": 1, "adjustment": {"amount": "0.00"}, "discount": {"amount": "0.00"}, "total": {"amount": "3.00"}},
            {"index": 2, "adjustment": {"amount": "0.01"}, "discount": {"amount": "0.01"}, "total": {"amount": "0.04"}},
        ],
    }  # fmt: skip
    assert teas["declined"] == [{"code": "SCOPE", "message": "There is no Cake in the basket.", "plugin": "club"}]
    assert strangers["declined"] == [{"code": "NO_MEMBER", "message": "This is for members.", "plugin": "club"}]
    assert await api.data("{ purchases { totalCount } }") == {"purchases": {"totalCount": 0}}


async def test_a_later_plugin_sees_what_is_left(open_shop: OpenShop) -> None:
    """Both in the query and in the sale, where the discounts of both are told."""
    first, second = Club("first"), Club("second")
    api = Api.of(await open_shop(plugins=plugins_on({"first": first, "second": second})))
    [ana] = await members(api, "50")
    basket = {"lines": [{"name": "Torte", "category": "Cake", "unitPrice": "8.00"}, *CAKES[1:]], "customerId": ana}
    [told] = await asked(api, basket)
    assert [(one["plugin"], one["amount"]["amount"]) for one in told["adjustments"]] == [
        ("first", "4.00"), ("second", "2.00"),
    ]  # fmt: skip
    assert amounts(told["lines"], "total") == ["2.00", "2.00"]
    sale = {**basket, "lines": at_these_prices(basket["lines"], told, "first", "second")}
    await api.done("purchaseRecord", "created", {**sale, "reference": "R1"})
    assert [one.off(2) for plugin in (first, second) for one in plugin.quotes if one] == [[400, 0], [200, 0]]
    [cake, tea] = sale["lines"]
    swapped = {**cake, "firstDiscount": cake["secondDiscount"], "secondDiscount": cake["firstDiscount"]}
    refused = {**sale, "reference": "R2", "lines": [swapped, tea]}
    assert await api.refused("purchaseRecord", refused) == ["TOLD_OTHERWISE"]


async def test_who_takes_no_part_is_asked_and_sells_at_any_price(open_shop: OpenShop) -> None:
    """What a till takes off that tells nothing is taken off by hand, and the plugin may write what it would have given."""
    club = Club()
    api = Api.of(await open_shop(plugins=plugins_on({"club": club})))
    [ana] = await members(api, "50")
    line = {"name": "Torte", "category": "Cake", "unitPrice": "8.00", "discount": "4.00"}
    await api.done("purchaseRecord", "created", {"reference": "R1", "customerId": ana, "lines": [line]})
    await api.done("purchaseRecord", "created", {"reference": "R1", "customerId": ana, "lines": [line]})
    assert [one.off(1) for one in club.quotes if one] == [[200]]


class Stranger:
    """A plugin that quotes as it is told to."""

    def __init__(self, answer: Callable[[Sequence[Basket]], Any]) -> None:
        self.quotes: list[Quote | None] = []
        self._answer = answer

    @hookimpl
    def baskets_quoted(self, baskets: Sequence[Basket]) -> Any:
        return self._answer(baskets)

    @hookimpl
    async def purchases_recorded(self, quotes: Sequence[Quote | None]) -> None:
        self.quotes += quotes


def off(amount: Any, line: Any = 0, code: Any = "X") -> Callable[[Sequence[Basket]], Any]:
    return lambda baskets: [Quote([Adjustment(line, amount, code, "x")]) for _ in baskets]


def raises(error: Exception) -> Callable[[Sequence[Basket]], Any]:
    def answer(_: Sequence[Basket]) -> Any:
        raise error

    return answer


def late(baskets: Sequence[Basket]) -> Any:
    for _ in baskets:
        raise ZeroDivisionError
        yield


WRONG: dict[str, Callable[[Sequence[Basket]], Any]] = {
    "raises": raises(RuntimeError("secret")),
    "refuses": raises(Refused(Problem("NO", "No."))),
    "late": late,
    "nothing": lambda _: None,
    "none": lambda _: [],
    "more": lambda baskets: [Quote()] * (len(baskets) + 1),
    "no quote": lambda baskets: [{}] * len(baskets),
    "no list": lambda baskets: [Quote(None)] * len(baskets),  # type: ignore[arg-type]
    "no adjustment": lambda baskets: [Quote([Declined("X", "x")])] * len(baskets),  # type: ignore[list-item]
    "too many": lambda baskets: [Quote([Adjustment(0, 0, "X", "x")] * 10_001)] * len(baskets),
    "negative": off(-1),
    "fraction": off(0.5),
    "yes": off(True),
    "too much": off(100),
    "together too much": lambda baskets: [Quote([Adjustment(0, 60, "X", "x")] * 2)] * len(baskets),
    "no line": off(1, line=2),
    "the last line": off(1, line=-1),
    "no text": off(1, code=None),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_is_wrong_is_contained_and_told(
    open_shop: OpenShop, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    """To who asks, in the log, and to the plugin itself; the others' quotes stand, and so does the sale."""
    stranger, before, after = Stranger(WRONG[wrong]), Club("before"), Club("after", "Tea")
    plugins = plugins_on({"before": before, "stranger": stranger, "after": after})
    api = Api.of(await open_shop(plugins=plugins))
    [ana] = await members(api, "10")
    basket = {"lines": CAKES, "customerId": ana}
    with caplog.at_level(logging.ERROR):
        for told in await asked(api, basket, basket):
            assert shortened(told) == {"discount": {"amount": "0.30"}, "declined": [], "unavailable": ["stranger"]}
        sale = {"reference": "R1", "customerId": ana, "lines": at_these_prices(CAKES, told, "before", "after")}
        made = await api.done("purchaseRecord", "created purchase { total { amount } }", sale)
    assert made["created"]
    assert made["purchase"]["total"] == told["total"]
    assert stranger.quotes == [None]
    assert [one.off(2) for one in (*before.quotes, *after.quotes) if one] == [[10, 0], [0, 20]]
    logged = [record.getMessage() for record in caplog.records if record.name == "regulars"]
    assert len({message.split()[1] for message in logged}) == len(logged) >= 2
    assert all("in baskets_quoted of the plugin 'stranger'" in message for message in logged)


async def test_of_many_only_the_culprits_are_left_out(open_shop: OpenShop, caplog: pytest.LogCaptureFixture) -> None:
    def answer(baskets: Sequence[Basket]) -> list[Quote]:
        if any(basket.name == "odd" for basket in baskets):
            raise RuntimeError
        return [Quote([Adjustment(0, len(basket.lines), "X", "x")]) for basket in baskets]

    api = Api.of(await open_shop(plugins=plugins_on({"stranger": Stranger(answer), "club": Club()})))
    [ana] = await members(api, "10")
    baskets = [{"lines": CAKES, "customerId": ana, **({"basket": "odd"} if n == 3 else {})} for n in range(6)]
    with caplog.at_level(logging.ERROR):
        told = await asked(api, *baskets)
    assert [one["unavailable"] for one in told] == [["stranger"] if n == 3 else [] for n in range(6)]
    assert [one["discount"]["amount"] for one in told] == ["0.10" if n == 3 else "0.12" for n in range(6)]
    messages = [record.getMessage() for record in caplog.records if record.name == "regulars"]
    assert messages
    assert all("left out for 1 of 6 baskets" in message for message in messages)


@dataclass(frozen=True)
class Remembered(Quote):
    """A quote with more in it."""

    promotion: str = ""


async def test_a_plugin_gets_its_own_quote_back(open_shop: OpenShop) -> None:
    def answer(baskets: Sequence[Basket]) -> list[Quote]:
        return [Remembered(promotion=f"of {basket.customer_id}") for basket in baskets]

    stranger, other = Stranger(answer), Stranger(lambda baskets: [Quote()] * len(baskets))
    api = Api.of(await open_shop(plugins=plugins_on({"stranger": stranger, "other": other})))
    await api.done("purchaseRecord", "created", {"reference": "R1", "lines": CAKES})
    assert stranger.quotes == [Remembered(promotion="of None")]
    assert other.quotes == [Quote()]


class Hearer:
    """A plugin that quotes nothing."""

    def __init__(self) -> None:
        self.quotes: list[Quote | None] = []

    @hookimpl
    async def purchases_recorded(self, quotes: Sequence[Quote | None]) -> None:
        self.quotes += quotes


async def test_nothing_is_asked_about_what_was_made_elsewhere(open_shop: OpenShop, files: Files) -> None:
    """Neither in an import nor where a plugin is told later."""
    club, hearer = Club(), Hearer()
    on = await open_shop(plugins=plugins_on({"club": club, "hearer": hearer}))
    sales = files.write("reference,purchased_at,name,total\nR1,2026-01-01,Tea,5.00\nR2,2026-01-01,Tea,5.00")
    report = await import_purchases(on, sales, ImportOptions(), silent)
    assert report.created == 2
    await catch_up(on, "club")
    off = Api.of(await open_shop(plugins=plugins_on({"hearer": hearer})))
    await off.done("purchaseRecord", "created", {"reference": "R3", "lines": CAKES})
    await catch_up(on, "club")
    assert club.asked == []
    assert club.quotes == [None] * 3
    assert hearer.quotes == [None] * 3


async def test_the_service_is_for_many_and_for_no_more(open_shop: OpenShop) -> None:
    club = Club()
    shop = await open_shop(plugins=plugins_on({"club": club}))
    [ana] = await members(Api.of(shop), "10")
    [told] = await asked(Api.of(shop), {"lines": CAKES, "customerId": ana})
    [basket] = club.asked[-1]
    quoted = await quote(shop, [basket] * 1_000)
    assert {str(one.discount) for one in quoted} == {"10"}
    assert told["discount"]["amount"] == "0.10"
    for beyond in ([basket] * 1_001, [replace(basket, lines=[*basket.lines] * 501)]):
        with pytest.raises(ValueError, match="at most 1000 baskets of 1000 lines"):
            await quote(shop, beyond)
    assert await quote(shop, []) == []


class Remembering:
    """A plugin that says so many times that what it has looked up is out of date."""

    def __init__(self, times: int) -> None:
        self.times, self.asked = times, 0
        self.quotes: list[Quote | None] = []

    @hookimpl
    def baskets_quoted_lookups(self, baskets: Sequence[BasketOutline]) -> Sequence[Lookup]:
        return [("SELECT CAST($1 AS BIGINT)", [self.asked])]

    @hookimpl
    def baskets_quoted(self, baskets: Sequence[Basket], found: Sequence[Sequence[Any]]) -> Sequence[Quote]:
        assert [[tuple(row) for row in rows] for rows in found] == [[(self.asked,)]]
        self.asked += 1
        if self.asked <= self.times:
            raise Outdated
        return [Quote()] * len(baskets)

    @hookimpl
    async def purchases_recorded(self, quotes: Sequence[Quote | None]) -> None:
        self.quotes += quotes


@pytest.mark.parametrize(
    ("times", "asked_times", "quote"), [(0, 1, Quote()), (1, 2, Quote()), (3, 4, Quote()), (9, 4, None)]
)
async def test_who_is_out_of_date_is_asked_anew(
    open_shop: OpenShop, times: int, asked_times: int, quote: Quote | None
) -> None:
    """By the query and by the sale, three times; then its quote is left out."""
    for sells in (False, True):
        one = Remembering(times)
        api = Api.of(await open_shop(plugins=plugins_on({"one": one})))
        lines = [{"name": "Tea", "total": "5.00"}]
        if sells:
            await api.done("purchaseRecord", "created", {"reference": "R1", "lines": lines})
            assert one.quotes == [quote]
        else:
            [told] = await asked(api, {"lines": lines})
            assert told["unavailable"] == ([] if quote else ["one"])
        assert one.asked == asked_times
