"""The tables of consents: what was said, which is never changed, and what of it is in force."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.customers.models import Customer
from regulars_core.database.fields import IdField, InstantField, TextKeyField


class Consent(Model):
    """A customer agreed to something or refused it. Rows are never changed or removed; triggers see to it on both engines, so
    nothing personal may stand in them. Without a channel it is about every one."""

    id = IdField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.RESTRICT, db_index=False
    )
    channel = fields.CharField(16, null=True)
    purpose = TextKeyField(40)
    decision = fields.CharField(12)
    at = InstantField()
    proof = fields.CharField(12)
    proof_reference = fields.CharField(120, null=True)
    source = fields.CharField(40)
    text_version = fields.CharField(40, null=True)
    recorded_at = InstantField()
    recorded_by = fields.CharField(120)

    class Meta:
        table = "consent"
        indexes: ClassVar = [Index(fields=("customer_id", "at", "id"), name="consent_of_customer")]


class ConsentInForce(Model):
    """A record that is in force for a customer, who is the one to whom the record's own customer leads. `ways` is the sum of the
    ways for which it is, by `rules.BIT_OF`: of each purpose and way one record at most is in force. `purpose` and `decision` are
    the record's, so that who agrees is found by an index, whatever was said before."""

    number = fields.BigIntField(primary_key=True, generated=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE, db_index=False
    )
    consent: fields.ForeignKeyRelation[Consent] = fields.ForeignKeyField(
        "core.Consent", related_name=False, on_delete=fields.RESTRICT, db_index=False
    )
    purpose = TextKeyField(40)
    decision = fields.CharField(12)
    ways = fields.IntField()

    class Meta:
        table = "consent_in_force"
        unique_together = (("customer_id", "consent_id"),)
        indexes: ClassVar = [Index(fields=("purpose", "decision", "ways", "customer_id"), name="consent_in_force_who")]
