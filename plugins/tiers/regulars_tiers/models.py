"""What the plugin keeps: policies, assignments, the periods of each customer, and what was shown."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.plugin import IdField, InstantField, TextKeyField


class TierPolicy(Model):
    """A version of the policy, never changed: `body` is policy.PolicyData as JSON, `lowest` the code of everybody's tier.
    `plugins` is JSON, too: which plugin brought each metric when it was accepted; null of versions from before that was kept."""

    number = fields.BigIntField(primary_key=True, generated=True)
    effective_at = InstantField()
    body = fields.TextField()
    plugins = fields.TextField(null=True)
    lowest = fields.CharField(32)
    author = fields.CharField(120)
    created_at = InstantField()

    class Meta:
        table = "tier_policy"


class TierAssignment(Model):
    """Somebody's decision about a customer's tier; the latest counts. `tier` null gives it back to the rules."""

    id = IdField(primary_key=True)
    customer_id = IdField()
    at = InstantField()
    kind = fields.CharField(16)
    tier = TextKeyField(32, null=True)
    mode = fields.CharField(8)
    until = InstantField(null=True)
    reason = fields.CharField(500, null=True)
    author = fields.CharField(120)

    class Meta:
        table = "tier_assignment"
        indexes: ClassVar = [Index(fields=("customer_id", "at", "id"), name="tier_assignment_of")]


class TierSpell(Model):
    """A period: a time in which a customer has one tier, by what is known now; together they cover all time. Proven equal to
    a recomputation. Who has neither bought anything nor was assigned a tier has none, and the lowest tier."""

    number = fields.BigIntField(primary_key=True, generated=True)
    customer_id = IdField()
    begins = InstantField()
    ends = InstantField()
    tier = TextKeyField(32)
    position = fields.IntField()

    class Meta:
        table = "tier_spell"
        unique_together = (("customer_id", "begins"),)


class TierStanding(Model):
    """What was last shown of a customer who has periods. `next_at` is when time alone changes it, `policy` the number of
    the latest version that the periods know of; -1 asks for all of them to be made anew. `failed` is the metric that could not
    be measured when they last should have been: the standing is then what it was before."""

    customer_id = IdField(primary_key=True)
    tier = TextKeyField(32)
    next_at = InstantField()
    policy = fields.BigIntField()
    failed = TextKeyField(60, null=True)

    class Meta:
        table = "tier_standing"
        indexes: ClassVar = [
            Index(fields=("next_at",), name="tier_standing_next"),
            Index(fields=("policy", "customer_id"), name="tier_standing_policy"),
        ]


class TierChange(Model):
    """A change of a customer's tier as it was shown at the time."""

    id = IdField(primary_key=True)
    customer_id = IdField()
    at = InstantField()
    before = TextKeyField(32)
    after = TextKeyField(32)
    cause = fields.CharField(16)
    purchase_id = IdField(null=True)

    class Meta:
        table = "tier_change"
        indexes: ClassVar = [Index(fields=("customer_id", "at", "id"), name="tier_change_of")]
