"""docs/tiers.md: its policy is the one that holds, its queries are run one after the other, its command and its plugin too."""

import json
import re
import shlex
import tomllib
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import regulars_tiers
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.plugin import Instant, plugins_on
from regulars_core.shop.commands import carry
from regulars_core.testing import Databases, Engine, opened_shop, try_laws
from regulars_tiers.commands import commands
from regulars_tiers.rules.criteria import NoSettings
from regulars_tiers.rules.policy import SEED, PolicyData
from regulars_tiers.testing import purchases
from tests.tiers.conftest import Owner, noon_of

PAGE = Path(__file__).parents[2] / "docs" / "tiers.md"
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TIERS = plugins_on({"tiers": regulars_tiers})


@pytest.fixture(scope="module")
def blocks() -> Sequence[tuple[str, str]]:
    return _BLOCKS.findall(PAGE.read_text(encoding="utf-8"))


@pytest.fixture
async def owner(engine: Engine, databases: Databases) -> AsyncIterator[Owner]:
    """A shop with the one customer of whom the page tells."""
    url = await databases.migrated(engine, TIERS.apps)
    async with opened_shop(url, TIERS) as shop:
        yield Owner(shop)
    databases.drop(url)


async def ana(owner: Owner) -> str:
    with noon_of("2026-01-02"):
        person = checked(owner.shop.settings, NewCustomer("Ana", "Li", code="CUST-00042"))
        customer = "customer_" + (await find_or_register(owner.shop, person, ())).id
    for total, day in (("520.00", "2026-01-10"), ("220.00", "2026-02-20")):
        with noon_of(day):
            await owner.sells(customer, total, day)
    return customer


def test_what_is_there(blocks: Sequence[tuple[str, str]]) -> None:
    kinds = [kind for kind, _ in blocks]
    assert {kind: kinds.count(kind) for kind in kinds} == {"toml": 1, "sh": 1, "graphql": 8, "json": 5, "python": 1}
    assert all(before == "graphql" for before, kind in pairwise(kinds) if kind == "json")


async def test_every_query_in_its_order(blocks: Sequence[tuple[str, str]], owner: Owner) -> None:
    customer, ends = await ana(owner), [*blocks[1:], ("", "")]
    with noon_of("2026-03-01"):
        for (kind, text), (following, expected) in zip(blocks, ends, strict=True):
            if kind == "graphql":
                data = await owner.api.data(text, **({"customer": customer} if "$customer" in text else {}))
                assert following != "json" or {"data": data} == json.loads(expected)
                assert "graphql" in kind
                assert [done["userErrors"] for done in data.values() if done and "userErrors" in done] in (
                    [],
                    [[]],
                    [[], []],
                )


def test_the_policy_is_the_one_that_holds(blocks: Sequence[tuple[str, str]]) -> None:
    [written] = [PolicyData.model_validate(tomllib.loads(text)) for kind, text in blocks if kind == "toml"]
    bare = [tier.model_copy(update={"benefits": ()}) for tier in SEED.tiers]
    assert written == SEED.model_copy(update={"tiers": tuple(bare)})


async def test_the_command(blocks: Sequence[tuple[str, str]], owner: Owner, tmp_path: Path, capsys: Any) -> None:
    await ana(owner)
    text = dict(blocks)
    (tmp_path / "policy.toml").write_text(text["toml"].replace('"500"', '"600"'))
    program, group, command, *rest = shlex.split(text["sh"])
    assert (program, group) == ("regulars", "tiers")
    done: list[Any] = []
    carry(done.append)
    arguments = [str(tmp_path / part) if part == "policy.toml" else part for part in rest]
    with noon_of("2026-03-01"):
        assert CliRunner().invoke(commands, [command, *arguments]).exit_code == 0
        capsys.readouterr()
        await done[0](owner.shop)
    assert capsys.readouterr().out.splitlines() == [
        "1 customers, 1 of them moved, at 2026-03-01T12:00:00.000Z",
        "A -> B  1",
        "CUST-00042  A -> B  Net spend",
    ]


def test_the_plugin_keeps_the_laws(blocks: Sequence[tuple[str, str]]) -> None:
    room: dict[str, Any] = {}
    exec(dict(blocks)["python"], room)
    [kind] = room["regulars_rules"]()
    saturday = Instant(1_767_441_600_000)
    facts = purchases([(0, 100), (1, 100), (1, 100), (5, 100)], saturday)
    try_laws(kind, examples=[facts])
    assert (kind.name, kind.measure(NoSettings(), facts)) == ("WEEKEND_DAYS", 3)
