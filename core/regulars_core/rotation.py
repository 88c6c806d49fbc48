"""Sealing everything that is sensitive by the first key: what was plain, and what older keys have sealed. While tills sell."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.customers.attributes import storage
from regulars_core.customers.attributes.definitions import TABLE as DEFINITIONS
from regulars_core.customers.attributes.rules import key_of
from regulars_core.customers.merge import snapshots
from regulars_core.customers.rules import tax_key
from regulars_core.customers.sealed import COLUMN, PURPOSE, TABLE
from regulars_core.database import Database
from regulars_core.database.overwritten import drop_overwritten
from regulars_core.database.seals import MARK, PREFIX_LENGTH, KeyLost, SealBroken, Sealed, Seals, row_of
from regulars_core.queries.locks import lock
from regulars_core.shop.shop import Shop

_BATCH = 200
_ANALYZE_SECONDS = 600
_FIRST = "0" * 32


@dataclass(frozen=True, slots=True)
class Search:
    """The column by which a sealed one is found: what it holds an HMAC of, and for what purpose. `fold` is given the value and,
    where that depends on something `beside` it in SQL, that. `copied` is the UPDATE of where else it stands: of the row with the
    key $1, where it was $2, to $3."""

    column: str
    fold: Callable[[str | None, Any], str | None]
    purpose: str
    beside: str = "NULL"
    copied: str | None = None


@dataclass(frozen=True)
class SealedColumn:
    """A column that holds sensitive values. Its rows have the alias `t` and are known by `key`; `row` is, in SQL, for which row a
    value is sealed, and `place` for which table and column, if not for this one. Where not all of its values are sensitive, those
    are in which the `part` is one of what the SELECT `parts` answers; an index begins with the part and `told_by`, the column by
    whose beginning it is told which key has sealed a value."""

    table: str
    column: str
    key: str = "id"
    row: str = "t.id"
    joined: str = ""
    place: tuple[str, str] | None = None
    search: Search | None = None
    part: str = ""
    parts: str = ""
    told_by: str = ""

    @property
    def only(self) -> str:
        """The condition on rows whose values are sensitive."""
        return f" AND t.{self.part} IN ({self.parts})" if self.part else ""

    @property
    def sealed_for(self) -> tuple[str, str]:
        """The table and column for which values are sealed."""
        return self.place or (self.table, self.column)

    def beginning(self, database: Database) -> str:
        """What says whether a value is sealed, and by which key: of it there is an index."""
        if self.told_by:
            return self.told_by
        collated = ' COLLATE "C"' if database.engine == "postgres" else ""
        return f"(substr({self.column}, 1, {PREFIX_LENGTH}){collated})"


_VERIFIED_ABOUT = (
    "UPDATE customer_verification SET about = $3 WHERE subject = 'TAX_ID' AND about = $2"
    " AND customer_id IN (SELECT id FROM customer WHERE id = $1 OR merged_into_id = $1)"
)
COLUMNS: Sequence[SealedColumn] = (
    SealedColumn(
        TABLE, COLUMN, search=Search("tax_key", lambda value, _: tax_key(value), PURPOSE, copied=_VERIFIED_ABOUT)
    ),
    SealedColumn(
        "purchase_receipt",
        "customer_tax_id",
        key="purchase_id",
        row="p.customer_id",
        joined="JOIN purchase p ON p.id = t.purchase_id",
        place=(TABLE, COLUMN),
    ),
    SealedColumn(*snapshots.PLACE, key="merge_id", row="t.merge_id"),
    SealedColumn(
        storage.TABLE,
        storage.COLUMN,
        row=storage.SEALED_ROW,
        search=Search(
            "value_key",
            lambda value, type_: None if value is None else key_of(type_, value),
            storage.PURPOSE,
            f"(SELECT d.type FROM {DEFINITIONS} d WHERE d.id = t.definition_id)",
        ),
        part="definition_id",
        parts=f"SELECT d.id FROM {DEFINITIONS} d WHERE d.is_sensitive",
        told_by="value_key",
    ),
)
"""All of core's."""


@dataclass(slots=True)
class Rotated:
    """How many values of which table are sealed anew, and how many could not be opened, by the key or by what else is wrong."""

    sealed: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)


async def rotate(shop: Shop, told: Callable[[str, int], None] = lambda _, __: None) -> Rotated:
    """Seal everything by the first key, some hundreds at a time, each batch in a transaction of its own; `told` hears after each
    of them of which table how many are done. Killed and run again it goes on with what is left. At the end the disk forgets what
    stood there, as far as that is in our hands.

    Raises RuntimeError where there is no key.
    """
    database = shop.database
    if database.seals.current is None:
        raise RuntimeError("There is no key to seal by: set REGULARS_ENCRYPTION_KEYS.")
    rotated = Rotated()
    for column in COLUMNS:
        last = _FIRST
        while keys := await _next(database, column, last):
            await database.transaction(lambda column=column, keys=keys: _reseal(database, column, keys, rotated))  # type: ignore[misc]
            told(column.table, rotated.sealed.get(column.table, 0))
            last = keys[-1]
    if rotated.sealed:
        await _forget(database, list(rotated.sealed))
    return rotated


async def _next(database: Database, column: SealedColumn, last: str) -> Sequence[str]:
    prefix = database.seals.prefix or ""
    rows = await database.rows(
        f"SELECT t.{column.key} FROM {column.table} t WHERE t.{column.key} > $1 AND t.{column.column} IS NOT NULL"
        f" AND substr(t.{column.column}, 1, {len(prefix)}) <> $2{column.only} ORDER BY t.{column.key} LIMIT {_BATCH}",
        last,
        prefix,
    )
    return [row[0] for row in rows]


async def _reseal(database: Database, column: SealedColumn, keys: Sequence[str], rotated: Rotated) -> None:
    seals, (table, name) = database.seals, column.sealed_for
    await lock(database, column.table, keys, key=column.key)
    search = column.search
    before, beside = (f"t.{search.column}", search.beside) if search else ("NULL", "NULL")
    rows = await database.rows(
        f"SELECT t.{column.key}, t.{column.column}, {column.row}, {before}, {beside} FROM {column.table} t {column.joined}"
        f" WHERE {database.dialect.among(f't.{column.key}', 1)}",
        keys,
    )
    written, copied = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
    for key, stored, owner, found_before, known in rows:
        if stored is None or stored.startswith(seals.prefix or MARK):
            continue  # somebody else has sealed or emptied it meanwhile
        row = row_of(stored) or owner
        try:
            value = seals.opened(stored, table, name, row)
        except Sealed as error:
            reason = f"key {error.key_id}" if isinstance(error, KeyLost) else "broken"
            rotated.left[reason] = rotated.left.get(reason, 0) + 1
            continue
        found_by = [seals.digest(search.fold(value, known), search.purpose)] if search else []
        written.append((key, seals.sealed(value, table, name, row), *found_by))
        copied += [(key, found_before, one) for one in found_by if found_before is not None]
    sets = f"{column.column} = $2" + (f", {search.column} = $3" if search else "")
    if search and search.copied and copied:
        await database.run_many(search.copied, sorted(copied))
    if written:
        await database.run_many(f"UPDATE {column.table} SET {sets} WHERE {column.key} = $1", sorted(written))
        rotated.sealed[column.table] = rotated.sealed.get(column.table, 0) + len(written)


async def _forget(database: Database, tables: Sequence[str]) -> None:
    """Let neither the disk nor the planner's samples keep what was plain."""
    await drop_overwritten(database, tables)
    for table in tables if database.engine == "postgres" else ():

        async def count(table: str = table) -> None:
            await database.allow(_ANALYZE_SECONDS)
            await database.run(f"ANALYZE {table}")

        await database.transaction(count)


PLAIN = ""
"""Stands for no key, where it is told by which key values are sealed."""


async def keys_in_use(database: Database) -> Mapping[str, Sequence[str]]:
    """By which keys the values of each table are sealed, PLAIN among them for those that are not. One look into an index for
    each key, however many values there are."""
    found: dict[str, list[str]] = {}
    for column in COLUMNS:
        keys = found.setdefault(column.table, [])
        for part in await database.rows(column.parts) if column.part else [()]:
            keys += await _keys_in(database, column, part)
    return {table: list(dict.fromkeys(keys)) for table, keys in found.items() if keys}


async def _keys_in(database: Database, column: SealedColumn, part: Sequence[Any]) -> Sequence[str]:
    """By which keys the values of a part of a column are sealed, PLAIN at the end."""
    beginning, last, keys = column.beginning(database), "", list[str]()
    of_part = f" AND {column.part} = $2" if column.part else ""
    while True:
        row = await database.row(
            f"SELECT {beginning} FROM {column.table} WHERE {column.column} IS NOT NULL AND {beginning} > $1{of_part}"
            f" ORDER BY {beginning} LIMIT 1",
            last,
            *part,
        )
        if row is None:
            return keys
        is_sealed = row[0].startswith(MARK) and "~" in row[0][2:]
        keys.append(row[0][1:].partition("~")[0] if is_sealed else PLAIN)
        if not row[0].startswith(MARK):
            return keys  # what is plain comes last
        last = row[0].partition("~")[0] + "~\x7f"


async def differences(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each value that cannot be opened, and for each that is not found by what it is."""
    database, seals = shop.database, shop.seals
    for column in COLUMNS:
        table, name = column.sealed_for
        searched = f", t.{column.search.column}, {column.search.beside}" if column.search else ""
        last = _FIRST
        while rows := await database.rows(
            f"SELECT t.{column.key}, t.{column.column}{searched} FROM {column.table} t"
            f" WHERE t.{column.key} > $1 AND t.{column.column} IS NOT NULL{column.only} ORDER BY t.{column.key} LIMIT 1000",
            last,
        ):
            for key, stored, *found_by in rows:
                try:
                    value = seals.opened(stored, table, name, row_of(stored) or key)
                except KeyLost as error:
                    yield f"{column.table} {key}: sealed by the key {error.key_id}, which is not there"
                    continue
                except SealBroken:
                    yield f"{column.table} {key}: changed since it was sealed"
                    continue
                if column.search and found_by[0] not in _found_by(seals, column.search, value, found_by[1]):
                    yield f"{column.table} {key}: {column.column} is found by something else than what it is"
            last = rows[-1][0]


def _found_by(seals: Seals, search: Search, value: str | None, known: Any) -> Sequence[str | None]:
    folded = search.fold(value, known)
    return [None] if folded is None else seals.digests(folded, search.purpose)
