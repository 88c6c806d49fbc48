"""Members of a group in the order of their registration; and, on PostgreSQL, a search index without a pile of rows that
are not in it yet: every search would read that pile through."""

from typing import Any

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor


async def _no_pending_list(_: Any, editor: BaseSchemaEditor) -> None:
    if editor.client.capabilities.dialect == "postgres":
        for index in ("customer_text_names", "customer_text_contact"):
            await editor.client.execute_query(f"ALTER INDEX {index} SET (fastupdate = off)")
            await editor.client.execute_query(f"SELECT gin_clean_pending_list('{index}')")


class Migration(migrations.Migration):
    """Needs the search index of 0002."""

    dependencies = [("core", "0002_search_and_first_rows")]

    operations = [
        ops.RemoveIndex(model_name="Customer", name="customer_group_members"),
        ops.AddIndex(
            model_name="Customer",
            index=Index(fields=["group_id", "created_at", "id"], name="customer_group_members"),
        ),
        ops.RunPython(_no_pending_list),
    ]
