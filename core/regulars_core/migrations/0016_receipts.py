from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_COLUMNS = "recipient, line1, line2, city, region, postal_code, country"


def _kept(purchase: str, customer: str) -> str:
    """Keeps for the receipt of a purchase how a customer is called, taxed and addressed now."""
    return (
        f"INSERT INTO purchase_receipt (purchase_id, customer_name, customer_tax_id, {_COLUMNS}) SELECT NEW.{purchase},"
        f" nullif(trim(c.first_name || ' ' || c.last_name), ''), c.tax_id, {_COLUMNS} FROM customer c"
        " LEFT JOIN customer_address a ON a.customer_id = c.id AND a.kind = 'BILLING'"
        f" WHERE c.id = NEW.{customer};"
    )


# Whoever records a purchase, one or a file of them, or gives one to somebody else: it is in no statement of theirs. PostgreSQL does
# it when all else of the statement is done, so who erases a customer, and holds them for it, is waited for and seen.
_RECORDED = _kept("id", "customer_id")
_REASSIGNED = f"DELETE FROM purchase_receipt WHERE purchase_id = NEW.purchase_id; {_kept('purchase_id', 'after_id')}"
_SQLITE = (
    f"CREATE TRIGGER purchase_recorded AFTER INSERT ON purchase WHEN NEW.customer_id IS NOT NULL BEGIN {_RECORDED} END",
    f"CREATE TRIGGER purchase_reassigned AFTER INSERT ON purchase_reassignment BEGIN {_REASSIGNED} END",
)
_FUNCTION = "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NULL; END $$"
_POSTGRES = (
    _FUNCTION.format("keep_receipt", _RECORDED),
    "CREATE TRIGGER purchase_recorded AFTER INSERT ON purchase FOR EACH ROW "
    "WHEN (NEW.customer_id IS NOT NULL) EXECUTE FUNCTION keep_receipt()",
    _FUNCTION.format("hand_over_receipt", _REASSIGNED),
    "CREATE TRIGGER purchase_reassigned AFTER INSERT ON purchase_reassignment FOR EACH ROW "
    "EXECUTE FUNCTION hand_over_receipt()",
)


async def _triggers(_: Any, editor: BaseSchemaEditor) -> None:
    for statement in _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES:
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("core", "0015_bulk_jobs")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PurchaseReceipt",
            fields=[
                (
                    "purchase",
                    fields.OneToOneField(
                        "core.Purchase",
                        source_field="purchase_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("customer_name", fields.CharField(null=True, max_length=300)),
                ("customer_tax_id", fields.CharField(null=True, max_length=64)),
                ("recipient", fields.CharField(null=True, max_length=240)),
                ("line1", fields.CharField(null=True, max_length=240)),
                ("line2", fields.CharField(null=True, max_length=240)),
                ("city", fields.CharField(null=True, max_length=120)),
                ("region", fields.CharField(null=True, max_length=120)),
                ("postal_code", fields.CharField(null=True, max_length=32)),
                ("country", fields.CharField(null=True, max_length=2)),
            ],
            options={
                "table": "purchase_receipt",
                "app": "core",
                "pk_attr": "purchase_id",
                "table_description": "Who bought, for the receipt: as it was when the purchase was recorded, or given to this customer.",
            },
            bases=["Model"],
        ),
        ops.AddIndex(
            model_name="Purchase",
            index=Index(fields=["store_id", "recorded_at"], name="purchase_of_store"),
        ),
        ops.RunPython(_triggers),
    ]
