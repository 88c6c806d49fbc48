"""The tables of declared attributes and of their values."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.customers.models import Customer
from regulars_core.database.fields import IdField, InstantField, TextKeyField


class CustomerAttributeDefinition(Model):
    """An attribute of customers that the shop has declared. `choices` is JSON, a list of texts."""

    id = IdField(primary_key=True)
    name = TextKeyField(40, unique=True)
    label = fields.CharField(120)
    description = fields.TextField(null=True)
    type = fields.CharField(16)
    choices = fields.TextField()
    is_sensitive = fields.BooleanField()
    is_unique = fields.BooleanField()
    is_required = fields.BooleanField()

    class Meta:
        table = "customer_attribute_definition"


class CustomerAttribute(Model):
    """What a customer has of an attribute: the value as it is shown, the key by which values are found to be the same, and the
    ordinal by which numbers and days are compared. See `storage` for what is kept of a sensitive one."""

    id = IdField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE
    )
    definition: fields.ForeignKeyRelation[CustomerAttributeDefinition] = fields.ForeignKeyField(
        "core.CustomerAttributeDefinition", related_name=False, on_delete=fields.RESTRICT
    )
    value = fields.TextField()
    value_key = TextKeyField(300)
    ordinal = fields.BigIntField(null=True)
    given_at = InstantField()

    class Meta:
        table = "customer_attribute"
        unique_together = (("customer_id", "definition_id"),)
        indexes: ClassVar = [
            Index(fields=("definition_id", "value_key", "customer_id"), name="attribute_value"),
            Index(fields=("definition_id", "ordinal", "customer_id"), name="attribute_ordinal"),
        ]
