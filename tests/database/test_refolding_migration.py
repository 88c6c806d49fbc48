"""Customers, tags, cities and groups that were folded before letters such as `ı` were are found as those of today, and names that
were mistyped lead to them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import regulars_core.migrations
from regulars_core.contribution import CORE_APP, VERIFICATIONS
from regulars_core.customers.columns import NAMES
from regulars_core.customers.quick_search import QuickSearch, quick_search
from regulars_core.customers.rules import city_key, derived, tag_key
from regulars_core.customers.search.texts import texts_of
from regulars_core.database import App, Database, migrations
from regulars_core.primitives.ids import DEFAULT_GROUP_ID, new_id
from regulars_core.primitives.text import name_key
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Core with the migrations that came before."""
    folder = tmp_path / "before_refolding"
    folder.mkdir()
    files = sorted(Path(*regulars_core.migrations.__path__).glob("*.py"))
    [own] = [path.name for path in files if path.name.endswith("_refolded.py")]
    for path in files:
        if path.name < own or path.name == "__init__.py":
            (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.syspath_prepend(tmp_path)
    yield App("core", "regulars_core.models", folder.name)
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


async def _insert(database: Database, table: str, **columns: Any) -> None:
    names, places = ", ".join(columns), ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    sql = f"INSERT INTO {table} ({names}) VALUES ({places})"
    await database.transaction(lambda: database.run(sql, *columns.values()))


async def _customer(
    database: Database, code: str, first: str, last: str, survivor: str | None = None, **more: Any
) -> str:
    """A customer as of then: letters without a key are kept in what is folded."""
    id_ = new_id()
    words = f"{first} {last}".lower()
    texts = "".join(f"  {word}" for word in (*words.split(), words.replace(" ", ""), code.lower()))
    common = {
        "status": "MERGED" if survivor else "ACTIVE",
        "group_id": DEFAULT_GROUP_ID,
        "version": 1,
        "created_at": 1,
        "updated_at": 1,
    }
    await _insert(
        database, "customer", id=id_, code=code, first_name=first, last_name=last, sort_name=f"{last}, {first}".lower(),
        merged_into_id=survivor, **common, **more,
    )  # fmt: skip
    await _insert(database, "customer_text", customer_id=id_, names=texts, contact="")
    stats = {"total_spent": 0, "purchase_count": 0, "first_purchase_at": -(2**63), "last_purchase_at": -(2**63)}
    await _insert(database, "customer_stats", customer_id=id_, active_at=1, **stats)
    return id_


async def test_what_was_folded_before_is_folded_as_today(url: str, before: App) -> None:
    old = await Database.open(url, [before])
    await migrations.migrate(old)
    isik = await _customer(old, "C1", "Işık", "Yıldız", tax_id="Þ-1", tax_key="þ1", phone="+525512345678")
    await _customer(old, "C2", "Þórður", "Ħal", isik)
    await _customer(old, "C3", "Juan", "Garcia")
    for tag in ("Altın", "ALTIN", "Kadıköy"):
        await _insert(old, "customer_tag", id=new_id(), customer_id=isik, tag=tag, tag_key=tag.lower())
    await _insert(
        old, "customer_address", id=new_id(), customer_id=isik, kind="BILLING", city="Diyarbakır", city_key="diyarbakır"
    )
    for name in ("ALTIN", "Altın", "Işık"):
        key = name.lower()
        await _insert(
            old, "customer_group", id=new_id(), name=name, name_key=key, is_default=False, created_at=1, updated_at=1
        )
    await old.close()

    database = await Database.open(url, [CORE_APP])
    await migrations.migrate(database)
    shop = Shop(database, Settings(), plugins_on())
    for row in await database.rows(f"SELECT code, {', '.join(NAMES)}, sort_name, company_key, tax_key FROM customer"):
        columns = dict(zip(NAMES, row[1:], strict=False))
        assert list(derived(columns).values()) == list(row[-3:]), columns
    texts = {
        row[0]: (row[1], row[2])
        for row in await database.rows(
            "SELECT c.code, t.names, t.contact FROM customer c JOIN customer_text t ON t.customer_id = c.id"
        )
    }
    rows = await database.rows(f"SELECT code, {', '.join(NAMES)} FROM customer ORDER BY code")
    now = {row[0]: texts_of(row[0], dict(zip(NAMES, row[1:], strict=True))) for row in rows}
    assert texts == {**now, "C1": tuple(one + other for one, other in zip(now["C1"], now["C2"], strict=True))}
    tags = await database.rows("SELECT tag, tag_key FROM customer_tag ORDER BY tag")
    assert [(row[0], row[1]) for row in tags] == [("Altın", tag_key("Altın")), ("Kadıköy", "kadikoy")]
    assert [row[0] for row in await database.rows("SELECT city_key FROM customer_address")] == [city_key("Diyarbakir")]
    groups = await database.rows("SELECT name, name_key FROM customer_group WHERE NOT is_default ORDER BY id")
    keys = [(row[0], row[1]) for row in groups]
    assert keys[0] == ("ALTIN", name_key("ALTIN"))
    assert keys[1][0] == "Altın"
    assert keys[1][1].startswith("altin ")
    assert keys[2] == ("Işık", "isik")
    for typed, code in (
        ("isik yildiz", "C1"),
        ("thordur", "C1"),
        ("garsia", "C3"),
        ("isik yildis", "C1"),
        ("C1", "C1"),
    ):
        assert [one.code for one in await quick_search(database, QuickSearch.of(typed, 5, include_archived=False))] == [
            code
        ], typed
    [verification] = [one for one in VERIFICATIONS if one.name == "name-spellings"]
    assert [sentence async for sentence in verification.differences(shop)] == []
    await database.close()
