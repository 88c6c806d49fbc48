"""The trigram index that customers are found by, and the rows that every shop has from the start."""

import time
from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_GROUP_ID, _STORE_ID = "00000000000070008000000000000001", "00000000000070008000000000000002"
_SQLITE = (
    "CREATE VIRTUAL TABLE customer_text_index USING fts5("
    "names, contact, content='customer_text', content_rowid='number', tokenize='trigram case_sensitive 1')",
    "CREATE TRIGGER customer_text_added AFTER INSERT ON customer_text BEGIN "
    "INSERT INTO customer_text_index (rowid, names, contact) VALUES (new.number, new.names, new.contact); END",
    "CREATE TRIGGER customer_text_removed AFTER DELETE ON customer_text BEGIN "
    "INSERT INTO customer_text_index (customer_text_index, rowid, names, contact) "
    "VALUES ('delete', old.number, old.names, old.contact); END",
    "CREATE TRIGGER customer_text_changed AFTER UPDATE ON customer_text BEGIN "
    "INSERT INTO customer_text_index (customer_text_index, rowid, names, contact) "
    "VALUES ('delete', old.number, old.names, old.contact); "
    "INSERT INTO customer_text_index (rowid, names, contact) VALUES (new.number, new.names, new.contact); END",
)
_POSTGRES = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX customer_text_names ON customer_text USING gin (names gin_trgm_ops)",
    "CREATE INDEX customer_text_contact ON customer_text USING gin (contact gin_trgm_ops)",
)


async def _search_index(_: Any, editor: BaseSchemaEditor) -> None:
    for statement in _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES:
        await editor.client.execute_query(statement)


async def _first_rows(_: Any, editor: BaseSchemaEditor) -> None:
    now = time.time_ns() // 1_000_000
    await editor.client.execute_query(
        "INSERT INTO customer_group (id, name, name_key, description, is_default, created_at, updated_at)"
        f" VALUES ('{_GROUP_ID}', 'Customers', 'customers', NULL, TRUE, {now}, {now})"
    )
    await editor.client.execute_query(
        "INSERT INTO store (id, code, name, is_active, created_at, updated_at)"
        f" VALUES ('{_STORE_ID}', 'MAIN', 'Main store', TRUE, {now}, {now})"
    )


class Migration(migrations.Migration):
    """Needs the tables of 0001."""

    dependencies = [("core", "0001_initial")]

    operations = [ops.RunPython(_search_index), ops.RunPython(_first_rows)]
