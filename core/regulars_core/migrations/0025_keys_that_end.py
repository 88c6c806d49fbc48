"""When keys end by themselves, and when they were last used."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import InstantField


class Migration(migrations.Migration):
    dependencies = [("core", "0024_spelled")]

    initial = False

    operations = [
        ops.AddField(
            model_name="ApiKey",
            name="expires_at",
            field=InstantField(null=True),
        ),
        ops.AddField(
            model_name="ApiKey",
            name="last_used_at",
            field=InstantField(null=True),
        ),
    ]
