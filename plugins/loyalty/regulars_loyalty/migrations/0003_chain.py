"""The chain of what was posted, its seals, and what is counted behind the posting. What is chained and sealed is append-only."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, TextKeyField
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_APPEND_ONLY = ("loyalty_link", "loyalty_seal", "loyalty_seal_part")
_SQLITE = [
    f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in _APPEND_ONLY
    for name, event in (("stays_as_it_is", "UPDATE"), ("stays", "DELETE"))
]
_POSTGRES = [
    # `refuse_change` is core's: see its migration of the audit.
    f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    for table in _APPEND_ONLY
]
_POSTED_BEFORE = "INSERT INTO loyalty_unchained (transfer_id) SELECT id FROM loyalty_transfer"


async def _laws(_: Any, editor: BaseSchemaEditor) -> None:
    for statement in _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES:
        await editor.client.execute_query(statement)
    await editor.client.execute_query(_POSTED_BEFORE)


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0002_laws"), ("core", "0006_audit_is_append_only")]

    initial = False

    operations = [
        ops.CreateModel(
            name="LedgerCheckResult",
            fields=[
                ("code", TextKeyField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ("at", InstantField()),
                ("checked", fields.BigIntField()),
                ("differences", fields.BigIntField()),
                ("samples", fields.TextField(unique=False)),
            ],
            options={
                "table": "loyalty_check_result",
                "app": "loyalty",
                "pk_attr": "code",
                "table_description": "What the nightly job last found of one check; `samples` is JSON.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LedgerExpiryRun",
            fields=[
                ("id", fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("at", InstantField()),
                ("before", InstantField()),
                ("reached_id", IdField(null=True, generated=False, unique=False)),
            ],
            options={
                "table": "loyalty_expiry_run",
                "app": "loyalty",
                "pk_attr": "id",
                "table_description": "How far the job is that tells what expires soon: what it looks at as of `at`, after the run `before` it, is told of all",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LedgerFigure",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("unit", TextKeyField(max_length=3)),
                ("month", fields.IntField()),
                ("ends", fields.IntField()),
                ("given", fields.BigIntField()),
                ("spent", fields.BigIntField()),
                ("expired", fields.BigIntField()),
                ("reversed", fields.BigIntField()),
                ("moved", fields.BigIntField()),
            ],
            options={
                "table": "loyalty_figure",
                "app": "loyalty",
                "unique_together": (("unit", "month", "ends"),),
                "pk_attr": "id",
                "table_description": "What became of what was given in one month and ends in one, of all that is chained: months are counted from the year 0 on,",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LedgerLink",
            fields=[
                ("position", fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
                ("unit", TextKeyField(max_length=3)),
                ("version", fields.BigIntField()),
                ("hash", fields.BinaryField()),
            ],
            options={
                "table": "loyalty_link",
                "app": "loyalty",
                "indexes": [Index(fields=["customer_id", "unit", "version", "position"], name="loyalty_link_of")],
                "pk_attr": "position",
                "table_description": "The place of a transfer, named by its account and version, in the order of recording, and its hash, which holds that of the",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LedgerSeal",
            fields=[
                ("number", fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("sealed_at", InstantField()),
                ("entry_count", fields.BigIntField()),
                ("root", fields.CharField(max_length=64)),
                ("previous_hash", fields.CharField(null=True, max_length=64)),
                ("hash", fields.CharField(max_length=64)),
            ],
            options={
                "table": "loyalty_seal",
                "app": "loyalty",
                "pk_attr": "number",
                "table_description": "A seal over the first `entry_count` transfers of the chain; `root`, `previous_hash` and `hash` as 64 hexadecimal digits.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LedgerSealPart",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("seal", fields.BigIntField()),
                ("part", fields.IntField()),
                ("first_account_id", IdField(generated=False, null=False, unique=False)),
                ("first_unit", TextKeyField(max_length=3)),
                ("last_account_id", IdField(generated=False, null=False, unique=False)),
                ("last_unit", TextKeyField(max_length=3)),
                ("hash", fields.BinaryField()),
            ],
            options={
                "table": "loyalty_seal_part",
                "app": "loyalty",
                "unique_together": (("seal", "part"),),
                "pk_attr": "id",
                "table_description": "The accounts from the first to the last of a part of a seal, in the order of the tree, and the node over them: so that a",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LedgerUnchained",
            fields=[
                (
                    "transfer",
                    IdField(
                        source_field="transfer_id",
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        generated=False,
                        null=False,
                    ),
                ),
            ],
            options={
                "table": "loyalty_unchained",
                "app": "loyalty",
                "pk_attr": "transfer",
                "table_description": "A transfer that has been posted and has no place in the chain yet; the job takes it from here.",
            },
            bases=["Model"],
        ),
        ops.RunPython(_laws),
    ]
