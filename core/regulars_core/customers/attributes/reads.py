"""Reading what customers have of attributes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.customers.attributes.definitions import TABLE
from regulars_core.customers.attributes.storage import KeptValue, opened_values
from regulars_core.database.seals import Sealed
from regulars_core.queries.rows import Readable, listed_of
from regulars_core.shop.shop import Shop


@dataclass(slots=True)
class AttributeRow:
    """A value of an attribute, and what is told of the attribute beside it; None where it is not told."""

    name: str
    label: str
    type: str
    is_sensitive: bool
    value: str | None
    customer_id: str
    definition_id: str
    lost: Sealed | None = None
    """Why the value cannot be opened."""

    def __post_init__(self) -> None:
        self.is_sensitive = bool(self.is_sensitive)


_VALUES = Readable(
    f"customer_attribute v JOIN {TABLE} d ON d.id = v.definition_id",
    "v.id",
    ["d.name", "d.label", "d.type", "d.is_sensitive", "v.value", "v.customer_id", "v.definition_id"],
    AttributeRow,
)


async def attributes_of(
    shop: Shop, customer_ids: Sequence[str], *, sensitive: bool
) -> Mapping[str, Sequence[AttributeRow]]:
    """What each of these customers has, by name; the values of sensitive ones are told if that is wished,
    and where one cannot be opened why not."""
    found = await listed_of(shop.database, _VALUES, "v.customer_id", customer_ids, "v.customer_id, d.name")
    told = [row for rows in found.values() for row in rows]
    for row in told:
        row.value = None if row.is_sensitive and not sensitive else row.value
    secret = [row for row in told if row.is_sensitive and row.value is not None]
    kept = [KeptValue(row.customer_id, row.definition_id, row.value) for row in secret]
    for row, value in zip(secret, await opened_values(shop.database, kept), strict=True):
        row.value, row.lost = (None, value) if isinstance(value, Sealed) else (value, None)
    return found
