from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, MinorUnitsField
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="CustomerLifetime",
            fields=[
                ("customer_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("projected", MinorUnitsField()),
                ("fit", fields.BigIntField()),
                ("as_of", fields.IntField()),
                ("moves", fields.BigIntField()),
            ],
            options={
                "table": "analytics_lifetime",
                "app": "analytics",
                "indexes": [
                    Index(fields=["as_of", "customer_id"], name="analytics_lifetime_due"),
                    Index(fields=["fit"], name="analytics_lifetime_fit"),
                ],
                "pk_attr": "customer_id",
                "table_description": "What a customer is expected to spend in 365 days, by the fit of this number (0 where nothing was fitted) and as of a day",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LifetimeFit",
            fields=[
                ("number", fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("fitted_at", InstantField()),
                ("customers", fields.BigIntField()),
                ("repeating", fields.BigIntField()),
                ("body", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "analytics_fit",
                "app": "analytics",
                "pk_attr": "number",
                "table_description": "An attempt to fit BG/NBD and Gamma-Gamma to all customers' purchases, never changed. `body` is JSON: the parameters by",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RfmFifths",
            fields=[
                ("id", fields.IntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("found_at", InstantField()),
                ("body", fields.TextField(unique=False)),
            ],
            options={
                "table": "analytics_fifths",
                "app": "analytics",
                "pk_attr": "id",
                "table_description": "Where the upper four fifths begin of all who ever bought, as of an instant: JSON. There is one row.",
            },
            bases=["Model"],
        ),
    ]
