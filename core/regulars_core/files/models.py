"""The tables of files."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, TextKeyField


class StoredFile(Model):
    """A file: what a job has made (`job_id`), or what was sent. `sha256` is there when it is whole; `is_kept` says whether
    its pieces are there still."""

    id = IdField(primary_key=True)
    job_id = IdField(null=True)
    name = fields.CharField(160)
    content_type = fields.CharField(80)
    byte_count = fields.BigIntField(default=0)
    row_count = fields.BigIntField(null=True)
    sha256 = fields.CharField(64, null=True)
    pieces = fields.IntField(default=0)
    is_kept = fields.BooleanField()
    available_until = InstantField()

    class Meta:
        table = "stored_file"
        indexes: ClassVar = [
            Index(fields=("job_id", "id"), name="stored_file_of_job"),
            Index(fields=("is_kept", "available_until"), name="stored_file_age"),
        ]


class FilePiece(Model):
    """A piece of a file, by its place in it."""

    number = fields.BigIntField(primary_key=True, generated=True)
    file_id = IdField()
    position = fields.IntField()
    content = fields.BinaryField()

    class Meta:
        table = "file_piece"
        unique_together = (("file_id", "position"),)


class FileLink(Model):
    """A link to a file that works once: of its token the SHA-256. `key_id` is the API key that has asked for it."""

    digest = TextKeyField(64, primary_key=True)
    file_id = IdField()
    key_id = TextKeyField(120)
    expires_at = InstantField()
    used_at = InstantField(null=True)

    class Meta:
        table = "file_link"
        indexes: ClassVar = [Index(fields=("expires_at",), name="file_link_age")]


class Upload(Model):
    """A place to send a file to, once: of its token the SHA-256, and the file that has arrived, or is arriving."""

    id = IdField(primary_key=True)
    subject = fields.CharField(10)
    byte_count = fields.BigIntField()
    digest = TextKeyField(64, unique=True)
    key_id = TextKeyField(120)
    expires_at = InstantField()
    file_id = IdField(null=True)

    class Meta:
        table = "upload"
        indexes: ClassVar = [Index(fields=("expires_at",), name="upload_age")]


class ExportEntry(Model):
    """That something was taken out in a file; append-only. `file_id` is the file's that can be fetched, null for one that a
    command has written."""

    id = IdField(primary_key=True)
    at = InstantField()
    key_id = TextKeyField(120)
    key_name = fields.CharField(120)
    task = TextKeyField(40)
    columns = fields.TextField()
    narrowed_by = fields.TextField(null=True)
    row_count = fields.BigIntField(null=True)
    sha256 = fields.CharField(64)
    file_id = IdField(null=True)

    class Meta:
        table = "export_entry"
        indexes: ClassVar = [
            Index(fields=("at", "id"), name="export_entry_latest"),
            Index(fields=("file_id",), name="export_entry_of_file"),
        ]


class ExportFetch(Model):
    """That a file was fetched; append-only."""

    number = fields.BigIntField(primary_key=True, generated=True)
    entry_id = IdField()
    at = InstantField()

    class Meta:
        table = "export_fetch"
        indexes: ClassVar = [Index(fields=("entry_id", "at"), name="export_fetch_of_entry")]
