"""The README's queries, run one after the other on an empty shop, answer what it says."""

import json
import re
from pathlib import Path

import pytest

from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

README = Path(__file__).parents[2] / "README.md"
_BLOCKS = re.compile(r"```(graphql|json)\n(.*?)```", re.DOTALL)


@pytest.fixture
def blocks() -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in _BLOCKS.findall(README.read_text(encoding="utf-8"))]


async def test_every_query_is_followed_by_its_answer(blocks: list[tuple[str, str]]) -> None:
    assert [kind for kind, _ in blocks] == ["graphql", "json"] * (len(blocks) // 2)
    assert blocks


async def test_the_answers_are_true(blocks: list[tuple[str, str]], open_shop: OpenShop, api: Api) -> None:
    api.shop = await open_shop(country="US")
    for (_, query), (_, answer) in zip(blocks[::2], blocks[1::2], strict=True):
        assert {"data": await api.data(query)} == json.loads(answer)
