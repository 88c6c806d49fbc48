from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, QuantityField, SortTextField


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Customer",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("name", SortTextField(db_index=True, max_length=100)),
                ("code", fields.CharField(unique=True, max_length=20)),
                ("balance", MinorUnitsField(default=0, db_default=0)),
                ("created_at", InstantField()),
                ("active", fields.BooleanField(default=True, db_default=True)),
            ],
            options={"table": "customer", "app": "shop", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Order",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "shop.Customer",
                        source_field="customer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("number", fields.IntField()),
                ("quantity", QuantityField(generated=False, null=False, unique=False)),
                ("token", fields.UUIDField(null=True)),
            ],
            options={
                "table": "shop_order",
                "app": "shop",
                "unique_together": (("customer", "number"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
