from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, TextKeyField
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("core", "0006_audit_is_append_only")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Journal",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("position", fields.BigIntField(null=True, unique=True)),
                ("kind", fields.CharField(max_length=40)),
                ("ids", fields.TextField(unique=False)),
                ("took_part", fields.TextField(unique=False)),
                ("at", InstantField()),
            ],
            options={
                "table": "journal",
                "app": "core",
                "pk_attr": "id",
                "table_description": "An event: ids of the rows that it is about, and the plugins that took part in the process that announced it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="JournalCursor",
            fields=[
                ("plugin", TextKeyField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ("position", fields.BigIntField()),
            ],
            options={
                "table": "journal_cursor",
                "app": "core",
                "pk_attr": "plugin",
                "table_description": "How far in the journal a plugin is; there is one for each plugin that was ever on.",
            },
            bases=["Model"],
        ),
    ]
