"""docs/searching.md: whoever is told to be found is found."""

import json
import re
from pathlib import Path

from regulars_core.customers.contact import parse_phone
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "searching.md").read_text(encoding="utf-8")
_NAMES = re.compile(r"^\| `([^`]+)` \| ([^|+]+) \|$", re.MULTILINE)
_NUMBERS = re.compile(r"^\| `([^`]+)` \| (\+\d+) \|$", re.MULTILINE)


async def test_its_query_and_its_names(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    await api.done("customerCreate", "created", {"firstName": "Ana", "lastName": "García"})
    [query, answer] = re.findall(r"^```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert {"data": await api.data(query)} == json.loads(answer)
    names = _NAMES.findall(PAGE)
    assert len(names) == 5
    for _, name in names:
        first, _, last = name.partition(" ")
        await api.done("customerCreate", "created", {"firstName": first, "lastName": last or "Li"})
    for typed, name in names:
        found = await api.data("query($q: String!) { customerSearch(query: $q) { displayName } }", q=typed)
        assert [one["displayName"].removesuffix(" Li") for one in found["customerSearch"]] == [name]


def test_its_numbers() -> None:
    numbers = _NUMBERS.findall(PAGE)
    assert len(numbers) == 6
    for typed, number in numbers:
        assert parse_phone(typed, "MX") == number
