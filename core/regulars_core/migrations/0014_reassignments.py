from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from regulars_core.database.fields import IdField, InstantField


class Migration(migrations.Migration):
    dependencies = [("core", "0013_tills")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PurchaseReassignment",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                (
                    "purchase",
                    fields.ForeignKeyField(
                        "core.Purchase",
                        source_field="purchase_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("at", InstantField()),
                ("before_id", IdField(null=True, generated=False, unique=False)),
                ("after_id", IdField(null=True, generated=False, unique=False)),
                ("reason", fields.CharField(null=True, max_length=240)),
            ],
            options={
                "table": "purchase_reassignment",
                "app": "core",
                "indexes": [
                    Index(fields=["purchase_id", "at", "id"], name="reassignment_of_purchase"),
                    Index(fields=["before_id"], name="reassignment_before"),
                    Index(fields=["after_id"], name="reassignment_after"),
                ],
                "pk_attr": "id",
                "table_description": "A purchase that was given from one customer to another; null is nobody. `reason` is what somebody typed; it is emptied",
            },
            bases=["Model"],
        ),
    ]
