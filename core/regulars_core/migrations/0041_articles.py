"""The purchases of an article, which are few among many."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Needs the tables of 0001."""

    dependencies = [("core", "0040_group_versions")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="PurchaseLine",
            index=Index(fields=["sku", "purchase_id"], name="line_of_article"),
        ),
    ]
