"""What the database itself holds: nobody changes or removes a transfer, and no figure goes where it cannot be."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_APPEND_ONLY = ("loyalty_transfer", "loyalty_lot_use")
_LAWS = {
    "loyalty_account": "{}amount >= 0 AND {}debt >= 0 AND {}held >= 0 AND {}version >= 0",
    "loyalty_transfer": "{}amount > 0 AND {}source <> {}target AND {}version > 0 AND {}debt_after >= 0",
    "loyalty_lot": "{}remaining >= 0 AND {}remaining <= {}amount AND {}amount > 0",
    "loyalty_lot_use": "{}amount <> 0",
    "loyalty_hold": "{}amount > 0 AND {}captured >= 0 AND {}captured <= {}amount",
    "loyalty_group_limit": "{}amount >= 0",
}


def _law(table: str, prefix: str) -> str:
    return _LAWS[table].replace("{}", prefix)


_SQLITE = (
    *(
        f"CREATE TRIGGER {table}_stays_as_it_is BEFORE UPDATE ON {table} BEGIN"
        f" SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in _APPEND_ONLY
    ),
    *(
        f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in _APPEND_ONLY
    ),
    *(
        f"CREATE TRIGGER {table}_law_{event.lower()} BEFORE {event} ON {table} WHEN NOT ({_law(table, 'NEW.')}) BEGIN"
        f" SELECT RAISE(ABORT, '{table} breaks its law'); END"
        for table in _LAWS
        for event in (("INSERT",) if table in _APPEND_ONLY else ("INSERT", "UPDATE"))
    ),
)
_POSTGRES = (
    # `refuse_change` is core's: see its migration of the audit.
    *(
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in _APPEND_ONLY
    ),
    *(f"ALTER TABLE {table} ADD CONSTRAINT {table}_law CHECK ({_law(table, '')})" for table in _LAWS),
)


async def _laws(_: Any, editor: BaseSchemaEditor) -> None:
    for statement in _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES:
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    """Needs the tables of 0001, and core's function."""

    dependencies = [("loyalty", "0001_initial"), ("core", "0006_audit_is_append_only")]

    operations = [ops.RunPython(_laws)]
