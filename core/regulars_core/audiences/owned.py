"""What conditions compare that is one customer's own, such as a tax id: what an erasure takes out of all that are stored."""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from regulars_core.audiences.leaves import Audience
from regulars_core.customers.attributes.definitions import TABLE
from regulars_core.customers.attributes.rules import keys_meant
from regulars_core.customers.attributes.storage import comparable
from regulars_core.customers.rules import company_key, tax_key
from regulars_core.customers.sealed import tax_key_forms
from regulars_core.database import current_transaction
from regulars_core.database.seals import Seals
from regulars_core.shop.shop import Shop

_FOLDED: Mapping[str, tuple[str, Callable[[str], str | None]]] = {
    "taxId": ("tax_key", tax_key),
    "companyName": ("company_key", company_key),
}
"""Leaves that name one customer: the column that holds the value as it is compared, and what folds it so."""
_ATTRIBUTE = "attribute"
LEAVES = (*_FOLDED, _ATTRIBUTE)
"""Leaves that may compare what is one customer's own."""
_SHOPS_OWN = "('BOOLEAN', 'CHOICE')"
"""Types of attributes whose values are the shop's words, and nobody's."""


@dataclass(frozen=True)
class Owned:
    """What some customers have and nobody else, by the column in which it is compared, and by the attribute's name."""

    shop: Shop
    columns: Mapping[str, Set[str]]
    attributes: Mapping[str, Set[str]]

    def __bool__(self) -> bool:
        return bool(self.attributes) or any(self.columns.values())

    @property
    def leaves(self) -> Sequence[str]:
        """The leaves that may compare it."""
        return LEAVES

    def without(self, audience: Audience) -> Audience:
        """These conditions without it: they match nobody by it any more."""
        kept: dict[str, Any] = {}
        for name, inside in audience.items():
            if name in {"all", "any"}:
                kept[name] = [self.without(part) for part in inside]
            elif name == "not":
                kept[name] = self.without(inside)
            elif name in _FOLDED:
                column, folded = _FOLDED[name]
                own, seals = self.columns[column], self.shop.seals
                left = [text for text in inside["in"] if own.isdisjoint(_forms(seals, column, folded(text)))]
                kept[name] = {"in": left}
            elif name == _ATTRIBUTE and "in" in inside:
                theirs = self.attributes.get(inside["name"], set())
                left = [text for text in inside["in"] if theirs.isdisjoint(comparable(self.shop, keys_meant(text)))]
                kept[name] = {**inside, "in": left}
            else:
                kept[name] = inside
        return kept


_found: ContextVar[tuple[Any, Sequence[str], Owned] | None] = ContextVar("regulars_owned", default=None)
"""What was found last, in which transaction and of whom: core is the first to ask, and erases it before plugins do."""


async def owned_by(shop: Shop, customers: Sequence[str]) -> Owned:
    """What these customers have that conditions may compare, and nobody else has; in the transaction of an erasure what they had
    before it. It goes by core's tables alone."""
    transaction, found = current_transaction.transaction.get(), _found.get()
    if found is not None and found[0] is transaction is not None and list(found[1]) == list(customers):
        return found[2]
    own = await _owned_now(shop, customers)
    _found.set((transaction, customers, own))
    return own


async def _owned_now(shop: Shop, customers: Sequence[str]) -> Owned:
    columns = [column for column, _ in _FOLDED.values()]
    among = shop.database.dialect.among("id", 1)
    rows = await shop.database.rows(f"SELECT {', '.join(columns)} FROM customer WHERE {among}", list(customers))
    own: Mapping[str, Set[str]] = {column: {row[n] for row in rows} - {None, ""} for n, column in enumerate(columns)}
    return Owned(shop, await _shared_by_nobody(shop, customers, own), await _attributes_of_nobody_else(shop, customers))


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


def _forms(seals: Seals, column: str, folded: str | None) -> Collection[str]:
    """What may stand in the column for a folded value."""
    return tax_key_forms(seals, folded) if column == "tax_key" else {folded or ""}
