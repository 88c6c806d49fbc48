from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, TextKeyField
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Coupon",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("code", fields.CharField(max_length=40)),
                ("key", TextKeyField(unique=True, max_length=40)),
                ("promotion_id", IdField(generated=False, null=False, unique=False)),
                ("customer_id", IdField(null=True, generated=False, unique=False)),
                ("batch_id", IdField(null=True, generated=False, unique=False)),
                ("issued_at", InstantField()),
                ("expires_at", InstantField()),
                ("usage_limit", fields.BigIntField(null=True)),
                ("reserved", fields.BigIntField()),
                ("redeemed", fields.BigIntField()),
                ("revoked_at", InstantField(null=True)),
                ("actor", fields.CharField(null=True, max_length=120)),
            ],
            options={
                "table": "rewards_coupon",
                "app": "rewards",
                "indexes": [Index(fields=["promotion_id", "id"], name="rewards_coupon_promotion")],
                "pk_attr": "id",
                "table_description": "A code that opens a promotion. `key` is what of the code is compared. `reserved` and `redeemed` count the uses that stand",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CouponBatch",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("promotion_id", IdField(generated=False, null=False, unique=False)),
                ("coupon_count", fields.BigIntField()),
                ("created_at", InstantField()),
                ("revoked_at", InstantField(null=True)),
                ("revoked_reason", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "rewards_batch",
                "app": "rewards",
                "indexes": [Index(fields=["promotion_id"], name="rewards_batch_promotion")],
                "pk_attr": "id",
                "table_description": "Coupons that were generated together. From `revoked_at` on all of them are worthless that are not used up, however many",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CouponReason",
            fields=[
                ("coupon_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("customer_id", IdField(null=True, generated=False, unique=False)),
                ("reason", fields.TextField(unique=False)),
            ],
            options={
                "table": "rewards_reason",
                "app": "rewards",
                "pk_attr": "coupon_id",
                "table_description": "Why a coupon was issued or revoked, as somebody typed it; gone after the erasure of its customer.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ExchangedCoupon",
            fields=[
                ("coupon_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("event_id", IdField(generated=False, null=False, unique=False)),
            ],
            options={
                "table": "rewards_exchanged",
                "app": "rewards",
                "indexes": [Index(fields=["event_id"], name="rewards_exchanged_event")],
                "pk_attr": "coupon_id",
                "table_description": "A coupon that was given for points, and the event of the ledger by which it is taken back.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LineOffer",
            fields=[
                ("line_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("purchase_id", IdField(generated=False, null=False, unique=False)),
                ("amount", MinorUnitsField()),
            ],
            options={
                "table": "rewards_line",
                "app": "rewards",
                "indexes": [Index(fields=["purchase_id"], name="rewards_line_purchase")],
                "pk_attr": "line_id",
                "table_description": "What offers gave of the discount of a line of a purchase, where they gave something.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MergedRow",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("merge_id", IdField(generated=False, null=False, unique=False)),
                ("table_name", fields.CharField(max_length=16)),
                ("row_id", IdField(generated=False, null=False, unique=False)),
                ("before_id", IdField(generated=False, null=False, unique=False)),
            ],
            options={
                "table": "rewards_merged",
                "app": "rewards",
                "indexes": [Index(fields=["merge_id"], name="rewards_merged_merge")],
                "pk_attr": "id",
                "table_description": "A coupon or a use that went from one customer to another when they were merged, by which it goes back if that is undone.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OfferCheck",
            fields=[
                ("purchase_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("recorded", MinorUnitsField()),
                ("computed", MinorUnitsField()),
                ("is_different", fields.BooleanField()),
                ("is_trusted", fields.BooleanField()),
                ("obstacles", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "rewards_check",
                "app": "rewards",
                "pk_attr": "purchase_id",
                "table_description": "How the offers that were told of a purchase compare with those that were computed as it was recorded. `obstacles` is what",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OfferLimit",
            fields=[
                ("promotion_id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("total_limit", fields.BigIntField(null=True)),
                ("budget", MinorUnitsField(null=True)),
                ("used", fields.BigIntField()),
                ("amount", MinorUnitsField()),
            ],
            options={
                "table": "rewards_limit",
                "app": "rewards",
                "pk_attr": "promotion_id",
                "table_description": "What is used of a promotion with a limit or a budget, reservations counted: a row for each that has one. A use that does",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OfferUse",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("promotion_id", IdField(generated=False, null=False, unique=False)),
                ("coupon_id", IdField(null=True, generated=False, unique=False)),
                ("customer_id", IdField(null=True, generated=False, unique=False)),
                ("store_id", IdField(generated=False, null=False, unique=False)),
                ("basket", TextKeyField(null=True, max_length=120)),
                ("purchase_id", IdField(null=True, generated=False, unique=False)),
                ("position", fields.IntField()),
                ("first_id", IdField(null=True, generated=False, unique=False)),
                ("amount", MinorUnitsField()),
                ("tier", fields.CharField(null=True, max_length=64)),
                ("is_counted", fields.BooleanField()),
                ("created_at", InstantField()),
                ("reserved_until", InstantField(null=True)),
                ("redeemed_at", InstantField(null=True)),
                ("released_at", InstantField(null=True)),
                ("sharing", fields.BigIntField()),
            ],
            options={
                "table": "rewards_use",
                "app": "rewards",
                "indexes": [Index(fields=["promotion_id", "id"], name="rewards_use_promotion")],
                "pk_attr": "id",
                "table_description": "An offer that was used in a purchase or is reserved for a basket: reserved while neither `redeemed_at` nor `released_at` is",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OffersRevision",
            fields=[
                ("id", fields.IntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("revision", fields.BigIntField()),
            ],
            options={
                "table": "rewards_revision",
                "app": "rewards",
                "pk_attr": "id",
                "table_description": "How often promotions were made, changed or ended: the one row by which a process knows that what it remembers of them is",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Promotion",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("name", fields.CharField(max_length=120)),
                ("description", fields.TextField(null=True, unique=False)),
                ("rank", fields.IntField()),
                ("needs_coupon", fields.BooleanField()),
                ("starts_at", InstantField()),
                ("ends_at", InstantField()),
                ("body", fields.TextField(unique=False)),
                ("version", fields.BigIntField()),
                ("created_at", InstantField()),
                ("updated_at", InstantField()),
            ],
            options={
                "table": "rewards_promotion",
                "app": "rewards",
                "indexes": [
                    Index(fields=["rank", "id"], name="rewards_promotion_order"),
                    Index(fields=["ends_at"], name="rewards_promotion_end"),
                ],
                "pk_attr": "id",
                "table_description": "A promotion. `body` is what it is as JSON, in the form of `PromotionData`; `rank` is the negative of its priority, so that",
            },
            bases=["Model"],
        ),
    ]
