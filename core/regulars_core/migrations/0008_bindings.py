"""A key's one role becomes a binding of the whole shop; keys can have several, in single stores too."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import IdField, TextKeyField

_NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgres": "gen_random_uuid()"}


async def _bind(_: Any, editor: BaseSchemaEditor) -> None:
    engine = "sqlite" if editor.client.capabilities.dialect == "sqlite" else "postgres"
    await editor.client.execute_query(
        f"INSERT INTO key_binding (id, key_id, role, store_id) SELECT {_NEW_ID[engine]}, id, role, NULL FROM api_key"
    )


class Migration(migrations.Migration):
    """Needs the tables of 0001."""

    dependencies = [("core", "0007_journal")]

    initial = False

    operations = [
        ops.CreateModel(
            name="KeyBinding",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                (
                    "key",
                    fields.ForeignKeyField(
                        "core.ApiKey",
                        source_field="key_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("role", TextKeyField(db_index=True, max_length=40)),
                (
                    "store",
                    fields.ForeignKeyField(
                        "core.Store",
                        source_field="store_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "key_binding",
                "app": "core",
                "pk_attr": "id",
                "table_description": "A role that a key has, in one store or, without a store, in the whole shop.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Role",
            fields=[
                ("name", TextKeyField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ("permissions", fields.TextField(unique=False)),
            ],
            options={
                "table": "role",
                "app": "core",
                "pk_attr": "name",
                "table_description": "A role that the shop has made itself. `permissions` is a JSON list of names.",
            },
            bases=["Model"],
        ),
        ops.RunPython(_bind),
        ops.RemoveField(model_name="ApiKey", name="role"),
    ]
