"""The index of a customer's purchases has what figures read of them."""

from typing import Any

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor


async def _known(_: Any, editor: BaseSchemaEditor) -> None:
    """Of indexes that are new SQLite knows nothing, and takes others for them."""
    if editor.client.capabilities.dialect == "sqlite":
        await editor.client.execute_query("ANALYZE purchase")


class Migration(migrations.Migration):
    """Apart from others, so that whoever sells waits for this alone."""

    dependencies = [("core", "0049_rollups_added")]

    initial = False

    operations = [
        ops.RemoveIndex(model_name="Purchase", name="purchase_of_customer"),
        ops.AddIndex(
            model_name="Purchase",
            index=Index(
                fields=[
                    "customer_id",
                    "purchased_at",
                    "id",
                    "status",
                    "total",
                    "refunded",
                    "discount",
                    "prices_include_tax",
                ],
                name="purchase_of_customer",
            ),
        ),
        ops.RunPython(_known),
    ]
