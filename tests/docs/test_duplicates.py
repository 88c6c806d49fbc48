"""docs/duplicates.md: its documents are run one after the other, and answer what it says."""

import json
import re
from pathlib import Path

from regulars_core.customers.pairs.discovery import find_duplicates
from regulars_core.customers.pairs.keys import MOST_ALIKE
from regulars_core.plugin import Shop
from tests.merges.conftest import Desk

PAGE = (Path(__file__).parents[2] / "docs" / "duplicates.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


async def test_the_page(shop: Shop) -> None:
    desk = Desk(shop)
    await desk.customer("José", lastName="González", birthDate="1990-02-28")
    await desk.customer("Pepe", lastName="Gonzales", birthDate="1990-02-28", force=True)
    await find_duplicates(shop)
    [(_, asked), (_, told), (_, mutation)] = _BLOCKS.findall(PAGE)
    assert await desk.api.data(asked) == json.loads(told)
    [pair] = (await desk.api.data("{ customerDuplicates { nodes { id } } }"))["customerDuplicates"]["nodes"]
    done = (await desk.api.data(mutation, pair=pair["id"]))["customerDuplicateDismiss"]
    assert done["duplicatePair"]["dismissedAt"] is not None
    assert f"more than {MOST_ALIKE.email} records" in PAGE
    assert f"at most {MOST_ALIKE.name} have it" in PAGE
