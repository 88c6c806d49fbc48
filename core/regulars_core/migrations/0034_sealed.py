"""Room for sealed tax ids, and what tells by which keys values are sealed."""

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_PREFIX = 18  # the mark, an id of 16 characters, and what ends it
_COLUMNS = (("customer", "tax_id"), ("purchase_receipt", "customer_tax_id"), ("customer_merge_snapshot", "body"))


class _Widened(ops.AlterField):
    """SQLite keeps texts of any length, whatever was said when the table was made."""

    async def database_forward(self, app_label: str, old_state: Any, new_state: Any, state_editor: Any = None) -> None:
        if state_editor is not None and state_editor.client.capabilities.dialect != "sqlite":
            await super().database_forward(app_label, old_state, new_state, state_editor)


async def _indexed(_: Any, editor: BaseSchemaEditor) -> None:
    collated = "" if editor.client.capabilities.dialect == "sqlite" else ' COLLATE "C"'
    for table, column in _COLUMNS:
        await editor.client.execute_query(
            f"CREATE INDEX {table}_seal ON {table} ((substr({column}, 1, {_PREFIX}){collated})) WHERE {column} IS NOT NULL"
        )


class Migration(migrations.Migration):
    dependencies = [("core", "0033_notes")]

    initial = False

    operations = [
        _Widened(model_name="Customer", name="tax_id", field=fields.CharField(null=True, max_length=512)),
        _Widened(
            model_name="PurchaseReceipt", name="customer_tax_id", field=fields.CharField(null=True, max_length=512)
        ),
        ops.RunPython(_indexed),
    ]
