"""The columns of exports: core's and those of plugins, each with what reading it needs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from regulars_core.plugins.owners import CORE, Owners
from regulars_core.primitives.clock import Instant, printed
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop

T = TypeVar("T")
Subject = Literal["CUSTOMERS", "PURCHASES"]
"""What a file is about: customers, a row for each; or purchases, a row for each of their lines."""
Cell = str | int | None
"""What stands in a cell. Text that a spreadsheet would run as a formula is escaped where it is written."""


@dataclass
class ExportBatch:
    """Some rows of an export, whose cells are asked for column by column.

    `rows` are CustomerRow, or ExportedLine for purchases. `stores` are those whose purchases are told of, None for all of them;
    `days` are the instants from the first of which on, and before the second of which, purchases count, each None for no end.
    """

    shop: Shop
    rows: Sequence[Any]
    stores: frozenset[str] | None = None
    days: tuple[Instant | None, Instant | None] = (None, None)
    _read: dict[str, Any] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """The ids of the customers whose rows these are."""
        return [row.id for row in self.rows]

    async def once(self, name: str, read: Callable[[], Awaitable[T]]) -> T:
        """What several columns need, read for the first of them; `name` begins with the plugin's."""
        if name not in self._read:
            self._read[name] = await read()
        known: T = self._read[name]
        return known


@dataclass(frozen=True)
class ExportColumn:
    """A column: what it is called in the file, and in an import where one reads it; what people call it; and how its cells are
    read, one for each row of a batch, in one statement for all of them.

    `needs` is the permission to read what is in it, `shop_wide` where that must be held in the whole shop.
    """

    name: str
    label: str
    read: Callable[[ExportBatch], Awaitable[Sequence[Cell]]]
    needs: str = "customers.view"
    of: Subject = "CUSTOMERS"
    is_default: bool = False
    shop_wide: bool = False

    def is_allowed(self, actor: Actor) -> bool:
        """Whether somebody may take it out."""
        return actor.covers(self.needs, None) if self.shop_wide else actor.may(self.needs)


@dataclass(frozen=True)
class ExportColumns:
    """Columns that are known only to the database, such as one for each attribute that the shop has declared. Those of them
    whose names are others' already are left out."""

    read: Callable[[Shop], Awaitable[Sequence[ExportColumn]]]


async def export_columns(shop: Shop, of: Subject) -> Mapping[str, ExportColumn]:
    """The columns of files about this by name, core's first, those of plugins in their order behind it; without those of plugins
    that are behind. Raises PluginError where two have the same name."""
    owners, found, further = Owners(), dict[str, ExportColumn](), list[ExportColumns]()
    for owner, listed in shop.plugins.declared("regulars_export_columns").items():
        for one in listed if owner == CORE or owner not in shop.behind else ():
            if isinstance(one, ExportColumns):
                further.append(one)
            elif one.of == of:
                owners.claim(one.name, owner, f"The export column '{one.name}'")
                found[one.name] = one
    for several in further:
        for one in await several.read(shop):
            if one.of == of:
                found.setdefault(one.name, one)
    return found


class UnknownColumns(Exception):
    """Columns were asked for that do not exist."""


async def columns_named(shop: Shop, of: Subject, names: Sequence[str]) -> Sequence[ExportColumn]:
    """The columns of these names, in their order. Raises UnknownColumns, naming them all, or if there is none."""
    there = await export_columns(shop, of)
    listed = ", ".join(there)
    if not names:
        raise UnknownColumns(f"Name at least one column. There are: {listed}.")
    if unknown := [name for name in names if name not in there]:
        raise UnknownColumns(f"There is no column {', '.join(unknown)}. There are: {listed}.")
    return [there[name] for name in names]


async def cells_of(columns: Sequence[ExportColumn], batch: ExportBatch) -> list[list[Cell]]:
    """The rows of a batch, cell by cell."""
    read = [await column.read(batch) for column in columns]
    return [[cells[n] for cells in read] for n in range(len(batch.rows))]


def of_rows(cell: Callable[[Any], Cell]) -> Callable[[ExportBatch], Awaitable[Sequence[Cell]]]:
    """How a column is read whose cells stand in the rows themselves."""

    async def read(batch: ExportBatch) -> Sequence[Cell]:
        return [cell(row) for row in batch.rows]

    return read


def of_batch(
    load: Callable[[ExportBatch], Awaitable[T]], cell: Callable[[T, Any], Cell]
) -> Callable[[ExportBatch], Awaitable[Sequence[Cell]]]:
    """How a column is read whose cells are made of something that was loaded for all rows, once for all columns that `load` the
    same."""
    name = f"{load.__module__}.{load.__qualname__}"

    async def read(batch: ExportBatch) -> Sequence[Cell]:
        found = await batch.once(name, lambda: load(batch))
        return [cell(found, row) for row in batch.rows]

    return read


def labelled(name: str) -> str:
    """What people call a column, by its name: `first_name` is First name."""
    return name.replace("_", " ").capitalize()


def written(flag: bool) -> str:
    """A truth value as files have it."""
    return "true" if flag else "false"


def time_written(instant: Instant | None) -> str | None:
    """An instant as files have it."""
    return None if instant is None else printed(instant)
