"""The texts of the customers seen last, apart from all others, with an index of their own and what keeps them true."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import InstantField

_NEVER, _LATEST = -(2**63), 253_402_128_000_000  # milliseconds since 1970

# Who was seen at another time than before is put into the copy with it, if the copy is to be complete for that time.
_PUT = (
    "INSERT INTO recent_text (customer_id, seen_at, names, contact)"
    " SELECT t.customer_id, NEW.active_at, t.names, t.contact FROM customer_text t, recent_text_span p"
    " WHERE t.customer_id = NEW.customer_id AND {within}"
    " ON CONFLICT (customer_id) DO UPDATE SET seen_at = excluded.seen_at;"
)
_CHANGE = "UPDATE recent_text SET names = NEW.names, contact = NEW.contact WHERE customer_id = NEW.customer_id;"

_SQLITE = (
    "CREATE VIRTUAL TABLE recent_text_index USING fts5("
    "names, contact, content='recent_text', content_rowid='number', tokenize='trigram case_sensitive 1')",
    "CREATE TRIGGER recent_text_added AFTER INSERT ON recent_text BEGIN "
    "INSERT INTO recent_text_index (rowid, names, contact) VALUES (new.number, new.names, new.contact); END",
    "CREATE TRIGGER recent_text_removed AFTER DELETE ON recent_text BEGIN "
    "INSERT INTO recent_text_index (recent_text_index, rowid, names, contact) "
    "VALUES ('delete', old.number, old.names, old.contact); END",
    "CREATE TRIGGER recent_text_changed AFTER UPDATE OF names, contact ON recent_text BEGIN "
    "INSERT INTO recent_text_index (recent_text_index, rowid, names, contact) "
    "VALUES ('delete', old.number, old.names, old.contact); "
    "INSERT INTO recent_text_index (rowid, names, contact) VALUES (new.number, new.names, new.contact); END",
    *(
        f"CREATE TRIGGER customer_{done} AFTER {event} ON customer_stats WHEN EXISTS "
        "(SELECT 1 FROM recent_text_span WHERE NEW.active_at BETWEEN since AND until) "
        f"BEGIN {_PUT.format(within='TRUE')} END"
        for done, event in (("registered_lately", "INSERT"), ("seen_lately", "UPDATE OF active_at"))
    ),
    f"CREATE TRIGGER customer_text_changed_lately AFTER UPDATE OF names, contact ON customer_text BEGIN {_CHANGE} END",
)

# A visit of the present is after the end of the span, and left to the job that puts the end off: it does so for what is longer
# ago than a transaction takes. What is recorded of ten seconds ago is taken for the past.
_PAST = "NEW.active_at < CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) - 10000"
_POSTGRES = (
    "CREATE INDEX recent_text_names ON recent_text USING gin (names gin_trgm_ops)",
    "CREATE INDEX recent_text_contact ON recent_text USING gin (contact gin_trgm_ops)",
    "CREATE FUNCTION put_into_recent_text() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    # The text is locked, since whoever changes it now does not yet see the row that it is to be changed in.
    "PERFORM 1 FROM customer_text t, recent_text_span p"
    " WHERE t.customer_id = NEW.customer_id AND NEW.active_at >= p.since FOR SHARE OF t; "
    f"IF FOUND THEN {_PUT.format(within='NEW.active_at >= p.since')} END IF; RETURN NULL; END $$",
    "CREATE TRIGGER customer_registered_lately AFTER INSERT ON customer_stats FOR EACH ROW "
    f"WHEN ({_PAST}) EXECUTE FUNCTION put_into_recent_text()",
    "CREATE TRIGGER customer_seen_lately AFTER UPDATE OF active_at ON customer_stats FOR EACH ROW "
    f"WHEN (NEW.active_at <> OLD.active_at AND {_PAST}) EXECUTE FUNCTION put_into_recent_text()",
    f"CREATE FUNCTION change_recent_text() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_CHANGE} RETURN NULL; END $$",
    "CREATE TRIGGER customer_text_changed_lately AFTER UPDATE OF names, contact ON customer_text FOR EACH ROW "
    "EXECUTE FUNCTION change_recent_text()",
)


async def _triggers(_: Any, editor: BaseSchemaEditor) -> None:
    for statement in _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES:
        await editor.client.execute_query(statement)


async def _empty(_: Any, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_query(
        f"INSERT INTO recent_text_span (number, since, until) VALUES (1, {_LATEST}, {_NEVER + 1} - 1)"
    )


class Migration(migrations.Migration):
    """Needs the tables of 0001 and what 0002 makes of them."""

    dependencies = [("core", "0009_job_leases")]

    operations = [
        ops.CreateModel(
            name="RecentText",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "customer",
                    fields.OneToOneField(
                        "core.Customer",
                        source_field="customer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("seen_at", InstantField()),
                ("names", fields.TextField(unique=False)),
                ("contact", fields.TextField(unique=False)),
            ],
            options={
                "table": "recent_text",
                "app": "core",
                "indexes": [Index(fields=["seen_at", "customer_id"], name="recent_text_order")],
                "pk_attr": "number",
                "table_description": "A copy of the texts of the customers seen last, and when each was seen.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RecentTextSpan",
            fields=[
                ("number", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("since", InstantField()),
                ("until", InstantField()),
            ],
            options={
                "table": "recent_text_span",
                "app": "core",
                "pk_attr": "number",
                "table_description": "One row: whoever was last seen from `since` to `until` is in RecentText. Nobody need be while `until` is NEVER.",
            },
            bases=["Model"],
        ),
        ops.RunPython(_triggers),
        ops.RunPython(_empty),
    ]
