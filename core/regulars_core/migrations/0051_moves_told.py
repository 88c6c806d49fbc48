"""What moves a purchase notes what it was before, so that what is kept of its day is moved by that; and how many pieces it holds
stands beside it, in the index of a customer's purchases too."""

from typing import Any

from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, QuantityField
from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

_PIECES = (
    "UPDATE purchase SET pieces = l.pieces FROM (SELECT purchase_id, CAST(sum(quantity - refunded_quantity) AS BIGINT) AS pieces"
    " FROM purchase_line WHERE quantity > 0 GROUP BY purchase_id) l WHERE l.purchase_id = purchase.id AND l.pieces <> 0"
)
_PIECES_OF = (
    "SELECT CAST(coalesce(sum(quantity - refunded_quantity), 0) AS BIGINT) FROM purchase_line"
    " WHERE purchase_id = $1 AND quantity > 0"
)
# PostgreSQL writes the table anew, and its indexes at once: an UPDATE would take three times as long, and leave a table twice as large.
_WRITTEN_ANEW = (
    f"CREATE FUNCTION purchase_pieces(uuid) RETURNS bigint LANGUAGE sql STABLE AS $$ {_PIECES_OF} $$",
    "ALTER TABLE purchase ALTER COLUMN pieces TYPE BIGINT USING purchase_pieces(id)",
    "DROP FUNCTION purchase_pieces(uuid)",
)
_MOVED = "NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.purchased_at <> OLD.purchased_at"
_LATER = (
    f"{_MOVED} OR NEW.status <> OLD.status OR NEW.due <> OLD.due OR NEW.total <> OLD.total OR NEW.store_id <> OLD.store_id"
    " OR NEW.channel IS DISTINCT FROM OLD.channel"
)
_GONE_OR_BACK = "NEW.status <> OLD.status OR NEW.created_at <> OLD.created_at"
_WAS = "store_id, channel, total, refunded, discount, pieces"
_OLD = ", ".join(f"OLD.{column}" for column in _WAS.split(", "))
_PAYMENTS = "(SELECT count(*) FROM payment y WHERE y.purchase_id = OLD.id)"
"""Payments are only ever added: the later ones have higher positions."""
_DUE = "INSERT INTO rollup_due"
_OF_PURCHASE = f"(purchase_id, at, customer_id, status, {_WAS}, payments, later, told, to_at, to_customer_id)"
_OF_PERSON = "(person_id, at, status, later, told, to_at)"
_ON = {
    "rollup_bought": (
        "INSERT ON purchase",
        "",
        f"{_DUE} (purchase_id, at, customer_id, later, told)"
        " VALUES (NEW.id, NEW.purchased_at, NEW.customer_id, TRUE, TRUE);",
    ),
    "rollup_moved": (
        f"UPDATE OF customer_id, purchased_at, status, due, {_WAS} ON purchase",
        "",
        f"{_DUE} {_OF_PURCHASE} VALUES (OLD.id, OLD.purchased_at, OLD.customer_id, OLD.status, {_OLD}, {_PAYMENTS}, {_LATER}, TRUE,"
        f" CASE WHEN {_MOVED} THEN NEW.purchased_at END, CASE WHEN {_MOVED} THEN NEW.customer_id END);",
    ),
    "rollup_deleted": (
        "DELETE ON purchase",
        "",
        f"{_DUE} {_OF_PURCHASE} VALUES"
        f" (OLD.id, OLD.purchased_at, OLD.customer_id, OLD.status, {_OLD}, NULL, TRUE, FALSE, NULL, NULL);",
    ),
    "rollup_registered": (
        "INSERT ON customer",
        "",
        f"{_DUE} (person_id, at, later, told) VALUES (NEW.id, NEW.created_at, FALSE, TRUE);",
    ),
    "rollup_gone": (
        "UPDATE OF status, created_at ON customer",
        _GONE_OR_BACK,
        f"{_DUE} {_OF_PERSON} VALUES (OLD.id, OLD.created_at, OLD.status, FALSE, TRUE, NEW.created_at);",
    ),
    "rollup_forgotten": (
        "DELETE ON customer",
        "",
        f"{_DUE} {_OF_PERSON} VALUES (OLD.id, OLD.created_at, OLD.status, FALSE, TRUE, NULL);",
    ),
}
"""By the names of triggers when they run, on which condition, and what they do."""
# PostgreSQL looks at all that one statement writes together: an import writes thousands.
_TOGETHER = {
    "rollup_bought": (
        f"{_DUE} (purchase_id, at, customer_id, later, told)"
        " SELECT id, purchased_at, customer_id, TRUE, TRUE FROM given;"
    ),
    "rollup_registered": f"{_DUE} (person_id, at, later, told) SELECT id, created_at, FALSE, TRUE FROM given;",
}


async def _unnoted(_: Any, editor: BaseSchemaEditor) -> None:
    """What is noted so far doesn't tell what was before: its days are counted anew."""
    run = editor.client.execute_query
    for name, (when, _condition, _does) in _ON.items():
        on = "" if editor.client.capabilities.dialect == "sqlite" else f" ON {when.rpartition(' ')[2]}"
        await run(f"DROP TRIGGER {name}{on}")


async def _noted(_: Any, editor: BaseSchemaEditor) -> None:
    run = editor.client.execute_query
    is_sqlite = editor.client.capabilities.dialect == "sqlite"
    for sql in (_PIECES,) if is_sqlite else _WRITTEN_ANEW:
        await run(sql)
    for name, (when, condition, does) in _ON.items():
        only = f" WHEN ({condition})" if condition else ""
        if is_sqlite:
            await run(f"CREATE TRIGGER {name} AFTER {when}{only} BEGIN {does} END")
            continue
        body = f"BEGIN {_TOGETHER.get(name, does)} RETURN NULL; END"
        each = "REFERENCING NEW TABLE AS given FOR EACH STATEMENT" if name in _TOGETHER else "FOR EACH ROW"
        await run(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        await run(f"CREATE TRIGGER {name} AFTER {when} {each}{only} EXECUTE FUNCTION {name}()")


async def _known(_: Any, editor: BaseSchemaEditor) -> None:
    """Of indexes that are new SQLite knows nothing, and takes others for them."""
    if editor.client.capabilities.dialect == "sqlite":
        await editor.client.execute_query("ANALYZE purchase")


class Migration(migrations.Migration):
    """Needs the tables of 0042. What was kept of days stays."""

    dependencies = [("core", "0050_purchases_of_customers")]

    initial = False

    operations = [
        ops.RunPython(_unnoted),
        ops.AddField(model_name="Purchase", name="pieces", field=QuantityField(db_default=0)),
        ops.RemoveField(model_name="RollupDue", name="new_id"),
        ops.AddField(model_name="RollupDue", name="told", field=fields.BooleanField(db_default=False)),
        ops.AddField(
            model_name="RollupDue", name="purchase_id", field=IdField(null=True, generated=False, unique=False)
        ),
        ops.AddField(model_name="RollupDue", name="person_id", field=IdField(null=True, generated=False, unique=False)),
        ops.AddField(model_name="RollupDue", name="status", field=fields.CharField(max_length=24, null=True)),
        ops.AddField(model_name="RollupDue", name="store_id", field=IdField(null=True, generated=False, unique=False)),
        ops.AddField(model_name="RollupDue", name="channel", field=fields.CharField(max_length=40, null=True)),
        ops.AddField(model_name="RollupDue", name="total", field=MinorUnitsField(null=True)),
        ops.AddField(model_name="RollupDue", name="refunded", field=MinorUnitsField(null=True)),
        ops.AddField(model_name="RollupDue", name="discount", field=MinorUnitsField(null=True)),
        ops.AddField(model_name="RollupDue", name="pieces", field=QuantityField(null=True)),
        ops.AddField(model_name="RollupDue", name="payments", field=fields.IntField(null=True)),
        ops.AddField(model_name="RollupDue", name="to_at", field=InstantField(null=True)),
        ops.AddField(
            model_name="RollupDue", name="to_customer_id", field=IdField(null=True, generated=False, unique=False)
        ),
        ops.RemoveIndex(model_name="Purchase", name="purchase_of_customer"),
        ops.RunPython(_noted),
        ops.AddIndex(
            model_name="Purchase",
            index=Index(
                fields=[
                    "customer_id",
                    "purchased_at",
                    "id",
                    "status",
                    "total",
                    "refunded",
                    "discount",
                    "prices_include_tax",
                    "pieces",
                ],
                name="purchase_of_customer",
            ),
        ),
        ops.RunPython(_known),
    ]
