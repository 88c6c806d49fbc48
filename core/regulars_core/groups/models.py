"""The table of customer groups."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, TextKeyField


class CustomerGroup(Model):
    """A group of customers to whom the same terms apply."""

    id = IdField(primary_key=True)
    name = fields.CharField(120)
    name_key = TextKeyField(160, unique=True)
    description = fields.TextField(null=True)
    is_default = fields.BooleanField(default=False)
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        table = "customer_group"
