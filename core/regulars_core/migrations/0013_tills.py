"""What tills say of a sale: the tax of each part, cash rounding, what is due, tills and their days, and what was recorded anew."""

from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import IdField, MinorUnitsField

# Until now the tax was spread over the lines whenever a line went back, by largest remainder and not over delivery.
_TAX = """
    WITH part AS (
        SELECT l.id, floor({tax} * l.total / w.whole) AS base, {tax} AS tax,
            row_number() OVER (PARTITION BY l.purchase_id ORDER BY {tax} * l.total % w.whole DESC, l.position) AS place,
            sum(floor({tax} * l.total / w.whole)) OVER (PARTITION BY l.purchase_id) AS given
        FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
        JOIN (SELECT purchase_id, sum(total) AS whole FROM purchase_line GROUP BY purchase_id) w
            ON w.purchase_id = l.purchase_id
        WHERE p.tax > 0 AND w.whole > 0)
    UPDATE purchase_line SET tax = part.base + CASE WHEN part.place <= part.tax - part.given THEN 1 ELSE 0 END
    FROM part WHERE part.id = purchase_line.id
"""
_OF_NOTHING = """
    UPDATE purchase_line SET tax = (SELECT p.tax FROM purchase p WHERE p.id = purchase_id)
    WHERE position = 0 AND tax = 0 AND (SELECT sum(o.total) FROM purchase_line o WHERE o.purchase_id = purchase_line.purchase_id) = 0
"""


async def _known_so_far(_: Any, editor: BaseSchemaEditor) -> None:
    sqlite = editor.client.capabilities.dialect == "sqlite"
    tax = _TAX.replace("floor", "").format(tax="p.tax") if sqlite else _TAX.format(tax="CAST(p.tax AS NUMERIC)")
    for statement in ("UPDATE refund_line SET worth = amount", tax, _OF_NOTHING):
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    """Needs the tables of 0001 and 0011."""

    dependencies = [("core", "0012_replays")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Payment",
            name="tendered",
            field=MinorUnitsField(null=True),
        ),
        ops.RemoveConstraint(
            model_name="Purchase",
            name=None,
            fields=["store_id", "reference", "register", "session"],
        ),
        ops.AddField(
            model_name="Purchase",
            name="due",
            field=MinorUnitsField(db_default=0),
        ),
        ops.AddField(
            model_name="Purchase",
            name="generation",
            field=fields.IntField(db_default=0),
        ),
        ops.AddField(
            model_name="Purchase",
            name="replaces_id",
            field=IdField(null=True, generated=False, unique=False),
        ),
        ops.AddField(
            model_name="Purchase",
            name="rounding",
            field=MinorUnitsField(db_default=0),
        ),
        ops.AddField(
            model_name="Purchase",
            name="shipping_tax",
            field=MinorUnitsField(db_default=0),
        ),
        ops.AddIndex(
            model_name="Purchase",
            index=Index(fields=["replaces_id"], name="purchase_replaces"),
        ),
        ops.AddConstraint(
            model_name="Purchase",
            constraint=UniqueConstraint(
                fields=("store_id", "reference", "register", "session", "generation"), name=None
            ),
        ),
        ops.AddField(
            model_name="PurchaseLine",
            name="refunded_amount",
            field=MinorUnitsField(db_default=0),
        ),
        ops.AddField(
            model_name="PurchaseLine",
            name="tax",
            field=MinorUnitsField(db_default=0),
        ),
        ops.AddField(
            model_name="Refund",
            name="due",
            field=MinorUnitsField(db_default=0),
        ),
        ops.AddField(
            model_name="Refund",
            name="exchanged_for_id",
            field=IdField(null=True, generated=False, unique=False),
        ),
        ops.AddField(
            model_name="Refund",
            name="shipping",
            field=MinorUnitsField(db_default=0),
        ),
        ops.AddIndex(
            model_name="Refund",
            index=Index(fields=["exchanged_for_id"], name="refund_exchanged_for"),
        ),
        ops.AddField(
            model_name="RefundLine",
            name="worth",
            field=MinorUnitsField(db_default=0),
        ),
        ops.RunPython(_known_so_far),
    ]
