"""What the plugin keeps: fits of a model to all customers, for good; what each customer is expected to spend; and where fifths
begin."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.plugin import IdField, InstantField, MinorUnitsField


class LifetimeFit(Model):
    """An attempt to fit BG/NBD and Gamma-Gamma to all customers' purchases, never changed. `body` is JSON: the parameters by
    name, with times in days and amounts in the shop's currency, and the natural logarithm of the likelihood; null where there was
    none. `customers` is how many it rests on, `repeating` how many of them came again."""

    number = fields.BigIntField(primary_key=True, generated=False)
    fitted_at = InstantField()
    customers = fields.BigIntField()
    repeating = fields.BigIntField()
    body = fields.TextField(null=True)

    class Meta:
        table = "analytics_fit"


class CustomerLifetime(Model):
    """What a customer is expected to spend in 365 days, by the fit of this number (0 where nothing was fitted) and as of a day
    (since 1970, where the shop is; -1 asks for it to be found anew). `moves` counts what has moved the customer's purchases."""

    customer_id = IdField(primary_key=True)
    projected = MinorUnitsField()
    fit = fields.BigIntField()
    as_of = fields.IntField()
    moves = fields.BigIntField()

    class Meta:
        table = "analytics_lifetime"
        indexes: ClassVar = [
            Index(fields=("as_of", "customer_id"), name="analytics_lifetime_due"),
            Index(fields=("fit",), name="analytics_lifetime_fit"),
        ]


class RfmFifths(Model):
    """Where the upper four fifths begin of all who ever bought, as of an instant: JSON. There is one row."""

    id = fields.IntField(primary_key=True, generated=False)
    found_at = InstantField()
    body = fields.TextField()

    class Meta:
        table = "analytics_fifths"
