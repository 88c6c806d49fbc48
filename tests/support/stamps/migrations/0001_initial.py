from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import MinorUnitsField, TextKeyField
from tortoise import fields


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Told",
            fields=[
                ("key", TextKeyField(primary_key=True, unique=True, db_index=True, max_length=80)),
                ("amount", MinorUnitsField()),
                ("times", fields.IntField()),
            ],
            options={
                "table": "stamps_told",
                "app": "stamps",
                "pk_attr": "key",
                "table_description": "One event about one row.",
            },
            bases=["Model"],
        ),
    ]
