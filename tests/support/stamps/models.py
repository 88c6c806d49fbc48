"""What the example plugin keeps: how often it was told of what."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.plugin import MinorUnitsField, TextKeyField


class Told(Model):
    """One event about one row."""

    key = TextKeyField(80, primary_key=True)
    amount = MinorUnitsField()
    times = fields.IntField()

    class Meta:
        table = "stamps_told"
