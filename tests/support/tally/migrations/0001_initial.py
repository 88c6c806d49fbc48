from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, TextKeyField


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Tally",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("event", fields.CharField(max_length=20)),
                ("row_id", IdField(generated=False, null=False, unique=False)),
                ("customer_id", IdField(null=True, generated=False, unique=False)),
                ("at", InstantField()),
                ("before", TextKeyField(max_length=32)),
                ("after", TextKeyField(max_length=32)),
                ("spent", MinorUnitsField()),
                ("orders", fields.IntField()),
                ("history", fields.TextField(unique=False)),
                ("purchase", fields.TextField(unique=False)),
            ],
            options={
                "table": "tally",
                "app": "tally",
                "pk_attr": "id",
                "table_description": "What was shown of a customer when a purchase was recorded, refunded or voided: the tier just before it and just after,",
            },
            bases=["Model"],
        ),
    ]
