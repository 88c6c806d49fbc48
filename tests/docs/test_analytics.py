"""docs/analytics.md: its queries are asked of a small shop, and answer what it says."""

import json
import re
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

import regulars_analytics
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Division, Part, Plugins, hookimpl, plugins_on
from regulars_core.testing import OpenShop
from regulars_schema.plugin import BreakdownKind, Contribution
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "analytics.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SALES = [
    ("Ana", "2026-02-02T09:30:00Z", "card", [("Coffee", "1", "12.00", "0.00")]),
    ("Bo", "2026-02-02T09:45:00Z", "card", [("Coffee", "2", "26.00", "2.00")]),
    ("Ana", "2026-03-07T11:00:00Z", "cash", [("Cake", "8", "3.00", "0.00")]),
    ("Cai", "2026-03-10T17:10:00Z", "cash", [("Cake", "2", "4.50", "0.00")]),
    ("Bo", "2026-03-31T17:20:00Z", "card", [("Coffee", "1", "44.08", "8.08")]),
]
"""Who bought when, how it was paid, and what: category, quantity, unit price, discount."""


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of all of them."""
    return plugins_on({"analytics": regulars_analytics, "tiers": regulars_tiers, "rewards": regulars_rewards})


async def test_the_page(open_shop: OpenShop, plugins: Plugins) -> None:
    with time_machine.travel(datetime.fromisoformat("2026-01-15T12:00:00+00:00")):
        api = Api.of(await open_shop(plugins=plugins, future_hours=876_000))
        names = {}
        for name in ("Ana", "Bo", "Cai"):
            given = {"firstName": name, "lastName": "Li"}
            names[name] = (await api.done("customerCreate", "customer { id }", given))["customer"]["id"]
        rule = {"kind": "PERCENT", "settings": [{"name": "percent", "value": "10"}]}
        given = {"name": "Coffee week", "discountRule": rule, "endsAt": "2026-02-10T00:00:00Z"}
        await api.done("promotionCreate", "promotion { id }", {"promotion": given})
    with time_machine.travel(datetime.fromisoformat("2026-03-31T18:00:00+00:00"), tick=False):
        for n, (name, at, method, lines) in enumerate(SALES):
            bought = [
                {
                    "name": kind,
                    "category": kind,
                    "brand": "Casa Roja",
                    "quantity": number,
                    "unitPrice": price,
                    "discount": off,
                }
                for kind, number, price, off in lines
            ]
            paid = sum(float(quantity) * float(price) - float(off) for _, quantity, price, off in lines)
            sale: dict[str, Any] = {"reference": f"R{n}", "customerId": names[name], "purchasedAt": at, "lines": bought}
            sale |= {"register": "2"} if method == "card" else {}
            sale["payments"] = [{"method": method, "amount": f"{paid:.2f}"}]
            await api.done("purchaseRecord", "created", sale)
        given = {"name": "Coffee", "where": {"purchases": {"where": {"category": {"in": ["Coffee"]}}}}}
        segment = (await api.done("segmentCreate", "segment { id }", given))["segment"]["id"]
        blocks = _BLOCKS.findall(PAGE)
        pairs = [
            (asked, told) for (kind, asked), (other, told) in pairwise(blocks) if (kind, other) == ("graphql", "json")
        ]
        assert len(pairs) == 5
        for asked, told in pairs:
            given = {"id": segment} if "$id" in asked else {}
            assert {"data": await api.data(asked, **given)} == json.loads(told)
        await _widened(open_shop, next(text for kind, text in blocks if kind == "python"))


async def _widened(open_shop: OpenShop, code: str) -> None:
    """What the page writes divides as it says."""
    known: dict[str, Any] = {"BreakdownKind": BreakdownKind, "Division": Division, "Part": Part}
    exec(code, known)
    contribution = Contribution("tills", breakdowns=[known["BY_TILL"]])
    tills = SimpleNamespace(regulars_schema=hookimpl(lambda: contribution))
    api = Api.of(await open_shop(plugins=plugins_on({"analytics": regulars_analytics, "tills": tills})))
    told = await api.data("{ insight { breakdown(by: VISITS_TILL) { value label purchaseCount } } }")
    assert told["insight"]["breakdown"] == [
        {"value": "2", "label": "2", "purchaseCount": 3},
        {"value": None, "label": "", "purchaseCount": 2},
    ]
