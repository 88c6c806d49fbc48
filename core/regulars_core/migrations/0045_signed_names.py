"""The indexes by name hold signatures, too: beside those without, which are read until these are there."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Apart from others, so that whoever registers somebody waits for these alone."""

    dependencies = [("core", "0044_signatures")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Customer",
            index=Index(fields=["sort_name", "id", "signature_low", "signature_high"], name="customer_by_name"),
        ),
        ops.AddIndex(
            model_name="Customer",
            index=Index(
                fields=["group_id", "sort_name", "id", "signature_low", "signature_high"], name="customer_group_by_name"
            ),
        ),
    ]
