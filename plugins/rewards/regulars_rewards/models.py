"""What the plugin keeps: promotions with their limits, coupons, and what was used.

Amounts are minor units of the shop's currency. An end that is never is LATEST. Indexes of what few rows have are partial: they
and what the database itself holds are in migration 0002.
"""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.plugin import IdField, InstantField, MinorUnitsField, TextKeyField


class Promotion(Model):
    """A promotion. `body` is what it is as JSON, in the form of `PromotionData`; `rank` is the negative of its priority, so that
    rank and id are its order. `version` counts its changes."""

    id = IdField(primary_key=True)
    name = fields.CharField(120)
    description = fields.TextField(null=True)
    rank = fields.IntField()
    needs_coupon = fields.BooleanField()
    starts_at = InstantField()
    ends_at = InstantField()
    body = fields.TextField()
    version = fields.BigIntField()
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        table = "rewards_promotion"
        indexes: ClassVar = [
            Index(fields=("rank", "id"), name="rewards_promotion_order"),
            Index(fields=("ends_at",), name="rewards_promotion_end"),
        ]


class OffersRevision(Model):
    """How often promotions were made, changed or ended: the one row by which a process knows that what it remembers of them is
    what is stored."""

    id = fields.IntField(primary_key=True, generated=False)
    revision = fields.BigIntField()

    class Meta:
        table = "rewards_revision"


class OfferLimit(Model):
    """What is used of a promotion with a limit or a budget, reservations counted: a row for each that has one. A use that does
    not count is in neither figure."""

    promotion_id = IdField(primary_key=True)
    total_limit = fields.BigIntField(null=True)
    budget = MinorUnitsField(null=True)
    used = fields.BigIntField()
    amount = MinorUnitsField()

    class Meta:
        table = "rewards_limit"


class CouponBatch(Model):
    """Coupons that were generated together. From `revoked_at` on all of them are worthless that are not used up, however many
    they are: that is read through, and their own rows stay. `revoked_reason` is why."""

    id = IdField(primary_key=True)
    promotion_id = IdField()
    coupon_count = fields.BigIntField()
    created_at = InstantField()
    revoked_at = InstantField(null=True)
    revoked_reason = fields.TextField(null=True)

    class Meta:
        table = "rewards_batch"
        indexes: ClassVar = [Index(fields=("promotion_id",), name="rewards_batch_promotion")]


class Coupon(Model):
    """A code that opens a promotion. `key` is what of the code is compared. `reserved` and `redeemed` count the uses that stand
    and count, `usage_limit` is how many there may be, None for as many as the promotion allows."""

    id = IdField(primary_key=True)
    code = fields.CharField(40)
    key = TextKeyField(40, unique=True)
    promotion_id = IdField()
    customer_id = IdField(null=True)
    batch_id = IdField(null=True)
    issued_at = InstantField()
    expires_at = InstantField()
    usage_limit = fields.BigIntField(null=True)
    reserved = fields.BigIntField()
    redeemed = fields.BigIntField()
    revoked_at = InstantField(null=True)
    actor = fields.CharField(120, null=True)

    class Meta:
        table = "rewards_coupon"
        indexes: ClassVar = [
            Index(fields=("promotion_id", "id"), name="rewards_coupon_promotion"),
        ]


class CouponReason(Model):
    """Why a coupon was issued or revoked, as somebody typed it; gone after the erasure of its customer."""

    coupon_id = IdField(primary_key=True)
    customer_id = IdField(null=True)
    reason = fields.TextField()

    class Meta:
        table = "rewards_reason"


class ExchangedCoupon(Model):
    """A coupon that was given for points, and the event of the ledger by which it is taken back."""

    coupon_id = IdField(primary_key=True)
    event_id = IdField()

    class Meta:
        table = "rewards_exchanged"
        indexes: ClassVar = [Index(fields=("event_id",), name="rewards_exchanged_event")]


class OfferUse(Model):
    """An offer that was used in a purchase or is reserved for a basket: reserved while neither `redeemed_at` nor `released_at` is
    set, and `reserved_until` only as long. `tier` is the customer's as it was then, and `is_counted` whether it counts against
    limits and budget. Purchases of one basket are one use: those after the first name it in `first_id`, and count no more than it
    does; `sharing` of the first counts how often one came or went, by which none is decided by what was. `position` is the place
    at which it applied among those of its purchase, 0 for the first."""

    id = IdField(primary_key=True)
    promotion_id = IdField()
    coupon_id = IdField(null=True)
    customer_id = IdField(null=True)
    store_id = IdField()
    basket = TextKeyField(120, null=True)
    purchase_id = IdField(null=True)
    position = fields.IntField()
    first_id = IdField(null=True)
    amount = MinorUnitsField()
    tier = fields.CharField(64, null=True)
    is_counted = fields.BooleanField()
    created_at = InstantField()
    reserved_until = InstantField(null=True)
    redeemed_at = InstantField(null=True)
    released_at = InstantField(null=True)
    sharing = fields.BigIntField()

    class Meta:
        table = "rewards_use"
        indexes: ClassVar = [
            Index(fields=("promotion_id", "id"), name="rewards_use_promotion"),
        ]


class LineOffer(Model):
    """What offers gave of the discount of a line of a purchase, where they gave something."""

    line_id = IdField(primary_key=True)
    purchase_id = IdField()
    amount = MinorUnitsField()

    class Meta:
        table = "rewards_line"
        indexes: ClassVar = [Index(fields=("purchase_id",), name="rewards_line_purchase")]


class OfferCheck(Model):
    """How the offers that were told of a purchase compare with those that were computed as it was recorded. `obstacles` is what
    stood against them, as JSON."""

    purchase_id = IdField(primary_key=True)
    recorded = MinorUnitsField()
    computed = MinorUnitsField()
    is_different = fields.BooleanField()
    is_trusted = fields.BooleanField()
    obstacles = fields.TextField(null=True)

    class Meta:
        table = "rewards_check"


class MergedRow(Model):
    """A coupon or a use that went from one customer to another when they were merged, by which it goes back if that is undone."""

    id = IdField(primary_key=True)
    merge_id = IdField()
    table_name = fields.CharField(16)
    row_id = IdField()
    before_id = IdField()

    class Meta:
        table = "rewards_merged"
        indexes: ClassVar = [Index(fields=("merge_id",), name="rewards_merged_merge")]
