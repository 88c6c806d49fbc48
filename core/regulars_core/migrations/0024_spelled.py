"""The words of the names of customers who were there before."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_WORDS = "replace(c.sort_name, ',', '') || ' ' || coalesce(c.company_key, '')"
_UNKNOWN = "NOT EXISTS (SELECT 1 FROM name_spelling s WHERE s.key = {0} AND s.word = {0})"
_PLACES = f"json_each('[{','.join(map(str, range(33)))}]')"
_SQLITE = (
    "INSERT INTO name_spelling (key, word) SELECT CASE n.value WHEN 0 THEN w.word"
    " ELSE substr(w.word, 1, n.value - 1) || '*' || substr(w.word, n.value + 1) END, w.word FROM"
    " (SELECT DISTINCT p.value AS word FROM customer c,"
    f" json_each('[' || replace(json_quote({_WORDS}), ' ', '\",\"') || ']') p"
    f" WHERE length(p.value) BETWEEN 2 AND 32 AND p.value GLOB '*[^0-9]*' AND {_UNKNOWN.format('p.value')}) w"
    f" CROSS JOIN {_PLACES} n WHERE n.value <= length(w.word)"
)
_POSTGRES = (
    "INSERT INTO name_spelling (key, word) SELECT CASE n WHEN 0 THEN w.word ELSE overlay(w.word PLACING '*' FROM n FOR 1) END,"
    f" w.word FROM (SELECT DISTINCT p.word FROM customer c, unnest(string_to_array({_WORDS}, ' ')) AS p(word)"
    f" WHERE length(p.word) BETWEEN 2 AND 32 AND p.word ~ '[^0-9]' AND {_UNKNOWN.format('p.word')}) w"
    " CROSS JOIN LATERAL generate_series(0, length(w.word)) AS n"
)


async def _spelled(_: Any, editor: BaseSchemaEditor) -> None:
    sqlite = editor.client.capabilities.dialect == "sqlite"
    await editor.client.execute_query(_SQLITE if sqlite else _POSTGRES)


class Migration(migrations.Migration):
    """Locks no customer: words that come meanwhile are put there by the triggers of 0023."""

    dependencies = [("core", "0023_spellings")]

    initial = False

    operations = [ops.RunPython(_spelled)]
