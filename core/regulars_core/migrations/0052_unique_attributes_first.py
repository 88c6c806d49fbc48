"""Whether an attribute is unique is asked before those who have the same value are looked for.

SQLite walks through these first when the question stands beside them as a condition of its own: whoever wrote a size of a shirt
waited for everybody who has it. PostgreSQL asks first as it is.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_MOST = 50
"""Customers who share a value; what more have tells nobody apart."""
_DUE = "INSERT INTO duplicate_due (customer_id)"
_SAME = "o.definition_id = {0}.definition_id AND o.value_key = {0}.value_key"
# SQLite keeps the order of what is joined by CROSS JOIN.
_HAVING = (
    "SELECT o.customer_id FROM customer_attribute_definition d CROSS JOIN customer_attribute o"
    f" WHERE d.id = {{0}}.definition_id AND d.is_unique AND {_SAME}"
)
# One more than may share it: whoever is left, or was until one more came, is compared anew, too.
_COME = (
    f"{_DUE} {_HAVING} AND EXISTS (SELECT 1 FROM customer_attribute o WHERE {_SAME} AND o.customer_id <> {{0}}.customer_id)"
    f" LIMIT {_MOST + 2};"
).format("NEW")
_OWNER = "coalesce((SELECT a.merged_into_id FROM customer a WHERE a.id = OLD.customer_id), OLD.customer_id)"
_GONE = (
    f"{_DUE} {_HAVING} LIMIT {_MOST + 1};".format("OLD")
    + f" {_DUE} SELECT OLD.customer_id WHERE EXISTS (SELECT 1 FROM duplicate_pair p WHERE p.reasons LIKE '%ATTRIBUTE%'"
    f" AND (p.customer_id = {_OWNER} OR p.other_id = {_OWNER}));"
)
_ON = {
    "attribute_compared": ("INSERT ON customer_attribute", "", _COME),
    "attribute_compared_anew": (
        "UPDATE OF value_key ON customer_attribute",
        " WHEN (NEW.value_key <> OLD.value_key)",
        f"{_GONE} {_COME}",
    ),
    "attribute_compared_no_more": ("DELETE ON customer_attribute", "", _GONE),
}
"""By the names of triggers when they run, on which condition, and what they do."""


async def _asked_first(_: Any, editor: BaseSchemaEditor) -> None:
    if editor.client.capabilities.dialect != "sqlite":
        return
    run = editor.client.execute_query
    for name, (when, condition, does) in _ON.items():
        await run(f"DROP TRIGGER {name}")
        await run(f"CREATE TRIGGER {name} AFTER {when}{condition} BEGIN {does} END")


class Migration(migrations.Migration):
    """Nobody is compared by it: what the triggers note is the same."""

    dependencies = [("core", "0051_moves_told")]

    initial = False

    operations = [ops.RunPython(_asked_first)]
