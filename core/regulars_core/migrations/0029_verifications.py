from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, TextKeyField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("core", "0028_segments")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CustomerVerification",
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
                ("subject", TextKeyField(max_length=16)),
                ("is_passed", fields.BooleanField()),
                ("at", InstantField()),
                ("valid_until", TextKeyField(null=True, max_length=10)),
                ("document", fields.CharField(null=True, max_length=40)),
                ("about", TextKeyField(null=True, max_length=254)),
                ("author", fields.CharField(max_length=120)),
            ],
            options={
                "table": "customer_verification",
                "app": "core",
                "indexes": [
                    Index(fields=["customer_id", "at", "id"], name="verification_of_customer"),
                    Index(fields=["subject", "customer_id"], name="verification_of_subject"),
                ],
                "pk_attr": "id",
                "table_description": "That something of a customer was looked at; never changed.",
            },
            bases=["Model"],
        ),
    ]
