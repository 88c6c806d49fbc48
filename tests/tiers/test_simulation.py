"""Trying a policy before it holds: exactly those are named whom the switch then moves."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from regulars_core.plugin import Shop
from regulars_core.shop.commands import carry
from regulars_tiers.commands import commands
from tests.tiers.conftest import Owner

Calendar = Callable[[str], Any]


def asks(code: str, *criteria: tuple[str, str, int | None, str]) -> dict[str, Any]:
    sets = [
        {"allOf": [{"metric": metric, "window": window, "threshold": least} | ({"days": days} if days else {})]}
        for metric, window, days, least in criteria
    ]
    return {"code": code, "name": code} | ({"anyOf": sets} if sets else {})


STRICTER = {
    "graceDays": 0,
    "tiers": [
        asks("A", ("NET_SPEND", "LIFETIME", None, "5000"), ("NET_SPEND", "ROLLING", 30, "700")),
        asks("B", ("NET_SPEND", "LIFETIME", None, "2000"), ("ORDERS", "CALENDAR_YEAR", None, "2")),
        asks("C"),
    ],
}
SIMULATE = """query($i: TierPolicySimulateInput!) { tierPolicySimulate(input: $i) { at customerCount movedCount
    moves { before after customerCount }
    sample { customer { id } before { tier { code } explanation { criterion { description } } }
             after { tier { code } explanation { criterion { description } } } } } }"""


async def busy(owner: Owner) -> list[str]:
    """Ten customers with this and that."""
    ids = []
    for n in range(10):
        ids.append(await owner.customer(f"N{n}"))
        for m in range((n + 2) % 3):
            await owner.sells(ids[-1], f"{50 + n * 90 + m}.00", f"2026-01-{n + m + 1:02}")
    return ids


async def everything(shop: Shop) -> list[Any]:
    tables = ("tier_policy", "tier_spell", "tier_standing", "tier_change", "tier_assignment")
    return [[tuple(row) for row in await shop.database.rows(f"SELECT * FROM {table} ORDER BY 1")] for table in tables]


@pytest.mark.one_executor  # the present stands in the answer
@pytest.mark.parametrize(("grace", "effective", "ways"), [(0, "2025-12-01", 3), (90, "2026-01-08", 1)])
async def test_those_are_named_whom_the_switch_then_moves(
    owner: Owner, calendar: Calendar, grace: int, effective: str, ways: int
) -> None:
    """From before the first purchase on; and amid them, where the grace of the new policy keeps what the old one gave."""
    with calendar("2026-01-20"):
        ids = await busy(owner)
        before, kept = {one: await owner.tier(one) for one in ids}, await everything(owner.shop)
        given = {"policy": {**STRICTER, "graceDays": grace}, "effectiveAt": f"{effective}T00:00:00Z"}
        found = (await owner.api.data(SIMULATE, i={**given, "sample": 100}))["tierPolicySimulate"]
        assert await everything(owner.shop) == kept
        await owner.api.done("tierPolicyUpdate", "tierPolicy { number }", given)
        assert await owner.job() > 0
        after = {one: await owner.tier(one) for one in ids}
        moved = {one["customer"]["id"]: (one["before"]["tier"]["code"], one["after"]["tier"]["code"])
                 for one in found["sample"]}  # fmt: skip
        assert moved == {one: (before[one], after[one]) for one in ids if before[one] != after[one]}
        assert len(set(moved.values())) >= ways
        moves = {(move["before"], move["after"]): move["customerCount"] for move in found["moves"]}
        assert moves == Counter((before[one], after[one]) for one in ids)
        assert (found["customerCount"], found["movedCount"]) == (10, len(moved))
        for one in found["sample"]:
            assert bool(one["after"]["explanation"]) is (one["after"]["tier"]["code"] != "C")
        causes = {row[3] for one in moved for row in (await owner.history(one))[-1:]}
        assert causes == {"POLICY"}
        assert await owner.wrong() == []


async def test_a_policy_that_begins_later(owner: Owner, calendar: Calendar) -> None:
    with calendar("2026-01-20"):
        ids = await busy(owner)
        before = {one: await owner.tier(one) for one in ids}
        later = {"policy": STRICTER, "effectiveAt": "2026-02-01T00:00:00Z"}
        found = (await owner.api.data(SIMULATE, i={**later, "sample": 100}))["tierPolicySimulate"]
        assert found["at"] == "2026-02-01T00:00:00.000Z"
        made = await owner.api.done("tierPolicyUpdate", "tierPolicy { number effectiveAt graceDays }", later)
        assert made["tierPolicy"] == {"number": 1, "effectiveAt": "2026-02-01T00:00:00.000Z", "graceDays": 0}
        await owner.job()
        assert {one: await owner.tier(one) for one in ids} == before
    with calendar("2026-02-01T00:00:01Z"):
        after = {one: await owner.tier(one) for one in ids}
        moved = {one["customer"]["id"]: one["after"]["tier"]["code"] for one in found["sample"]}
        assert moved == {one: after[one] for one in ids if before[one] != after[one]}
        assert await owner.job() == len(moved)
        node = await owner.api.data(
            """{ now: tierPolicy { number tiers { code rank anyOf { allOf { metric window days threshold } } } }
                 before: tierPolicy(at: "2026-01-01T00:00:00Z") { id number graceDays downgrade } }"""
        )
        assert (node["now"]["number"], node["before"]["number"], node["before"]["graceDays"]) == (1, 0, 90)
        assert node["now"]["tiers"][0]["anyOf"][1]["allOf"] == [
            {"metric": "NET_SPEND", "window": "ROLLING", "days": 30, "threshold": "700"}
        ]
        seed = node["before"]["id"]
        again = await owner.api.data("query($id: ID!) { node(id: $id) { id ... on TierPolicy { number } } }", id=seed)
        assert again["node"] == {"id": seed, "number": 0}
        assert await owner.api.refused("tierPolicyUpdate", {"policy": STRICTER}) == ["POLICY_UNCHANGED"]


def wrong(change: Callable[[Any], None]) -> dict[str, Any]:
    policy = json.loads(json.dumps(STRICTER))
    change(policy)
    return policy


@pytest.mark.parametrize(
    ("policy", "code", "path"),
    [
        (wrong(lambda p: p["tiers"][0]["anyOf"][1]["allOf"][0].update(metric="X")), "UNKNOWN_METRIC",
         "policy.tiers.0.anyOf.1.allOf.0.metric"),
        (wrong(lambda p: p["tiers"][0]["anyOf"][0]["allOf"][0].update(threshold="1.001")), "INVALID_AMOUNT",
         "policy.tiers.0.anyOf.0.allOf.0.threshold"),
        (wrong(lambda p: p["tiers"][1]["anyOf"][1]["allOf"][0].update(threshold="1.5")), "INVALID_AMOUNT",
         "policy.tiers.1.anyOf.1.allOf.0.threshold"),
        (wrong(lambda p: p["tiers"][0]["anyOf"][0]["allOf"][0].update(days=3)), "INVALID_POLICY",
         "policy.tiers.0.anyOf.0.allOf.0.days"),
        (wrong(lambda p: p["tiers"][0]["anyOf"][0]["allOf"][0].update(threshold="0")), "INVALID_POLICY",
         "policy.tiers.0.anyOf.0.allOf.0.threshold"),
        (wrong(lambda p: p["tiers"][1].update(code="a")), "CODE_TAKEN", "policy.tiers.1.code"),
        (wrong(lambda p: p["tiers"][0].pop("anyOf")), "INVALID_POLICY", "policy.tiers.0.anyOf"),
        (wrong(lambda p: p["tiers"].pop()), "INVALID_POLICY", "policy.tiers.1.anyOf"),
        (wrong(lambda p: p.update(graceDays=-1)), "INVALID_POLICY", "policy.graceDays"),
        (wrong(lambda p: p.update(tiers=[])), "INVALID_POLICY", "policy.tiers"),
        (wrong(lambda p: p["tiers"][0].update(name="")), "REQUIRED", "policy.tiers.0.name"),
        (wrong(lambda p: p["tiers"][0].update(code="a b")), "INVALID_POLICY", "policy.tiers.0.code"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_policy_is_told_where_it_is(owner: Owner, policy: Any, code: str, path: str) -> None:
    [error] = (await owner.api.do("tierPolicyUpdate", "__typename", {"policy": policy}))["userErrors"]
    assert (error["code"], ".".join(error["path"])) == (code, f"input.{path}")
    assert not any(word in error["message"] for word in ("should", "Input", "Tuple", "Value", "pattern"))
    answer = await owner.api.ask(SIMULATE, i={"policy": policy})
    assert answer.codes == ["BAD_USER_INPUT"]


TOML = """
grace_days = 0

[[tiers]]
code = "A"
name = "VIP"
criteria = [[{metric = "NET_SPEND", threshold = "700", window = "ROLLING", days = 30}]]

[[tiers]]
code = "C"
name = "Everybody"
"""


async def test_the_commands(
    owner: Owner, tmp_path: Path, calendar: Calendar, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the command line tells of a policy is what the API tells, and what the switch then does."""
    with calendar("2026-01-20"):
        ids = await busy(owner)
        path = tmp_path / "policy.toml"
        path.write_text(TOML)

        async def run(*arguments: str) -> Result:
            done: list[Any] = []
            carry(done.append)
            result = CliRunner().invoke(commands, list(arguments))
            for work in done:
                await work(owner.shop)
            return result

        effective = "2020-01-01T00:00:00+00:00"
        capsys.readouterr()
        assert (await run("simulate", str(path), "--effective", effective, "--sample", "1000")).exit_code == 0
        told = capsys.readouterr().out.splitlines()
        named = {line.split()[0]: (line.split()[1], line.split()[3]) for line in told if line.startswith("CUST-")}
        policy = {"graceDays": 0, "tiers": [asks("A", ("NET_SPEND", "ROLLING", 30, "700")), asks("C")]}
        before = {await code_of(owner, one): await owner.tier(one) for one in ids}
        await owner.api.done("tierPolicyUpdate", "tierPolicy { number }", {"policy": policy, "effectiveAt": effective})
        assert (await run("reassess")).exit_code == 0
        after = {await code_of(owner, one): await owner.tier(one) for one in ids}
        assert named == {code: (before[code], after[code]) for code in before if before[code] != after[code]}
        assert len(named) >= 3
        assert told[0].startswith(f"10 customers, {len(named)} of them moved, at 2026-01-20T12:00:0")
        assert (await run("reassess", "--all")).exit_code == 0
        assert capsys.readouterr().out.splitlines()[-1].startswith("7 customers in ")
        assert (await run("simulate", str(path), "--at", "yesterday")).exit_code == 2
        assert await owner.wrong() == []


async def code_of(owner: Owner, customer: str) -> str:
    found = await owner.api.data("query($id: ID!) { customer(id: $id) { code } }", id=customer)
    return str(found["customer"]["code"])
