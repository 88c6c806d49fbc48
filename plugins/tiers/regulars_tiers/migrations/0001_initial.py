from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, TextKeyField
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="TierAssignment",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
                ("at", InstantField()),
                ("kind", fields.CharField(max_length=16)),
                ("tier", TextKeyField(null=True, max_length=32)),
                ("mode", fields.CharField(max_length=8)),
                ("until", InstantField(null=True)),
                ("reason", fields.CharField(null=True, max_length=500)),
                ("author", fields.CharField(max_length=120)),
            ],
            options={
                "table": "tier_assignment",
                "app": "tiers",
                "indexes": [Index(fields=["customer_id", "at", "id"], name="tier_assignment_of")],
                "pk_attr": "id",
                "table_description": "Somebody's decision about a customer's tier; the latest counts. `tier` null gives it back to the rules.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TierChange",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
                ("at", InstantField()),
                ("before", TextKeyField(max_length=32)),
                ("after", TextKeyField(max_length=32)),
                ("cause", fields.CharField(max_length=16)),
                ("purchase_id", IdField(null=True, generated=False, unique=False)),
            ],
            options={
                "table": "tier_change",
                "app": "tiers",
                "indexes": [Index(fields=["customer_id", "at", "id"], name="tier_change_of")],
                "pk_attr": "id",
                "table_description": "A change of a customer's tier as it was shown at the time.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TierPolicy",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("effective_at", InstantField()),
                ("body", fields.TextField(unique=False)),
                ("lowest", fields.CharField(max_length=32)),
                ("author", fields.CharField(max_length=120)),
                ("created_at", InstantField()),
            ],
            options={
                "table": "tier_policy",
                "app": "tiers",
                "pk_attr": "number",
                "table_description": "A version of the policy, never changed: `body` is policy.PolicyData as JSON, `lowest` the code of everybody's tier.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TierSpell",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("customer_id", IdField(generated=False, null=False, unique=False)),
                ("begins", InstantField()),
                ("ends", InstantField()),
                ("tier", TextKeyField(max_length=32)),
                ("position", fields.IntField()),
            ],
            options={
                "table": "tier_spell",
                "app": "tiers",
                "unique_together": (("customer_id", "begins"),),
                "pk_attr": "number",
                "table_description": "A time in which a customer has one tier, by what is known now; together they cover all time. Proven equal to a",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TierStanding",
            fields=[
                ("customer_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("tier", TextKeyField(max_length=32)),
                ("next_at", InstantField()),
                ("policy", fields.BigIntField()),
            ],
            options={
                "table": "tier_standing",
                "app": "tiers",
                "indexes": [
                    Index(fields=["next_at"], name="tier_standing_next"),
                    Index(fields=["policy", "customer_id"], name="tier_standing_policy"),
                ],
                "pk_attr": "customer_id",
                "table_description": "What was last shown of a customer who has spells. `next_at` is when time alone changes it, `policy` the number of",
            },
            bases=["Model"],
        ),
    ]
