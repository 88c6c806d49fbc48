from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("birthday", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Reminder",
            fields=[
                ("customer_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("days_before", fields.IntField()),
            ],
            options={
                "table": "birthday_reminder",
                "app": "birthday",
                "pk_attr": "customer_id",
                "table_description": "How many days before a customer's birthday to remind, where that is not what the shop does for everybody.",
            },
            bases=["Model"],
        ),
    ]
