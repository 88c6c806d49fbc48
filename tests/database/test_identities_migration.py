"""Customers that were there before companies are people, and are found by their tax ids."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import regulars_core.migrations
from regulars_core.contribution import CORE_APP
from regulars_core.customers.duplicates import Traits, alike
from regulars_core.database import App, Database, migrations
from regulars_core.primitives.ids import DEFAULT_GROUP_ID, new_id
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Core with the migrations that came before."""
    folder = tmp_path / "before_identities"
    folder.mkdir()
    files = sorted(Path(*regulars_core.migrations.__path__).glob("*.py"))
    [own] = [path.name for path in files if path.name.endswith("_identities.py")]
    for path in files:
        if path.name < own or path.name == "__init__.py":
            (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.syspath_prepend(tmp_path)
    yield App("core", "regulars_core.models", folder.name)
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


async def test_tax_ids_are_compared_from_now_on(url: str, before: App) -> None:
    old = await Database.open(url, [before])
    await migrations.migrate(old)
    names = "id, code, first_name, last_name, sort_name, tax_id, status, group_id, version, created_at, updated_at"
    rows = [
        (new_id(), f"C{n}", "Ana", "Li", "li, ana", tax_id, "ACTIVE", DEFAULT_GROUP_ID, 1, n, n)
        for n, tax_id in enumerate(("ab-12 3", "Ñ/1", "--", None))
    ]
    sql = f"INSERT INTO customer ({names}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    await old.transaction(lambda: old.run_many(sql, rows))
    await old.close()
    database = await Database.open(url, [CORE_APP])
    await migrations.migrate(database)
    found = await database.rows("SELECT tax_key, is_company, company_name, company_key FROM customer ORDER BY code")
    assert [(row[0], bool(row[1]), row[2], row[3]) for row in found] == [
        (key, False, None, None) for key in ("ab123", "n1", None, None)
    ]
    shop = Shop(database, Settings(), plugins_on())
    assert [one.code for one in await alike(shop, None, Traits(tax_id="ab123"))] == ["C0"]
    await database.close()
