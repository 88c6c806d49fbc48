"""The table of bulk jobs."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, TextKeyField


class BulkJob(Model):
    """Work that was asked for: which task, with what input, how far it is, and what came of it.

    `place` is where the task goes on, or how often it was begun where it is done as a whole. `done` and `total` are of
    whatever it counts. Input and place may say what is personal, such as a condition, and are emptied when the work has ended.
    `needs` are the permissions that it takes to fetch what it makes, each with the stores in which it must be held.
    """

    id = IdField(primary_key=True)
    task = TextKeyField(40)
    stage = fields.CharField(10)
    is_open = fields.BooleanField()
    input = fields.TextField()
    place = fields.TextField(null=True)
    done = fields.BigIntField(default=0)
    total = fields.BigIntField(null=True)
    counts = fields.TextField()
    problem = fields.TextField(null=True)
    key_id = TextKeyField(120)
    key_name = fields.CharField(120)
    needs = fields.TextField(null=True)
    requested_at = InstantField()
    finished_at = InstantField(null=True)

    class Meta:
        table = "bulk_job"
        indexes: ClassVar = [
            Index(fields=("requested_at", "id"), name="bulk_job_requested"),
            Index(fields=("key_id", "requested_at", "id"), name="bulk_job_of_key"),
            Index(fields=("is_open", "requested_at", "id"), name="bulk_job_open"),
        ]
