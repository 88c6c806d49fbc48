from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, TextKeyField


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0003_chain")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MissedEarning",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("purchase_id", IdField(generated=False, null=False, unique=False)),
                ("rule", TextKeyField(max_length=32)),
            ],
            options={
                "table": "loyalty_missed",
                "app": "loyalty",
                "unique_together": (("purchase_id", "rule"),),
                "pk_attr": "id",
                "table_description": "A rule of points has failed at a purchase, so that it must be made up for.",
            },
            bases=["Model"],
        ),
    ]
