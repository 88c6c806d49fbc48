from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import InstantField, TextKeyField
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("core", "0003_group_members_by_time")]

    initial = False

    operations = [
        ops.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("client", TextKeyField(max_length=120)),
                ("key", TextKeyField(max_length=128)),
                ("digest", fields.CharField(max_length=64)),
                ("outcome", fields.TextField(null=True, unique=False)),
                ("created_at", InstantField()),
            ],
            options={
                "table": "idempotency_key",
                "app": "core",
                "unique_together": (("client", "key"),),
                "indexes": [Index(fields=["created_at"], name="idempotency_key_age")],
                "pk_attr": "number",
                "table_description": "What became of the first request that a client sent under a key. `client` is the id of the API key.",
            },
            bases=["Model"],
        ),
    ]
