"""The tables of pairs of customers who may be the same."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.customers.models import Customer
from regulars_core.database.fields import IdField, InstantField


class DuplicateKey(Model):
    """By what others are looked for who may be the customer: digests of 64 bits, null for what is not known. Two with the same
    digest are compared; what is equal, and how likely they are one, the digests do not say. See `keys.keys_of`."""

    customer: fields.OneToOneRelation[Customer] = fields.OneToOneField(
        "core.Customer", related_name=False, primary_key=True, on_delete=fields.CASCADE
    )
    email = fields.BigIntField(null=True)
    phone = fields.BigIntField(null=True)
    phone_tail = fields.BigIntField(null=True)
    tax_id = fields.BigIntField(null=True)
    name = fields.BigIntField(null=True)
    given_and_birth = fields.BigIntField(null=True)
    family_and_birth = fields.BigIntField(null=True)

    class Meta:
        table = "duplicate_key"
        indexes: ClassVar = [
            Index(fields=("email",), name="duplicate_by_email"),
            Index(fields=("phone",), name="duplicate_by_phone"),
            Index(fields=("phone_tail",), name="duplicate_by_phone_tail"),
            Index(fields=("tax_id",), name="duplicate_by_tax_id"),
            Index(fields=("name",), name="duplicate_by_name"),
            Index(fields=("given_and_birth",), name="duplicate_by_given"),
            Index(fields=("family_and_birth",), name="duplicate_by_family"),
        ]


class DuplicateDue(Model):
    """That somebody is to be compared with others anew: the database writes it whenever something changes by which customers are
    recognised, or whom a record leads to."""

    number = fields.BigIntField(primary_key=True, generated=True)
    customer_id = IdField()

    class Meta:
        table = "duplicate_due"


class DuplicatePair(Model):
    """Two customers, neither merged nor erased, who may be the same. The id is a digest of both ids, so that a pair that comes
    again is the same one; `customer` was registered first. `reasons` has the likeliest first, with spaces between them. `traits`
    are digests of what makes them alike; if all of it was dismissed, `is_dismissed`, and `dismissed_at` is when."""

    id = IdField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE, db_index=False
    )
    other: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE, db_index=False
    )
    score = fields.SmallIntField()
    reasons = fields.CharField(120)
    traits = fields.TextField()
    found_at = InstantField()
    is_dismissed = fields.BooleanField()
    dismissed_at = InstantField(null=True)

    class Meta:
        table = "duplicate_pair"
        indexes: ClassVar = [
            Index(fields=("is_dismissed", "score", "id"), name="duplicate_pair_order"),
            Index(fields=("customer_id", "score"), name="duplicate_pair_customer"),
            Index(fields=("other_id", "score"), name="duplicate_pair_other"),
        ]


class DuplicateDismissal(Model):
    """That somebody said of two records that they are two people, and of what it was said: digests as in a pair's `traits`. The
    id is the pair's. It stays with the records when they are merged."""

    id = IdField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE, db_index=False
    )
    other: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE, db_index=False
    )
    dismissed_at = InstantField()
    traits = fields.TextField()

    class Meta:
        table = "duplicate_dismissal"
        indexes: ClassVar = [
            Index(fields=("customer_id",), name="duplicate_dismissal_customer"),
            Index(fields=("other_id",), name="duplicate_dismissal_other"),
        ]
