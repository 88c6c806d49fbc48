from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from regulars_core.database.fields import IdField, MinorUnitsField, TextKeyField


class Migration(migrations.Migration):
    dependencies = [("core", "0011_seams")]

    initial = False

    operations = [
        ops.CreateModel(
            name="JournalAhead",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("plugin", TextKeyField(max_length=40)),
                ("position", fields.BigIntField()),
                ("kind", fields.CharField(max_length=40)),
                ("row_id", IdField(generated=False, null=False, unique=False)),
                ("purchase_id", IdField(generated=False, null=False, unique=False)),
                ("customer_id", IdField(null=True, generated=False, unique=False)),
                ("amount", MinorUnitsField(default=0)),
            ],
            options={
                "table": "journal_ahead",
                "app": "core",
                "indexes": [
                    Index(fields=["plugin", "customer_id", "position"], name="ahead_of_customer"),
                    Index(fields=["purchase_id", "plugin", "position"], name="ahead_of_purchase"),
                ],
                "pk_attr": "number",
                "table_description": "What a plugin that is catching up has yet to be told of purchases, by the rows that it is about, so that histories can be",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="JournalCursor",
            name="ahead",
            field=fields.BigIntField(db_default=0),
        ),
    ]
