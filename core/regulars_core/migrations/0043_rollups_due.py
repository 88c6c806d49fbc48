"""Whatever moves what purchases of a day come to is noted by the database, in the transaction that does it."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_DUE = "INSERT INTO rollup_due (at, customer_id, later)"
_COUNTS_OTHERWISE = "NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.status <> OLD.status"
_MOVED = "NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.purchased_at <> OLD.purchased_at"
_GONE_OR_BACK = "NEW.status <> OLD.status OR NEW.created_at <> OLD.created_at"
_ON = {
    "rollup_bought": ("INSERT ON purchase", "", f"{_DUE} VALUES (NEW.purchased_at, NEW.customer_id, TRUE);"),
    "rollup_moved": (
        "UPDATE OF customer_id, store_id, purchased_at, status, channel, total, refunded, discount, due ON purchase",
        "",
        f"{_DUE} VALUES (OLD.purchased_at, OLD.customer_id, {_COUNTS_OTHERWISE} OR {_MOVED});"
        f" {_DUE} SELECT NEW.purchased_at, NEW.customer_id, TRUE WHERE {_MOVED};",
    ),
    "rollup_deleted": ("DELETE ON purchase", "", f"{_DUE} VALUES (OLD.purchased_at, OLD.customer_id, TRUE);"),
    "rollup_registered": ("INSERT ON customer", "", f"{_DUE} VALUES (NEW.created_at, NULL, FALSE);"),
    "rollup_gone": (
        "UPDATE OF status, created_at ON customer",
        _GONE_OR_BACK,
        f"{_DUE} VALUES (OLD.created_at, NULL, FALSE); {_DUE} VALUES (NEW.created_at, NULL, FALSE);",
    ),
    "rollup_forgotten": ("DELETE ON customer", "", f"{_DUE} VALUES (OLD.created_at, NULL, FALSE);"),
}
"""By the names of triggers when they run, on which condition, and what they do."""
# PostgreSQL looks at all that one statement writes together: an import writes thousands.
_TOGETHER = {
    "rollup_bought": f"{_DUE} SELECT purchased_at, customer_id, TRUE FROM given;",
    "rollup_registered": f"{_DUE} SELECT created_at, NULL, FALSE FROM given;",
}


async def _noted(_: Any, editor: BaseSchemaEditor) -> None:
    run = editor.client.execute_query
    is_sqlite = editor.client.capabilities.dialect == "sqlite"
    for name, (when, condition, does) in _ON.items():
        only = f" WHEN ({condition})" if condition else ""
        if is_sqlite:
            await run(f"CREATE TRIGGER {name} AFTER {when}{only} BEGIN {does} END")
            continue
        body = f"BEGIN {_TOGETHER.get(name, does)} RETURN NULL; END"
        each = "REFERENCING NEW TABLE AS given FOR EACH STATEMENT" if name in _TOGETHER else "FOR EACH ROW"
        await run(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        await run(f"CREATE TRIGGER {name} AFTER {when} {each}{only} EXECUTE FUNCTION {name}()")


class Migration(migrations.Migration):
    """Needs the tables of 0042. Nothing is counted here: the job does that, some days at a time."""

    dependencies = [("core", "0042_rollups")]

    initial = False

    operations = [ops.RunPython(_noted)]
