"""The table of erasures."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, TextKeyField


class Erasure(Model):
    """A request to erase a customer, and the proof that it was done; nothing personal stands in it.

    `state` is SCHEDULED, CANCELLED or DONE. `is_open` while there is something to do: what is done is gone over once more, for
    whatever was being written at the time. `erased` is JSON: how much was overwritten or deleted, by kind.
    """

    id = IdField(primary_key=True)
    customer_id = IdField()
    ground = fields.CharField(16)
    state = fields.CharField(10)
    is_open = fields.BooleanField()
    requested_at = InstantField()
    key_id = TextKeyField(120)
    requested_by = fields.CharField(120)
    scheduled_for = InstantField()
    cancelled_at = InstantField(null=True)
    done_at = InstantField(null=True)
    erased = fields.TextField()

    class Meta:
        table = "erasure"
        indexes: ClassVar = [
            Index(fields=("requested_at", "id"), name="erasure_requested"),
            Index(fields=("state", "requested_at", "id"), name="erasure_state"),
            Index(fields=("is_open", "scheduled_for", "id"), name="erasure_open"),
            Index(fields=("customer_id",), name="erasure_of_customer"),
        ]
