"""docs/attributes.md: its documents are asked one after the other."""

import json
import re
from itertools import zip_longest
from pathlib import Path

from regulars_core.customers.attributes.rules import TYPES
from regulars_core.shop.shop import Shop
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "attributes.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


async def test_every_document_in_its_order(shop: Shop) -> None:
    api, blocks = Api.of(shop), _BLOCKS.findall(PAGE)
    assert [kind for kind, _ in blocks].count("graphql") == 4
    for (kind, text), (following, expected) in zip_longest(blocks, blocks[1:], fillvalue=("", "")):
        if kind == "graphql":
            data = await api.data(text)
            assert following != "json" or {"data": data} == json.loads(expected)


def test_every_type_is_named() -> None:
    assert re.findall(r"^\| `([A-Z]+)` \|", PAGE, re.MULTILINE) == list(TYPES)
