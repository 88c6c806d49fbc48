from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0004_missed")]

    initial = False

    operations = [
        ops.AlterField(
            model_name="OncePerCustomer",
            name="customer_id",
            field=IdField(null=True, generated=False, unique=False),
        ),
    ]
