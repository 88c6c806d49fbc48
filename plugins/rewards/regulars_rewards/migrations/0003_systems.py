from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, TextKeyField
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("rewards", "0002_laws")]

    initial = False

    operations = [
        ops.CreateModel(
            name="FailedTrigger",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
                ("system_id", IdField(generated=False, null=False, unique=False)),
                ("source", TextKeyField(max_length=120)),
                ("purchase_id", IdField(null=True, generated=False, unique=False)),
                ("failed_at", InstantField()),
            ],
            options={
                "table": "rewards_failed",
                "app": "rewards",
                "unique_together": (("customer_id", "system_id", "source"),),
                "pk_attr": "id",
                "table_description": "The trigger of a system has failed at a source of a customer, so that it must be tried again.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="GivenReward",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
                ("system_id", IdField(generated=False, null=False, unique=False)),
                ("version", fields.BigIntField()),
                ("kind", TextKeyField(max_length=64)),
                ("settings", fields.TextField(unique=False)),
                ("cost", fields.BigIntField()),
                ("source", TextKeyField(null=True, max_length=120)),
                ("coupon_id", IdField(null=True, generated=False, unique=False)),
                ("given_at", InstantField()),
                ("taken_back_at", InstantField(null=True)),
                ("why", fields.CharField(null=True, max_length=12)),
            ],
            options={
                "table": "rewards_given",
                "app": "rewards",
                "indexes": [Index(fields=["customer_id", "system_id", "id"], name="rewards_given_to")],
                "pk_attr": "id",
                "table_description": "A reward that a system gave, by the version of then: `cost` is the progress that it took, which comes back where it is taken",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RewardEarning",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
                ("system_id", IdField(generated=False, null=False, unique=False)),
                ("source", TextKeyField(max_length=120)),
                ("purchase_id", IdField(null=True, generated=False, unique=False)),
                ("version", fields.BigIntField()),
                ("per", fields.BigIntField()),
                ("earned", fields.BigIntField()),
                ("reversed", fields.BigIntField()),
                ("base", MinorUnitsField(null=True)),
                ("shares", fields.TextField(null=True, unique=False)),
                ("explanation", fields.TextField(null=True, unique=False)),
                ("at", InstantField()),
            ],
            options={
                "table": "rewards_earning",
                "app": "rewards",
                "unique_together": (("customer_id", "system_id", "source"),),
                "pk_attr": "id",
                "table_description": "What one source brought a customer in a reward system, by the version of its instant: `earned` units of which `per` are one",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RewardEntry",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
                ("system_id", IdField(generated=False, null=False, unique=False)),
                ("cause", fields.CharField(max_length=12)),
                ("delta", fields.BigIntField()),
                ("progress_after", fields.BigIntField()),
                ("at", InstantField()),
                ("recorded_at", InstantField()),
                ("actor", fields.CharField(null=True, max_length=120)),
                ("source", TextKeyField(null=True, max_length=120)),
                ("purchase_id", IdField(null=True, generated=False, unique=False)),
                ("refund_id", IdField(null=True, generated=False, unique=False)),
                ("merge_id", IdField(null=True, generated=False, unique=False)),
                ("given_id", IdField(null=True, generated=False, unique=False)),
                ("coupon_id", IdField(null=True, generated=False, unique=False)),
                ("explanation", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "rewards_entry",
                "app": "rewards",
                "indexes": [Index(fields=["customer_id", "system_id", "id"], name="rewards_entry_of")],
                "pk_attr": "id",
                "table_description": "By how much the progress of a customer in a reward system changed, and what it was then; never changed or deleted. `at` is",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RewardProgress",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
                ("system_id", IdField(generated=False, null=False, unique=False)),
                ("units", fields.TextField(unique=False)),
                ("progress", fields.BigIntField()),
                ("issued", fields.BigIntField()),
            ],
            options={
                "table": "rewards_progress",
                "app": "rewards",
                "unique_together": (("customer_id", "system_id"),),
                "indexes": [Index(fields=["system_id", "progress", "issued"], name="rewards_progress_due")],
                "pk_attr": "id",
                "table_description": "How far a customer is in a reward system. `units` is what all earnings bring, each in its part of one, as an exact fraction:",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RewardReason",
            fields=[
                ("entry_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
                ("reason", fields.TextField(unique=False)),
            ],
            options={
                "table": "rewards_grant_reason",
                "app": "rewards",
                "indexes": [Index(fields=["customer_id"], name="rewards_grant_reason_of")],
                "pk_attr": "entry_id",
                "table_description": "Why somebody gave progress by hand, as they typed it; gone after the erasure of its customer.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RewardSystem",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("name", fields.CharField(max_length=120)),
                ("name_key", TextKeyField(unique=True, max_length=160)),
                ("version", fields.BigIntField()),
                ("starts_at", InstantField()),
                ("ends_at", InstantField()),
                ("is_enabled", fields.BooleanField()),
                ("is_shadow", fields.BooleanField()),
                ("created_at", InstantField()),
                ("updated_at", InstantField()),
            ],
            options={
                "table": "rewards_system",
                "app": "rewards",
                "pk_attr": "id",
                "table_description": "A reward system, as its last version says. `name_key` is what of the name is compared. One that `is_shadow` collects and",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RewardSystemVersion",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("system_id", IdField(generated=False, null=False, unique=False)),
                ("number", fields.BigIntField()),
                ("since", InstantField()),
                ("body", fields.TextField(unique=False)),
            ],
            options={
                "table": "rewards_system_version",
                "app": "rewards",
                "unique_together": (("system_id", "number"),),
                "pk_attr": "id",
                "table_description": "What a reward system was from `since` until before that of the next number, never changed: `body` is SystemData as JSON. The",
            },
            bases=["Model"],
        ),
    ]
