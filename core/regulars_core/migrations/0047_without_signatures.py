"""Without the indexes that hold no signatures."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor


async def _known(_: Any, editor: BaseSchemaEditor) -> None:
    """Of indexes that are new SQLite knows nothing, and takes others for them."""
    if editor.client.capabilities.dialect == "sqlite":
        await editor.client.execute_query("ANALYZE customer")


class Migration(migrations.Migration):
    dependencies = [("core", "0046_signed_registrations")]

    initial = False

    operations = [
        *(
            ops.RemoveIndex(model_name="Customer", name=name)
            for name in ("customer_created", "customer_name", "customer_group_members", "customer_group_names")
        ),
        ops.RunPython(_known),
    ]
