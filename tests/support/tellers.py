"""Tills that ask what plugins take off before they sell, and random baskets for them."""

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from regulars_core.primitives.money import divided_half_up
from regulars_core.purchases.rules import MILLION
from regulars_schema.testing import Api

CATEGORIES = ("Cake", "Cake", "Tea", "Coffee", None)
ASK = """query($baskets: [BasketInput!]!) { basketAdjustments(baskets: $baskets) {
  subtotal { amount currencyCode } discount { amount } total { amount } unavailable
  declined { code message plugin } adjustments { line amount { amount } code message plugin }
  lines { index adjustment { amount } discount { amount } total { amount } } } }"""


async def asked(api: Api, *baskets: dict[str, Any]) -> list[dict[str, Any]]:
    """What is told of each basket."""
    told: list[dict[str, Any]] = (await api.data(ASK, baskets=list(baskets)))["basketAdjustments"]
    return told


def amounts(parts: Sequence[dict[str, Any]], name: str) -> list[str]:
    """One amount of each part."""
    return [part[name]["amount"] for part in parts]


def at_these_prices(lines: Sequence[dict[str, Any]], told: dict[str, Any], *plugins: str) -> list[dict[str, Any]]:
    """Lines as a till sells them that was told this, and sends back to these plugins what each took off."""
    return [
        {**line, "discount": now["discount"]["amount"]}
        | ({"total": now["total"]["amount"]} if "total" in line else {})
        | {f"{plugin}Discount": str(_taken_off(told, n, plugin)) for plugin in plugins}
        for n, (line, now) in enumerate(zip(lines, told["lines"], strict=True))
    ]


def _taken_off(told: dict[str, Any], line: int, plugin: str) -> Decimal:
    own = [one for one in told["adjustments"] if (one["line"], one["plugin"]) == (line, plugin)]
    return sum((Decimal(one["amount"]["amount"]) for one in own), Decimal(0))


def random_lines(chance: random.Random, exponent: int) -> list[dict[str, Any]]:
    """Lines of a basket in a currency with so many decimals: by unit price or by total, whole and weighed, some of them reduced
    by hand."""
    return [_random_line(chance, exponent) for _ in range(chance.randint(1, 8))]


def _random_line(chance: random.Random, exponent: int) -> dict[str, Any]:
    price = chance.choice((0, 1, chance.randrange(100), chance.randrange(100_000)))
    line: dict[str, Any] = {"name": "Something"}
    if category := chance.choice(CATEGORIES):
        line["category"] = category
    if chance.random() < 0.3:
        reduced = price
        line["total"] = _amount(price, exponent)
    else:
        millionths = chance.choice((MILLION, 2 * MILLION, chance.randrange(5 * MILLION)))
        reduced = divided_half_up(millionths * price, MILLION)
        line |= {"quantity": _amount(millionths, 6), "unitPrice": _amount(price, exponent)}
    if chance.random() < 0.4:
        line["discount"] = _amount(chance.randint(0, reduced), exponent)
    return line


def _amount(minor: int, exponent: int) -> str:
    return format(Decimal(minor).scaleb(-exponent), "f")
