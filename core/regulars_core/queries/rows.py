"""Reading rows: one page of a list, one page for each of many owners, or rows by id; each in one statement."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from regulars_core.database import Database, Dialect, Lookup
from regulars_core.queries.pages import Once, Page, Window
from regulars_core.queries.where import Values, Where

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True)
class Readable(Generic[T]):
    """How rows of one kind are read: from which table under an alias, and from which further ones by theirs; which columns, and
    what is made of them."""

    table: str
    id_column: str
    columns: Sequence[str]
    make: Callable[..., T]
    joins: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def source(self) -> str:
        """The FROM item: the table, and what is joined to it."""
        return " ".join([self.table, *self.joins.values()])

    @cached_property
    def column_list(self) -> str:
        """The columns, as they stand in a SELECT."""
        return ", ".join(self.columns)


async def by_ids(
    database: Database, kind: Readable[T], ids: Sequence[str], where: Where | None = None
) -> Mapping[str, T]:
    """The rows with these ids, by id; unknown ones are missing, and those for which the conditions do not hold."""
    if not ids:
        return {}
    sql, values = query_by_ids(database.dialect, kind, ids, where)
    rows = await database.read(sql, *values)
    return {row[0]: kind.make(*row[1:]) for row in rows}


async def load_one(
    load: Callable[Concatenate[Database, Sequence[str], P], Awaitable[Mapping[str, T]]],
    database: Database,
    id_: str,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T | None:
    """The row with this id, read by what reads many of its kind: `load_one(purchases_by_ids, database, id_, visible)`. None
    if there is none, or it is not among what the further arguments leave."""
    return (await load(database, [id_], *args, **kwargs)).get(id_)


def query_by_ids(dialect: Dialect, kind: Readable[Any], ids: Sequence[str], where: Where | None = None) -> Lookup:
    """What `by_ids` looks up."""
    condition, keys = dialect.keyed(kind.id_column, 1, list(dict.fromkeys(ids)))
    values = Values(dialect, keys)
    conditions = [condition, *([where.compile(values)] if where else [])]
    return f"SELECT {kind.id_column}, {kind.column_list} FROM {kind.source}{_where(conditions)}", values.all


def query_by_text(dialect: Dialect, table: str, columns: Sequence[str], key: str, values: Iterable[str]) -> Lookup:
    """What reads these columns of the rows whose key, an indexed column of text, has one of these values.

    On PostgreSQL each value is looked up in the index by itself. `key = ANY(…)` with a thousand values walked through the
    whole table as long as it had no statistics, which is the case just when it is being filled.
    """
    if dialect.engine == "postgres":
        sql = (
            f"SELECT {', '.join(columns)} FROM unnest({dialect.array(1, 'text')}) AS k(wanted)"
            f" CROSS JOIN LATERAL (SELECT * FROM {table} WHERE {key} = k.wanted OFFSET 0) found"
        )
    else:
        sql = f"SELECT {', '.join(columns)} FROM {table} WHERE {dialect.among(key, 1, 'text')}"
    return sql, [list(dict.fromkeys(values))]


async def rows_by_text(
    database: Database, table: str, columns: Sequence[str], key: str, values: Iterable[str]
) -> Sequence[Any]:
    """What `query_by_text` reads."""
    sql, values = query_by_text(database.dialect, table, columns, key, values)
    return await database.read(sql, *values) if values[0] else []


async def listed_of(
    database: Database, kind: Readable[T], owner_column: str, owners: Sequence[str], order: str
) -> Mapping[str, list[T]]:
    """All rows of each owner, for lists that are short by nature; an owner without rows has an empty list."""
    if not owners:
        return {}
    sql, values = query_listed(database.dialect, kind, owner_column, list(dict.fromkeys(owners)), order)
    return by_owner(kind, owners, await database.rows(sql, *values))


def query_listed(
    dialect: Dialect, kind: Readable[Any], owner_column: str, owners: Sequence[str], order: str, condition: str = "TRUE"
) -> Lookup:
    """What `listed_of` looks up; only rows for which a condition holds."""
    among = dialect.among(owner_column, 1)
    sql = f"SELECT {owner_column}, {kind.column_list} FROM {kind.source} WHERE {among} AND {condition} ORDER BY {order}"
    return sql, [list(owners)]


def by_owner(kind: Readable[T], owners: Sequence[str], rows: Iterable[Any]) -> Mapping[str, list[T]]:
    """What `listed_of` makes of the rows."""
    lists: dict[str, list[T]] = {owner: [] for owner in owners}
    for row in rows:
        lists[row[0]].append(kind.make(*row[1:]))
    return lists


@dataclass(frozen=True)
class Sieve:
    """What tells of most rows of a list that they have not what is looked for, by columns that the indexes of some `orders` hold,
    given the alias under which they stand; and what the list is narrowed by of which these indexes know, too."""

    orders: Set[str]
    columns: Sequence[str]
    condition: Callable[[Values, str], str]
    within: Where | None = None


@dataclass(frozen=True)
class Nearby:
    """A page's condition in a second form: over a table whose rows are linked to the list's ids, without its indexes.

    Quick for what many rows have, as the index is for what few have.
    """

    table: str
    link: str
    condition: Callable[[Values], str]
    sieve: Sieve | None = None


MAX_WALK = 2_000
"""Rows of a list that are read one by one before an index is asked."""
MAX_SIEVED = 20_000
"""Rows that are put through a sieve before, at a tenth of the cost of reading them."""


async def page(
    database: Database,
    kind: Readable[T],
    window: Window,
    where: Where | None = None,
    *,
    condition: Callable[[Values], str] | None = None,
    nearby: Nearby | None = None,
) -> Page[T]:
    """One page of a list, narrowed by a tree of conditions and by one more, which may have a second form."""

    def narrowed(values: Values) -> list[str]:
        return [
            *(where.narrows(values) if where else []),
            *([condition(values)] if condition else []),
        ]

    rows: Sequence[Any] = await _walked(database, kind, window, where, nearby) if nearby else []
    if len(rows) <= window.size:
        values = Values(database.dialect)
        conditions = [*window.conditions(values), *narrowed(values)]
        rows = await database.rows(
            f"SELECT {window.order.key.column}, {window.order.key.tie}, {kind.column_list} FROM {kind.source}"
            f"{_where(conditions)} ORDER BY {window.order_by()} LIMIT {values.bind(window.size + 1)}",
            *values.all,
        )

    async def count() -> Mapping[str, int]:
        counted = Values(database.dialect, whole=True)
        row = await database.row(f"SELECT count(*) FROM {kind.source}{_where(narrowed(counted))}", *counted.all)
        return {"": row[0] if row else 0}

    return Page.cut(window, [(kind.make(*row[2:]), (row[0], row[1])) for row in rows], Once(count))


async def _walked(
    database: Database, kind: Readable[T], window: Window, where: Where | None, nearby: Nearby
) -> Sequence[Any]:
    """What a page needs, if it is among the next rows of the list; fewer rows if it is not."""
    values = Values(database.dialect)
    ahead = _ahead(kind, window, nearby.sieve, values)
    linked = [f"{nearby.link} = w.tie", f"{kind.id_column} = w.tie", nearby.condition(values)]
    conditions = [*linked, *(where.narrows(values) if where else [])]
    return await database.rows(
        f"SELECT w.sort_key, w.tie, {kind.column_list} FROM ({ahead}) w CROSS JOIN {nearby.table} CROSS JOIN {kind.source}"
        f"{_where(conditions)} ORDER BY w.sort_key {window.way}, w.tie {window.way} LIMIT {values.bind(window.size + 1)}",
        *values.all,
    )


def _ahead(kind: Readable[Any], window: Window, sieve: Sieve | None, values: Values) -> str:
    """The SELECT of where the next rows of a list stand, or those of them that a sieve lets through."""
    key = window.order.key
    sieve = sieve if sieve and key.name in sieve.orders else None
    conditions, more, most = window.conditions(values), "", MAX_WALK
    if sieve:
        more, most = "".join(f", {column}" for column in sieve.columns), MAX_SIEVED
        conditions += [sieve.within.compile(values)] if sieve.within else []
    ahead = (
        f"SELECT {key.column} AS sort_key, {key.tie} AS tie{more} FROM {kind.source if not sieve else kind.table}"
        f"{_where(conditions)} ORDER BY {window.order_by()} LIMIT {most}"
    )
    if not sieve:
        return ahead
    return (
        f"SELECT n.sort_key, n.tie FROM ({ahead}) n WHERE {sieve.condition(values, 'n')}"
        f" ORDER BY n.sort_key {window.way}, n.tie {window.way} LIMIT {MAX_WALK}"
    )


async def pages_of(
    database: Database,
    kind: Readable[T],
    owner_column: str,
    owners: Sequence[str],
    window: Window,
    where: Where | None = None,
) -> Sequence[Page[T]]:
    """A page of each owner's own list, in the order of the owners, all of them by one statement."""
    keys = list(dict.fromkeys(owners))
    values = Values(database.dialect, keys)
    conditions = [f"{owner_column} = k.key", *window.conditions(values), *(where.narrows(values) if where else [])]
    limit = values.bind(window.size + 1)
    rows = await database.rows(_per_owner(database, kind, window, conditions, limit), *values.all) if keys else []
    groups: dict[str, list[Any]] = {key: [] for key in keys}
    for row in rows:
        groups[row[0]].append((kind.make(*row[3:]), (row[1], row[2])))

    async def count() -> Mapping[str, int]:
        counted = Values(database.dialect, keys, whole=True)
        narrowed = [database.dialect.among(owner_column, 1), *(where.narrows(counted) if where else [])]
        rows = await database.rows(
            f"SELECT {owner_column}, count(*) FROM {kind.source}{_where(narrowed)} GROUP BY {owner_column}",
            *counted.all,
        )
        return dict.fromkeys(keys, 0) | {row[0]: row[1] for row in rows}

    counter = Once(count)
    return [Page.cut(window, groups[owner], counter, owner) for owner in owners]


def _per_owner(database: Database, kind: Readable[T], window: Window, conditions: list[str], limit: str) -> str:
    """A LATERAL walk of the index for each owner; SQLite has no LATERAL, so there the walk finds ids first."""
    key, columns = window.order.key, kind.column_list
    walk = f"FROM {kind.source}{_where(conditions)} ORDER BY {window.order_by()} LIMIT {limit}"
    owners = database.dialect.keys(1)
    if database.engine == "sqlite":
        # A list by json_each is made once per owner. `IN (SELECT …)` may be asked again for every row of a join.
        ids = f"SELECT json_group_array(id) FROM (SELECT {kind.id_column} AS id {walk})"
        return (
            f"SELECT k.key, {key.column}, {key.tie}, {columns} FROM {owners} CROSS JOIN json_each(({ids})) AS found"
            f" CROSS JOIN {kind.source} WHERE {kind.id_column} = found.value ORDER BY {window.order_by()}"
        )
    aliased = [f"{column} AS c{n}" for n, column in enumerate(kind.columns)]
    inner = f"SELECT {key.column} AS sort_key, {key.tie} AS tie, {', '.join(aliased)} {walk}"
    names = ", ".join(f"x.c{n}" for n in range(len(kind.columns)))
    return (
        f"SELECT k.key, x.sort_key, x.tie, {names} FROM {owners} CROSS JOIN LATERAL ({inner}) x"
        f" ORDER BY x.sort_key {window.way}, x.tie {window.way}"
    )


MAX_LISTS = 200
"""Lists, each by its own conditions, that are read by one statement."""


async def pages_of_lists(
    database: Database, kind: Readable[T], lists: Sequence[Where], window: Window
) -> Sequence[Page[T]]:
    """A page of each of several lists, which differ by their conditions; up to MAX_LISTS by one statement."""
    counter = Once(lambda: _counted(database, kind, lists))
    pages: list[Page[T]] = []
    for begin in range(0, len(lists), MAX_LISTS):
        values, key, parts = Values(database.dialect), window.order.key, list[str]()
        part = list(enumerate(lists[begin : begin + MAX_LISTS], begin))
        for n, where in part:
            conditions = [*window.conditions(values), *where.narrows(values)]
            parts.append(
                f"SELECT * FROM (SELECT {n} AS list, {key.column} AS sort_key, {key.tie} AS tie, {kind.column_list}"
                f" FROM {kind.source}{_where(conditions)} ORDER BY {window.order_by()}"
                f" LIMIT {values.bind(window.size + 1)}) l{n}"
            )
        sql = f"{' UNION ALL '.join(parts)} ORDER BY list, sort_key {window.way}, tie {window.way}"
        groups: dict[int, list[Any]] = {n: [] for n, _ in part}
        for row in await database.rows(sql, *values.all):
            groups[row[0]].append((kind.make(*row[3:]), (row[1], row[2])))
        pages += [Page.cut(window, rows, counter, str(n)) for n, rows in groups.items()]
    return pages


async def counts_of_lists(database: Database, kind: Readable[Any], lists: Sequence[Where]) -> Sequence[int]:
    """How long each of several lists is, which differ by their conditions; up to MAX_LISTS by one statement."""
    counts: list[int] = []
    for begin in range(0, len(lists), MAX_LISTS):
        values = Values(database.dialect, whole=True)
        columns = [
            f"(SELECT count(*) FROM {kind.source}{_where(where.narrows(values))})"
            for where in lists[begin : begin + MAX_LISTS]
        ]
        [row] = await database.rows(f"SELECT {', '.join(columns)}", *values.all)
        counts += row
    return counts


async def _counted(database: Database, kind: Readable[Any], lists: Sequence[Where]) -> Mapping[str, int]:
    return {str(n): count for n, count in enumerate(await counts_of_lists(database, kind, lists))}


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
