from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import InstantField


class Migration(migrations.Migration):
    dependencies = [("core", "0016_receipts")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Refund",
            name="undone_at",
            field=InstantField(null=True),
        ),
    ]
