"""What conditions compare that is one customer's own, such as a tax id: what an erasure takes out of all that are stored."""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from regulars_core.audiences.leaves import Audience
from regulars_core.customers.attributes.definitions import TABLE
from regulars_core.customers.attributes.rules import key_of, keys_meant
from regulars_core.customers.attributes.storage import comparable, opened_or_opaque
from regulars_core.customers.attributes.uniqueness import Key, having
from regulars_core.customers.rules import company_key, tax_key
from regulars_core.customers.sealed import opened_columns, tax_key_forms
from regulars_core.database import current_transaction
from regulars_core.database.seals import Opaque, Seals
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
    among = shop.database.dialect.among("id", 1)
    sql = f"SELECT id, tax_id, tax_key, company_key FROM customer WHERE {among}"
    tax_ids, companies = list[Collection[str]](), list[Collection[str]]()
    for id_, tax_id, kept, company in await shop.database.rows(sql, list(customers)):
        clear = opened_columns(shop.seals, id_, {"tax_id": tax_id})["tax_id"]
        forms = [] if isinstance(clear, Opaque) else tax_key_forms(shop.seals, tax_key(clear))
        tax_ids.append({*forms, *([kept] if kept else [])})
        companies.append([company] if company else [])
    own = {
        "tax_key": await _shared_by_nobody(shop, customers, "tax_key", tax_ids),
        "company_key": await _shared_by_nobody(shop, customers, "company_key", companies),
    }
    return Owned(shop, own, await _attributes_of_nobody_else(shop, customers))


async def _shared_by_nobody(
    shop: Shop, customers: Sequence[str], column: str, values: Sequence[Collection[str]]
) -> Set[str]:
    """Those of these values that no other customer has, such as somebody else of the same company; each is given in all forms in
    which it may be kept."""
    dialect, forms = shop.database.dialect, sorted({form for each in values for form in each})
    sql = f"SELECT DISTINCT {column} FROM customer WHERE {dialect.any_of(column, 1, 'text')} AND NOT {dialect.among('id', 2)}"
    others = {row[0] for row in await shop.database.rows(sql, forms, list(customers))} if forms else set[str]()
    return {form for each in values if others.isdisjoint(each) for form in each}


async def _attributes_of_nobody_else(shop: Shop, customers: Sequence[str]) -> Mapping[str, Set[str]]:
    """What these customers have of attributes and no other one has, by the attribute's name, as it may be compared: also under
    keys by which others are sealed, while these are rotated."""
    among, found = shop.database.dialect.among, dict[str, set[str]]()
    sql = (
        f"SELECT d.name, d.type, v.definition_id, v.value, v.value_key FROM customer_attribute v JOIN {TABLE} d"
        f" ON d.id = v.definition_id WHERE {among('v.customer_id', 1)} AND d.type NOT IN {_SHOPS_OWN}"
    )
    names, forms = dict[Key, str](), dict[Key, set[str]]()
    for name, type_, definition_id, value, kept in await shop.database.rows(sql, list(customers)):
        clear = opened_or_opaque(shop.seals, value)
        names[definition_id, kept] = name
        forms[definition_id, kept] = (
            {kept} if isinstance(clear, Opaque) else {*comparable(shop, [key_of(type_, clear)])}
        )
    kept_as = {(id_, form) for (id_, _), each in forms.items() for form in each}
    shared = {key for key, owners in (await having(shop.database, kept_as)).items() if set(owners) - set(customers)}
    for key, name in names.items():
        if shared.isdisjoint((key[0], form) for form in forms[key]):
            found.setdefault(name, set()).update(forms[key])
    return found


def _forms(seals: Seals, column: str, folded: str | None) -> Collection[str]:
    """What may stand in the column for a folded value."""
    return tax_key_forms(seals, folded) if column == "tax_key" else {folded or ""}
