"""How far it is looked which occasions there are. Changes of tiers from before there were reward systems bring nothing."""

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import IdField
from regulars_core.primitives.ids import new_id


async def _begin(_: Any, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_query(f"INSERT INTO rewards_heard (id, after_id) VALUES (1, '{new_id()}')")


class Migration(migrations.Migration):
    dependencies = [("rewards", "0004_system_laws")]

    initial = False

    operations = [
        ops.CreateModel(
            name="HeardTierChanges",
            fields=[
                ("id", fields.IntField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("after_id", IdField(generated=False, null=False, unique=False)),
            ],
            options={
                "table": "rewards_heard",
                "app": "rewards",
                "pk_attr": "id",
                "table_description": "One row: up to which change of a tier, in the order of their ids, it is made up for changes that nobody has told.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OccasionWalk",
            fields=[
                ("system_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("since", fields.IntField()),
                ("until", fields.IntField()),
                ("after_id", IdField(generated=False, null=False, unique=False)),
                ("version", fields.BigIntField()),
            ],
            options={
                "table": "rewards_walk",
                "app": "rewards",
                "pk_attr": "system_id",
                "table_description": "How far it is looked which occasions a reward system has: of the days from `since` on and before `until`, counted as",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TargetsAnew",
            fields=[
                ("system_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("after_id", IdField(generated=False, null=False, unique=False)),
            ],
            options={
                "table": "rewards_anew",
                "app": "rewards",
                "pk_attr": "system_id",
                "table_description": "A system whose targets are looked at anew, and the last customer, in the order of ids, of whom it is done; gone once it is",
            },
            bases=["Model"],
        ),
        ops.RunPython(_begin),
    ]
