"""docs/customers.md: its queries are run one after the other in a shop where Ana is known already."""

import json
import re
from itertools import zip_longest
from pathlib import Path

from regulars_core.customers.duplicates import Traits, likeness
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "customers.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ROWS = re.compile(r"^\| ([^|]+) \| `([A-Z_]+)` \| (\d+)", re.MULTILINE)


async def test_every_query_in_its_order(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    await api.done("customerCreate", "created", {"firstName": "Ana", "lastName": "Li", "email": "ana@example.com"})
    blocks = _BLOCKS.findall(PAGE)
    assert [kind for kind, _ in blocks] == ["graphql", "graphql", "json", "graphql", "json"]
    for (kind, text), (following, expected) in zip_longest(blocks, blocks[1:], fillvalue=("", "")):
        if kind == "graphql":
            data = await api.data(text)
            assert following != "json" or {"data": data} == json.loads(expected)


def test_the_scores_are_those_that_hold() -> None:
    one = Traits("a@x.org", "+525512345678", "2345678", "T1", "li, ana", "1990-02-28")
    alike = {
        "TAX_ID": Traits(tax_id="T1"),
        "EMAIL": Traits(email="a@x.org"),
        "PHONE": Traits(phone="+525512345678"),
        "NAME_AND_BIRTH_DATE": Traits(name="li, ana", birth_date="1990-02-28"),
        "NAME_AND_PHONE_TAIL": Traits(name="li, ana", phone_tail="2345678"),
        "NAME": Traits(name="li, ana"),
    }
    told = {reason: int(score) for _, reason, score in _ROWS.findall(PAGE)}
    assert told == {reason: likeness(one, other)[1] for reason, other in alike.items()}
