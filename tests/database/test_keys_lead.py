"""Who asks SQLite for the rows of some keys is led to them by the keys. Without figures about tables, SQLite takes an index in
which one value is compared before one in which a list is: `state = ? AND id IN (…)` walks through everything of that state."""

import re
from pathlib import Path

import pytest

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.bulk.worker import do_bulk_jobs
from regulars_core.customers.erasure.reads import scheduled_erasures
from regulars_core.customers.notes.retention import forget_old_notes
from regulars_core.customers.notes.service import add_note
from regulars_core.customers.pairs.reads import pairs_of_customers
from regulars_core.groups import deletion
from regulars_core.groups.service import create_group
from regulars_core.plugin import Actor, Shop, plugins_on
from regulars_core.primitives.ids import DEFAULT_GROUP_ID
from regulars_core.testing import little_of_everything, opened_shop

_AMONG = re.compile(r"(\w+) IN \(SELECT value FROM json_each")
_STEP = re.compile(r"(?:SEARCH|SCAN) (?!json_each|k\b)")
NOT_LED = {"rewards_merged", "bulk_job j WHERE j.is_open = $1"}
"""Where one value leads to few rows already: what one merge has moved, and the jobs that are open."""


async def plan_of(shop: Shop, sql: str) -> list[str]:
    places = max((int(n) for n in re.findall(r"[$?](\d+)", sql)), default=0)
    return [str(row[3]) for row in await shop.database.rows(f"EXPLAIN QUERY PLAN {sql}", *["[]"] * places)]


async def misled(shop: Shop, sql: str) -> bool:
    """Whether a statement names rows by a list of keys, and no step of it looks these up."""
    among = set(_AMONG.findall(sql))
    steps = " ".join(step for step in await plan_of(shop, sql) if _STEP.match(step))
    led = set(re.findall(r"(\w+)=\?", steps)) | ({"number"} if "rowid=?" in steps else set())
    return bool(among) and not among & led


async def asks(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every event, and what jobs and pages ask for that no event does."""
    await little_of_everything(shop)
    [[customer], *_] = await shop.database.rows("SELECT id FROM customer WHERE merged_into_id IS NULL")
    await add_note(shop, customer, {"body": "Old"}, "till")
    await shop.database.transaction(
        lambda: shop.database.run("UPDATE customer_note SET created_at = 1, updated_at = 1, is_open = false")
    )
    await forget_old_notes(shop)
    await scheduled_erasures(shop.database, [customer])
    await pairs_of_customers(shop.database, [customer])
    group = await create_group(shop, "Many", None)
    await shop.database.transaction(lambda: shop.database.run("UPDATE customer SET group_id = $1", group))
    monkeypatch.setattr(deletion, "MAX_AT_ONCE", 0)
    role = Actor.of_role("test", "test", "manager", shop.permissions)
    await deletion.delete_group(shop, group, DEFAULT_GROUP_ID, role)
    await do_bulk_jobs(shop)


async def test_sqlite_is_led_by_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on = plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards})
    async with opened_shop(f"sqlite://{tmp_path}/shop.db", on, retention_note_months=1) as shop:
        with shop.database.counting() as counted:
            await asks(shop, monkeypatch)
        asked = sorted({sql for sql in counted if "json_each" in sql and not sql.startswith("CREATE")})
        assert len(asked) > 50
        wrong = [sql for sql in asked if await misled(shop, sql)]
        assert [sql for sql in wrong if not any(table in sql for table in NOT_LED)] == []
