"""Whose birthday comes next is few among many, whatever the year."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_BIRTHDAYS = "CREATE INDEX customer_birthday ON customer ((substr(birth_date, 6, 5)), id)"


async def _index(_: Any, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_query(_BIRTHDAYS)


class Migration(migrations.Migration):
    """Needs the tables of 0001."""

    dependencies = [("core", "0038_articles")]

    initial = False

    operations = [ops.RunPython(_index)]
