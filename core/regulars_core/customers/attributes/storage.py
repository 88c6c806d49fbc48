"""The one place where values of attributes become what is kept, and where what is kept becomes a value again.

A sensitive one is sealed for the customer and the attribute, where the shop has keys, and is found by an HMAC. Of it no ordinal
is kept, which would tell it; so it has no ranges.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from regulars_core.customers.attributes.rules import MAX_KEY, Definition, key_of, ordinal_of
from regulars_core.database import Database
from regulars_core.database.seals import Opaque, SealBroken, Sealed, Seals, row_of
from regulars_core.shop.shop import Shop

TABLE, COLUMN = "customer_attribute", "value"
PURPOSE = f"{TABLE}.{COLUMN}"
SEALED_ROW = "replace(CAST(t.customer_id AS TEXT) || '.' || CAST(t.definition_id AS TEXT), '-', '')"
"""For which row a value is sealed, as SQL over the table `t`."""


class Stored(NamedTuple):
    """A value as it stands in its table."""

    value: str
    value_key: str
    ordinal: int | None


class KeptValue(NamedTuple):
    """A value as it is kept, of whom and of which attribute."""

    customer_id: str
    definition_id: str
    value: str | None


def stored(shop: Shop, definition: Definition, customer_id: str, value: str) -> Stored:
    """What is kept of a customer's value. What could not be opened is kept as it was, and found by what it is when it is sealed
    anew."""
    if isinstance(value, Opaque):
        return Stored(str(value), value[:MAX_KEY], None)
    key = key_of(definition.type, value)
    if definition.is_sensitive:
        sealed = shop.seals.sealed(value, TABLE, COLUMN, f"{customer_id}.{definition.id}")
        return Stored(str(sealed), str(shop.seals.digest(key, PURPOSE)), None)
    return Stored(value, key, ordinal_of(definition.type, value))


def opened(seals: Seals, value: str) -> str:
    """A kept value as it is shown, for whomever it was sealed. Raises Sealed."""
    return str(seals.opened(value, TABLE, COLUMN, row_of(value) or ""))


def opened_or_opaque(seals: Seals, value: str) -> str:
    """The same, and an Opaque for one that cannot be opened."""
    try:
        return opened(seals, value)
    except Sealed:
        return Opaque(value)


async def opened_values(database: Database, kept: Sequence[KeptValue]) -> list[str | Sealed | None]:
    """Values as they are shown; in the place of one that cannot be opened why not. A value may have been sealed for a record that
    was merged into the customer."""
    places = {n: row.split(".") for n, one in enumerate(kept) if one.value and (row := row_of(one.value))}
    strange = {
        place[0] for n, place in places.items() if place[0] != kept[n].customer_id and len(place[0]) == _ID_LENGTH
    }
    leads_to: Mapping[str, str | None] = {}
    if strange:
        sql = f"SELECT id, merged_into_id FROM customer WHERE {database.dialect.among('id', 1)}"
        leads_to = {row[0]: row[1] for row in await database.rows(sql, sorted(strange))}
    found: list[str | Sealed | None] = []
    for n, one in enumerate(kept):
        owner, *of = places.get(n, [one.customer_id, one.definition_id])
        is_theirs = one.customer_id in {owner, leads_to.get(owner)} and of == [one.definition_id]
        try:
            found.append(
                None if one.value is None else opened(database.seals, one.value) if is_theirs else SealBroken()
            )
        except Sealed as error:
            found.append(error)
    return found


_ID_LENGTH = 32


def comparable(shop: Shop, keys: Sequence[str]) -> list[str]:
    """The forms in which these keys may be kept, whether of a sensitive attribute or not."""
    return [form for key in keys for form in shop.seals.digests(key, PURPOSE)]
