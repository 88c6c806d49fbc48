"""Files in pieces, links to them, and the log of what was taken out, which nobody changes."""

from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import IdField, InstantField, TextKeyField

_LOGS = ("export_entry", "export_fetch")


async def _triggers(_: Any, editor: BaseSchemaEditor) -> None:
    for table in _LOGS:
        if editor.client.capabilities.dialect == "postgres":
            await editor.client.execute_query(
                f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            continue
        for event, name in (("UPDATE", "stays_as_it_is"), ("DELETE", "stays")):
            await editor.client.execute_query(
                f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


class Migration(migrations.Migration):
    dependencies = [("core", "0026_regulars")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ExportEntry",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("at", InstantField()),
                ("key_id", TextKeyField(max_length=120)),
                ("key_name", fields.CharField(max_length=120)),
                ("task", TextKeyField(max_length=40)),
                ("columns", fields.TextField(unique=False)),
                ("narrowed_by", fields.TextField(null=True, unique=False)),
                ("row_count", fields.BigIntField(null=True)),
                ("sha256", fields.CharField(max_length=64)),
                ("file_id", IdField(null=True, generated=False, unique=False)),
            ],
            options={
                "table": "export_entry",
                "app": "core",
                "indexes": [
                    Index(fields=["at", "id"], name="export_entry_latest"),
                    Index(fields=["file_id"], name="export_entry_of_file"),
                ],
                "pk_attr": "id",
                "table_description": "That something was taken out in a file; append-only. `file_id` is the file's that can be fetched, null for one that a",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ExportFetch",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("entry_id", IdField(generated=False, null=False, unique=False)),
                ("at", InstantField()),
            ],
            options={
                "table": "export_fetch",
                "app": "core",
                "indexes": [Index(fields=["entry_id", "at"], name="export_fetch_of_entry")],
                "pk_attr": "number",
                "table_description": "That a file was fetched; append-only.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FileLink",
            fields=[
                ("digest", TextKeyField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("file_id", IdField(generated=False, null=False, unique=False)),
                ("key_id", TextKeyField(max_length=120)),
                ("expires_at", InstantField()),
                ("used_at", InstantField(null=True)),
            ],
            options={
                "table": "file_link",
                "app": "core",
                "indexes": [Index(fields=["expires_at"], name="file_link_age")],
                "pk_attr": "digest",
                "table_description": "A link to a file that works once: of its token the SHA-256. `key_id` is the API key that has asked for it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FilePiece",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("file_id", IdField(generated=False, null=False, unique=False)),
                ("position", fields.IntField()),
                ("content", fields.BinaryField()),
            ],
            options={
                "table": "file_piece",
                "app": "core",
                "unique_together": (("file_id", "position"),),
                "pk_attr": "number",
                "table_description": "A piece of a file, by its place in it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StoredFile",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("job_id", IdField(null=True, generated=False, unique=False)),
                ("name", fields.CharField(max_length=160)),
                ("content_type", fields.CharField(max_length=80)),
                ("byte_count", fields.BigIntField(default=0)),
                ("row_count", fields.BigIntField(null=True)),
                ("sha256", fields.CharField(null=True, max_length=64)),
                ("pieces", fields.IntField(default=0)),
                ("is_kept", fields.BooleanField()),
                ("available_until", InstantField()),
            ],
            options={
                "table": "stored_file",
                "app": "core",
                "indexes": [
                    Index(fields=["job_id", "id"], name="stored_file_of_job"),
                    Index(fields=["is_kept", "available_until"], name="stored_file_age"),
                ],
                "pk_attr": "id",
                "table_description": "A file: what a job has made (`job_id`), or what was sent. `sha256` is there when it is whole; `is_kept` says whether",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Upload",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("subject", fields.CharField(max_length=10)),
                ("byte_count", fields.BigIntField()),
                ("digest", TextKeyField(unique=True, max_length=64)),
                ("key_id", TextKeyField(max_length=120)),
                ("expires_at", InstantField()),
                ("file_id", IdField(null=True, generated=False, unique=False)),
            ],
            options={
                "table": "upload",
                "app": "core",
                "indexes": [Index(fields=["expires_at"], name="upload_age")],
                "pk_attr": "id",
                "table_description": "A place to send a file to, once: of its token the SHA-256, and the file when it has arrived.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="BulkJob",
            name="needs",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.RunPython(_triggers),
    ]
