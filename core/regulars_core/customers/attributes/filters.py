"""Conditions on what customers have of attributes, as SQL over `customer c`."""

from collections.abc import Sequence

from regulars_core.customers.attributes.definitions import TABLE
from regulars_core.customers.attributes.rules import keys_meant, ordinal_meant
from regulars_core.customers.attributes.storage import comparable
from regulars_core.queries.where import Condition, Leaf, Values
from regulars_core.shop.shop import Shop


def conditions_of(
    shop: Shop,
    name: str,
    *,
    among: Sequence[str] | None = None,
    least: str | None = None,
    most: str | None = None,
    known: bool | None = None,
    sensitive: bool,
) -> list[Condition]:
    """A comparison of the attribute of this name: one of these values, at least and at most this number or day, and whether there
    is one. What is not `sensitive` finds nobody by a sensitive attribute. Raises ValueError for a bound that is neither a number
    nor a day."""
    conditions: list[Condition] = [("name", name)]
    if not sensitive:
        conditions.append(("plain", True))
    if among is not None:
        conditions.append(("in", comparable(shop, [key for text in among for key in keys_meant(text)])))
    for operator, bound in ((">=", least), ("<=", most)):
        if bound is not None:
            meant = ordinal_meant(bound)
            if meant is None:
                raise ValueError("This is neither a number nor a day.")
            conditions.append((operator, meant[1]))
    if known is not None:
        conditions.append(("known", known))
    return conditions


def _compared(conditions: Sequence[Condition], values: Values) -> str:
    wanted = dict(conditions)
    has = f"v.definition_id = ({_definition(conditions, values)})"
    compared = [values.among("v.value_key", wanted["in"])] if "in" in wanted else []
    compared += [f"v.ordinal {way} {values.bind(wanted[way])}" for way in (">=", "<=") if way in wanted]
    if compared or wanted.get("known", True):
        nobody = "" if wanted.get("known", True) else " AND 1=0"  # who has none has none of these
        theirs = f"SELECT v.customer_id FROM customer_attribute v WHERE {has}"
        return f"c.id IN ({' AND '.join([theirs, *compared])}{nobody})"
    # Not `NOT IN`: PostgreSQL goes through all that do not fit into its memory for each customer.
    return f"NOT EXISTS (SELECT 1 FROM customer_attribute v WHERE v.customer_id = c.id AND {has})"


def _definition(conditions: Sequence[Condition], values: Values) -> str:
    wanted = dict(conditions)
    plain = " AND NOT d.is_sensitive" if "plain" in wanted else ""
    return f"SELECT d.id FROM {TABLE} d WHERE d.name = {values.bind(wanted['name'])}{plain}"


def _declared(conditions: Sequence[Condition], values: Values) -> str:
    return f"EXISTS ({_definition(conditions, values)})"


ATTRIBUTE = Leaf("attribute", _compared, there=_declared)
