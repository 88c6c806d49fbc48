"""Forgetting a customer in segments: what their conditions compare may be the customer's own, such as a tax id."""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from typing import Any

import orjson

from regulars_core.audiences.leaves import Audience
from regulars_core.customers.attributes.definitions import TABLE
from regulars_core.customers.attributes.rules import keys_meant
from regulars_core.customers.attributes.storage import comparable
from regulars_core.customers.rules import company_key, tax_key
from regulars_core.customers.sealed import tax_key_forms
from regulars_core.database.seals import Seals
from regulars_core.primitives.clock import now
from regulars_core.queries.locks import lock_where
from regulars_core.shop.shop import Shop

_FOLDED: Mapping[str, tuple[str, Callable[[str], str | None]]] = {
    "taxId": ("tax_key", tax_key),
    "companyName": ("company_key", company_key),
}
"""Leaves that name one customer: the column that holds the value as it is compared, and what folds it so."""
_ATTRIBUTE = "attribute"
_SHOPS_OWN = "('BOOLEAN', 'CHOICE')"
"""Types of attributes whose values are the shop's words, and nobody's."""


async def forget_in_segments(shop: Shop, customers: Sequence[str]) -> int:
    """Take out of the conditions of segments what was these customers' own, before it is erased itself: they match nobody by it
    any more; what somebody else has too stays. Answers how many segments were changed."""
    columns = [column for column, _ in _FOLDED.values()]
    among = shop.database.dialect.among("id", 1)
    rows = await shop.database.rows(f"SELECT {', '.join(columns)} FROM customer WHERE {among}", list(customers))
    own: Mapping[str, Set[str]] = {column: {row[n] for row in rows} - {None, ""} for n, column in enumerate(columns)}
    attributes = await _attributes_of_nobody_else(shop, customers)
    if not attributes and not any(own.values()):
        return 0
    leaves = " OR ".join(f"conditions LIKE '%\"{leaf}\"%'" for leaf in (*_FOLDED, _ATTRIBUTE))
    segments = await lock_where(shop.database, "segment", leaves, [], ("id", "conditions"))
    own = await _shared_by_nobody(shop, customers, own) if segments else {}
    changed = 0
    for id_, text in segments:
        before = orjson.loads(text)
        after = _without(before, own, attributes, shop)
        if after != before:
            changed += 1
            await shop.database.run(
                "UPDATE segment SET conditions = $2, version = version + 1, updated_at = $3 WHERE id = $1",
                id_,
                orjson.dumps(after).decode(),
                now(),
            )
    return changed


async def _shared_by_nobody(
    shop: Shop, customers: Sequence[str], own: Mapping[str, Set[str]]
) -> Mapping[str, Set[str]]:
    """Those of these values that no other customer has, such as somebody else of the same company."""
    dialect, left = shop.database.dialect, dict[str, Set[str]]()
    for column, values in own.items():
        sql = f"SELECT DISTINCT {column} FROM customer WHERE {dialect.any_of(column, 1, 'text')} AND NOT {dialect.among('id', 2)}"
        others = await shop.database.rows(sql, sorted(values), list(customers)) if values else []
        left[column] = set(values) - {row[0] for row in others}
    return left


async def _attributes_of_nobody_else(shop: Shop, customers: Sequence[str]) -> Mapping[str, Set[str]]:
    """What these customers have of attributes and no other one has, by the attribute's name, as it is compared."""
    among, found = shop.database.dialect.among, dict[str, set[str]]()
    others = (
        "SELECT 1 FROM customer_attribute o WHERE o.definition_id = v.definition_id AND o.value_key = v.value_key"
        f" AND NOT {among('o.customer_id', 1)}"
    )
    sql = (
        f"SELECT d.name, v.value_key FROM customer_attribute v JOIN {TABLE} d ON d.id = v.definition_id"
        f" WHERE {among('v.customer_id', 1)} AND d.type NOT IN {_SHOPS_OWN} AND NOT EXISTS ({others})"
    )
    for name, key in await shop.database.rows(sql, list(customers)):
        found.setdefault(name, set()).add(key)
    return found


def _without(tree: Audience, own: Mapping[str, Set[str]], attributes: Mapping[str, Set[str]], shop: Shop) -> Audience:
    kept: dict[str, Any] = {}
    for name, inside in tree.items():
        if name in {"all", "any"}:
            kept[name] = [_without(part, own, attributes, shop) for part in inside]
        elif name == "not":
            kept[name] = _without(inside, own, attributes, shop)
        elif name in _FOLDED:
            column, folded = _FOLDED[name]
            kept[name] = {
                "in": [
                    text for text in inside["in"] if own[column].isdisjoint(_forms(shop.seals, column, folded(text)))
                ]
            }
        elif name == _ATTRIBUTE and "in" in inside:
            theirs = attributes.get(inside["name"], set())
            left = [text for text in inside["in"] if theirs.isdisjoint(comparable(shop, keys_meant(text)))]
            kept[name] = {**inside, "in": left}
        else:
            kept[name] = inside
    return kept


def _forms(seals: Seals, column: str, folded: str | None) -> Collection[str]:
    """What may stand in the column for a folded value."""
    return tax_key_forms(seals, folded) if column == "tax_key" else {folded or ""}
