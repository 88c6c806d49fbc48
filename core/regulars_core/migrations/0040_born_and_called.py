"""The members of a group have an index by name. And who was born on a day and is called so is found by the day first: an index that
begins with the name PostgreSQL took for lists by name, though within a name it is in another order than they are. Who is suspended is
one of few, and looked for."""

from typing import Any

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_SUSPENDED = "CREATE INDEX customer_suspended ON customer (sort_name, id) WHERE status = 'SUSPENDED'"


async def _index(_: Any, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_query(_SUSPENDED)


class Migration(migrations.Migration):
    """Needs the tables of 0018."""

    dependencies = [("core", "0039_birthdays")]

    initial = False

    operations = [
        ops.RemoveIndex(model_name="Customer", name="customer_name_and_birth"),
        ops.AddIndex(
            model_name="Customer", index=Index(fields=["birth_date", "sort_name"], name="customer_birth_and_name")
        ),
        ops.AddIndex(
            model_name="Customer", index=Index(fields=["group_id", "sort_name", "id"], name="customer_group_names")
        ),
        ops.RunPython(_index),
    ]
