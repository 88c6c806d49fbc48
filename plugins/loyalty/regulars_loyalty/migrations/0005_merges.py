"""Where the survivor's accounts are when a merge has been done, of the merges that there are too."""

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import IdField, TextKeyField

_MARKS = (
    "INSERT INTO loyalty_merge (merge_id, unit, version)"
    " SELECT m.id, t.unit, max(t.version) FROM customer_merge m JOIN loyalty_transfer t ON t.customer_id = m.survivor_id"
    " WHERE m.undone_at IS NULL AND (t.merge_id = m.id OR t.recorded_at < m.merged_at) GROUP BY m.id, t.unit"
)


async def _mark(_: Any, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_query(_MARKS)


class Migration(migrations.Migration):
    """Needs core's merges."""

    dependencies = [("loyalty", "0004_missed"), ("core", "0020_merges")]

    initial = False

    operations = [
        ops.CreateModel(
            name="LedgerMerge",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("merge", IdField(source_field="merge_id", generated=False, null=False, unique=False)),
                ("unit", TextKeyField(max_length=3)),
                ("version", fields.BigIntField()),
            ],
            options={
                "table": "loyalty_merge",
                "app": "loyalty",
                "unique_together": (("merge", "unit"),),
                "pk_attr": "number",
                "table_description": "A merge of customers as the ledger has it: `version` is that of the survivor's account"
                " in this unit once all had gone",
            },
            bases=["Model"],
        ),
        ops.RunPython(_mark),
    ]
