from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from regulars_core.database.fields import IdField, InstantField, TextKeyField


class Migration(migrations.Migration):
    dependencies = [("core", "0027_files")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Segment",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("name", fields.CharField(max_length=120)),
                ("name_key", TextKeyField(unique=True, max_length=160)),
                ("description", fields.TextField(null=True, unique=False)),
                ("conditions", fields.TextField(unique=False)),
                ("version", fields.IntField(default=1)),
                ("created_at", InstantField()),
                ("updated_at", InstantField()),
            ],
            options={
                "table": "segment",
                "app": "core",
                "pk_attr": "id",
                "table_description": "Conditions on customers under a name. `conditions` are the tree as JSON, in the shape of `CustomerWhere`: what audiences of",
            },
            bases=["Model"],
        ),
    ]
