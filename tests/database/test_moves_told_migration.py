"""How many pieces earlier purchases hold is counted, and what was noted lets its days be counted anew."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import regulars_core.migrations
from regulars_core.contribution import CORE_APP
from regulars_core.database import App, Database, migrations
from regulars_core.primitives.ids import DEFAULT_GROUP_ID, MAIN_STORE_ID, new_id
from regulars_core.purchases.figures.pieces import differences as wrong_pieces
from regulars_core.purchases.figures.rollups.ranges import range_taken_off
from regulars_core.purchases.figures.rollups.settlement import settle
from regulars_core.purchases.figures.rollups.verification import differences
from regulars_core.purchases.figures.spans import Span
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on

_LINES = ([3_000_000, 0], [2_000_000, 500_000], [-1_000_000, 0])
"""Of each how much was bought, and how much of it came back; the last one came back without a known sale."""
_ALL = Span(None, None, None)


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Core with the migrations that came before."""
    folder = tmp_path / "before_moves_told"
    folder.mkdir()
    for path in Path(*regulars_core.migrations.__path__).glob("*.py"):
        if path.name < "0051" or path.name == "__init__.py":
            (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.syspath_prepend(tmp_path)
    yield App("core", "regulars_core.models", folder.name)
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


async def _insert(database: Database, table: str, **columns: Any) -> None:
    names, places = ", ".join(columns), ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    await database.transaction(
        lambda: database.run(f"INSERT INTO {table} ({names}) VALUES ({places})", *columns.values())
    )


async def _sold(database: Database, customer: str, reference: str, at: int) -> str:
    id_ = new_id()
    await _insert(
        database, "purchase", id=id_, reference=reference, store_id=MAIN_STORE_ID, customer_id=customer, purchased_at=at,
        recorded_at=at, status="PAID", currency="USD", prices_include_tax=False, subtotal=900, discount=0, shipping=0, tax=0,
        total=900, refunded=0, digest="",
    )  # fmt: skip
    for n, (bought, back) in enumerate(_LINES):
        await _insert(
            database, "purchase_line", id=new_id(), purchase_id=id_, position=n, name="Tea", quantity=bought, discount=0,
            total=300, refunded_quantity=back,
        )  # fmt: skip
    return id_


async def test_what_was_there_is_counted_and_noted(url: str, before: App) -> None:
    old = await Database.open(url, [before])
    await migrations.migrate(old)
    customer = new_id()
    await _insert(
        old, "customer", id=customer, code="C1", first_name="Ana", last_name="Li", sort_name="li ana", company_key="",
        tax_key="", status="ACTIVE", group_id=DEFAULT_GROUP_ID, version=1, created_at=1, updated_at=1,
    )  # fmt: skip
    first = await _sold(old, customer, "R1", 86_400_000)
    noted = await old.rows("SELECT at, customer_id, later FROM rollup_due ORDER BY number")
    await old.close()

    database = await Database.open(url, [CORE_APP])
    await migrations.migrate(database)
    shop = Shop(database, Settings(), plugins_on())
    assert await database.rows("SELECT at, customer_id, later FROM rollup_due WHERE NOT told ORDER BY number") == noted
    assert [row[0] for row in await database.rows("SELECT pieces FROM purchase")] == [4_500_000]
    await settle(shop)
    await database.transaction(lambda: database.run("UPDATE purchase SET total = 800 WHERE id = $1", first))
    [was] = await database.rows("SELECT total, pieces, told FROM rollup_due")
    assert (was[0], was[1], bool(was[2])) == (900, 4_500_000, True)
    told = await range_taken_off(shop, _ALL)
    assert told is not None
    assert (told.undiscounted, told.pieces) == (800, 4_500_000)
    for found in (differences(shop), wrong_pieces(shop)):
        assert [one async for one in found] == []
    await database.close()
