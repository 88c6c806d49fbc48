"""The tables of segments."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, TextKeyField


class Segment(Model):
    """Conditions on customers under a name. `conditions` are the tree as JSON, in the shape of `CustomerWhere`: what audiences of
    plugins are stored as. Nobody's membership is kept."""

    id = IdField(primary_key=True)
    name = fields.CharField(120)
    name_key = TextKeyField(160, unique=True)
    description = fields.TextField(null=True)
    conditions = fields.TextField()
    version = fields.IntField(default=1)
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        table = "segment"


class SegmentVersion(Model):
    """What a segment asked from `since` until before that of the next number. The first holds since NEVER."""

    id = IdField(primary_key=True)
    segment_id = IdField()
    number = fields.IntField()
    since = InstantField()
    conditions = fields.TextField()

    class Meta:
        table = "segment_version"
        unique_together = (("segment_id", "number"),)
