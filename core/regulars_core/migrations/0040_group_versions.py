"""Which version of a group somebody has looked at."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0039_segment_versions")]

    initial = False

    operations = [
        ops.AddField(model_name="CustomerGroup", name="version", field=fields.IntField(db_default=1)),
    ]
