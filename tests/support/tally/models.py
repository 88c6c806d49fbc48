"""What the plugin writes down."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.plugin import IdField, InstantField, MinorUnitsField, TextKeyField


class Tally(Model):
    """What was shown of a customer when a purchase was recorded, refunded or voided: the tier just before it and just after,
    what all purchases amounted to, and what the histories held; and the purchase itself as it was told."""

    id = IdField(primary_key=True)
    event = fields.CharField(20)
    row_id = IdField()
    customer_id = IdField(null=True)
    at = InstantField()
    before = TextKeyField(32)
    after = TextKeyField(32)
    spent = MinorUnitsField()
    orders = fields.IntField()
    history = fields.TextField()
    purchase = fields.TextField()

    class Meta:
        table = "tally"
