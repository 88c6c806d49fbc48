"""The table of what was verified."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.customers.models import Customer
from regulars_core.database.fields import IdField, InstantField, TextKeyField


class CustomerVerification(Model):
    """That something of a customer was looked at; never changed.

    A merge leaves it with the record of which it was written, and it is read through that. `about` is what it was about, in the
    form in which customers keep it, such as the e-mail address; null where there is no such thing. `valid_until` is a day."""

    id = IdField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE
    )
    subject = TextKeyField(16)
    is_passed = fields.BooleanField()
    at = InstantField()
    valid_until = TextKeyField(10, null=True)
    document = fields.CharField(40, null=True)
    about = TextKeyField(254, null=True)
    author = fields.CharField(120)

    class Meta:
        table = "customer_verification"
        indexes: ClassVar = [
            Index(fields=("customer_id", "at", "id"), name="verification_of_customer"),
            Index(fields=("subject", "customer_id"), name="verification_of_subject"),
        ]
