from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, TextKeyField
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("core", "0041_repeated_attributes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Rollup",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("division", TextKeyField(max_length=20)),
                ("store", TextKeyField(max_length=32)),
                ("day", fields.IntField()),
                ("part", TextKeyField(max_length=130)),
                ("noted", fields.BigIntField()),
                ("total", MinorUnitsField()),
                ("purchases", fields.BigIntField()),
                ("counted_total", MinorUnitsField()),
                ("theirs", fields.BigIntField()),
                ("theirs_ms", fields.BigIntField()),
                ("firsts", fields.BigIntField()),
                ("firsts_ms", fields.BigIntField()),
                ("first_two", fields.BigIntField()),
                ("again", fields.BinaryField()),
                ("their_total", MinorUnitsField()),
                ("ages", fields.BinaryField()),
                ("discounted", fields.BigIntField()),
                ("discount", MinorUnitsField()),
                ("undiscounted", MinorUnitsField()),
                ("pieces", fields.BigIntField()),
                ("registered", fields.BigIntField()),
                ("odd", fields.TextField(unique=False)),
            ],
            options={
                "table": "rollup",
                "app": "core",
                "unique_together": (("division", "store", "day", "part"),),
                "indexes": [Index(fields=["day"], name="rollup_day")],
                "pk_attr": "number",
                "table_description": "What the purchases of a `day` (since 1970, where the shop is) come to: in one store, or in all where `store` is empty; of a",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RollupDue",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("at", InstantField()),
                ("customer_id", IdField(null=True, generated=False, unique=False)),
                ("later", fields.BooleanField()),
            ],
            options={
                "table": "rollup_due",
                "app": "core",
                "pk_attr": "number",
                "table_description": "A purchase at an instant was written or has moved, or a customer was registered then or went: what is kept of the day is",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RollupState",
            fields=[
                ("id", fields.IntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("zone", fields.CharField(max_length=60)),
                ("layout", fields.IntField()),
                ("reached", fields.IntField()),
                ("until", fields.IntField(null=True)),
                ("steps", fields.BigIntField()),
            ],
            options={
                "table": "rollup_state",
                "app": "core",
                "pk_attr": "id",
                "table_description": "How far it is kept: by the days of a `zone` and in a `layout`, which a later version may change. From the beginning on it",
            },
            bases=["Model"],
        ),
    ]
