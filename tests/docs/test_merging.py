"""docs/merging.md: its documents are run one after the other, and answer what it says."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

import regulars_tiers
from regulars_core.plugin import Plugins, Shop, plugins_on
from tests.merges.conftest import Desk

PAGE = Path(__file__).parents[2] / "docs" / "merging.md"
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers})


async def test_the_page(shop: Shop) -> None:
    desk = Desk(shop)
    ana = await desk.customer("Ana", email="ana@example.org")
    anna = await desk.customer("Anna", phone="55 1234 5678")
    for who, total in ((ana, "100.00"), (anna, "150.00"), (anna, "75.00")):
        await desk.sells(who, total)
    blocks = _BLOCKS.findall(PAGE.read_text(encoding="utf-8"))
    pairs = [(asked, told) for (kind, asked), (other, told) in pairwise(blocks) if (kind, other) == ("graphql", "json")]
    assert len(pairs) == 3
    for asked, told in pairs:
        given = {"survivor": ana, "absorbed": [anna]} if "$survivor" in asked else {}
        assert await desk.api.data(asked, **given) == json.loads(told)
