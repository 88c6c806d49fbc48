from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, TextKeyField
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("core", "0032_consents")]

    initial = False

    operations = [
        ops.AddField(
            model_name="CustomerNote",
            name="assignee",
            field=TextKeyField(null=True, max_length=120),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="channel",
            field=TextKeyField(null=True, max_length=40),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="direction",
            field=fields.CharField(null=True, max_length=8),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="done_at",
            field=InstantField(null=True),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="due_at",
            field=InstantField(db_default=-9223372036854775808),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="is_open",
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="outcome",
            field=fields.CharField(null=True, max_length=240),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="priority",
            field=fields.IntField(db_default=0),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="purchase_id",
            field=IdField(null=True, generated=False, unique=False),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="topic",
            field=TextKeyField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="type",
            field=TextKeyField(db_default="NOTE", max_length=12),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="urgency",
            field=fields.BigIntField(db_default=0),
        ),
        ops.AddField(
            model_name="CustomerNote",
            name="version",
            field=fields.IntField(db_default=1),
        ),
        ops.AddIndex(
            model_name="CustomerNote",
            index=Index(fields=["is_open", "created_at", "id"], name="note_open_by_age"),
        ),
        ops.AddIndex(
            model_name="CustomerNote",
            index=Index(fields=["is_open", "due_at", "id"], name="note_open_by_due"),
        ),
        ops.AddIndex(
            model_name="CustomerNote",
            index=Index(fields=["is_open", "urgency", "id"], name="note_open_by_urgency"),
        ),
        ops.AddIndex(
            model_name="CustomerNote",
            index=Index(fields=["assignee", "is_open", "due_at", "id"], name="note_of_assignee"),
        ),
        ops.AddIndex(
            model_name="CustomerNote",
            index=Index(fields=["created_at", "id"], name="note_by_age"),
        ),
        ops.AddIndex(
            model_name="CustomerNote",
            index=Index(fields=["due_at", "id"], name="note_by_due"),
        ),
        ops.AddIndex(
            model_name="CustomerNote",
            index=Index(fields=["urgency", "id"], name="note_by_urgency"),
        ),
        ops.AddIndex(
            model_name="CustomerNote",
            index=Index(fields=["type", "created_at", "id"], name="note_of_type"),
        ),
        ops.AddIndex(
            model_name="CustomerNote",
            index=Index(fields=["topic", "created_at", "id"], name="note_of_topic"),
        ),
        ops.AddIndex(
            model_name="CustomerNote",
            index=Index(fields=["channel", "created_at", "id"], name="note_of_channel"),
        ),
    ]
