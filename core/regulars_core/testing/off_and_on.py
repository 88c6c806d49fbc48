"""Off and on again equals never off: the same is done in two shops, and what the plugin has written is compared."""

import importlib
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from tortoise.models import Model

from regulars_core.database import Engine
from regulars_core.plugins.host import Plugins
from regulars_core.shop.shop import Shop
from regulars_core.testing.databases import Databases
from regulars_core.testing.shops import little_of_everything, opened_shop

Tables = Mapping[str, list[str]]
_ID = re.compile(r"[0-9a-f]{32}")
_NAMES = (
    "SELECT id, 'customer ' || code FROM customer",
    "SELECT id, 'purchase ' || reference FROM purchase",
    "SELECT r.id, 'refund of ' || r.amount || ' for ' || p.reference FROM refund r JOIN purchase p ON p.id = r.purchase_id",
    "SELECT id, 'store ' || code FROM store",
    "SELECT id, 'group ' || name FROM customer_group",
)


async def misses_nothing(
    databases: Databases,
    engine: Engine,
    plugins: Plugins,
    name: str,
    *,
    script: Callable[[Shop], Awaitable[None]] = little_of_everything,
    apart_from: Collection[str] = (),
    **settings: Any,
) -> None:
    """Raise AssertionError unless the plugin's tables are the same whether it was on during the script or only afterwards.

    The script must do the same each time. Ids are compared by what they are the ids of. `apart_from` names columns that
    are left out because they hold the present: `made_at`.
    """
    live = await databases.migrated(engine, plugins.apps)
    late = await databases.migrated(engine, plugins.apps)
    try:
        async with opened_shop(live, plugins, **settings) as shop:
            await script(shop)
            always = await tables_of(shop, name, apart_from)
        async with opened_shop(late, plugins, **settings):
            pass  # a plugin that was never on begins with the present
        bare = plugins.without(name)
        own = {field: value for field, value in settings.items() if not field.startswith(f"{name}_")}
        async with opened_shop(late, bare, **own) as shop:
            await script(shop)
        async with opened_shop(late, plugins, **settings) as shop:
            afterwards = await tables_of(shop, name, apart_from)
    finally:
        for url in (live, late):
            databases.drop(url)
    assert always == afterwards, _difference(always, afterwards)


async def tables_of(shop: Shop, plugin: str, apart_from: Collection[str] = ()) -> Tables:
    """The rows of a plugin's tables by table, each as text, with the names of what ids stand for instead of ids."""
    names = {row[0]: row[1] for query in _NAMES for row in await shop.database.rows(query)}
    tables = {}
    for table, all_columns in _tables(shop, plugin):
        columns = [column for column in all_columns if column not in apart_from]
        tables[table] = sorted(
            ", ".join(f"{column}={_named(value, names)}" for column, value in zip(columns, row, strict=True))
            for row in await shop.database.rows(f"SELECT {', '.join(columns)} FROM {table}")
        )
    return tables


def _tables(shop: Shop, plugin: str) -> list[tuple[str, list[str]]]:
    """A plugin's tables with their columns."""
    app = next((app for app in shop.database.apps if app.label == plugin), None)
    if app is None:
        raise ValueError(f"The plugin '{plugin}' has no tables.")
    members = vars(importlib.import_module(app.models)).values()
    metas = [member._meta for member in members if isinstance(member, type) and issubclass(member, Model)]
    return [(meta.db_table, list(meta.fields_db_projection.values())) for meta in metas if meta.db_table]


def _named(value: Any, names: Mapping[str, str]) -> str:
    return _ID.sub(lambda match: names.get(match[0], "an id"), str(value))


def _difference(always: Tables, afterwards: Tables) -> str:
    lines = ["What the plugin writes when it was off differs from what it writes when it is on:"]
    for table, rows in always.items():
        lines += [f"- {table}: {row}" for row in rows if row not in afterwards[table]]
        lines += [f"+ {table}: {row}" for row in afterwards[table] if row not in rows]
    return "\n".join(lines)
