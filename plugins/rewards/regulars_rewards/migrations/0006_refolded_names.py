"""The keys of reward systems' names, which were folded before letters such as `ı` were."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.primitives.text import bounded, name_key


async def _refold(_: Any, editor: BaseSchemaEditor) -> None:
    """Of two systems that have one name now both stay, and the name leads to the first."""
    client = editor.client
    one, two = ("?", "?") if client.capabilities.dialect == "sqlite" else ("$1", "$2")
    _count, rows = await client.execute_query("SELECT id, name, name_key FROM rewards_system ORDER BY id")
    for row in rows:
        key = name_key(row["name"])
        if row["name"].isascii() or key == row["name_key"]:
            continue
        sql = f"SELECT 1 FROM rewards_system WHERE name_key = {one} AND id <> {two}"
        _count, others = await client.execute_query(sql, [key, row["id"]])
        if others:
            key = f"{bounded(key, 120)} {row['id']}"
        sql = f"UPDATE rewards_system SET name_key = {one} WHERE id = {two}"
        await client.execute_query(sql, [key, row["id"]])


class Migration(migrations.Migration):
    dependencies = [("rewards", "0005_occasions")]

    initial = False

    operations = [ops.RunPython(_refold)]
