"""The words of names by which mistyped ones lead to customers, what keeps them true, and codes without what stands between their
parts."""

from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.database.fields import TextKeyField

_CODE_KEY = "replace(replace(replace(replace(replace(code, '-', ''), ' ', ''), '.', ''), '/', ''), '_', '')"
_WORDS = "replace(NEW.sort_name, ',', '') || ' ' || coalesce(NEW.company_key, '')"
_OLD_WORDS = _WORDS.replace("NEW.", "OLD.")
_KNOWN = "EXISTS (SELECT 1 FROM name_spelling s WHERE s.key = {0} AND s.word = {0})"

# On SQLite a text is taken apart as JSON is. A word is put there under all its keys, if it is not there.
_PLACES = f"json_each('[{','.join(map(str, range(33)))}]')"
_COVERED = "substr(w.word, 1, n.value - 1) || '*' || substr(w.word, n.value + 1)"


def _parted(text: str) -> str:
    return f"json_each('[' || replace(json_quote({text}), ' ', '\",\"') || ']')"


_SPELL = (
    f"INSERT INTO name_spelling (key, word) SELECT CASE n.value WHEN 0 THEN w.word ELSE {_COVERED} END, w.word FROM"
    f" (SELECT DISTINCT p.value AS word FROM {_parted(_WORDS)} p WHERE length(p.value) BETWEEN 2 AND 32"
    f" AND p.value GLOB '*[^0-9]*' AND NOT {_KNOWN.format('p.value')}) w CROSS JOIN {_PLACES} n"
    " WHERE n.value <= length(w.word);"
)
_FORGET = (
    "DELETE FROM name_spelling WHERE word IN (SELECT p.value FROM {} p"
    f" WHERE length(p.value) BETWEEN 2 AND 32 AND {_KNOWN.format('p.value')} AND NOT EXISTS"
    " (SELECT 1 FROM customer_text_index i CROSS JOIN customer_text t"
    """ WHERE customer_text_index MATCH ('{{names}} : "  ' || p.value || '"') AND t.number = i.rowid"""
    " AND instr(t.names || ' ', '  ' || p.value || ' ') > 0));"
)
_IS_CALLED = "NEW.sort_name IS NOT OLD.sort_name OR NEW.company_key IS NOT OLD.company_key"
_SQLITE = (
    f"CREATE TRIGGER customer_called AFTER INSERT ON customer BEGIN {_SPELL} END",
    "CREATE TRIGGER customer_renamed AFTER UPDATE OF sort_name, company_key ON customer"
    f" WHEN {_IS_CALLED} BEGIN {_FORGET.format(_parted(_OLD_WORDS))} {_SPELL} END",
    "CREATE TRIGGER customer_called_otherwise AFTER UPDATE OF names ON customer_text"
    f" WHEN NEW.names <> OLD.names BEGIN {_FORGET.format(_parted('OLD.names'))} END",
    f"CREATE TRIGGER customer_gone AFTER DELETE ON customer_text BEGIN {_FORGET.format(_parted('OLD.names'))} END",
)

# On PostgreSQL two who bring the same new word may both put it there: nobody waits for anybody, and twice is as good as once.
_FUNCTION = "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NULL; END $$"
_SPELL_ON_POSTGRES = (
    "INSERT INTO name_spelling (key, word) SELECT CASE n WHEN 0 THEN w.word ELSE overlay(w.word PLACING '*' FROM n FOR 1) END,"
    f" w.word FROM (SELECT DISTINCT p.word FROM unnest(string_to_array({_WORDS}, ' ')) AS p(word)"
    f" WHERE length(p.word) BETWEEN 2 AND 32 AND p.word ~ '[^0-9]' AND NOT {_KNOWN.format('p.word')}) w"
    " CROSS JOIN LATERAL generate_series(0, length(w.word)) AS n;"
)
_FORGET_ON_POSTGRES = (
    "DELETE FROM name_spelling WHERE word IN (SELECT p.word FROM unnest(string_to_array({}, ' ')) AS p(word)"
    f" WHERE length(p.word) BETWEEN 2 AND 32 AND {_KNOWN.format('p.word')} AND NOT EXISTS (SELECT 1 FROM customer_text t"
    " WHERE t.names LIKE '%  ' || p.word || '%' AND strpos(t.names || ' ', '  ' || p.word || ' ') > 0));"
)
_IS_RENAMED = _IS_CALLED.replace(" IS NOT ", " IS DISTINCT FROM ")
_POSTGRES = (
    _FUNCTION.format("spell_names", _SPELL_ON_POSTGRES),
    _FUNCTION.format("spell_other_names", _FORGET_ON_POSTGRES.format(_OLD_WORDS) + " " + _SPELL_ON_POSTGRES),
    _FUNCTION.format("forget_names", _FORGET_ON_POSTGRES.format("OLD.names")),
    "CREATE TRIGGER customer_called AFTER INSERT ON customer FOR EACH ROW EXECUTE FUNCTION spell_names()",
    "CREATE TRIGGER customer_renamed AFTER UPDATE OF sort_name, company_key ON customer FOR EACH ROW"
    f" WHEN ({_IS_RENAMED}) EXECUTE FUNCTION spell_other_names()",
    "CREATE TRIGGER customer_called_otherwise AFTER UPDATE OF names ON customer_text FOR EACH ROW"
    " WHEN (NEW.names <> OLD.names) EXECUTE FUNCTION forget_names()",
    "CREATE TRIGGER customer_gone AFTER DELETE ON customer_text FOR EACH ROW EXECUTE FUNCTION forget_names()",
)


async def _kept_true(_: Any, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_query(f"CREATE INDEX customer_code_bare ON customer ({_CODE_KEY})")
    for statement in _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES:
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    """Of customers who are there already 0024 makes words: so nobody waits until that is done."""

    dependencies = [("core", "0022_refolded")]

    initial = False

    operations = [
        ops.CreateModel(
            name="NameSpelling",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("key", TextKeyField(max_length=32)),
                ("word", TextKeyField(max_length=32)),
            ],
            options={
                "table": "name_spelling",
                "app": "core",
                "indexes": [
                    Index(fields=["key", "word"], name="spelling_key"),
                    Index(fields=["word"], name="spelling_word"),
                ],
                "pk_attr": "number",
                "table_description": "A word of the names of customers, under a key by which a mistyped word leads to it: the word itself, or the word with one",
            },
            bases=["Model"],
        ),
        ops.RunPython(_kept_true),
    ]
