"""Companies, and the forms in which their names and tax ids are compared."""

from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import TextKeyField
from regulars_core.primitives.text import bounded, folded_words

_BATCH = 5_000


async def _compared(_: Any, editor: BaseSchemaEditor) -> None:
    """No company is known so far; tax ids are."""
    client, last = editor.client, ""
    one, two = ("?", "?") if client.capabilities.dialect == "sqlite" else ("$1", "$2")
    after = f" AND id > {one}"
    while True:
        sql = f"SELECT id, tax_id FROM customer WHERE tax_id IS NOT NULL{after if last else ''} ORDER BY id LIMIT {_BATCH}"
        _count, rows = await client.execute_query(sql, [last] if last else [])
        if not rows:
            return
        keys = [(bounded("".join(folded_words(row["tax_id"])), 96) or None, row["id"]) for row in rows]
        await client.execute_many(f"UPDATE customer SET tax_key = {one} WHERE id = {two}", keys)
        last = rows[-1]["id"]


class Migration(migrations.Migration):
    """Needs the tables of 0001."""

    dependencies = [("core", "0015_bulk_jobs")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Customer",
            name="company_key",
            field=TextKeyField(null=True, max_length=300),
        ),
        ops.AddField(
            model_name="Customer",
            name="company_name",
            field=fields.CharField(null=True, max_length=240),
        ),
        ops.AddField(
            model_name="Customer",
            name="is_company",
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddField(
            model_name="Customer",
            name="tax_key",
            field=TextKeyField(null=True, max_length=96),
        ),
        ops.RunPython(_compared),
        ops.AddIndex(
            model_name="Customer",
            index=Index(fields=["tax_key"], name="customer_tax_id"),
        ),
        ops.AddIndex(
            model_name="Customer",
            index=Index(fields=["company_key"], name="customer_company"),
        ),
        ops.AddIndex(
            model_name="Customer",
            index=Index(fields=["sort_name", "birth_date"], name="customer_name_and_birth"),
        ),
    ]
