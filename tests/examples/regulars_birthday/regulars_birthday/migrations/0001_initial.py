from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, TextKeyField
from tortoise import fields


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Greeting",
            fields=[
                ("customer_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("count", fields.IntField()),
                ("last_day", TextKeyField(max_length=10)),
            ],
            options={
                "table": "birthday_greeting",
                "app": "birthday",
                "pk_attr": "customer_id",
                "table_description": "A customer's greetings; `last_day` is the day of the latest, `YYYY-MM-DD`, or empty.",
            },
            bases=["Model"],
        ),
    ]
