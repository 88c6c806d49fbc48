"""Who has the same value of a unique attribute is compared: noted whenever such values, or what is unique, change."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_MOST = 50
"""Customers who share a value; what more have tells nobody apart."""
_DUE = "INSERT INTO duplicate_due (customer_id)"
_IS_UNIQUE = "EXISTS (SELECT 1 FROM customer_attribute_definition d WHERE d.id = {0}.definition_id AND d.is_unique)"
_HAVING = "SELECT o.customer_id FROM customer_attribute o WHERE o.definition_id = {0}.definition_id AND o.value_key = {0}.value_key"
# One more than may share it: whoever is left, or was until one more came, is compared anew, too.
_COME = (
    f"{_DUE} {_HAVING} AND {_IS_UNIQUE} AND EXISTS ({_HAVING} AND o.customer_id <> {{0}}.customer_id) LIMIT {_MOST + 2};"
).format("NEW")
_OWNER = "coalesce((SELECT a.merged_into_id FROM customer a WHERE a.id = OLD.customer_id), OLD.customer_id)"
_GONE = (
    f"{_DUE} {_HAVING} AND {_IS_UNIQUE} LIMIT {_MOST + 1};".format("OLD")
    + f" {_DUE} SELECT OLD.customer_id WHERE EXISTS (SELECT 1 FROM duplicate_pair p WHERE p.reasons LIKE '%ATTRIBUTE%'"
    f" AND (p.customer_id = {_OWNER} OR p.other_id = {_OWNER}));"
)
_REPEATED = (
    "SELECT v.customer_id FROM customer_attribute v JOIN (SELECT r.definition_id, r.value_key FROM customer_attribute r"
    f" WHERE {{}} GROUP BY r.definition_id, r.value_key HAVING count(*) BETWEEN 2 AND {_MOST}) r"
    " ON r.definition_id = v.definition_id AND r.value_key = v.value_key"
)
_NOW_UNIQUE = f"{_DUE} {_REPEATED.format('r.definition_id = NEW.id')} WHERE NEW.is_unique;"
_UNIQUE_NO_MORE = (
    f"{_DUE} SELECT p.customer_id FROM duplicate_pair p WHERE p.reasons LIKE '%ATTRIBUTE%' AND NOT NEW.is_unique;"
)
_ON = {
    "attribute_compared": ("INSERT ON customer_attribute", "", _COME),
    "attribute_compared_anew": (
        "UPDATE OF value_key ON customer_attribute",
        "NEW.value_key <> OLD.value_key",
        f"{_GONE} {_COME}",
    ),
    "attribute_compared_no_more": ("DELETE ON customer_attribute", "", _GONE),
    "attribute_declared_anew": (
        "UPDATE OF is_unique ON customer_attribute_definition",
        "NEW.is_unique <> OLD.is_unique",
        f"{_NOW_UNIQUE} {_UNIQUE_NO_MORE}",
    ),
}
"""By the names of triggers when they run, on which condition, and what they do."""


# PostgreSQL looks at all that one statement writes together: an import writes thousands.
_ALL_COME = (
    f"{_DUE} SELECT DISTINCT o.customer_id FROM given n JOIN customer_attribute_definition d"
    f" ON d.id = n.definition_id AND d.is_unique CROSS JOIN LATERAL ({_HAVING} LIMIT {_MOST + 2}) o"
    f" WHERE EXISTS ({_HAVING} AND o.customer_id <> n.customer_id);"
).format("n")
_TOGETHER = {"attribute_compared": _ALL_COME}


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
    unique = "r.definition_id IN (SELECT d.id FROM customer_attribute_definition d WHERE d.is_unique)"
    await run(f"{_DUE} {_REPEATED.format(unique)}")


class Migration(migrations.Migration):
    """Needs the tables of 0030 and 0031. Nobody is compared here: the job does that, some at a time."""

    dependencies = [("core", "0040_born_and_called")]

    initial = False

    operations = [ops.RunPython(_noted)]
