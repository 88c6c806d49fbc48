"""Companies, the forms in which their names and tax ids are compared, and their names on receipts."""

from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import TextKeyField
from regulars_core.primitives.text import bounded, folded_words

_BATCH = 5_000
_ADDRESS = "recipient, line1, line2, city, region, postal_code, country"
_PERSON = "nullif(trim(c.first_name || ' ' || c.last_name), '')"
_NAME = f"CASE WHEN c.is_company THEN coalesce(c.company_name, {_PERSON}) ELSE coalesce({_PERSON}, c.company_name) END"


def _kept(purchase: str, customer: str) -> str:
    """Keeps for the receipt of a purchase how a customer is called, taxed and addressed now."""
    return (
        f"INSERT INTO purchase_receipt (purchase_id, customer_name, customer_tax_id, {_ADDRESS}) SELECT NEW.{purchase},"
        f" {_NAME}, c.tax_id, {_ADDRESS} FROM customer c"
        " LEFT JOIN customer_address a ON a.customer_id = c.id AND a.kind = 'BILLING'"
        f" WHERE c.id = NEW.{customer};"
    )


# As of 0016, which knows of no companies.
_RECORDED = _kept("id", "customer_id")
_REASSIGNED = f"DELETE FROM purchase_receipt WHERE purchase_id = NEW.purchase_id; {_kept('purchase_id', 'after_id')}"
_SQLITE = (
    "DROP TRIGGER purchase_recorded",
    f"CREATE TRIGGER purchase_recorded AFTER INSERT ON purchase WHEN NEW.customer_id IS NOT NULL BEGIN {_RECORDED} END",
    "DROP TRIGGER purchase_reassigned",
    f"CREATE TRIGGER purchase_reassigned AFTER INSERT ON purchase_reassignment BEGIN {_REASSIGNED} END",
)
_FUNCTION = "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NULL; END $$"
_POSTGRES = (
    _FUNCTION.format("keep_receipt", _RECORDED),
    _FUNCTION.format("hand_over_receipt", _REASSIGNED),
)


async def _receipts(_: Any, editor: BaseSchemaEditor) -> None:
    for statement in _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES:
        await editor.client.execute_query(statement)


async def _compared(_: Any, editor: BaseSchemaEditor) -> None:
    """No company is known so far; tax ids are."""
    client, last = editor.client, ""
    one, two = ("?", "?") if client.capabilities.dialect == "sqlite" else ("$1", "$2")
    after = f" AND id > {one}"
    while True:
        sql = f"SELECT id, tax_id FROM customer WHERE tax_id IS NOT NULL{after if last else ''} ORDER BY id LIMIT {_BATCH}"
        _count, rows = await client.execute_query(sql, [last] if last else [])
        if not rows:
            return
        keys = [(bounded("".join(folded_words(row["tax_id"])), 96) or None, row["id"]) for row in rows]
        await client.execute_many(f"UPDATE customer SET tax_key = {one} WHERE id = {two}", keys)
        last = rows[-1]["id"]


class Migration(migrations.Migration):
    dependencies = [("core", "0017_exchanges")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Customer",
            name="company_key",
            field=TextKeyField(null=True, max_length=300),
        ),
        ops.AddField(
            model_name="Customer",
            name="company_name",
            field=fields.CharField(null=True, max_length=240),
        ),
        ops.AddField(
            model_name="Customer",
            name="is_company",
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddField(
            model_name="Customer",
            name="tax_key",
            field=TextKeyField(null=True, max_length=96),
        ),
        ops.RunPython(_compared),
        ops.RunPython(_receipts),
        ops.AddIndex(
            model_name="Customer",
            index=Index(fields=["tax_key"], name="customer_tax_id"),
        ),
        ops.AddIndex(
            model_name="Customer",
            index=Index(fields=["company_key"], name="customer_company"),
        ),
        ops.AddIndex(
            model_name="Customer",
            index=Index(fields=["sort_name", "birth_date"], name="customer_name_and_birth"),
        ),
    ]
