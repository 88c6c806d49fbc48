"""What segments asked when: each as it is now, as if it had always been so."""

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import IdField, InstantField
from regulars_core.primitives.clock import NEVER


async def _first_versions(_: Any, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_query(
        "INSERT INTO segment_version (id, segment_id, number, since, conditions)"
        f" SELECT id, id, version, {NEVER + 1} - 1, conditions FROM segment"
    )


class Migration(migrations.Migration):
    dependencies = [("core", "0035_contact_wishes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="SegmentVersion",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("segment_id", IdField(generated=False, unique=False)),
                ("number", fields.IntField()),
                ("since", InstantField()),
                ("conditions", fields.TextField(unique=False)),
            ],
            options={
                "table": "segment_version",
                "app": "core",
                "unique_together": (("segment_id", "number"),),
                "pk_attr": "id",
                "table_description": "What a segment asked from `since` until before that of the next number. The first holds since NEVER.",
            },
            bases=["Model"],
        ),
        ops.RunPython(_first_versions),
    ]
