"""docs/lifetime-value.md: its documents are run one after the other, and answer what it says."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine

import regulars_analytics
from regulars_analytics.lifetime.kept import find_anew
from regulars_core.plugin import Plugins, instant_of, plugins_on, printed
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "lifetime-value.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TODAY = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"analytics": regulars_analytics})


async def test_the_page(open_shop: OpenShop) -> None:
    with time_machine.travel(TODAY, tick=False):
        shop = await open_shop()
        api, ids = Api.of(shop), []
        for name, days in (("Ana", (365, 100, 20)), ("Bo", (9,))):
            made = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
            ids.append(made["customer"]["id"])
            for day in days:
                at = printed(instant_of(TODAY - timedelta(days=day)))
                line = {"name": "Tea", "total": "70.00" if name == "Ana" else "5.00"}
                sale = {"reference": f"{name}{day}", "customerId": ids[-1], "purchasedAt": at, "lines": [line]}
                await api.done("purchaseRecord", "created", sale)
        await find_anew(shop)
        pairs = [
            (one, told)
            for (kind, one), (other, told) in pairwise(_BLOCKS.findall(PAGE))
            if (kind, other) == ("graphql", "json")
        ]
        assert len(pairs) == 2
        for asked, told in pairs:
            given = {"id": ids[0]} if "$id" in asked else {}
            assert {"data": await api.data(asked, **given)} == json.loads(told)
