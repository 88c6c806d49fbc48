"""What the plugin keeps: promotions with their limits, coupons, and what was used; reward systems, what they collected and gave.

Amounts are minor units of the shop's currency. An end that is never is LATEST. Indexes of what few rows have are partial: they
and what the database itself holds are in migrations 0002 and 0004.
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
    """How often promotions (1) and reward systems (2) were made, changed or ended: the rows by which a process knows that what it
    remembers of them is what is stored."""

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


class RewardSystem(Model):
    """A reward system, as its last version says. `name_key` is what of the name is compared. One that `is_shadow` collects and
    gives nothing: it is tried beside the others."""

    id = IdField(primary_key=True)
    name = fields.CharField(120)
    name_key = TextKeyField(160, unique=True)
    version = fields.BigIntField()
    starts_at = InstantField()
    ends_at = InstantField()
    is_enabled = fields.BooleanField()
    is_shadow = fields.BooleanField()
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        table = "rewards_system"


class RewardSystemVersion(Model):
    """What a reward system was from `since` until before that of the next number, never changed: `body` is SystemData as JSON.
    The first is in force since NEVER."""

    id = IdField(primary_key=True)
    system_id = IdField()
    number = fields.BigIntField()
    since = InstantField()
    body = fields.TextField()

    class Meta:
        table = "rewards_system_version"
        unique_together = (("system_id", "number"),)


class OccasionWalk(Model):
    """How far it is looked which occasions a reward system has: of the days from `since` on and before `until`, counted as
    `date.toordinal` does, of the customers up to `after_id`, in the order of ids. `version` is the number of the system's version
    at its beginning. It is a table of its own, since whoever collects holds the row of the system as shared."""

    system_id = IdField(primary_key=True)
    since = fields.IntField()
    until = fields.IntField()
    after_id = IdField()
    version = fields.BigIntField()

    class Meta:
        table = "rewards_walk"


class TargetsAnew(Model):
    """A system whose targets are looked at anew, and the last customer, in the order of ids, of whom it is done; gone once it is
    done of all. As OccasionWalk, it is apart from the system."""

    system_id = IdField(primary_key=True)
    after_id = IdField()

    class Meta:
        table = "rewards_anew"


class HeardTierChanges(Model):
    """One row: up to which change of a tier, in the order of their ids, it is made up for changes that nobody has told."""

    id = fields.IntField(primary_key=True, generated=False)
    after_id = IdField()

    class Meta:
        table = "rewards_heard"


class RewardProgress(Model):
    """How far a customer is in a reward system. `units` is what all earnings bring, each in its part of one, as an exact
    fraction: `9/10`. `progress` is what is whole of it, with what was given by hand and less the cost of `issued`, which is how
    many rewards were given and not taken back; below zero where one could not be."""

    id = IdField(primary_key=True)
    customer_id = IdField()
    system_id = IdField()
    units = fields.TextField()
    progress = fields.BigIntField()
    issued = fields.BigIntField()

    class Meta:
        table = "rewards_progress"
        unique_together = (("customer_id", "system_id"),)
        indexes: ClassVar = [Index(fields=("system_id", "progress", "issued"), name="rewards_progress_due")]


class RewardEarning(Model):
    """What one source brought a customer in a reward system, by the version of its instant: `earned` units of which `per` are one
    progress, and how many of them were `reversed`. The source is a purchase, an occasion such as `birthday:2026`, or a span such
    as `2026-11`. `base` is what was eligible of a purchase, in minor units, and `shares` how much of that each line was, as JSON;
    `explanation` is how it came about, as JSON."""

    id = IdField(primary_key=True)
    customer_id = IdField()
    system_id = IdField()
    source = TextKeyField(120)
    purchase_id = IdField(null=True)
    version = fields.BigIntField()
    per = fields.BigIntField()
    earned = fields.BigIntField()
    reversed = fields.BigIntField()
    base = MinorUnitsField(null=True)
    shares = fields.TextField(null=True)
    explanation = fields.TextField(null=True)
    at = InstantField()

    class Meta:
        table = "rewards_earning"
        unique_together = (("customer_id", "system_id", "source"),)


class RewardEntry(Model):
    """By how much the progress of a customer in a reward system changed, and what it was then; never changed or deleted. `at` is
    when it counts. `given_id` is the reward that was given or taken back, and `coupon_id` its coupon."""

    id = IdField(primary_key=True)
    customer_id = IdField()
    system_id = IdField()
    cause = fields.CharField(12)
    delta = fields.BigIntField()
    progress_after = fields.BigIntField()
    at = InstantField()
    recorded_at = InstantField()
    actor = fields.CharField(120, null=True)
    source = TextKeyField(120, null=True)
    purchase_id = IdField(null=True)
    refund_id = IdField(null=True)
    merge_id = IdField(null=True)
    given_id = IdField(null=True)
    coupon_id = IdField(null=True)
    explanation = fields.TextField(null=True)

    class Meta:
        table = "rewards_entry"
        indexes: ClassVar = [Index(fields=("customer_id", "system_id", "id"), name="rewards_entry_of")]


class GivenReward(Model):
    """A reward that a system gave, by the version of then: `cost` is the progress that it took, which comes back where it is
    taken back. `settings` are what its kind was told, as JSON. `source` is what brought the progress, as of RewardEarning; `why`
    it was taken back is the cause of an entry. Of a shadow it is what would have been given."""

    id = IdField(primary_key=True)
    customer_id = IdField()
    system_id = IdField()
    version = fields.BigIntField()
    kind = TextKeyField(64)
    settings = fields.TextField()
    cost = fields.BigIntField()
    source = TextKeyField(120, null=True)
    coupon_id = IdField(null=True)
    given_at = InstantField()
    taken_back_at = InstantField(null=True)
    why = fields.CharField(12, null=True)

    class Meta:
        table = "rewards_given"
        indexes: ClassVar = [Index(fields=("customer_id", "system_id", "id"), name="rewards_given_to")]


class RewardReason(Model):
    """Why somebody gave progress by hand, as they typed it; gone after the erasure of its customer."""

    entry_id = IdField(primary_key=True)
    customer_id = IdField()
    reason = fields.TextField()

    class Meta:
        table = "rewards_grant_reason"
        indexes: ClassVar = [Index(fields=("customer_id",), name="rewards_grant_reason_of")]


class FailedTrigger(Model):
    """The trigger of a system has failed at a source of a customer, so that it must be tried again."""

    id = IdField(primary_key=True)
    customer_id = IdField()
    system_id = IdField()
    source = TextKeyField(120)
    purchase_id = IdField(null=True)
    failed_at = InstantField()

    class Meta:
        table = "rewards_failed"
        unique_together = (("customer_id", "system_id", "source"),)
