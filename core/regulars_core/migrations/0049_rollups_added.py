"""What is kept of each day is of parts by who bought in them, too, and is added to by what is new: it is found anew."""

from typing import Any

from regulars_core.database.fields import IdField
from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_DUE = "INSERT INTO rollup_due (at, customer_id, later, new_id)"
_ON = {
    "rollup_bought": ("purchase", "purchased_at", "customer_id", "TRUE"),
    "rollup_registered": ("customer", "created_at", "NULL", "FALSE"),
}
"""By the names of triggers what is inserted when they run, its instant, whose it is, and whether later days hang on it."""


async def _forgotten(_: Any, editor: BaseSchemaEditor) -> None:
    run = editor.client.execute_query
    for table in ("rollup", "rollup_state", "rollup_due"):
        await run(f"DELETE FROM {table}")
    if editor.client.capabilities.dialect == "sqlite":
        for name in _ON:
            await run(f"DROP TRIGGER {name}")


async def _noted(_: Any, editor: BaseSchemaEditor) -> None:
    run = editor.client.execute_query
    for name, (table, at, customer, later) in _ON.items():
        if editor.client.capabilities.dialect == "sqlite":
            owner = customer if customer == "NULL" else f"NEW.{customer}"
            does = f"{_DUE} VALUES (NEW.{at}, {owner}, {later}, NEW.id);"
            await run(f"CREATE TRIGGER {name} AFTER INSERT ON {table} BEGIN {does} END")
            continue
        does = f"{_DUE} SELECT {at}, {customer}, {later}, id FROM given;"
        body = f"BEGIN {does} RETURN NULL; END"
        await run(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")


class Migration(migrations.Migration):
    """Forgets what is kept, which the job finds again; until then the purchases are asked."""

    dependencies = [("core", "0048_pairs_anew")]

    initial = False

    operations = [
        ops.RunPython(_forgotten),
        ops.RemoveField(model_name="Rollup", name="theirs_ms"),
        ops.RemoveField(model_name="Rollup", name="firsts_ms"),
        ops.AddField(model_name="RollupDue", name="new_id", field=IdField(null=True, generated=False, unique=False)),
        ops.AddField(model_name="RollupState", name="anew_to", field=fields.BigIntField(default=0)),
        ops.RunPython(_noted),
    ]
