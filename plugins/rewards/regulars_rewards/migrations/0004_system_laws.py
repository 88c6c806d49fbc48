"""What the database itself holds of reward systems: nobody changes or removes an entry, no figure goes where it cannot be, and what
few rows have is found by an index of those rows alone."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_APPEND_ONLY = "rewards_entry"
_LAWS = {
    "rewards_system": "{}version >= 1",
    "rewards_system_version": "{}number >= 1",
    "rewards_progress": "{}issued >= 0",
    "rewards_earning": "{}per >= 1 AND {}earned >= 0 AND {}reversed BETWEEN 0 AND {}earned",
    "rewards_given": "{}cost >= 1 AND ({}taken_back_at IS NULL) = ({}why IS NULL)",
    "rewards_entry": "{}delta <> 0",
}
_INDEXES = (
    "CREATE INDEX rewards_earning_purchase ON rewards_earning (purchase_id) WHERE purchase_id IS NOT NULL",
    "CREATE UNIQUE INDEX rewards_given_coupon ON rewards_given (coupon_id) WHERE coupon_id IS NOT NULL",
    "CREATE INDEX rewards_entry_given ON rewards_entry (given_id) WHERE given_id IS NOT NULL",
    "CREATE INDEX rewards_entry_merge ON rewards_entry (merge_id) WHERE merge_id IS NOT NULL",
)
_SECOND = ("INSERT INTO rewards_revision (id, revision) VALUES (2, 0)",)


def _law(table: str, prefix: str) -> str:
    return _LAWS[table].replace("{}", prefix)


_SQLITE = (
    *(
        f"CREATE TRIGGER {table}_law_{event.lower()} BEFORE {event} ON {table} WHEN NOT ({_law(table, 'NEW.')}) BEGIN"
        f" SELECT RAISE(ABORT, '{table} breaks its law'); END"
        for table in _LAWS
        for event in (("INSERT",) if table == _APPEND_ONLY else ("INSERT", "UPDATE"))
    ),
    f"CREATE TRIGGER {_APPEND_ONLY}_stays_as_it_is BEFORE UPDATE ON {_APPEND_ONLY} BEGIN"
    f" SELECT RAISE(ABORT, '{_APPEND_ONLY} is append-only'); END",
    f"CREATE TRIGGER {_APPEND_ONLY}_stays BEFORE DELETE ON {_APPEND_ONLY} BEGIN"
    f" SELECT RAISE(ABORT, '{_APPEND_ONLY} is append-only'); END",
)
_POSTGRES = (
    *(f"ALTER TABLE {table} ADD CONSTRAINT {table}_law CHECK ({_law(table, '')})" for table in _LAWS),
    # `refuse_change` is core's: see its migration of the audit.
    f"CREATE TRIGGER {_APPEND_ONLY}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {_APPEND_ONLY} "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
)


async def _laws(_: Any, editor: BaseSchemaEditor) -> None:
    own = _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES
    for statement in (*_INDEXES, *own, *_SECOND):
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    """Needs the tables of 0003, and core's function."""

    dependencies = [("rewards", "0003_systems"), ("core", "0006_audit_is_append_only")]

    operations = [ops.RunPython(_laws)]
