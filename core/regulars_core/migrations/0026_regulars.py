"""Who is a regular, beside the statistics; and what lists of customers are narrowed and ordered by."""

from collections.abc import Sequence
from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import IdField, InstantField, TextKeyField
from regulars_core.primitives.clock import NEVER
from regulars_core.primitives.text import bounded, folded, folded_words

_BATCH = 5_000
_NEVER = f"{NEVER + 1} - 1"
_HALF_UP = (
    "(abs(total_spent) / purchase_count"
    " + CASE WHEN 2 * (abs(total_spent) % purchase_count) >= purchase_count THEN 1 ELSE 0 END)"
)
_INDEXES = (
    f"CREATE INDEX stats_regular ON customer_stats (regular_at, customer_id) WHERE regular_at > {_NEVER}",
    "CREATE INDEX stats_average_purchase ON customer_stats ((CASE WHEN purchase_count = 0 THEN"
    f" {_NEVER} WHEN total_spent < 0 THEN -{_HALF_UP} ELSE {_HALF_UP} END), customer_id)",
    "CREATE INDEX customer_preferred_contact ON customer (preferred_contact, created_at, id)"
    " WHERE preferred_contact IS NOT NULL",
)
_UNCOUNTED = "INSERT INTO regular_count (purchases) SELECT 0 WHERE EXISTS (SELECT 1 FROM purchase)"
"""Whoever has bought before is counted by a job, which knows what the shop wants."""


async def _fill(_: Any, editor: BaseSchemaEditor) -> None:
    client: Any = editor.client
    for sql in (*_INDEXES, _UNCOUNTED):
        await client.execute_query(sql)
    sqlite, last = client.capabilities.dialect == "sqlite", "0" * 32

    def own(sql: str) -> str:
        return sql.replace("$", "?") if sqlite else sql

    while True:
        _, rows = await client.execute_query(
            own(f"SELECT id, region, postal_code FROM customer_address WHERE id > $1 ORDER BY id LIMIT {_BATCH}"),
            [last],
        )
        if keys := [key for row in rows if any(key := _keys(row))]:
            await client.execute_many(
                own("UPDATE customer_address SET region_key = $1, postal_key = $2 WHERE id = $3"), keys
            )
        if len(rows) < _BATCH:
            return
        last = rows[-1]["id"]


def _keys(row: Any) -> Sequence[Any]:
    if not (row["region"] or row["postal_code"]):
        return ()
    region = bounded(folded(row["region"] or ""), 160) or None
    return [region, bounded("".join(folded_words(row["postal_code"] or "")), 64) or None, row["id"]]


class Migration(migrations.Migration):
    dependencies = [("core", "0025_keys_that_end")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RegularCount",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("purchases", fields.IntField()),
                ("reached", IdField(null=True, generated=False, unique=False)),
            ],
            options={
                "table": "regular_count",
                "app": "core",
                "pk_attr": "number",
                "table_description": "By how many purchases it was counted last who is a regular.",
            },
            bases=["Model"],
        ),
        ops.AddIndex(model_name="Customer", index=Index(fields=["updated_at", "id"], name="customer_updated")),
        ops.AddField(model_name="CustomerAddress", name="region_key", field=TextKeyField(null=True, max_length=160)),
        ops.AddField(model_name="CustomerAddress", name="postal_key", field=TextKeyField(null=True, max_length=64)),
        ops.AddIndex(
            model_name="CustomerAddress",
            index=Index(fields=["region_key", "customer_id"], name="address_region"),
        ),
        ops.AddIndex(
            model_name="CustomerAddress",
            index=Index(fields=["postal_key", "customer_id"], name="address_postal_code"),
        ),
        ops.AddField(model_name="CustomerStats", name="latest_at", field=fields.TextField(db_default="", unique=False)),
        ops.AddField(model_name="CustomerStats", name="regular_at", field=InstantField(db_default=NEVER)),
        ops.RunPython(_fill),
    ]
