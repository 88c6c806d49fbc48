from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, MinorUnitsField
from tortoise.fields.base import OnDelete
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("core", "0020_merges")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RefundPayment",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                (
                    "refund",
                    fields.ForeignKeyField(
                        "core.Refund",
                        source_field="refund_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("position", fields.IntField()),
                ("method", fields.CharField(max_length=40)),
                ("amount", MinorUnitsField()),
                ("reference", fields.CharField(null=True, max_length=120)),
                ("tendered", MinorUnitsField(null=True)),
            ],
            options={
                "table": "refund_payment",
                "app": "core",
                "unique_together": (("refund_id", "position"),),
                "pk_attr": "id",
                "table_description": "How a part of a refund was given back, as Payment; a refund of which that was not told has none.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Payment",
            name="paid_at",
            field=InstantField(null=True),
        ),
    ]
