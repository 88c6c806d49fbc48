"""docs/back-testing.md: its query answers what it says, and its command writes what it says."""

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import regulars_rewards
from regulars_core.plugin import Shop, plugins_on
from regulars_core.shop.commands import carry
from regulars_core.testing import OpenShop
from regulars_rewards.commands import commands
from tests.rewards.sales.conftest import Till

PAGE = (Path(__file__).parents[2] / "docs" / "back-testing.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)


@pytest.fixture
def blocks() -> Sequence[tuple[str, str, str]]:
    return _BLOCKS.findall(PAGE)


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    """The shop of which the page tells."""
    shop = await open_shop(plugins=plugins_on({"rewards": regulars_rewards}))
    till = Till(shop)
    ana = await till.customer("Ana")
    for sku, price, who, day in (("TEA", "30.00", ana, 2), ("TEA", "10.00", ana, 3), ("MUG", "50.00", None, 4)):
        lines = [{"sku": sku, "name": sku, "unitPrice": price}]
        await till.sold(lines=lines, customerId=who, purchasedAt=f"2026-01-0{day}T12:00:00Z")
    return shop


async def test_the_query(blocks: Sequence[tuple[str, str, str]], shop: Shop) -> None:
    [(_, _, query)] = [one for one in blocks if one[0] == "graphql"]
    [(_, _, told)] = [one for one in blocks if one[0] == "json" and not one[1]]
    assert {"data": await Till(shop).office.data(query)} == json.loads(told)


async def test_the_command(
    blocks: Sequence[tuple[str, str, str]],
    shop: Shop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for _, title, text in blocks:
        if title:
            (tmp_path / title).write_text(text)
    [(_, _, line)] = [one for one in blocks if one[0] == "sh"]
    [(_, _, told)] = [one for one in blocks if one[0] == "text"]
    program, group, *arguments = shlex.split(line)
    assert (program, group) == ("regulars", "rewards")
    done: list[Any] = []
    carry(done.append)
    assert CliRunner().invoke(commands, arguments).exit_code == 0
    capsys.readouterr()
    await done[0](shop)
    assert capsys.readouterr().err.startswith(told)
    rows = [row.split(",") for row in (tmp_path / "result.csv").read_text().splitlines()]
    assert [row[1:] for row in rows] == [["tier", "given", "against", "difference"], ["", "4.00", "6.00", "-2.00"]]


def test_the_commands_of_shadows_are_there() -> None:
    for name in re.findall(r"`regulars rewards shadow (\w+)", PAGE):
        assert CliRunner().invoke(commands, ["shadow", name, "--help"]).exit_code == 0
