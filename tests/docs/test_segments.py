"""docs/segments.md: its documents are run one after the other, and answer what it says."""

import json
import re
from itertools import pairwise
from pathlib import Path

from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "segments.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


async def test_the_page(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    for name, sales in (("Ana", 2), ("Bo", 1)):
        given = {"firstName": name, "lastName": "Li", "email": f"{name}@example.org"}
        id_ = (await api.done("customerCreate", "customer { id }", given))["customer"]["id"]
        for n in range(sales):
            line = {"name": "Cake", "category": "Cake", "total": "9.00"}
            await api.done("purchaseRecord", "created", {"reference": f"{name}{n}", "customerId": id_, "lines": [line]})
    blocks = _BLOCKS.findall(PAGE)
    pairs = [(asked, told) for (kind, asked), (other, told) in pairwise(blocks) if (kind, other) == ("graphql", "json")]
    assert len(pairs) == 2
    for asked, told in pairs:
        known = (await api.data("{ segments { nodes { id } } }"))["segments"]["nodes"]
        given = {"id": known[0]["id"]} if "$id" in asked else {}
        assert {"data": await api.data(asked, **given)} == json.loads(told)
