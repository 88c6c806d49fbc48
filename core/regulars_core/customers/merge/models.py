"""The tables of merges. What is personal stands in one of them alone, which an erasure empties."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.customers.models import Customer
from regulars_core.database.fields import IdField, InstantField


class CustomerMerge(Model):
    """Customers were made one. `moved` is JSON: how many of what went over, and who may know."""

    id = IdField(primary_key=True)
    survivor: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    merged_at = InstantField()
    merged_by = fields.CharField(120)
    fingerprint = fields.CharField(64)
    moved = fields.TextField()
    undone_at = InstantField(null=True)

    class Meta:
        table = "customer_merge"
        indexes: ClassVar = [Index(fields=("survivor_id", "merged_at", "id"), name="merge_into")]


class CustomerMergeAbsorbed(Model):
    """A record that became an alias by a merge."""

    number = fields.BigIntField(primary_key=True, generated=True)
    merge: fields.ForeignKeyRelation[CustomerMerge] = fields.ForeignKeyField(
        "core.CustomerMerge", related_name=False, on_delete=fields.CASCADE
    )
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    position = fields.IntField()

    class Meta:
        table = "customer_merge_absorbed"
        unique_together = (("merge_id", "customer_id"),)
        indexes: ClassVar = [Index(fields=("customer_id",), name="merge_absorbed")]


class CustomerMergeRow(Model):
    """A row that went over to the survivor, and whose it was: `kind` is PURCHASE, NOTE or, for a record that led to whom the
    merge absorbed, ALIAS. `is_returned` says whether an undo gave it back."""

    number = fields.BigIntField(primary_key=True, generated=True)
    merge: fields.ForeignKeyRelation[CustomerMerge] = fields.ForeignKeyField(
        "core.CustomerMerge", related_name=False, on_delete=fields.CASCADE
    )
    kind = fields.CharField(16)
    row_id = IdField()
    owner_id = IdField()
    is_returned = fields.BooleanField(default=False)

    class Meta:
        table = "customer_merge_row"
        indexes: ClassVar = [Index(fields=("merge_id", "kind"), name="merge_row_of_kind")]


class CustomerMergeSnapshot(Model):
    """What is personal about a merge, as JSON, and what an undo puts back: see `snapshots.Snapshot`. An undo removes
    it, and so does an erasure; then the merge cannot be undone."""

    merge: fields.OneToOneRelation[CustomerMerge] = fields.OneToOneField(
        "core.CustomerMerge", related_name=False, primary_key=True, on_delete=fields.CASCADE
    )
    body = fields.TextField()

    class Meta:
        table = "customer_merge_snapshot"
