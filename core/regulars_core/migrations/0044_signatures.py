"""Signatures of the texts that customers are found by."""

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_SIGNATURE = ("signature_low", "signature_high")
_DUE = " AND ".join(f"{column} = -1" for column in _SIGNATURE)
# Whatever is called anew, or no more, may be called anything until its signature is made again.
_FORGET = (
    f"UPDATE customer SET {', '.join(f'{column} = -1' for column in _SIGNATURE)}"
    f" WHERE id = NEW.customer_id AND NOT ({_DUE});"
)
_WHEN = "WHEN (NEW.names <> OLD.names OR NEW.contact <> OLD.contact)"
_SQLITE = (
    f"CREATE TRIGGER customer_text_to_sign AFTER UPDATE OF names, contact ON customer_text {_WHEN} BEGIN {_FORGET} END",
)
_POSTGRES = (
    f"CREATE FUNCTION forget_signature() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_FORGET} RETURN NULL; END $$",
    "CREATE TRIGGER customer_text_to_sign AFTER UPDATE OF names, contact ON customer_text FOR EACH ROW"
    f" {_WHEN} EXECUTE FUNCTION forget_signature()",
)


async def _due(_: Any, editor: BaseSchemaEditor) -> None:
    run = editor.client.execute_query
    await run(f"CREATE INDEX customer_unsigned ON customer (id) WHERE {_DUE}")
    for statement in _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES:
        await run(statement)


class Migration(migrations.Migration):
    """Writes no customer: the job does that, some at a time."""

    dependencies = [("core", "0043_rollups_due")]

    initial = False

    operations = [
        *(
            ops.AddField(model_name="Customer", name=column, field=fields.BigIntField(db_default=-1))
            for column in _SIGNATURE
        ),
        ops.RunPython(_due),
    ]
