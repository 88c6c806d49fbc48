"""What customers agree to and refuse, which nobody changes or removes, and what of it is in force."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import IdField, InstantField, TextKeyField

_SQLITE = (
    "CREATE TRIGGER consent_stays_as_it_is BEFORE UPDATE ON consent BEGIN SELECT RAISE(ABORT, 'consent is append-only'); END",
    "CREATE TRIGGER consent_stays BEFORE DELETE ON consent BEGIN SELECT RAISE(ABORT, 'consent is append-only'); END",
)
_POSTGRES = (
    "CREATE TRIGGER consent_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON consent "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
)


async def _triggers(_: Any, editor: BaseSchemaEditor) -> None:
    for statement in _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES:
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    """Needs the tables of 0001, and the function of 0006."""

    dependencies = [("core", "0031_attributes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Consent",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
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
                ("channel", fields.CharField(null=True, max_length=16)),
                ("purpose", TextKeyField(max_length=40)),
                ("decision", fields.CharField(max_length=12)),
                ("at", InstantField()),
                ("proof", fields.CharField(max_length=12)),
                ("proof_reference", fields.CharField(null=True, max_length=120)),
                ("source", fields.CharField(max_length=40)),
                ("text_version", fields.CharField(null=True, max_length=40)),
                ("recorded_at", InstantField()),
                ("recorded_by", fields.CharField(max_length=120)),
            ],
            options={
                "table": "consent",
                "app": "core",
                "indexes": [Index(fields=["customer_id", "at", "id"], name="consent_of_customer")],
                "pk_attr": "id",
                "table_description": "A customer agreed to something or refused it. Rows are never changed or removed; triggers see to it on both engines, so",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ConsentInForce",
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
                (
                    "consent",
                    fields.ForeignKeyField(
                        "core.Consent",
                        source_field="consent_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("purpose", TextKeyField(max_length=40)),
                ("decision", fields.CharField(max_length=12)),
                ("ways", fields.IntField()),
            ],
            options={
                "table": "consent_in_force",
                "app": "core",
                "unique_together": (("customer_id", "consent_id"),),
                "indexes": [Index(fields=["purpose", "decision", "ways", "customer_id"], name="consent_in_force_who")],
                "pk_attr": "number",
                "table_description": "A record that is in force for a customer, who is the one to whom the record's own customer leads. `ways` is the sum of the",
            },
            bases=["Model"],
        ),
        ops.RunPython(_triggers),
    ]
