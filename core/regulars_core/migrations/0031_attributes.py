from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, TextKeyField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("core", "0030_duplicates")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CustomerAttributeDefinition",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("name", TextKeyField(unique=True, max_length=40)),
                ("label", fields.CharField(max_length=120)),
                ("description", fields.TextField(null=True, unique=False)),
                ("type", fields.CharField(max_length=16)),
                ("choices", fields.TextField(unique=False)),
                ("is_sensitive", fields.BooleanField()),
                ("is_unique", fields.BooleanField()),
                ("is_required", fields.BooleanField()),
            ],
            options={
                "table": "customer_attribute_definition",
                "app": "core",
                "pk_attr": "id",
                "table_description": "An attribute of customers that the shop has declared. `choices` is JSON, a list of texts.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CustomerAttribute",
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
                    "definition",
                    fields.ForeignKeyField(
                        "core.CustomerAttributeDefinition",
                        source_field="definition_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("value", fields.TextField(unique=False)),
                ("value_key", TextKeyField(max_length=300)),
                ("ordinal", fields.BigIntField(null=True)),
                ("given_at", InstantField()),
            ],
            options={
                "table": "customer_attribute",
                "app": "core",
                "unique_together": (("customer_id", "definition_id"),),
                "indexes": [
                    Index(fields=["definition_id", "value_key", "customer_id"], name="attribute_value"),
                    Index(fields=["definition_id", "ordinal", "customer_id"], name="attribute_ordinal"),
                ],
                "pk_attr": "id",
                "table_description": "What a customer has of an attribute: the value as it is shown, the key by which values are found to be the same, and the",
            },
            bases=["Model"],
        ),
    ]
