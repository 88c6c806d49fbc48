"""Which records are one person's, because they were merged."""

from collections.abc import Mapping, Sequence

from regulars_core.customers.aliases import survivors
from regulars_core.database import Database


async def survivors_of(database: Database, customer_ids: Sequence[str]) -> Mapping[str, str]:
    """The record into which each of these was merged in the end, by its id; the record itself where it was not, and where there
    is none."""
    return {id_: id_ for id_ in customer_ids} | dict(await survivors(database, customer_ids))


async def absorbed_by(database: Database, customer_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The records that were merged into each of these, by its id, those that were merged into them too."""
    found: dict[str, list[str]] = {id_: [] for id_ in customer_ids}
    among = database.dialect.among("merged_into_id", 1)
    sql = f"SELECT merged_into_id, id FROM customer WHERE {among} ORDER BY id"
    for survivor, id_ in await database.rows(sql, sorted(found)):
        found[survivor].append(id_)
    return found
