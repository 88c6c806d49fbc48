"""Rules are tried on the whole shop by a command, beside what is given now and beside each other."""

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import regulars_rewards
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.testing import opened_shop
from tests.cli.conftest import elsewhere, regulars  # noqa: F401
from tests.rewards.sales.conftest import PERCENT, Till, rule
from tests.rewards.simulations.conftest import SPAN, counted_rows, tea, tries
from tests.support.commands import Regulars

NAMES = ("Ana", "Bo", "Cy")


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"rewards": regulars_rewards})


def sold(url: str, plugins: Plugins) -> tuple[dict[str, int], Any]:
    """Ana bought for 30 and 10, Bo for 5, Cy for 1, a stranger for 50. How many rows there are, and what the query tells."""

    async def work() -> tuple[dict[str, int], Any]:
        async with opened_shop(url, plugins) as shop:
            till = Till(shop)
            people = {name: await till.customer(name) for name in NAMES}
            for who, price, day in (
                ("Ana", "30.00", 2),
                ("Bo", "5.00", 3),
                ("Ana", "10.00", 4),
                (None, "50.00", 5),
                ("Cy", "1.00", 6),
            ):
                customer = people[who] if who else None
                await till.sold(lines=tea(price), customerId=customer, purchasedAt=f"2026-01-0{day}T12:00:00Z")
            return await counted_rows(shop), await tries(till, totalLimit=4)

    return asyncio.run(work())


def rows_of(url: str, plugins: Plugins) -> dict[str, int]:
    async def work() -> dict[str, int]:
        async with opened_shop(url, plugins) as shop:
            return await counted_rows(shop)

    return asyncio.run(work())


def by_name(url: str, plugins: Plugins, rows: list[list[str]]) -> list[list[str]]:
    """The rows of customers, with their names in the place of their codes."""

    async def work() -> list[list[str]]:
        async with opened_shop(url, plugins) as shop:
            found = dict(tuple(row) for row in await shop.database.rows("SELECT code, first_name FROM customer"))
            return sorted([found[code], *rest] for code, *rest in rows)

    return asyncio.run(work())


def written(folder: Path, name: str, **promotion: Any) -> Path:
    """A file with a promotion to try."""
    file = folder / name
    file.write_text(json.dumps({**SPAN, "promotion": {"name": "Tried", "discountRule": PERCENT, **promotion}}))
    return file


def test_every_customer_in_a_process(database_url: str, plugins: Plugins, tmp_path: Path) -> None:
    before, query = sold(database_url, plugins)
    file = written(tmp_path, "promotion.json", totalLimit=4)
    told = {**os.environ, "REGULARS_DATABASE_URL": database_url, "REGULARS_PLUGINS": "rewards"}
    command = [sys.executable, "-m", "regulars_server", "rewards", "simulate", str(file)]
    done = subprocess.run(command, env=told, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found = list(csv.reader(io.StringIO(done.stdout, newline="")))
    assert found[0] == ["customer", "tier", "given", "given_now", "difference"]
    assert by_name(database_url, plugins, found[1:]) == [
        ["Ana", "", "4.00", "0.00", "4.00"],
        ["Bo", "", "0.50", "0.00", "0.50"],
        ["Cy", "", "0.00", "0.00", "0.00"],
    ]
    assert "5 of 5" in done.stderr
    assert "9.50 USD beside 0.00: 5 purchases of 3 customers, 2 would get more and 0 less" in done.stderr
    assert query["given"] == "9.50"
    assert all(note in done.stderr for note in query["notes"])
    assert rows_of(database_url, plugins) == before


def test_in_many_batches_as_json(
    regulars: Regulars,  # noqa: F811
    database_url: str,
    plugins: Plugins,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sold(database_url, plugins)
    monkeypatch.setattr(import_module("regulars_rewards.simulations.whole_shop"), "BATCH", 2)
    monkeypatch.setattr(import_module("regulars_rewards.simulations.totals"), "_SIZE", 1)
    file, to = written(tmp_path, "promotion.json", perCustomerLimit=1), tmp_path / "result.json"
    asked = ("rewards", "simulate", str(file), "--format", "json", "-o", str(to), "--from", "2026-01-02T12:00:00Z")
    done = regulars(*asked, database_url=database_url, plugins="rewards")
    assert done.exit_code == 0, done.output
    told = json.loads(to.read_text())
    rows = [[one["customer"], one["given"]] for one in told["customers"]]
    assert dict(by_name(database_url, plugins, rows)) == {
        "Ana": "3.00",
        "Bo": "0.50",
        "Cy": "0.10",
    }
    assert (told["given"], told["givenNow"], told["purchaseCount"], told["customerCount"]) == ("3.60", "0.00", 5, 3)
    assert (told["winnerCount"], told["loserCount"], told["unit"], told["perTier"]) == (3, 0, "USD", [])
    assert (told["from"], told["until"]) == ("2026-01-02T12:00:00.000Z", "2026-06-01T00:00:00.000Z")


def test_one_beside_another(
    regulars: Regulars,  # noqa: F811
    database_url: str,
    plugins: Plugins,
    tmp_path: Path,
) -> None:
    """10 % beside 2 off: Ana 4.00 and 4.00, Bo 0.50 and 2.00, Cy 0.10 and 1.00, the stranger 5.00 and 2.00."""
    sold(database_url, plugins)
    one = written(tmp_path, "one.json")
    other = written(tmp_path, "other.json", discountRule=rule("FLAT", amount="2.00"))
    asked = ("rewards", "simulate", str(one), "--against", str(other))
    done = regulars(*asked, database_url=database_url, plugins="rewards")
    assert done.exit_code == 0, done.output
    found = list(csv.reader(io.StringIO(done.stdout, newline="")))
    assert found[0] == ["customer", "tier", "given", "against", "difference"]
    assert by_name(database_url, plugins, found[1:]) == [
        ["Ana", "", "4.00", "4.00", "0.00"],
        ["Bo", "", "0.50", "2.00", "-1.50"],
        ["Cy", "", "0.10", "1.00", "-0.90"],
    ]
    assert "9.60 USD beside 9.00: 5 purchases of 3 customers, 0 would get more and 2 less" in done.stderr


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        ("nonsense", 2, "cannot be read"),
        ("{}", 1, "promotion"),
        (json.dumps({"promotion": {"name": "N", "discountRule": {"kind": "NO"}}}), 1, "promotion.discountRule.kind"),
        (json.dumps({"promotion": {"name": "N", "discountRule": PERCENT, "budget": 4}}), 1, "promotion.budget"),
        (json.dumps({"promotion": {"name": "N", "discountRule": PERCENT}, "replacesId": "x"}), 1, "replacesId"),
    ],
)
def test_what_is_wrong_with_a_file(
    regulars: Regulars,  # noqa: F811
    database_url: str,
    plugins: Plugins,
    tmp_path: Path,
    content: str,
    code: int,
    told: str,
) -> None:
    rows_of(database_url, plugins)
    file, to = tmp_path / "wrong.json", tmp_path / "result.csv"
    file.write_text(content)
    done = regulars("rewards", "simulate", str(file), "-o", str(to), database_url=database_url, plugins="rewards")
    assert done.exit_code == code, done.output
    assert told in done.output
    assert list(tmp_path.glob("*result*")) == []
