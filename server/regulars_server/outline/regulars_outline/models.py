"""What the plugin keeps."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.plugin import IdField


class OutlineCount(Model):
    """How often a customer has bought since the plugin is on."""

    customer_id = IdField(primary_key=True)
    purchases = fields.IntField()

    class Meta:
        table = "outline_count"
