from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_UNNUMBERED = "CREATE INDEX journal_unnumbered ON journal (written, at, id) WHERE position IS NULL"


async def _index(_: Any, editor: BaseSchemaEditor) -> None:
    """What is numbered next. SQLite has that in the unique index of the positions: of equal ones, null too, by `rowid`."""
    if editor.client.capabilities.dialect == "postgres":
        await editor.client.execute_query(_UNNUMBERED)


class Migration(migrations.Migration):
    dependencies = [("core", "0012_replays")]

    initial = False

    operations = [
        ops.AddField(
            model_name="JournalCursor",
            name="behind_from",
            field=fields.BigIntField(null=True),
        ),
        ops.RunPython(_index),
    ]
