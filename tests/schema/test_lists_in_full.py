"""A list of customers with everything that can be asked of each: as many statements for fifty as for five."""

from typing import Any

from regulars_core.customers.attributes.declarations import NewDefinition, define_attribute
from regulars_core.customers.attributes.rules import NUMBER
from regulars_core.queries.inserts import insert
from regulars_core.shop.shop import Shop
from regulars_schema.testing import Api
from tests.schema.test_statements import CUSTOMER, MANY, fill, key, statements

MOST = 3
"""Statements: the list, what hangs on it, and what hangs on that."""
CONSENT, VERIFICATION, PAIR, VALUE = range(20, 24)
_FIELDS = "query($name: String!) { __type(name: $name) { fields { name args { type { kind } } type { ...T } } } }"
_T = " fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }"
_LEAVES = {"SCALAR", "ENUM"}


async def fill_more(shop: Shop) -> None:
    """What else is known of each: a value of an attribute, a consent, a verification, a pair."""

    async def rows(table: str, columns: str, values: Any) -> None:
        await insert(shop.database, table, columns.split(), values)

    everybody = [(n, key(CUSTOMER, n)) for n in range(MANY)]
    await rows(
        "customer_attribute", "id customer_id definition_id value value_key ordinal given_at",
        [(key(VALUE, n), id_, definition, "7", " 7", 7_000_000, n)
         for definition in [await define_attribute(shop, NewDefinition("shoe_size", NUMBER))] for n, id_ in everybody],
    )  # fmt: skip
    await rows(
        "consent", "id customer_id channel purpose decision at proof source recorded_at recorded_by",
        [(key(CONSENT, n), id_, "EMAIL", "marketing", "GRANTED", n, "NONE", "till", n, "till") for n, id_ in everybody],
    )  # fmt: skip
    await rows(
        "consent_in_force", "customer_id consent_id purpose decision ways",
        [(id_, key(CONSENT, n), "marketing", "GRANTED", 2) for n, id_ in everybody],
    )  # fmt: skip
    await rows(
        "customer_verification", "id customer_id subject is_passed at author",
        [(key(VERIFICATION, n), id_, "AGE", True, n, "till") for n, id_ in everybody],
    )  # fmt: skip
    await rows(
        "duplicate_pair", "id customer_id other_id score reasons traits found_at is_dismissed",
        [(key(PAIR, n), id_, everybody[n + 1][1], 90, "NAME", "", n, False) for n, id_ in everybody[:-1]],
    )  # fmt: skip


async def selections(api: Api, name: str, deep: int) -> dict[str, str]:
    """What can be selected of a type without having to say how, by field: leaves, and so deep the leaves of what hangs on it."""
    found: dict[str, str] = {}
    for field in (await api.data(_FIELDS + _T, name=name))["__type"]["fields"]:
        type_ = field["type"]
        while type_.get("ofType"):
            type_ = type_["ofType"]
        if any(argument["type"]["kind"] == "NON_NULL" for argument in field["args"]):
            continue
        if type_["kind"] in _LEAVES:
            found[field["name"]] = field["name"]
        elif type_["kind"] == "OBJECT" and (deep or field["name"] == "nodes"):
            inner = await selections(api, type_["name"], deep - 1 if deep else 0)
            found[field["name"]] = f"{field['name']} {{ {' '.join(inner.values()) or '__typename'} }}"
    return found


async def test_a_list_of_fifty_with_every_field(api: Api) -> None:
    async def work() -> None:
        await fill(api.shop)
        await fill_more(api.shop)

    await api.shop.database.transaction(work)
    fields = await selections(api, "Customer", 1)
    assert {"attributes", "consents", "duplicates", "verifications", "totals", "isRegular", "notes"} <= fields.keys()
    counts = {}
    for name, selection in fields.items():
        document = f"query($n: Int!) {{ customers(first: $n) {{ nodes {{ {selection} }} }} }}"
        counts[name] = [len(await statements(api, document, n=n)) for n in (5, 50)]
    assert {name: both for name, both in counts.items() if both[0] != both[1]} == {}
    assert {name: both for name, both in counts.items() if both[0] > MOST} == {}


async def test_a_list_walks_along_the_table_that_has_its_order(api: Api) -> None:
    for name in ("AVERAGE_PURCHASE", "LAST_PURCHASE_AT", "PURCHASE_COUNT", "TOTAL_SPENT"):
        [sql] = await statements(api, f"{{ customers(orderBy: {{ field: {name} }}) {{ nodes {{ id }} }} }}")
        assert "FROM customer_stats s JOIN customer c" in sql
