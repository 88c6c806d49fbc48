from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from regulars_core.database.fields import IdField


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="OutlineCount",
            fields=[
                ("customer_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("purchases", fields.IntField()),
            ],
            options={"table": "outline_count", "app": "outline", "pk_attr": "customer_id"},
            bases=["Model"],
        ),
    ]
