"""What a table holds of customers, column by column: what the customer is told on request, and what an erasure overwrites.

Whoever keeps something of customers describes its tables so; to hand it out and to erase it follows from that. A column that is
not described is found by the tests.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from regulars_core.customers.sealed import opened_tax_ids
from regulars_core.database import Database
from regulars_core.database.seals import Sealed
from regulars_core.primitives.clock import EARLIEST, LATEST, Instant, printed
from regulars_core.primitives.money import decimal_text
from regulars_core.shop.shop import Shop

Show = Callable[[Shop, Any], Any]
Parts = Mapping[str, Any]
"""What is told of a customer: a list of rows for each table, by its name, and each row from its columns to plain JSON."""


def _as_it_is(_: Shop, value: Any) -> Any:
    return value


def _when(_: Shop, value: int | None) -> str | None:
    return None if value is None or not EARLIEST <= value <= LATEST else printed(Instant(value))


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a column: whether the customer is told what stands in it, and how that is written; and whether an erasure
    overwrites it, and by what."""

    is_told: bool
    is_erased: bool = False
    by: str | None = None
    """What it is overwritten by: text, or null where that is None."""
    show: Show = _as_it_is
    sealed: Literal["no", "tax id", "row"] = "no"
    """Whether it may be sealed: as a customer's tax id, or for this column of the row that the holding's key names, which is told
    then, too. It is told as null where it cannot be opened."""


KEPT = Fate(is_told=True)
"""Told, and kept: it says nothing personal without what is erased."""
INNER = Fate(is_told=False)
"""Neither told nor erased: it is of our own making, or about somebody else, such as who wrote something down."""
ERASED = Fate(is_told=True, is_erased=True)
"""Told, and overwritten by null."""
ERASED_TAX_ID = replace(ERASED, sealed="tax id")
"""As ERASED, a tax id."""
KEPT_TAX_ID = replace(KEPT, sealed="tax id")
"""As KEPT, a tax id."""
KEPT_SEALED = replace(KEPT, sealed="row")
"""As KEPT, sealed for its row."""
ERASED_TEXT = replace(ERASED, by="")
"""Told, and overwritten by an empty text: the column is not null."""
DERIVED = Fate(is_told=False, is_erased=True)
"""Not told, since it only repeats what another column says; overwritten by null."""
WHEN = replace(KEPT, show=_when)
"""As KEPT, an instant; null where it is one that is never."""
FLAG = replace(KEPT, show=lambda _, value: None if value is None else bool(value))
"""As KEPT, a truth value."""
AMOUNT = replace(KEPT, show=lambda shop, value: None if value is None else shop.money(value).amount)
"""As KEPT, minor units of the shop's currency."""
QUANTITY = replace(KEPT, show=lambda _, value: None if value is None else decimal_text(value, 6))
"""As KEPT, millionths."""


def derived(by: str) -> Fate:
    """As DERIVED, overwritten by this text."""
    return replace(DERIVED, by=by)


@dataclass(frozen=True)
class Holding:
    """What a table holds of customers. Its rows have the alias `t`; whose a row is says `customer`, in SQL over the table and
    what is `joined` to it. `is_removed` says that an erasure deletes the rows; otherwise it overwrites what is to be erased of
    them."""

    table: str
    columns: Mapping[str, Fate]
    customer: str = "t.customer_id"
    joined: str = ""
    key: str = "id"
    is_removed: bool = False
    kind: str = ""
    """What counts of erased rows call them; the table's name if it is empty."""
    by_hand: frozenset[str] = field(default_factory=frozenset)
    """Columns that are erased, and not by this description alone."""
    also: Mapping[str, str] = field(default_factory=dict)
    """What is told beside the columns so that they can be understood: a name, and a column of what is `joined`."""

    @property
    def source(self) -> str:
        """A FROM item."""
        return f"{self.table} t {self.joined}".rstrip()

    @property
    def overwritten(self) -> Mapping[str, str | None]:
        """The columns that an erasure overwrites, and by what."""
        return {name: fate.by for name, fate in self.columns.items() if fate.is_erased and name not in self.by_hand}


async def erase_held(database: Database, holdings: Sequence[Holding], customer_ids: Sequence[str]) -> Mapping[str, int]:
    """Erase what these tables hold of customers, in the caller's transaction; of how many rows, by kind. Done again, it finds
    nothing. Raises RuntimeError outside a transaction."""
    counts: dict[str, int] = {}
    ids = sorted(set(customer_ids))
    for holding in holdings if ids else ():
        among = database.dialect.among(holding.customer, 1)
        theirs = f"{holding.key} IN (SELECT t.{holding.key} FROM {holding.source} WHERE {among})"
        changed = 0
        if holding.is_removed:
            changed = await database.run(f"DELETE FROM {holding.table} WHERE {theirs}", ids)
        elif overwritten := holding.overwritten:
            sets = ", ".join(f"{name} = {_literal(by)}" for name, by in overwritten.items())
            left = " OR ".join(_not_yet(name, by) for name, by in overwritten.items())
            changed = await database.run(f"UPDATE {holding.table} SET {sets} WHERE {theirs} AND ({left})", ids)
        if changed:
            kind = holding.kind or holding.table
            counts[kind] = counts.get(kind, 0) + changed
    return counts


def _literal(by: str | None) -> str:
    return "NULL" if by is None else "'" + by.replace("'", "''") + "'"


def _not_yet(column: str, by: str | None) -> str:
    return f"{column} IS NOT NULL" if by is None else f"{column} <> {_literal(by)}"


async def counted_by(
    database: Database, counted: Mapping[str, str], customer_ids: Sequence[str]
) -> Sequence[Mapping[str, int]]:
    """How much refers to each of these customers, in their order: by kind. Of each kind it is said in which
    column of which table the customer's id stands, such as `customer_note.customer_id`."""
    found: dict[str, dict[str, int]] = {id_: {} for id_ in customer_ids}
    for kind, place in counted.items():
        table, _, column = place.partition(".")
        among = database.dialect.among(column, 1)
        sql = f"SELECT {column}, count(*) FROM {table} WHERE {among} GROUP BY {column}"
        for owner, count in await database.rows(sql, sorted(found)):
            found[owner][kind] = found[owner].get(kind, 0) + count
    return [found[id_] for id_ in customer_ids]


async def _opened(database: Database, holding: Holding, name: str, owner: str, row: Mapping[str, Any]) -> str | None:
    if holding.columns[name].sealed == "tax id":
        [opened] = await opened_tax_ids(database, [(owner, row[name])])
        return None if isinstance(opened, Sealed) else opened
    try:
        return database.seals.opened(row[name], holding.table, name, str(row[holding.key]))
    except Sealed:
        return None


async def told_of(shop: Shop, holdings: Sequence[Holding], customer_ids: Sequence[str]) -> Sequence[Parts]:
    """What these tables hold of each of these customers, in their order, as far as it is told."""
    found: dict[str, dict[str, list[Mapping[str, Any]]]] = {id_: {} for id_ in customer_ids}
    database = shop.database
    for holding in holdings if found else ():
        told = {name: fate.show for name, fate in holding.columns.items() if fate.is_told}
        if not told:
            continue
        sealed = [name for name in told if holding.columns[name].sealed != "no"]
        among = database.dialect.among(holding.customer, 1)
        columns = ", ".join((holding.customer, *(f"t.{name}" for name in told), *holding.also.values()))
        told |= dict.fromkeys(holding.also, _as_it_is)
        sql = f"SELECT {columns} FROM {holding.source} WHERE {among} ORDER BY t.{holding.key}"
        for owner, *values in await database.rows(sql, sorted(found)):
            row = {name: show(shop, value) for (name, show), value in zip(told.items(), values, strict=True)}
            for name in sealed:
                row[name] = await _opened(database, holding, name, owner, row)
            found[owner].setdefault(holding.table, []).append(row)
    return [found[id_] for id_ in customer_ids]
