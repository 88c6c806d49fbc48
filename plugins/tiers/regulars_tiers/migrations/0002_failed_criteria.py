"""Which criterion could not be measured when a standing last should have been brought up to date, and which plugins brought the
criteria of a policy."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import TextKeyField
from tortoise import fields


class Migration(migrations.Migration):
    """Needs the tables of 0001."""

    dependencies = [("tiers", "0001_initial")]

    initial = False

    operations = [
        ops.AddField(
            model_name="TierStanding",
            name="failed",
            field=TextKeyField(null=True, max_length=60),
        ),
        ops.AddField(
            model_name="TierPolicy",
            name="plugins",
            field=fields.TextField(null=True, unique=False),
        ),
    ]
