"""docs/consents.md: its operations are run one after the other in a shop where Ana is known already."""

import json
import re
from itertools import zip_longest
from pathlib import Path

from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "consents.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


async def test_every_operation_in_its_order(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    await api.done("customerCreate", "customer { id }", {"firstName": "Bo", "lastName": "Ek"})
    blocks = _BLOCKS.findall(PAGE.replace(f"customer_{1:032}", made["customer"]["id"]))
    assert [kind for kind, _ in blocks] == ["graphql", "json"] * 3
    for (kind, text), (_, expected) in zip_longest(blocks, blocks[1:], fillvalue=("", "")):
        assert kind == "json" or {"data": await api.data(text)} == json.loads(expected)
