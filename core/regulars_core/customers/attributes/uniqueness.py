"""Values of unique attributes: of which no two customers have the same."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from regulars_core.customers.attributes.definitions import TABLE
from regulars_core.customers.attributes.rules import CheckedAttribute, key_of
from regulars_core.customers.attributes.storage import comparable, opened_or_opaque
from regulars_core.database import Database
from regulars_core.database.seals import Opaque
from regulars_core.shop.shop import Shop

_MAX_OF_ONE, _MAX_REPEATED, _LOOKED_AT = 20, 100, 1_000
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
    for (id_, form), found in (await having(shop.database, kept)).items():
        owners.setdefault(kept[id_, form], []).extend(found)
    return owners


async def having(database: Database, keys: Collection[Key]) -> Mapping[Key, Sequence[str]]:
    """By whom each of these is kept in this very form, some at most."""
    if not keys:
        return {}
    linked = "v.definition_id = k.definition_id AND v.value_key = k.form"
    wanted, values = forms_wanted(database, keys)
    if database.engine == "postgres":
        # Each by itself from the index, also while the table is being filled.
        found = f"CROSS JOIN LATERAL (SELECT * FROM customer_attribute v WHERE {linked} LIMIT {_MAX_OF_ONE}) v"
        linked = "TRUE"
    else:
        found = "CROSS JOIN customer_attribute v"
        some = linked.replace("v.", "w.")
        linked = f"v.id IN (SELECT w.id FROM customer_attribute w WHERE {some} LIMIT {_MAX_OF_ONE})"
    owners: dict[Key, list[str]] = {}
    for id_, form, owner in await database.read(
        f"SELECT DISTINCT k.definition_id, k.form, coalesce(a.merged_into_id, a.id) FROM {wanted} {found}"
        f" CROSS JOIN customer a WHERE {linked} AND a.id = v.customer_id ORDER BY 1, 2, 3",
        *values,
    ):
        owners.setdefault((id_, form), []).append(owner)
    return owners


def forms_wanted(database: Database, keys: Collection[Key]) -> tuple[str, Sequence[Any]]:
    """A FROM item `k` of these, one or more, in columns `definition_id` and `form`; and its values, the statement's first."""
    pairs = sorted(keys)
    if database.engine == "postgres":
        return "unnest($1::uuid[], $2::text[]) AS k(definition_id, form)", list(map(list, zip(*pairs, strict=True)))
    item = "(SELECT value ->> 0 AS definition_id, value ->> 1 AS form FROM json_each($1)) k"
    return item, [[list(pair) for pair in pairs]]


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
        yield _repeated(name, [row[0] for row in codes])
    async for name, ids in _repeated_under_other_keys(shop):
        rows = await shop.database.rows(
            f"SELECT code FROM customer WHERE {shop.database.dialect.among('id', 1)} ORDER BY code", ids
        )
        yield _repeated(name, [row[0] for row in rows])


def _repeated(name: str, codes: Sequence[str]) -> str:
    return f"{', '.join(codes)} have the same {name}, which the shop allows once"


async def _repeated_under_other_keys(shop: Shop) -> AsyncIterator[tuple[str, list[str]]]:
    """The attribute and the customers for each sealed value that several have under different keys, while these are rotated."""
    prefix, last, told = shop.seals.prefix, "0" * 32, set[Key]()
    some = (
        f"SELECT v.id, d.id, d.name, d.type, v.value, v.value_key FROM customer_attribute v JOIN {TABLE} d"
        " ON d.id = v.definition_id"
        f" WHERE d.is_unique AND d.is_sensitive AND v.id > $1 AND substr(v.value_key, 1, {len(prefix or '')}) <> $2"
        f" ORDER BY v.id LIMIT {_LOOKED_AT}"
    )
    while prefix and (rows := await shop.database.rows(some, last, prefix)):
        found: dict[Key, tuple[str, str]] = {}
        for _, definition_id, name, type_, value, kept in rows:
            if not isinstance(clear := opened_or_opaque(shop.seals, value), Opaque):
                found[definition_id, key_of(type_, clear)] = name, kept
        alike = await having(shop.database, [(definition_id, kept) for (definition_id, _), (_, kept) in found.items()])
        for key, owners in (await owners_of(shop, found)).items():
            name, kept = found[key]
            ids = sorted(set(owners))
            if len(ids) > 1 and key not in told and set(alike.get((key[0], kept), ())) != set(ids):
                told.add(key)
                yield name, ids
        last = rows[-1][0]
