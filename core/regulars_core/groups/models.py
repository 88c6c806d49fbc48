"""The table of customer groups."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, TextKeyField


class CustomerGroup(Model):
    """A group of customers to whom the same terms apply. One that is being removed gets no new members, and its members are on
    their way into `emptying_into`, by the bulk job `emptied_by`; both are null otherwise."""

    id = IdField(primary_key=True)
    name = fields.CharField(120)
    name_key = TextKeyField(160, unique=True)
    description = fields.TextField(null=True)
    is_default = fields.BooleanField(default=False)
    emptying_into = IdField(null=True)
    emptied_by = IdField(null=True)
    version = fields.IntField(db_default=1)
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        table = "customer_group"
