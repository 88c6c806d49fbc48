"""The indexes by registration hold signatures, too."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Apart from others, so that whoever registers somebody waits for these alone."""

    dependencies = [("core", "0045_signed_names")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Customer",
            index=Index(fields=["created_at", "id", "signature_low", "signature_high"], name="customer_by_age"),
        ),
        ops.AddIndex(
            model_name="Customer",
            index=Index(
                fields=["group_id", "created_at", "id", "signature_low", "signature_high"], name="customer_group_by_age"
            ),
        ),
    ]
