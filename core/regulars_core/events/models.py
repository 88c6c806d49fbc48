"""The tables of the journal."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, TextKeyField


class Journal(Model):
    """An event: ids of the rows that it is about, and the plugins that took part in the process that announced it.

    `position` is given after the commit, under a lock, so that positions grow in the order of commits: whoever has read up
    to one has missed nothing. Until then it is null.
    """

    id = IdField(primary_key=True)
    position = fields.BigIntField(null=True, unique=True)
    kind = fields.CharField(40)
    ids = fields.TextField()
    took_part = fields.TextField()
    at = InstantField()

    class Meta:
        table = "journal"


class JournalCursor(Model):
    """How far in the journal a plugin is; there is one for each plugin that was ever on."""

    plugin = TextKeyField(40, primary_key=True)
    position = fields.BigIntField()

    class Meta:
        table = "journal_cursor"
