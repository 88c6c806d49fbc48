from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import IdField, InstantField, TextKeyField

_UNNUMBERED = "CREATE INDEX journal_unnumbered ON journal (written, at, id) WHERE position IS NULL"


async def _index(_: Any, editor: BaseSchemaEditor) -> None:
    """What is numbered next. SQLite has that in the unique index of the positions: of equal ones, null too, by `rowid`."""
    if editor.client.capabilities.dialect == "postgres":
        await editor.client.execute_query(_UNNUMBERED)


class Migration(migrations.Migration):
    dependencies = [("core", "0014_reassignments")]

    initial = False

    operations = [
        ops.AddField(
            model_name="JournalCursor",
            name="behind_from",
            field=fields.BigIntField(null=True),
        ),
        ops.RunPython(_index),
        ops.CreateModel(
            name="BulkJob",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("task", TextKeyField(max_length=40)),
                ("stage", fields.CharField(max_length=10)),
                ("is_open", fields.BooleanField()),
                ("input", fields.TextField(unique=False)),
                ("place", fields.TextField(null=True, unique=False)),
                ("done", fields.BigIntField(default=0)),
                ("total", fields.BigIntField(null=True)),
                ("counts", fields.TextField(unique=False)),
                ("problem", fields.TextField(null=True, unique=False)),
                ("key_id", TextKeyField(max_length=120)),
                ("key_name", fields.CharField(max_length=120)),
                ("requested_at", InstantField()),
                ("finished_at", InstantField(null=True)),
            ],
            options={
                "table": "bulk_job",
                "app": "core",
                "indexes": [
                    Index(fields=["requested_at", "id"], name="bulk_job_requested"),
                    Index(fields=["key_id", "requested_at", "id"], name="bulk_job_of_key"),
                    Index(fields=["is_open", "requested_at", "id"], name="bulk_job_open"),
                ],
                "pk_attr": "id",
                "table_description": "Work that was asked for: which task, with what input, how far it is, and what came of it.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="CustomerGroup",
            name="emptied_by",
            field=IdField(null=True, generated=False, unique=False),
        ),
        ops.AddField(
            model_name="CustomerGroup",
            name="emptying_into",
            field=IdField(null=True, generated=False, unique=False),
        ),
    ]
