"""In what two are alike is told anew: of tax ids and attributes no longer by the form in which they are compared, which is another one
under another key."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_DUE = (
    "INSERT INTO duplicate_due (customer_id) SELECT p.customer_id FROM duplicate_pair p"
    " WHERE p.reasons LIKE '%TAX_ID%' OR p.reasons LIKE '%ATTRIBUTE%'"
)


async def _due(_: Any, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_query(_DUE)


class Migration(migrations.Migration):
    """Compares nobody: the job does that, some at a time."""

    dependencies = [("core", "0047_without_signatures")]

    initial = False

    operations = [ops.RunPython(_due)]
