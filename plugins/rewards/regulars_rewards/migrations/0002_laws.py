"""What the database itself holds: no figure goes where it cannot be, none is counted up beyond its limit, and what few rows have
is found by an index of those rows alone."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_LAWS = {
    "rewards_promotion": "{}version >= 1 AND {}rank BETWEEN -1000 AND 1000",
    "rewards_limit": "{}used >= 0 AND {}amount >= 0 AND ({}total_limit IS NULL OR {}total_limit >= 1) "
    "AND ({}budget IS NULL OR {}budget >= 1) AND ({}total_limit IS NOT NULL OR {}budget IS NOT NULL)",
    "rewards_batch": "{}coupon_count >= 1",
    "rewards_coupon": "{}reserved >= 0 AND {}redeemed >= 0 AND ({}usage_limit IS NULL OR {}usage_limit >= 1)",
    "rewards_use": "{}amount >= 0 AND ({}first_id IS NULL OR {}first_id <> {}id) "
    "AND ({}reserved_until IS NOT NULL OR {}redeemed_at IS NOT NULL OR {}released_at IS NOT NULL)",
    "rewards_line": "{}amount > 0",
    "rewards_check": "{}recorded >= 0 AND {}computed >= 0",
}
_NO_FURTHER = {
    "rewards_limit": "(NEW.used > OLD.used AND NEW.total_limit IS NOT NULL AND NEW.used > NEW.total_limit) "
    "OR (NEW.amount > OLD.amount AND NEW.budget IS NOT NULL AND NEW.amount > NEW.budget)",
    "rewards_coupon": "NEW.reserved + NEW.redeemed > OLD.reserved + OLD.redeemed "
    "AND NEW.usage_limit IS NOT NULL AND NEW.reserved + NEW.redeemed > NEW.usage_limit",
}
"""A limit may be set below what is used already. Then nothing more is used, and what is given back is counted down."""
_INDEXES = (
    "CREATE INDEX rewards_coupon_customer ON rewards_coupon (customer_id, id) WHERE customer_id IS NOT NULL",
    "CREATE INDEX rewards_coupon_batch ON rewards_coupon (batch_id, key) WHERE batch_id IS NOT NULL",
    "CREATE INDEX rewards_reason_customer ON rewards_reason (customer_id) WHERE customer_id IS NOT NULL",
    "CREATE INDEX rewards_use_coupon ON rewards_use (coupon_id, id) WHERE coupon_id IS NOT NULL",
    "CREATE INDEX rewards_use_customer ON rewards_use (customer_id, promotion_id) WHERE customer_id IS NOT NULL",
    "CREATE INDEX rewards_use_purchase ON rewards_use (purchase_id) WHERE purchase_id IS NOT NULL",
    "CREATE INDEX rewards_use_basket ON rewards_use (basket, redeemed_at) WHERE basket IS NOT NULL AND released_at IS NULL",
    "CREATE INDEX rewards_use_first ON rewards_use (first_id) WHERE first_id IS NOT NULL",
    "CREATE INDEX rewards_use_reserved ON rewards_use (reserved_until, promotion_id) WHERE reserved_until IS NOT NULL",
    "CREATE INDEX rewards_check_different ON rewards_check (purchase_id) WHERE is_different",
)
_FIRST = ("INSERT INTO rewards_revision (id, revision) VALUES (1, 0)",)


def _law(table: str, prefix: str) -> str:
    return _LAWS[table].replace("{}", prefix)


_SQLITE = (
    *(
        f"CREATE TRIGGER {table}_law_{event.lower()} BEFORE {event} ON {table} WHEN NOT ({_law(table, 'NEW.')}) BEGIN"
        f" SELECT RAISE(ABORT, '{table} breaks its law'); END"
        for table in _LAWS
        for event in ("INSERT", "UPDATE")
    ),
    *(
        f"CREATE TRIGGER {table}_no_further BEFORE UPDATE ON {table} WHEN {passes} BEGIN"
        f" SELECT RAISE(ABORT, '{table} would pass its limit'); END"
        for table, passes in _NO_FURTHER.items()
    ),
)
_POSTGRES = (
    *(f"ALTER TABLE {table} ADD CONSTRAINT {table}_law CHECK ({_law(table, '')})" for table in _LAWS),
    "CREATE FUNCTION refuse_to_pass_limit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " RAISE EXCEPTION '% would pass its limit', TG_TABLE_NAME USING ERRCODE = 'check_violation'; END $$",
    *(
        f"CREATE TRIGGER {table}_no_further BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({passes})"
        " EXECUTE FUNCTION refuse_to_pass_limit()"
        for table, passes in _NO_FURTHER.items()
    ),
)


async def _laws(_: Any, editor: BaseSchemaEditor) -> None:
    own = _SQLITE if editor.client.capabilities.dialect == "sqlite" else _POSTGRES
    for statement in (*_INDEXES, *own, *_FIRST):
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    """Needs the tables of 0001."""

    dependencies = [("rewards", "0001_initial")]

    operations = [ops.RunPython(_laws)]
