"""Pairs of customers who may be the same, by what they are found, and what notes who is to be compared anew: at first everybody."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import IdField, InstantField

_RECOGNISED_BY = (
    "email", "phone", "tax_key", "is_company", "sort_name", "company_key", "birth_date", "created_at", "merged_into_id", "status",
)  # fmt: skip
_IS_ANOTHER = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in _RECOGNISED_BY)
_WRITTEN = f"UPDATE OF {', '.join(_RECOGNISED_BY)} ON customer"
_DUE = (
    "INSERT INTO duplicate_due (customer_id) SELECT id FROM (SELECT NEW.id AS id UNION SELECT OLD.merged_into_id UNION"
    " SELECT NEW.merged_into_id) x WHERE id IS NOT NULL;"
)
# Who is merged or erased is nobody's other one from that very moment on.
_IS_NOBODY = "NEW.merged_into_id IS NOT NULL OR NEW.status = 'ERASED'"
_THEIRS = "SELECT id FROM duplicate_pair WHERE customer_id = NEW.id OR other_id = NEW.id"
_SQLITE = (
    "CREATE TRIGGER customer_compared AFTER INSERT ON customer BEGIN"
    " INSERT INTO duplicate_due (customer_id) VALUES (NEW.id); END",
    f"CREATE TRIGGER customer_compared_anew AFTER {_WRITTEN} WHEN {_IS_ANOTHER} BEGIN"
    f" DELETE FROM duplicate_pair WHERE ({_IS_NOBODY}) AND id IN ({_THEIRS}); {_DUE} END",
)
_FUNCTION = "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NULL; END $$"
_POSTGRES = (
    _FUNCTION.format("compare_customers", "INSERT INTO duplicate_due (customer_id) SELECT id FROM registered;"),
    _FUNCTION.format(
        "compare_customer_anew",
        f"IF {_IS_NOBODY} THEN DELETE FROM duplicate_pair WHERE id IN ({_THEIRS} ORDER BY id FOR UPDATE); END IF; {_DUE}",
    ),
    "CREATE TRIGGER customer_compared AFTER INSERT ON customer REFERENCING NEW TABLE AS registered"
    " FOR EACH STATEMENT EXECUTE FUNCTION compare_customers()",
    f"CREATE TRIGGER customer_compared_anew AFTER {_WRITTEN} FOR EACH ROW"
    f" WHEN ({_IS_ANOTHER.replace(' IS NOT ', ' IS DISTINCT FROM ')}) EXECUTE FUNCTION compare_customer_anew()",
)
_EVERYBODY = "INSERT INTO duplicate_due (customer_id) SELECT id FROM customer WHERE status <> 'ERASED' ORDER BY id"


async def _noted(_: Any, editor: BaseSchemaEditor) -> None:
    for statement in _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES:
        await editor.client.execute_query(statement)
    await editor.client.execute_query(_EVERYBODY)


class Migration(migrations.Migration):
    """Nobody is compared here: the job does that, some at a time."""

    dependencies = [("core", "0029_verifications")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DuplicateDismissal",
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
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "other",
                    fields.ForeignKeyField(
                        "core.Customer",
                        source_field="other_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("dismissed_at", InstantField()),
                ("traits", fields.TextField(unique=False)),
            ],
            options={
                "table": "duplicate_dismissal",
                "app": "core",
                "indexes": [
                    Index(fields=["customer_id"], name="duplicate_dismissal_customer"),
                    Index(fields=["other_id"], name="duplicate_dismissal_other"),
                ],
                "pk_attr": "id",
                "table_description": "That somebody said of two records that they are two people, and of what it was said: digests as in a pair's `traits`. The",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DuplicateDue",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
            ],
            options={
                "table": "duplicate_due",
                "app": "core",
                "pk_attr": "number",
                "table_description": "That somebody is to be compared with others anew: the database writes it whenever something changes by which customers are",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DuplicateKey",
            fields=[
                (
                    "customer",
                    fields.OneToOneField(
                        "core.Customer",
                        source_field="customer_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("email", fields.BigIntField(null=True)),
                ("phone", fields.BigIntField(null=True)),
                ("phone_tail", fields.BigIntField(null=True)),
                ("tax_id", fields.BigIntField(null=True)),
                ("name", fields.BigIntField(null=True)),
                ("given_and_birth", fields.BigIntField(null=True)),
                ("family_and_birth", fields.BigIntField(null=True)),
            ],
            options={
                "table": "duplicate_key",
                "app": "core",
                "indexes": [
                    Index(fields=["email"], name="duplicate_by_email"),
                    Index(fields=["phone"], name="duplicate_by_phone"),
                    Index(fields=["phone_tail"], name="duplicate_by_phone_tail"),
                    Index(fields=["tax_id"], name="duplicate_by_tax_id"),
                    Index(fields=["name"], name="duplicate_by_name"),
                    Index(fields=["given_and_birth"], name="duplicate_by_given"),
                    Index(fields=["family_and_birth"], name="duplicate_by_family"),
                ],
                "pk_attr": "customer_id",
                "table_description": "By what others are looked for who may be the customer: digests of 64 bits, null for what is not known. Two with the same",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DuplicatePair",
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
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "other",
                    fields.ForeignKeyField(
                        "core.Customer",
                        source_field="other_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("score", fields.SmallIntField()),
                ("reasons", fields.CharField(max_length=120)),
                ("traits", fields.TextField(unique=False)),
                ("found_at", InstantField()),
                ("is_dismissed", fields.BooleanField()),
                ("dismissed_at", InstantField(null=True)),
            ],
            options={
                "table": "duplicate_pair",
                "app": "core",
                "indexes": [
                    Index(fields=["is_dismissed", "score", "id"], name="duplicate_pair_order"),
                    Index(fields=["customer_id", "score"], name="duplicate_pair_customer"),
                    Index(fields=["other_id", "score"], name="duplicate_pair_other"),
                ],
                "pk_attr": "id",
                "table_description": "Two customers, neither merged nor erased, who may be the same. The id is a digest of both ids, so that a pair that comes",
            },
            bases=["Model"],
        ),
        ops.RunPython(_noted),
    ]
