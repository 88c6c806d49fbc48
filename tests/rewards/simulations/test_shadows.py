"""Reward systems that collect beside the live ones: nothing is given, nobody sees them, and they are read beside another one."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from regulars_core.plugin import Refused, Shop
from regulars_core.shop.commands import carry
from regulars_rewards.commands import commands
from regulars_rewards.simulations.shadows import read_shadow, shadows, start_shadow, stop_shadow
from regulars_rewards.simulations.totals import Totals
from regulars_rewards.simulations.whole_shop import Result
from regulars_rewards.systems.changes import SystemDraft
from regulars_rewards.systems.system import SystemData
from tests.rewards.sales.conftest import Till
from tests.rewards.simulations.conftest import tea
from tests.rewards.systems.conftest import ONE_A_UNIT, Club, bands, rule_data


def draft(club: Club, target: int = 4, name: str = "Sooner") -> SystemDraft:
    reward = rule_data("COUPON", promotion=club.promotion)
    data = SystemData(trigger=rule_data("PURCHASE"), reward=reward, target=target, bands=bands(*ONE_A_UNIT))
    return SystemDraft(name, data)


async def read(shop: Shop, name: str) -> tuple[Result, Totals]:
    totals = Totals()
    result = await read_shadow(shop, name, totals)
    assert sum(len(batch) for batch in totals.batches()) == totals.customers
    return result, totals


async def test_it_collects_and_gives_nothing(till: Till) -> None:
    """The live one gives at 10, the shadow would at 4: for 100 and 50, one and three, of which a refund of 50 takes one."""
    club = Club(till)
    await club.opens(target=10)
    await start_shadow(till.shop, draft(club), "Club")
    ana = await till.customer("Ana")
    await till.sold(lines=tea("100.00"), customerId=ana)
    second = await till.sold(lines=tea("50.00"), customerId=ana)
    assert await club.states(ana) == ["ISSUED"]
    result, totals = await read(till.shop, "sooner")
    assert (totals.first, totals.second, totals.customers, totals.winners, result.unit) == (3, 1, 1, 1, "COUPONS")
    assert result.purchases == 2
    await till.refunds(second, 0)
    _, totals = await read(till.shop, "Sooner")
    assert (totals.first, totals.second) == (2, 1)
    seen = await till.office.data("{ rewardSystems { nodes { name } } }")
    assert [one["name"] for one in seen["rewardSystems"]["nodes"]] == ["Club"]
    assert [one.name for one in await shadows(till.shop)] == ["Sooner"]


async def test_it_is_stopped(till: Till) -> None:
    club = Club(till)
    await club.opens()
    await start_shadow(till.shop, draft(club))
    assert await stop_shadow(till.shop, "Sooner") is True
    assert list(await shadows(till.shop)) == []
    await start_shadow(till.shop, draft(club))
    ana = await till.customer("Ana")
    await till.sold(lines=tea("40.00"), customerId=ana)
    assert await stop_shadow(till.shop, "Sooner") is False
    await till.sold(lines=tea("40.00"), customerId=ana)
    _, totals = await read(till.shop, "Sooner")
    assert (totals.first, totals.second) == (1, 0)


async def test_what_there_is_not(till: Till) -> None:
    club = Club(till)
    await club.opens()
    for work in (
        start_shadow(till.shop, draft(club), "Other"),
        stop_shadow(till.shop, "Club"),
        read_shadow(till.shop, "Club", Totals()),
    ):
        with pytest.raises(Refused) as refused:
            await work
        assert [one.code for one in refused.value.problems] == ["NOT_FOUND"]


async def test_by_commands(till: Till, tmp_path: Path, capsys: Any) -> None:
    club = Club(till)
    await club.opens(target=10)
    pairs = [{"name": "promotion", "value": club.promotion}]
    edges = [{"from": f"{n}0.00", "to": f"{n + 1}0.00", "progress": n} for n in range(1, 41)]
    system = {
        "name": "Sooner", "triggerRule": {"kind": "PURCHASE"}, "reward": {"kind": "COUPON", "settings": pairs}, "target": 4,
        "bands": edges,
    }  # fmt: skip
    (tmp_path / "sooner.json").write_text(json.dumps({"rewardSystem": system}))

    async def told(*arguments: str) -> list[str]:
        done: list[Any] = []
        carry(done.append)
        result = CliRunner().invoke(commands, arguments)
        assert result.exit_code == 0, result.output
        capsys.readouterr()
        await done[0](till.shop)
        return str(capsys.readouterr().out).splitlines()

    assert await told("shadow", "start", str(tmp_path / "sooner.json"), "--beside", "Club") == ["Sooner collects."]
    ana = await till.customer("Ana")
    await till.sold(lines=tea("90.00"), customerId=ana)
    [listed] = await told("shadow", "list")
    assert listed.startswith("Sooner  collects  since ")
    to = tmp_path / "shadow.csv"
    await told("shadow", "show", "Sooner", "-o", str(to))
    assert [line.split(",")[1:] for line in to.read_text().splitlines()] == [
        ["tier", "given", "given_now", "difference"],
        ["", "2", "0", "2"],
    ]
    assert await told("shadow", "stop", "Sooner") == ["Sooner collects no more."]
    tried = {"rewardSystem": {**system, "target": 3}, "from": "2026-01-01T00:00:00Z"}
    (tmp_path / "tried.json").write_text(json.dumps(tried))
    await told("simulate", str(tmp_path / "tried.json"), "-o", str(to), "--format", "json")
    assert json.loads(to.read_text())["given"] == "3"
    await told(
        "simulate",
        str(tmp_path / "tried.json"),
        "--against",
        str(tmp_path / "sooner.json"),
        "-o",
        str(to),
        "--format",
        "json",
    )
    both = json.loads(to.read_text())
    assert (both["given"], both["against"], both["unit"]) == ("3", "2", "COUPONS")
