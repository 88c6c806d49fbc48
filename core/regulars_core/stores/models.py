"""The table of stores."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, TextKeyField


class Store(Model):
    """A place of sale."""

    id = IdField(primary_key=True)
    code = TextKeyField(16, unique=True)
    name = fields.CharField(120)
    is_active = fields.BooleanField(default=True)
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        table = "store"
