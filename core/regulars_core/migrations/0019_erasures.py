from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, TextKeyField
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("core", "0018_identities")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Erasure",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
                ("ground", fields.CharField(max_length=16)),
                ("state", fields.CharField(max_length=10)),
                ("is_open", fields.BooleanField()),
                ("requested_at", InstantField()),
                ("key_id", TextKeyField(max_length=120)),
                ("requested_by", fields.CharField(max_length=120)),
                ("scheduled_for", InstantField()),
                ("cancelled_at", InstantField(null=True)),
                ("done_at", InstantField(null=True)),
                ("erased", fields.TextField(unique=False)),
            ],
            options={
                "table": "erasure",
                "app": "core",
                "indexes": [
                    Index(fields=["requested_at", "id"], name="erasure_requested"),
                    Index(fields=["state", "requested_at", "id"], name="erasure_state"),
                    Index(fields=["is_open", "scheduled_for", "id"], name="erasure_open"),
                    Index(fields=["customer_id"], name="erasure_of_customer"),
                ],
                "pk_attr": "id",
                "table_description": "A request to erase a customer, and the proof that it was done; nothing personal stands in it.",
            },
            bases=["Model"],
        ),
    ]
