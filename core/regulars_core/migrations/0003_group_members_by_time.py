from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("core", "0002_search_and_first_rows")]

    initial = False

    operations = [
        ops.RemoveIndex(
            model_name="Customer",
            name="customer_group_members",
            fields=None,
        ),
        ops.AddIndex(
            model_name="Customer",
            index=Index(fields=["group_id", "created_at", "id"], name="customer_group_members"),
        ),
    ]
