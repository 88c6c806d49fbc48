"""Which attributes the shop has declared."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson

from regulars_core.customers.attributes.rules import Declared, Definition
from regulars_core.database import Database
from regulars_core.queries.rows import Readable, by_ids
from regulars_core.shop.shop import Shop

_NAMES = ("id", "name", "label", "description", "type", "choices", "is_sensitive", "is_unique", "is_required")
TABLE = "customer_attribute_definition"


def _definition(*row: Any) -> Definition:
    id_, name, label, description, type_, choices, is_sensitive, is_unique, is_required = row
    return Definition(
        id_,
        name,
        label,
        description,
        type_,
        orjson.loads(choices),
        bool(is_sensitive),
        bool(is_unique),
        bool(is_required),
    )


DEFINITIONS = Readable(f"{TABLE} d", "d.id", [f"d.{name}" for name in _NAMES], _definition)


async def declared_attributes(database: Database) -> Declared:
    """What the shop has declared, by name."""
    return _by_name(await database.read(_ALL))


async def held_attributes(database: Database) -> Declared:
    """The same, and nobody declares anything else until the transaction ends: for who is about to write values. To be called
    before values and customers are locked."""
    return _by_name(await database.rows(_ALL + (" FOR SHARE" if database.engine == "postgres" else "")))


_ALL = f"SELECT {DEFINITIONS.column_list} FROM {DEFINITIONS.table} ORDER BY d.name"


def _by_name(rows: Sequence[Any]) -> Declared:
    return {row[1]: _definition(*row) for row in rows}


async def attributes_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, Definition]:
    """Declared attributes by id."""
    return await by_ids(database, DEFINITIONS, ids)


class _Remembered(dict[str, Definition]):
    """What was declared when somebody last looked; `look` counts those who began to look before."""

    look = 0


class _Looks:
    """How often somebody began to look."""

    begun = 0


def remembered(shop: Shop, name: str) -> Definition | None:
    """An attribute as it was declared when `remembered_anew` last looked, if it was."""
    known: _Remembered = shop.memory.get(_Remembered) or _Remembered()
    return known.get(name)


async def remembered_anew(shop: Shop) -> Declared:
    """What is declared now, and remembered from now on; not what a replica says of it."""
    looks = shop.memory.setdefault(_Looks, _Looks())
    look, looks.begun = looks.begun, looks.begun + 1
    known = _Remembered(await declared_attributes(shop.database))
    known.look = look
    if not shop.database.may_be_old:
        shop.memory[_Remembered] = known
    return known


def remembered_since(shop: Shop) -> Callable[[], Awaitable[Declared]]:
    """What asks for what is declared: as of now or of any later instant. Several of these cost one look, if all of them are there
    before the first is asked."""
    since = shop.memory.setdefault(_Looks, _Looks()).begun

    async def ask() -> Declared:
        known: _Remembered | None = shop.memory.get(_Remembered)
        return known if known is not None and known.look >= since else await remembered_anew(shop)

    return ask
