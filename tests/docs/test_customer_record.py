"""docs/customer-record.md: its queries are run one after the other in a shop where Ana has bought five times."""

import json
import re
from itertools import zip_longest
from pathlib import Path

from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "customer-record.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


async def test_every_query_in_its_order(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    ana = {"firstName": "Ana", "lastName": "Li", "email": "ana@example.com"}
    made = await api.done("customerCreate", "customer { id }", ana)
    sale = {"customerId": made["customer"]["id"], "lines": [{"name": "Tea", "total": "5.00"}]}
    for number in range(5):
        await api.done("purchaseRecord", "created", {"reference": f"R{number}", **sale})
    blocks = _BLOCKS.findall(PAGE)
    assert blocks
    for (kind, text), (following, expected) in zip_longest(blocks, blocks[1:], fillvalue=("", "")):
        if kind == "graphql":
            data = await api.data(text.replace("ANA", made["customer"]["id"]))
            assert following != "json" or {"data": data} == json.loads(expected)
