from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_ALIASES = "CREATE INDEX customer_merged_into ON customer (merged_into_id) WHERE merged_into_id IS NOT NULL"


async def _index(_: Any, editor: BaseSchemaEditor) -> None:
    """Of the records that were merged, which are few."""
    await editor.client.execute_query(_ALIASES)


class Migration(migrations.Migration):
    dependencies = [("core", "0019_erasures")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CustomerMerge",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                (
                    "survivor",
                    fields.ForeignKeyField(
                        "core.Customer",
                        source_field="survivor_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("merged_at", InstantField()),
                ("merged_by", fields.CharField(max_length=120)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("moved", fields.TextField(unique=False)),
                ("undone_at", InstantField(null=True)),
            ],
            options={
                "table": "customer_merge",
                "app": "core",
                "indexes": [Index(fields=["survivor_id", "merged_at", "id"], name="merge_into")],
                "pk_attr": "id",
                "table_description": "Customers were made one. `moved` is JSON: how many of what went over.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CustomerMergeAbsorbed",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "merge",
                    fields.ForeignKeyField(
                        "core.CustomerMerge",
                        source_field="merge_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "core.Customer",
                        source_field="customer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("position", fields.IntField()),
            ],
            options={
                "table": "customer_merge_absorbed",
                "app": "core",
                "unique_together": (("merge_id", "customer_id"),),
                "indexes": [Index(fields=["customer_id"], name="merge_absorbed")],
                "pk_attr": "number",
                "table_description": "A record that became an alias by a merge.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CustomerMergeRow",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "merge",
                    fields.ForeignKeyField(
                        "core.CustomerMerge",
                        source_field="merge_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=16)),
                ("row_id", IdField(generated=False, null=False, unique=False)),
                ("owner_id", IdField(generated=False, null=False, unique=False)),
                ("is_returned", fields.BooleanField(default=False)),
            ],
            options={
                "table": "customer_merge_row",
                "app": "core",
                "indexes": [Index(fields=["merge_id", "kind"], name="merge_row_of_kind")],
                "pk_attr": "number",
                "table_description": "A row that went over to the survivor, and whose it was: `kind` is PURCHASE, NOTE or, for a record that led to whom the",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CustomerMergeSnapshot",
            fields=[
                (
                    "merge",
                    fields.OneToOneField(
                        "core.CustomerMerge",
                        source_field="merge_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("body", fields.TextField(unique=False)),
            ],
            options={
                "table": "customer_merge_snapshot",
                "app": "core",
                "pk_attr": "merge_id",
                "table_description": "What is personal about a merge, as JSON, and what an undo puts back: see `snapshots.Snapshot`. An erasure removes it, and",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Customer",
            name="merged_into_id",
            field=IdField(null=True, generated=False, unique=False),
        ),
        ops.AddField(
            model_name="CustomerStats",
            name="merged_into_id",
            field=IdField(null=True, generated=False, unique=False),
        ),
        ops.RunPython(_index),
    ]
