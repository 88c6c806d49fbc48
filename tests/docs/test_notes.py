"""docs/notes.md: its operations are run one after the other, and its table is what holds."""

import json
import re
from itertools import zip_longest
from pathlib import Path

from regulars_core.customers.notes.rules import ANSWERED, OPENING, TYPES
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "notes.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ROWS = re.compile(r"^\| `([A-Z]+)` \| [^|]+ \| (yes|no) \| ([^|]*)\|$", re.MULTILINE)


async def test_every_operation_in_its_order(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    ids = {"CUSTOMER": made["customer"]["id"], "NOTE": ""}
    blocks = _BLOCKS.findall(PAGE)
    assert [kind for kind, _ in blocks] == ["graphql", "json", "graphql", "json", "graphql"]
    for (kind, text), (following, expected) in zip_longest(blocks, blocks[1:], fillvalue=("", "")):
        if kind == "graphql":
            data = await api.data(text.replace("CUSTOMER", ids["CUSTOMER"]).replace('NOTE"', ids["NOTE"] + '"'))
            assert following != "json" or {"data": data} == json.loads(expected)
            ids["NOTE"] = (await api.data("{ notes { nodes { id } } }"))["notes"]["nodes"][0]["id"]
    assert data["overdue"] == {"totalCount": 0}
    assert data["topics"] == [{"value": "Delivery", "count": 1}]


def test_the_table_is_what_holds() -> None:
    told = {name: (is_open == "yes", bool(due.strip())) for name, is_open, due in _ROWS.findall(PAGE)}
    assert told == {name: (name in OPENING, name in ANSWERED) for name in TYPES}
