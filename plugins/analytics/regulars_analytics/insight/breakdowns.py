"""What sets of purchases divide into."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_analytics.insight.subjects import Slice, Subject, asked, kept_or_asked
from regulars_core.plugin import COUNTED, LINE_LEFT, SPENT, Division, Part, RangePart, Shop, Span, Values, range_parts


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of what was divided: its value as filters take it, what people call it, who bought how often, millionths of pieces
    if it is of lines, what it came to, and what all parts that came to anything did."""

    value: str | None
    label: str
    customers: int
    purchases: int
    quantity: int | None
    total: int
    whole: int


def parts(division: Division, most: int) -> Callable[[Shop, Sequence[Subject]], Awaitable[Sequence[list[PartRow]]]]:
    """What finds the parts of each subject's purchases, the largest first, at most so many."""

    async def find(shop: Shop, asked_of: Sequence[Subject]) -> Sequence[list[PartRow]]:
        def select(part: Slice, values: Values) -> str:
            return _largest(_grouped(shop, division, part, values), part, values, most)

        async def ask(some: Sequence[Subject]) -> Sequence[list[Any]]:
            return await asked(shop, some, select)

        async def kept(span: Span) -> list[Any] | None:
            told = None if division.kept is None else await range_parts(shop, span, division.kept)
            return None if told is None else _largest_kept(told, most)

        found = await kept_or_asked(asked_of, kept, ask)
        names = await _names(shop, division, found)
        return [[_row(division, names, row) for row in sorted(rows, key=lambda row: row[0])] for rows in found]

    return find


async def _names(shop: Shop, division: Division, found: Sequence[Sequence[Any]]) -> dict[Any, str]:
    if division.labels is None:
        return {}
    values = list(dict.fromkeys(row[1] for rows in found for row in rows if row[1] is not None))
    return dict(await division.labels(shop, values)) if values else {}


def _row(division: Division, names: dict[Any, str], row: Sequence[Any]) -> PartRow:
    _, key, label, *figures = row
    value = None if key is None else division.value(key)
    return PartRow(value, "" if key is None else names.get(key) or label or value or key, *figures)


def _largest_kept(told: Sequence[RangePart], most: int) -> list[Any]:
    """Of the parts that are kept the largest, as `_largest` has them."""
    found = [one for one in told if one.purchases or one.total]
    whole = sum(max(one.total, 0) for one in found)
    found.sort(key=lambda one: (-one.total, -one.purchases, one.value is None, (one.value or "").encode()))
    return [
        [place, one.value, None, one.buyers, one.purchases, None, one.total, whole]
        for place, one in enumerate(found[:most], 1)
    ]


def _largest(grouped: str, part: Slice, values: Values, most: int) -> str:
    """Of the groups of each owner the largest, in the same order on both engines."""
    binary = "" if values.dialect.engine == "sqlite" else ' COLLATE "C"'
    order = f"g.total DESC, g.purchases DESC, CASE WHEN g.key IS NULL THEN 1 ELSE 0 END, g.key{binary}"
    whole = "CAST(sum(CASE WHEN g.total > 0 THEN g.total ELSE 0 END) OVER (PARTITION BY g.owner) AS BIGINT)"
    place = f"row_number() OVER (PARTITION BY g.owner ORDER BY {order})"
    ranked = f"SELECT g.*, {whole} AS whole, {place} AS place FROM ({grouped}) g"
    columns = "place, key, label, customers, purchases, quantity, total, whole"
    return f"SELECT {part.number}, owner, {columns} FROM ({ranked}) r WHERE place <= {values.bind(most)}"


def _grouped(shop: Shop, division: Division, part: Slice, values: Values) -> str:
    """The groups of each owner: `owner`, `key`, `label`, `customers`, `purchases`, `quantity`, `total`."""
    if division.part is Part.CUSTOMER:
        return _by_customers(shop, division, part, values)
    rows, counted, total, quantity = {
        Part.PURCHASE: ("purchase p", "count(CASE WHEN {} THEN 1 END)", SPENT, None),
        Part.LINE: (
            part.purchases_with("purchase_line", "l", values.dialect),
            "count(DISTINCT CASE WHEN {} THEN p.id END)",
            LINE_LEFT,
            "l.quantity - l.refunded_quantity",
        ),
        Part.PAYMENT: (
            part.purchases_with("payment", "y", values.dialect),
            "count(DISTINCT CASE WHEN {} THEN p.id END)",
            "y.amount",
            None,
        ),
    }[division.part]
    label = "NULL" if division.label is None else f"min({division.label})"
    inner = (
        f"SELECT {part.owner()} AS owner, CAST({division.sql(values, shop.settings.zone)} AS TEXT) AS key,"
        f" CAST({label} AS TEXT) AS label, count(DISTINCT CASE WHEN {COUNTED} THEN p.customer_id END) AS customers,"
        f" {counted.format(COUNTED)} AS purchases, CAST({f'sum({quantity})' if quantity else 'NULL'} AS BIGINT) AS quantity,"
        f" CAST(sum({total}) AS BIGINT) AS total FROM {rows} WHERE {part.conditions(values)} GROUP BY {_keys(part)}"
    )
    return f"SELECT * FROM ({inner}) i WHERE purchases > 0 OR total <> 0"


def _by_customers(shop: Shop, division: Division, part: Slice, values: Values) -> str:
    """The purchases are added up by customer first: a customer is looked at once."""
    label = "NULL" if division.label is None else f"min({division.label})"
    bought = "t.times > 0 AND t.customer_id IS NOT NULL"
    inner = (
        f"SELECT {part.owner('t')} AS owner, CAST({division.sql(values, shop.settings.zone)} AS TEXT) AS key,"
        f" CAST({label} AS TEXT) AS label, count(CASE WHEN {bought} THEN 1 END) AS customers,"
        " CAST(sum(t.times) AS BIGINT) AS purchases, CAST(NULL AS BIGINT) AS quantity, CAST(sum(t.spent) AS BIGINT) AS total"
        f" FROM ({part.per_customer(values)}) t LEFT JOIN customer c ON c.id = t.customer_id GROUP BY {_keys(part)}"
    )
    return f"SELECT * FROM ({inner}) i WHERE purchases > 0 OR total <> 0"


def _keys(part: Slice) -> str:
    """By which columns is grouped: where there is one owner, not by it."""
    return "2" if part.customers is None else "1, 2"
