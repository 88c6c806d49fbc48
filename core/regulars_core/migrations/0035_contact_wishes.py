"""How often and when customers want to hear from the shop, and when their contact details were found right."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from regulars_core.database.fields import InstantField


class Migration(migrations.Migration):
    dependencies = [("core", "0034_sealed")]

    initial = False

    operations = [
        ops.AddField(model_name="Customer", name="contact_checked_at", field=InstantField(null=True)),
        ops.AddField(model_name="Customer", name="contact_frequency", field=fields.CharField(null=True, max_length=16)),
        ops.AddField(model_name="Customer", name="contact_time", field=fields.CharField(null=True, max_length=16)),
        ops.AddIndex(
            model_name="Customer",
            index=Index(fields=["contact_checked_at", "id"], name="customer_contact_checked"),
        ),
    ]
