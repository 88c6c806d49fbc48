from tortoise import migrations
from tortoise.migrations import operations as ops
from regulars_core.database.fields import IdField, InstantField, TextKeyField
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("core", "0008_bindings")]

    initial = False

    operations = [
        ops.CreateModel(
            name="JobLease",
            fields=[
                ("job", TextKeyField(primary_key=True, unique=True, db_index=True, max_length=80)),
                ("holder", IdField(null=True, generated=False, unique=False)),
                ("held_until", InstantField(null=True)),
                ("due_at", InstantField()),
                ("started_at", InstantField(null=True)),
                ("finished_at", InstantField(null=True)),
                ("failures", fields.IntField(default=0)),
                ("error_id", fields.CharField(null=True, max_length=16)),
            ],
            options={
                "table": "job_lease",
                "app": "core",
                "pk_attr": "job",
                "table_description": "A job: who runs it until when, when it ran last, and when it is due. `started_at` and `finished_at` are of the last",
            },
            bases=["Model"],
        ),
    ]
