"""Values of unique attributes: of which no two customers have the same."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from regulars_core.customers.attributes.definitions import TABLE
from regulars_core.customers.attributes.rules import CheckedAttribute, key_of
from regulars_core.customers.attributes.storage import comparable
from regulars_core.database import Database
from regulars_core.shop.shop import Shop

_MAX_OF_ONE, _MAX_REPEATED = 20, 100
Key = tuple[str, str]
"""A definition's id, and the form in which a value is compared."""


def unique_keys_of(values: Sequence[CheckedAttribute]) -> list[Key]:
    """The values that nobody else may have, also for `lock_values`."""
    return [
        (one.definition.id, key_of(one.definition.type, one.value))
        for one in values
        if one.value is not None and one.definition.is_unique
    ]


async def owners_of(shop: Shop, keys: Collection[Key]) -> Mapping[Key, Sequence[str]]:
    """Who has each of these values, by itself or by a record that was merged into it; values that nobody has are missing."""
    kept = {(id_, form): (id_, key) for id_, key in keys for form in comparable(shop, [key])}
    owners: dict[Key, list[str]] = {}
    for (id_, form), found in (await _having(shop.database, kept)).items():
        owners.setdefault(kept[id_, form], []).extend(found)
    return owners


async def _having(database: Database, keys: Collection[Key]) -> Mapping[Key, Sequence[str]]:
    """By whom each of these (definition, form) is kept, some at most."""
    if not keys:
        return {}
    pairs = sorted(keys)
    linked = "v.definition_id = k.definition_id AND v.value_key = k.form"
    if database.engine == "postgres":
        wanted, values = (
            "unnest($1::uuid[], $2::text[]) AS k(definition_id, form)",
            list(map(list, zip(*pairs, strict=True))),
        )
        # Each by itself from the index, also while the table is being filled.
        found = f"CROSS JOIN LATERAL (SELECT * FROM customer_attribute v WHERE {linked} LIMIT {_MAX_OF_ONE}) v"
        linked = "TRUE"
    else:
        wanted = "(SELECT value ->> 0 AS definition_id, value ->> 1 AS form FROM json_each($1)) k"
        values, found = [[list(pair) for pair in pairs]], "CROSS JOIN customer_attribute v"
    owners: dict[Key, list[str]] = {}
    for id_, form, owner in await database.read(
        f"SELECT DISTINCT k.definition_id, k.form, coalesce(a.merged_into_id, a.id) FROM {wanted} {found}"
        f" CROSS JOIN customer a WHERE {linked} AND a.id = v.customer_id ORDER BY 1, 2, 3",
        *values,
    ):
        owners.setdefault((id_, form), []).append(owner)
    return owners


async def repeated_attributes(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each value of a unique attribute that several customers have: by their codes, and without the value."""
    owner = "coalesce(a.merged_into_id, a.id)"
    for definition_id, name, key in await shop.database.rows(
        f"SELECT d.id, d.name, v.value_key FROM {TABLE} d JOIN customer_attribute v ON v.definition_id = d.id"
        " JOIN customer a ON a.id = v.customer_id WHERE d.is_unique GROUP BY d.id, d.name, v.value_key"
        f" HAVING count(DISTINCT {owner}) > 1 ORDER BY d.name, v.value_key LIMIT {_MAX_REPEATED}"
    ):
        codes = await shop.database.rows(
            f"SELECT DISTINCT c.code FROM customer_attribute v JOIN customer a ON a.id = v.customer_id JOIN customer c"
            f" ON c.id = {owner} WHERE v.definition_id = $1 AND v.value_key = $2 ORDER BY c.code LIMIT {_MAX_OF_ONE}",
            definition_id,
            key,
        )
        yield f"{', '.join(row[0] for row in codes)} have the same {name}, which the shop allows once"
