"""Tax ids as they are kept: sealed where the shop has keys for it. Whoever reads or writes the column goes through here."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.customers.rules import derived, tax_key
from regulars_core.database import Database
from regulars_core.database.seals import Opaque, Sealed, Seals, row_of
from regulars_core.queries.where import Condition, LeafSql, Values

TABLE, COLUMN = "customer", "tax_id"
PURPOSE = f"{TABLE}.{COLUMN}"


def kept_columns(seals: Seals, customer_id: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns as they are written for a customer. What could not be opened is written as it was."""
    value = columns.get(COLUMN)
    if value is None or isinstance(value, Opaque):
        return dict(columns)
    return {**columns, COLUMN: seals.sealed(value, TABLE, COLUMN, customer_id)}


def kept_beside(seals: Seals, columns: Mapping[str, Any]) -> dict[str, str | None]:
    """What is kept beside a customer's columns, as it is written: see `rules.derived`. By what a tax id is found that could not
    be opened stays as it is."""
    kept = derived(columns)
    if isinstance(columns[COLUMN], Opaque):
        del kept["tax_key"]
        return kept
    return {**kept, "tax_key": seals.digest(kept["tax_key"], PURPOSE)}


def opened_columns(seals: Seals, customer_id: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a customer as they were given. What cannot be opened stays sealed, as an Opaque: nothing else of the
    customer depends on it."""
    try:
        return {**columns, COLUMN: seals.opened(columns[COLUMN], TABLE, COLUMN, customer_id)}
    except Sealed:
        return {**columns, COLUMN: Opaque(columns[COLUMN])}


async def opened_tax_ids(
    database: Database, values: Sequence[tuple[str | None, str | None]]
) -> list[str | Sealed | None]:
    """Tax ids that stand in rows of customers, each given with the customer's id, as they were typed; in the place of one that
    cannot be opened why not. A value may have been sealed for a record that was merged into the customer."""
    strange = {
        row
        for owner, stored in values
        if stored is not None and (row := row_of(stored)) is not None and row != owner and len(row) == _ID_LENGTH
    }
    leads_to: dict[str, str | None] = {}
    if strange:
        among = database.dialect.among("id", 1)
        sql = f"SELECT id, merged_into_id FROM customer WHERE {among}"
        leads_to = {row[0]: row[1] for row in await database.rows(sql, sorted(strange))}
    found: list[str | Sealed | None] = []
    for owner, stored in values:
        row = None if stored is None else row_of(stored)
        rows = [one for one in (owner, row) if one is not None and (one == owner or leads_to.get(one) == owner)]
        try:
            found.append(database.seals.opened(stored, TABLE, COLUMN, rows))
        except Sealed as error:
            found.append(error)
    return found


_ID_LENGTH = 32


def compared_tax_ids(column: str) -> LeafSql:
    """A leaf over a column of tax ids in the form in which they are compared: one of these."""

    def sql(conditions: Sequence[Condition], values: Values) -> str:
        forms = [
            [form for text in asked for form in values.dialect.seals.digests(text, PURPOSE)] for _, asked in conditions
        ]
        return " AND ".join(values.among(column, each) for each in forms) or "1=1"

    return sql


def tax_key_forms(seals: Seals, key: str | None) -> Sequence[str]:
    """Everything that may stand in the column by which a tax id is found, which is compared in this form."""
    return [] if key is None else seals.digests(key, PURPOSE)


def forms_of_stored(seals: Seals, stored: str | None) -> Sequence[str]:
    """The same of a tax id as it is kept, the form under the current key first; none where nothing is sealed, and of what cannot
    be opened."""
    if stored is None or seals.current is None:
        return []
    try:
        return tax_key_forms(seals, tax_key(seals.opened(stored, TABLE, COLUMN, row_of(stored) or "")))
    except Sealed:
        return []
