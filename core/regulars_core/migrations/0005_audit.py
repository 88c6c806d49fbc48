from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, TextKeyField
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("core", "0004_idempotency_keys")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Audit",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("recorded_at", InstantField()),
                ("key_id", TextKeyField(max_length=120)),
                ("key_name", fields.CharField(max_length=120)),
                ("action", fields.CharField(max_length=80)),
                ("entity_kind", fields.CharField(null=True, max_length=40)),
                ("entity_key", IdField(null=True, generated=False, unique=False)),
                ("changes", fields.TextField(unique=False)),
                ("request_id", fields.CharField(null=True, max_length=64)),
            ],
            options={
                "table": "audit",
                "app": "core",
                "indexes": [
                    Index(fields=["recorded_at", "id"], name="audit_recorded"),
                    Index(fields=["entity_key", "recorded_at", "id"], name="audit_entity"),
                ],
                "pk_attr": "id",
                "table_description": "One thing that was done to one object; append-only.",
            },
            bases=["Model"],
        ),
    ]
