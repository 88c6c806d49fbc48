"""The tables of the journal."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, TextKeyField


class Journal(Model):
    """An event: ids of the rows that it is about, and the plugins that took part in the process that announced it.

    `others` are ids that each of them had to do with at the time, in the same order: whose a purchase was, who it was taken
    from when it moved, whom a merge absorbed; of what moved, all who had it before and then all who have it since. Null where
    nothing was noted.

    `position` is given after the commit, under a lock, so that positions grow in the order of commits: whoever has read up
    to one has missed nothing. Until then it is null. Among those who get it together the order is that of writing: `written`
    is the microsecond by PostgreSQL's own clock, since those of processes differ; SQLite numbers rows as they are written.
    """

    id = IdField(primary_key=True)
    position = fields.BigIntField(null=True, unique=True)
    kind = fields.CharField(40)
    ids = fields.TextField()
    others = fields.TextField(null=True)
    took_part = fields.TextField()
    at = InstantField()
    written = fields.BigIntField(db_default=0)

    class Meta:
        table = "journal"


class JournalCursor(Model):
    """How far in the journal a plugin is; there is one for each plugin that was ever on. Up to `ahead` it is written down what
    the plugin has yet to be told. While it is told what it missed beside what goes on happening, `behind_from` is where that
    began, and it is told nothing at once; null otherwise."""

    plugin = TextKeyField(40, primary_key=True)
    position = fields.BigIntField()
    ahead = fields.BigIntField(db_default=0)
    behind_from = fields.BigIntField(null=True)

    class Meta:
        table = "journal_cursor"


class JournalAhead(Model):
    """What a plugin that is catching up has yet to be told of purchases, by the rows that it is about, so that histories can be
    shown without it. `row_id` is a purchase, a payment of what was due, or a refund: by `amount` less was given back before, or
    more where the refund is undone. `customer_id` is whose the purchase was then. Of a merge there is one row more for each
    record that became an alias: `row_id` and `purchase_id` are the merge's there."""

    number = fields.BigIntField(primary_key=True, generated=True)
    plugin = TextKeyField(40)
    position = fields.BigIntField()
    kind = fields.CharField(40)
    row_id = IdField()
    purchase_id = IdField()
    customer_id = IdField(null=True)
    amount = MinorUnitsField(default=0)

    class Meta:
        table = "journal_ahead"
        indexes: ClassVar = [
            Index(fields=("plugin", "customer_id", "position"), name="ahead_of_customer"),
            Index(fields=("purchase_id", "plugin", "position"), name="ahead_of_purchase"),
        ]
