"""Where a purchase comes from and belongs, a counter of what moves a customer, two ids of an event, and groups of the past."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import IdField, InstantField, TextKeyField

_NOTE = (
    "INSERT INTO customer_group_change (customer_id, at, before_id, after_id)"
    " VALUES (NEW.id, NEW.updated_at, OLD.group_id, NEW.group_id);"
)
_SQLITE = (
    "CREATE TRIGGER customer_group_changed AFTER UPDATE OF group_id ON customer WHEN OLD.group_id <> NEW.group_id "
    f"BEGIN {_NOTE} END",
)
_POSTGRES = (
    f"CREATE FUNCTION note_group_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_NOTE} RETURN NULL; END $$",
    "CREATE TRIGGER customer_group_changed AFTER UPDATE OF group_id ON customer FOR EACH ROW "
    "WHEN (OLD.group_id IS DISTINCT FROM NEW.group_id) EXECUTE FUNCTION note_group_change()",
)


# When something was written is told by the one clock that all processes have in common.
_BY_THE_DATABASE = "ALTER TABLE journal ALTER COLUMN written SET DEFAULT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


async def _triggers(_: Any, editor: BaseSchemaEditor) -> None:
    for statement in _SQLITE if editor.client.capabilities.dialect == "sqlite" else (*_POSTGRES, _BY_THE_DATABASE):
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    """Needs the tables of 0001 and 0007."""

    dependencies = [("core", "0010_recent_text")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CustomerGroupChange",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "core.Customer",
                        source_field="customer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("at", InstantField()),
                ("before_id", IdField(generated=False, null=False, unique=False)),
                ("after_id", IdField(generated=False, null=False, unique=False)),
            ],
            options={
                "table": "customer_group_change",
                "app": "core",
                "indexes": [Index(fields=["customer_id", "at", "number"], name="group_change_of_customer")],
                "pk_attr": "number",
                "table_description": "A customer came from one group into another. The database writes it, whoever changes the customer, so that the group at",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="CustomerStats",
            name="activity",
            field=fields.BigIntField(db_default=0),
        ),
        ops.AddField(
            model_name="Journal",
            name="others",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name="Journal",
            name="written",
            field=fields.BigIntField(db_default=0),
        ),
        ops.RemoveConstraint(
            model_name="Purchase",
            name=None,
            fields=["store_id", "reference"],
        ),
        ops.AddField(
            model_name="Purchase",
            name="basket",
            field=TextKeyField(null=True, max_length=120),
        ),
        ops.AddField(
            model_name="Purchase",
            name="origin",
            field=fields.CharField(db_default="TILL", max_length=8),
        ),
        ops.AddField(
            model_name="Purchase",
            name="register",
            field=TextKeyField(db_default="", max_length=40),
        ),
        ops.AddField(
            model_name="Purchase",
            name="session",
            field=TextKeyField(db_default="", max_length=40),
        ),
        ops.AddConstraint(
            model_name="Purchase",
            constraint=UniqueConstraint(fields=("store_id", "reference", "register", "session"), name=None),
        ),
        ops.RunPython(_triggers),
    ]
