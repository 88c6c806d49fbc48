"""The records of customers, as they are compared with others."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from regulars_core.customers.aliases import ERASED
from regulars_core.customers.duplicates import RECORD_COLUMNS, Traits, alike_of
from regulars_core.customers.sealed import forms_of_stored
from regulars_core.database import Database

_NOT_ERASED = f"status <> '{ERASED}'"


@dataclass(frozen=True, slots=True)
class Record:
    """A record: that of a customer, or one that was merged into the `customer_id`. `tax_ids` are all forms in which its tax id
    may be kept, under each key, the current one first; of those that are not sealed there are none."""

    id: str
    customer_id: str
    created_at: int
    traits: Traits
    tax_ids: Sequence[str] = ()


People = Mapping[str, Sequence[Record]]
"""By the ids of customers the records of each, their own first."""


async def people_of(database: Database, record_ids: Collection[str]) -> People:
    """The customers to whom these records lead, with all records of each; nothing of who is erased or not there."""
    ids = sorted(set(record_ids))
    if not ids:
        return {}
    dialect = database.dialect
    survivors = await database.rows(
        f"SELECT DISTINCT coalesce(merged_into_id, id) FROM customer WHERE {dialect.among('id', 1)}", ids
    )
    parts = [
        f"SELECT {RECORD_COLUMNS}, created_at, tax_id FROM customer WHERE {dialect.among(column, 1)} AND {_NOT_ERASED}"
        for column in ("id", "merged_into_id")
    ]
    found: dict[str, list[Record]] = {}
    for *row, created_at, tax_id in await database.rows(" UNION ALL ".join(parts), sorted(row[0] for row in survivors)):
        alike = alike_of(row)
        forms = forms_of_stored(database.seals, tax_id)
        found.setdefault(alike.id, []).append(Record(row[0], alike.id, created_at, alike.traits, forms))
    return {
        customer_id: sorted(records, key=lambda one: (one.id != customer_id, one.id))
        for customer_id, records in found.items()
        if any(one.id == customer_id for one in records)
    }
