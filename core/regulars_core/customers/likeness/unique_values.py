"""Values of which the shop allows each once, such as an e-mail address: by `Settings.unique_fields`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from regulars_core.customers.rules import tax_key
from regulars_core.customers.sealed import tax_key_forms
from regulars_core.queries.rows import rows_by_text
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop

_MAX_OF_ONE, _MAX_REPEATED = 20, 100
KEPT_IN = {"email": "email", "phone": "phone", "tax_id": "tax_key"}
"""Where the form stands in which the values are compared that a shop can keep apart."""


def unique_keys(settings: Settings, columns: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The values that the shop keeps apart, as (column, value in the form in which it is compared)."""
    folded = {"tax_id": tax_key}
    keys = [(name, folded.get(name, str)(columns[name])) for name in settings.unique_fields if columns.get(name)]
    return [(name, value) for name, value in keys if value]


async def values_taken(shop: Shop, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these values, as `unique_keys` names them, somebody has: for many customers at once."""
    taken = set()
    for name in dict.fromkeys(name for name, _ in keys):
        column, values = KEPT_IN[name], {value: value for of, value in keys if of == name}
        if name == "tax_id":
            values |= {form: value for value in list(values) for form in tax_key_forms(shop.seals, value)}
        rows = await rows_by_text(shop.database, "customer", (column,), column, sorted(values))
        taken |= {(name, values[row[0]]) for row in rows}
    return taken


async def repeated(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each value that the shop keeps apart and several customers have: by their codes, and without the value."""
    for name in shop.settings.unique_fields:
        column = KEPT_IN[name]
        for row in await shop.database.rows(
            f"SELECT {column} FROM customer WHERE {column} IS NOT NULL GROUP BY {column}"
            " HAVING count(DISTINCT coalesce(merged_into_id, id)) > 1"
            f" ORDER BY {column} LIMIT {_MAX_REPEATED}"
        ):
            owners = await shop.database.rows(
                f"SELECT code FROM customer WHERE {column} = $1 ORDER BY id LIMIT {_MAX_OF_ONE}", row[0]
            )
            yield f"{', '.join(owner[0] for owner in owners)} have the same {name}, which the shop allows once"
