"""Recording purchases: one from a till, a thousand from a file; each exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.database import Dialect, Lookup
from regulars_core.events.events import announce
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.primitives.money import CurrencyCode
from regulars_core.purchases.reads import PurchaseRow
from regulars_core.purchases.rules import CheckedPurchase
from regulars_core.purchases.statistics import StatsDelta, add_purchases, stats_update
from regulars_core.queries.inserts import MIN_COPY_ROWS, insert, inserting
from regulars_core.queries.rows import query_by_text
from regulars_core.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one purchase that was sent: it is there now (`created`), was there before, or is refused."""

    id: str | None
    created: bool
    problem: Problem | None = None
    row: PurchaseRow | None = None
    """The purchase as it is recorded, if this has recorded it."""


async def record(shop: Shop, purchases: Sequence[CheckedPurchase]) -> list[Recorded]:
    """Record purchases and answer for each, in order, what became of it.

    A reference that its store has already used is the same purchase sent again if the content is the same, and is
    refused with REFERENCE_REUSED if it is not. The customers and stores named must exist.
    """
    return await shop.database.transaction(lambda: _record(shop, purchases))


async def _record(shop: Shop, purchases: Sequence[CheckedPurchase]) -> list[Recorded]:
    known = await recorded_under(shop, [purchase.reference for purchase in purchases])
    recorded, outcomes, new = now(), [], list[tuple[PurchaseRow, CheckedPurchase]]()
    for purchase in purchases:
        key = (purchase.input.store_id, purchase.reference)
        existing = known.get(key)
        if existing is None:
            row = _row(new_id(), purchase, recorded)
            known[key] = (row.id, purchase.digest)
            new.append((row, purchase))
            outcomes.append(Recorded(row.id, created=True, row=row))
        elif existing[1] == purchase.digest:
            outcomes.append(Recorded(existing[0], created=False))
        else:
            outcomes.append(Recorded(None, created=False, problem=reused()))
    await _write(shop, new)
    rows = {row.id: row for row, _ in new}
    await announce(shop, "purchases_recorded", list(rows), [p.input.extras for _, p in new], rows)
    return outcomes


async def recorded_before(shop: Shop, purchase: CheckedPurchase) -> str | None:
    """The id of the very purchase, if it has been recorded. Raises Refused: REFERENCE_REUSED for another one."""
    known = await recorded_under(shop, [purchase.reference])
    existing = known.get((purchase.input.store_id, purchase.reference))
    if existing and existing[1] != purchase.digest:
        raise Refused(reused())
    return existing[0] if existing else None


def reused() -> Problem:
    """The refusal of a reference that stands for something else already."""
    message = "The store has recorded another purchase under this reference."
    return Problem("REFERENCE_REUSED", message, ("reference",))


async def recorded_under(shop: Shop, references: Sequence[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """(store, reference) → (id, digest) of every purchase that is recorded under one of these references."""
    if not references:
        return {}
    sql, values = lookup(shop.database.dialect, references)
    rows = await shop.database.read(sql, *values)
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def lookup(dialect: Dialect, references: Sequence[str]) -> Lookup:
    """What `recorded_under` looks up."""
    return query_by_text(dialect, "purchase", ("store_id", "reference", "id", "digest"), "reference", references)


def _deltas(new: Sequence[tuple[PurchaseRow, CheckedPurchase]]) -> dict[str, StatsDelta]:
    deltas: dict[str, StatsDelta] = {}
    for row, _ in new:
        if row.customer_id is None:
            continue
        if delta := deltas.get(row.customer_id):
            delta.add(row.total_minor, row.purchased_at)
        else:
            deltas[row.customer_id] = StatsDelta(row.total_minor, 1, row.purchased_at, row.purchased_at)
    return deltas


_PURCHASE_COLUMNS = (
    "id", "reference", "store_id", "customer_id", "purchased_at", "recorded_at", "status", "currency", "channel", "note",
    "prices_include_tax", "subtotal", "discount", "shipping", "tax", "total", "refunded", "digest",
)  # fmt: skip
_LINE_COLUMNS = (
    "id", "purchase_id", "position", "sku", "name", "brand", "category", "quantity", "unit_price", "discount", "total",
    "refunded_quantity",
)  # fmt: skip


async def _write(shop: Shop, new: Sequence[tuple[PurchaseRow, CheckedPurchase]]) -> None:
    """Insert purchases with what belongs to them, and move the statistics of who bought: one from a till together with
    whatever else is written then."""
    deltas, database = _deltas(new), shop.database
    tables: list[tuple[str, Sequence[str], list[Sequence[Any]]]] = [
        ("purchase", _PURCHASE_COLUMNS, [_purchase_values(row, purchase) for row, purchase in new]),
        (
            "purchase_line",
            _LINE_COLUMNS,
            [
                (
                    new_id(), row.id, n, li.sku, li.name, li.brand, li.category, li.quantity, li.unit_price, li.discount,
                    li.total, 0,
                )
                for row, p in new
                for n, li in enumerate(p.lines)
            ],
        ),
        (
            "payment",
            ("id", "purchase_id", "position", "method", "amount", "reference"),
            [
                (new_id(), row.id, n, payment.method, payment.amount, payment.reference)
                for row, p in new
                for n, payment in enumerate(p.payments)
            ],
        ),
    ]  # fmt: skip
    if len(new) == 1 and all(len(rows) < MIN_COPY_ROWS for *_, rows in tables):
        inserts = [inserting(table, columns, rows) for table, columns, rows in tables if rows]
        await database.defer([*inserts, *(stats_update(database.dialect, id_, delta) for id_, delta in deltas.items())])
        return
    for table, columns, rows in tables:
        await insert(database, table, columns, rows)
    await add_purchases(database, deltas)


def _row(id_: str, p: CheckedPurchase, recorded: Instant) -> PurchaseRow:
    """A new purchase, as it will be read."""
    return PurchaseRow(
        id_, p.reference, p.input.store_id, p.input.customer_id, p.input.purchased_at, recorded, "PAID",
        CurrencyCode(p.input.currency), p.channel, p.note, p.subtotal, p.discount, p.input.shipping, p.input.tax, p.total, 0,
    )  # fmt: skip


def _purchase_values(row: PurchaseRow, p: CheckedPurchase) -> Sequence[Any]:
    return (
        row.id, row.reference, row.store_id, row.customer_id, row.purchased_at, row.recorded_at, row.status, row.currency,
        row.channel, row.note, p.input.prices_include_tax, row.subtotal_minor, row.discount_minor, row.shipping_minor,
        row.tax_minor, row.total_minor, row.refunded_minor, p.digest,
    )  # fmt: skip
