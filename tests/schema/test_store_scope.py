"""What a key that is bound to one store sees of another: customers, and nothing of what they bought there."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type

from regulars_core.purchases.statistics import stats_in_stores
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.documents.documents import Documents
from regulars_schema.documents.limits import Limits
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api
from tests.support.keys import bound, holding

GUARDED = {"Purchase", "PurchaseLine", "Payment", "Refund", "RefundLine", "CustomerStats"}
PAYLOADS = {
    ("PurchasePayPayload", "purchase"),
    ("PurchaseRecordPayload", "purchase"),
    ("PurchaseRefundPayload", "purchase"),
    ("PurchaseRefundPayload", "refund"),
    ("PurchaseVoidPayload", "purchase"),
    ("PurchaseUpdatePayload", "purchase"),
    ("PurchasesReassignPayload", "purchases"),
}
"""Tried one by one below."""
ADMINISTRATOR = Actor.of_role("key", "till", "administrator")


def basket(reference: str, store: str, price: str, **more: Any) -> dict[str, Any]:
    """The input of a purchase in which every word is the reference."""
    return {
        "reference": reference,
        "storeCode": store,
        "purchasedAt": "2026-01-01T00:00:00Z",
        "lines": [{"name": reference, "sku": reference, "brand": reference, "quantity": "2", "unitPrice": price}],
        "channel": reference,
        **more,
    }


@dataclass
class Town:
    """Two stores, and Ana who buys in both; `api` is the administrator's, `branch` is bound to the store HERE."""

    api: Api
    branch: Api
    here: str
    there: str
    ana: str
    own: Any
    foreign: Any

    @property
    def foreign_ids(self) -> list[str]:
        one = self.foreign
        parts = [*one["lines"], *one["payments"], *one["refunds"]]
        return [one["id"], *(part["id"] for part in parts)]

    @property
    def marks(self) -> list[str]:
        """What stands in answers only if something of the other store's purchases is told; 3899.98 is the sum of both,
        3900.00 with what was exchanged."""
        return ["FOREIGN", "7777.76", "3888.88", "3899.98", "3900.00", *(id_.split("_")[1] for id_ in self.foreign_ids)]

    def as_(self, *bindings: Any) -> Api:
        return Api(self.api.schema, self.api.shop, Actor("branch", "branch", bindings))

    def told(self, answer: Any) -> list[str]:
        """The marks in an answer."""
        text = json.dumps([answer.data, answer.errors], default=str)
        return [mark for mark in self.marks if mark in text]


_PURCHASE = "purchase { id lines { id } payments { id } refunds { id } }"


@pytest.fixture(scope="module")
def wide() -> ComposedSchema:
    """Answers documents of any size: the ways to what is guarded are long."""
    return build_schema(documents=Documents(limits=Limits(depth=100, tokens=100_000, cost=10**15)))


@pytest.fixture
def api(shop: Shop, wide: ComposedSchema) -> Api:
    return Api(wide, shop, Actor.of_role("key", "till", "administrator"))


@pytest.fixture
async def town(api: Api) -> Town:
    stores = [
        (await api.done("storeCreate", "store { id }", {"code": code, "name": code}))["store"]["id"]
        for code in ("HERE", "THERE")
    ]
    person = {"firstName": "Ana", "lastName": "Li"}
    ana = (await api.done("customerCreate", "customer { id }", person))["customer"]["id"]
    await api.done("noteAdd", "note { id }", {"customerId": ana, "body": "Likes tea."})
    bought = []
    for reference, store, price in (("OWN", "HERE", "5.55"), ("FOREIGN", "THERE", "3888.88")):
        paid = [{"method": reference, "amount": "11.10" if reference == "OWN" else "7777.76", "reference": reference}]
        made = await api.done(
            "purchaseRecord", _PURCHASE, basket(reference, store, price, customerId=ana, payments=paid, note=reference)
        )
        purchase = made["purchase"]
        if reference == "FOREIGN":
            line = {"lineId": purchase["lines"][0]["id"], "quantity": "1"}
            told = [{"method": "FOREIGN", "amount": price}]
            given = {"purchaseId": purchase["id"], "lines": [line], "reason": reference, "payments": told}
            purchase = (await api.done("purchaseRefund", _PURCHASE, given))["purchase"]
        bought.append(purchase)
    for purchase in bought:
        await api.done("noteAdd", "note { id }", {"customerId": ana, "body": "About it.", "purchaseId": purchase["id"]})
    here, there = (store.split("_")[1] for store in stores)
    branch = Api(api.schema, api.shop, bound("store_manager", here))
    return Town(api, branch, here, there, ana, *bought)


def guarded_fields(schema: ComposedSchema) -> set[tuple[str, str]]:
    """Every field of the schema that answers something of a purchase."""
    return {
        (type_.name, name)
        for type_ in schema._schema.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
        for name, field in type_.fields.items()
        if get_named_type(field.type).name.removesuffix("Connection").removesuffix("Edge") in GUARDED
    }


def scalars(type_: GraphQLObjectType) -> str:
    """A selection of everything in a type that is not an object with a way of its own."""
    found = ["__typename"]
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if is_leaf_type(named):
            found.append(name)
        elif named.name == "Money":
            found.append(f"{name} {{ amount }}")
    return " ".join(found)


Way = tuple[tuple[tuple[str, str], ...], str]
"""The fields that lead to something guarded, as (type, field), and the document that takes them."""


def ways(schema: ComposedSchema, type_: GraphQLObjectType, given: dict[str, Sequence[str]]) -> Iterator[Way]:
    """Every way from a type to something guarded on which no type comes twice."""
    types = schema._schema.type_map

    def walk(at: GraphQLObjectType, seen: frozenset[str]) -> Iterator[Way]:
        if at.name in GUARDED or at.name.removesuffix("Connection").removesuffix("Edge") in GUARDED:
            yield (), scalars(at)
        for name, field in at.fields.items():
            target = get_named_type(field.type)
            if at.name == "Note":  # it leads to where other ways go on: only whether it tells of the purchase itself
                if isinstance(target, GraphQLObjectType) and target.name in GUARDED:
                    yield ((at.name, name),), f"{name} {{ {scalars(target)} }}"
                continue
            for called in given.get(name, [name]) if at.name == "Query" else [name]:
                if isinstance(target, GraphQLInterfaceType):
                    for kind in schema._schema.get_possible_types(target):
                        if kind.name not in seen:
                            for path, selection in walk(kind, seen | {kind.name}):
                                asked = f"{called} {{ ... on {kind.name} {{ {selection} }} }}"
                                yield ((at.name, name), *path), asked
                elif isinstance(target, GraphQLObjectType) and target.name not in seen:
                    for path, selection in walk(target, seen | {target.name}):
                        yield ((at.name, name), *path), f"{called} {{ {selection} }}"

    assert "Query" in types
    for path, selection in walk(type_, frozenset({type_.name, "Money", "AuditEntryConnection"})):
        if path:
            yield path, f"{{ {selection} }}"


async def test_no_field_tells_of_the_purchases_of_another_store(town: Town, schema: ComposedSchema) -> None:
    query = schema._schema.query_type
    assert query is not None
    for reference, store, of in (("OWN X", "HERE", town.foreign), ("FOREIGN X", "THERE", town.own)):
        returns = [{"lineId": of["lines"][0]["id"], "quantity": "1", "amount": "0.01"}]
        paid = [{"method": "cash", "amount": "0.01"}]
        given = basket(reference, store, "0.01", customerId=town.ana, payments=paid, returns=returns)
        await town.api.done("purchaseRecord", "created", given)
    own = await town.api.data("query($id: ID!) { purchase(id: $id) { refunds { id } } }", id=town.own["id"])
    exchanged = [one["id"] for one in own["purchase"]["refunds"]]
    group = (await town.api.data("{ customerGroups { nodes { id } } }"))["customerGroups"]["nodes"][0]["id"]
    by_sales = {"name": "By sales", "where": {"purchases": {"total": {"gte": "0.01"}}}}
    segment = (await town.api.done("segmentCreate", "segment { id }", by_sales))["segment"]["id"]
    asked = {
        "node": [f'node(id: "{id_}")' for id_ in [*town.foreign_ids, *exchanged, town.ana]],
        "nodes": [f"nodes(ids: {json.dumps([*town.foreign_ids, *exchanged, town.ana])})"],
        "vocabulary": ["vocabulary(of: BRAND)"],
        "purchase": [f'purchase(id: "{town.foreign["id"]}")', 'purchase(reference: "FOREIGN", storeCode: "THERE")'],
        "customer": [f'customer(id: "{town.ana}")'],
        "customerGroup": [f'customerGroup(id: "{group}")'],
        "customerSearch": ['customerSearch(query: "ana")'],
        "segment": [f'segment(id: "{segment}")'],
        "customerCheck": ['customerCheck(input: { firstName: "Ana", lastName: "Li" })'],
        "customersMergePreview": [
            f'customersMergePreview(input: {{survivorId: "{town.ana}", absorbedIds: ["customer_{town.here}"]}})'
        ],
    }
    tried, telling = 0, set()
    for path, document in ways(schema, query, asked):
        if path[0] != ("Query", "nodes") and {"purchases", "stats", "node", "purchase"}.isdisjoint(
            name for _, name in path
        ):
            continue
        answer = await town.branch.ask(document)
        assert town.told(answer) == [], document
        assert set(answer.codes) <= {"FORBIDDEN"}, (document, answer.errors)
        if town.told(await town.api.ask(document)):
            telling.update(path)
        tried += 1
    assert tried > 50
    # Whatever answers a part of a purchase was tried, and tells it to the administrator.
    assert guarded_fields(schema) - telling == PAYLOADS | OF_ONE_STORE


OF_ONE_STORE = {("Purchase", "replaces"), ("Purchase", "replacedBy"), ("ReferenceReused", "purchase")}
"""They have the same reference of the same store as the purchase that leads to them, or that was to be recorded there."""


NARROWED = (
    'purchases(search: "FOREIGN") { totalCount nodes { id } }',
    'purchases(search: "ana") { totalCount nodes { id } }',
    'purchases(where: { any: [{ sku: { in: ["FOREIGN"] } }, { not: { sku: { in: ["x"] } } }] }) { totalCount nodes { id } }',
    'purchases(where: { not: { store: { in: ["%(here)s"] } } }) { totalCount nodes { id } }',
    'purchases(where: { store: { in: ["%(there)s"] } }, last: 5) { totalCount nodes { id } }',
    "purchases(orderBy: { field: TOTAL, direction: DESC }) { totalCount edges { node { id } } pageInfo { hasNextPage } }",
    "purchases(first: 1) { pageInfo { hasNextPage } }",
    'customers { nodes { purchases(where: { not: { channel: { in: ["x"] } } }) { totalCount nodes { id } } } }',
    "customers { nodes { purchases(last: 1, orderBy: { field: TOTAL }) { totalCount pageInfo { hasPreviousPage } } } }",
    "customers { nodes { stats { totalSpent { amount } purchaseCount } } }",
    'nodes(ids: ["%(foreign)s", "%(ana)s"]) { id ... on Customer { purchases { totalCount } stats { purchaseCount } } }',
    *(f"vocabulary(of: {of}) {{ value label count }}" for of in ("BRAND", "PAYMENT_METHOD", "PURCHASE_CHANNEL")),
    'vocabulary(of: BRAND, search: "foreign") { value }',
    'dashboard(at: "2026-01-01T00:00:00Z") { buyersToday paymentMethods { method purchaseCount total { amount } } }',
    'dashboard(at: "2026-01-01T00:00:00Z") { activeCustomerCount peakTimes { purchaseCount total { amount } } }',
    'dashboard(at: "2026-01-02T00:00:00Z", storeIds: ["%(there)s", "%(here)s"]) { topCustomers { totalSpent { amount } } }',
    'dashboard(at: "2026-01-02T00:00:00Z") { newVersusReturning { newCount newTotal { amount } returningTotal { amount } } }',
)


@pytest.mark.parametrize("asked", NARROWED)
async def test_lists_are_as_if_the_other_store_had_sold_nothing(town: Town, asked: str) -> None:
    ids = {"here": f"store_{town.here}", "there": f"store_{town.there}", "foreign": town.foreign["id"], "ana": town.ana}
    for name, id_ in ids.items():
        asked = asked.replace(f"%({name})s", id_)
    document = f"{{ {asked} }}"
    seen = await town.branch.data(document)
    everything = await town.api.data(document)

    async def remove() -> None:
        for table in ("refund_line", "refund", "payment", "purchase_line"):
            await town.api.shop.database.run(f"DELETE FROM {table} WHERE 1=1" + {
                "payment": " AND method = 'FOREIGN'", "purchase_line": " AND sku = 'FOREIGN'"}.get(table, ""))  # fmt: skip
        await town.api.shop.database.run("DELETE FROM purchase WHERE reference = 'FOREIGN'")
        await town.api.shop.database.run("UPDATE customer_stats SET total_spent = 1110, purchase_count = 1")

    await town.api.shop.database.transaction(remove)
    assert seen == await town.api.data(document)
    assert seen != everything


async def test_statistics_over_all_stores_are_what_is_stored(town: Town) -> None:
    """Counted from the purchases of every store, they are the stored ones."""
    fields = "totalSpent { amount } purchaseCount averagePurchase { amount } firstPurchaseAt lastPurchaseAt daysSinceLastPurchase"
    await town.api.done("customerCreate", "created", {"firstName": "Bo", "lastName": "Ek"})
    document = f"{{ customers {{ nodes {{ stats {{ {fields} }} }} }} }}"
    both = Api(town.api.schema, town.api.shop, bound("cashier", town.here, town.there))
    assert await both.data(document) == await town.api.data(document)
    for n, where in ((1, [town.here]), (2, [town.here, town.there]), (0, [])):
        key = town.ana.split("_")[1]
        assert (await stats_in_stores(town.api.shop, [key], where))[key].purchase_count == n


async def test_what_is_told_of_the_whole_shop_on_purpose(town: Town) -> None:
    """`Customer.totals`, to whom they are told, and nothing beside them: neither is what is bought elsewhere found by them, nor
    does `stats` know it."""
    fields = "totals { purchaseCount totalSpent { amount } } stats { purchaseCount } purchases { totalCount }"
    asked = f"{{ customers {{ nodes {{ {fields} }} }} }}"
    [told] = (await town.branch.data(asked))["customers"]["nodes"]
    assert told["totals"] == {"purchaseCount": 2, "totalSpent": {"amount": "3899.98"}}
    assert (told["stats"], told["purchases"]) == ({"purchaseCount": 1}, {"totalCount": 1})
    terminal = Api(town.api.schema, town.api.shop, bound("store_terminal", town.here))
    answer = await terminal.ask(asked)
    assert (answer.codes, town.told(answer)) == (["FORBIDDEN"], [])
    assert answer.errors[0]["extensions"]["permission"] == "customers.totals"


ORACLES = (
    'customers(where: { totalSpent: { gte: "1" } })',
    "customers(where: { any: [{ not: { purchaseCount: { gte: 1 } } }] })",
    'customers(where: { firstPurchaseAt: { after: "2020-01-01T00:00:00Z" } })',
    "customers(where: { lastPurchaseAt: { withinDays: 3 } })",
    *(f"customers(orderBy: {{ field: {field} }})" for field in ("TOTAL_SPENT", "PURCHASE_COUNT", "LAST_PURCHASE_AT")),
)


@pytest.mark.parametrize("asked", ORACLES)
async def test_the_sums_of_the_whole_shop_are_no_oracle(town: Town, asked: str) -> None:
    terminal = Api(town.api.schema, town.api.shop, bound("store_terminal", town.here))
    of_group = f"{{ customerGroups {{ nodes {{ {asked} {{ nodes {{ id }} }} }} }} }}"
    for document in (f"{{ {asked} {{ totalCount nodes {{ id }} }} }}", of_group):
        answer = await terminal.ask(document)
        assert set(answer.codes) == {"FORBIDDEN"}
        assert answer.errors[0]["message"] == "This needs the permission purchases.view in the whole shop."
        assert "Ana" not in json.dumps(answer.data)
        blind = town.as_(holding("customers.view", "groups.view"))
        assert set((await blind.ask(document)).codes) == {"FORBIDDEN"}
        assert (await town.api.ask(document)).codes == []
        assert (await town.as_(holding("customers.view", "groups.view", "purchases.view")).ask(document)).codes == []
        # Told of the whole shop on purpose, to whom the same figures of each customer are.
        assert (await town.branch.ask(document)).codes == []


async def test_the_quick_search_does_not_tell_who_bought_elsewhere(town: Town) -> None:
    """Ana came first, and bought last."""
    await town.api.done("customerCreate", "created", {"firstName": "Anabel", "lastName": "Ek"})
    await town.api.shop.database.transaction(
        lambda: town.api.shop.database.run(
            "UPDATE customer_stats SET active_at = 2000000000000 WHERE purchase_count > 0"
        )
    )
    for query in ("ana", "an"):
        document = f'{{ customerSearch(query: "{query}") {{ firstName }} }}'
        names = [
            [one["firstName"] for one in (await api.data(document))["customerSearch"]]
            for api in (town.branch, town.api)
        ]
        assert names == [["Anabel", "Ana"], ["Ana", "Anabel"]]


async def count(town: Town) -> list[int]:
    """How many rows there are of what a sale writes."""
    tables = ("purchase", "refund", "customer", "audit", "idempotency_key")
    return [len(await town.api.shop.database.rows(f"SELECT 1 FROM {table}")) for table in tables]


async def test_a_purchase_is_recorded_in_the_own_store_only(town: Town) -> None:
    document = "mutation($i: PurchaseRecordInput!) { purchaseRecord(input: $i) { created userErrors { code } } }"
    newcomer = {"customer": {"firstName": "New", "lastName": "One"}}
    before = await count(town)
    for given in (
        basket("N1", "THERE", "1.00", **newcomer), {**basket("N1", "MAIN", "1.00")},
        basket("FOREIGN", "THERE", "3888.88"), basket("FOREIGN", "there", "1.00", **newcomer),
    ):  # fmt: skip
        answer = await town.branch.ask(document, i={"idempotencyKey": f"k-{given['reference']}", **given})
        assert answer.codes == ["FORBIDDEN"]
        assert answer.errors[0]["extensions"]["permission"] == "purchases.record"
    assert await count(town) == before
    # The other store's references are free here, whatever they stand for there.
    made = await town.branch.done("purchaseRecord", "created purchase { reference }", basket("FOREIGN", "HERE", "2.00"))
    assert made == {"created": True, "purchase": {"reference": "FOREIGN"}, "userErrors": []}
    assert await town.branch.refused("purchaseRecord", basket("FOREIGN", "HERE", "3888.88")) == ["REFERENCE_REUSED"]
    unnamed = {name: value for name, value in basket("N2", "x", "1.00").items() if name != "storeCode"}
    made = await town.branch.done("purchaseRecord", "purchase { store { code } }", unnamed)
    assert made["purchase"] == {"store": {"code": "HERE"}}


@pytest.mark.parametrize("mutation", ["purchaseRefund", "purchaseVoid"])
async def test_a_purchase_of_another_store_is_as_good_as_none(town: Town, mutation: str) -> None:
    unknown = town.foreign["id"][:-4] + "0000"
    before = await count(town)
    inputs: list[dict[str, Any]] = [{"amount": "1.00"}, {"amount": "999999.00"}, {"amount": "-1"}, {}]
    inputs.append({"lines": [{"lineId": town.foreign["lines"][0]["id"], "quantity": "1"}]})
    inputs.append({"amount": "1.00", "refundedAt": "2020-01-01T00:00:00Z"})
    if mutation == "purchaseVoid":
        inputs = [{}]
    kept = 0
    for n, more in enumerate(inputs):
        answers = [
            await town.branch.do(mutation, "__typename", {"purchaseId": id_, "idempotencyKey": f"{n}-{id_}", **more})
            for id_ in (unknown, town.foreign["id"])
        ]
        assert answers[0] == answers[1]
        assert answers[0]["userErrors"]
        kept += 2 * any(error["code"] == "NOT_FOUND" for error in answers[0]["userErrors"])
    assert kept
    assert await count(town) == [*before[:-1], before[-1] + kept]
    given = {"purchaseId": town.own["id"]} | ({"amount": "1.00"} if mutation == "purchaseRefund" else {})
    assert (await town.branch.done(mutation, _PURCHASE, given))["purchase"]["id"] == town.own["id"]


async def test_what_is_due_in_another_store_is_paid_there(town: Town) -> None:
    unknown = town.foreign["id"][:-4] + "0000"
    for id_ in (unknown, town.foreign["id"]):
        given = {"purchaseId": id_, "payments": [{"method": "cash", "amount": "1.00"}]}
        assert await town.branch.refused("purchasePay", given) == ["NOT_FOUND"]


RECORDED = "created purchase { id lines { id } }"


async def test_a_payload_shows_what_the_caller_may_see(town: Town) -> None:
    """Who records and gives back in the other store, and sees purchases in this one alone."""
    see_here = holding("purchases.view", "customers.view", stores=[town.here])
    may = ("purchases.record", "purchases.refund", "purchases.edit")
    api = town.as_(see_here, holding(*may, stores=[town.there]))
    given = {"idempotencyKey": "k1", **basket("FOREIGN 2", "THERE", "1.00")}
    for _ in range(2):  # done, and replayed
        made = await api.done("purchaseRecord", RECORDED, given)
        assert made == {"created": True, "purchase": None, "userErrors": []}
    given = {"idempotencyKey": "k2", "purchaseId": town.foreign["id"], "amount": "1.00"}
    for _ in range(2):
        made = await api.done("purchaseRefund", "purchase { id } refund { id }", given)
        assert made == {"purchase": None, "refund": None, "userErrors": []}
    given = {"idempotencyKey": "k4", "purchaseIds": [town.foreign["id"]], "toNobody": True}
    for _ in range(2):
        made = await api.done("purchasesReassign", "movedCount purchases { id }", given)
        assert made == {"movedCount": 1, "purchases": [], "userErrors": []}
    given = {"idempotencyKey": "k5", "id": town.foreign["id"], "note": "Moved."}
    for _ in range(2):
        assert (await api.done("purchaseUpdate", "purchase { id }", given))["purchase"] is None
    given = {"idempotencyKey": "k3", "purchaseId": town.foreign["id"]}
    for _ in range(2):
        assert (await api.done("purchaseVoid", "purchase { id }", given))["purchase"] is None
    # What was done is written down as ever.
    entries = (await town.api.data("{ audit(first: 5) { nodes { action entityId } } }"))["audit"]["nodes"]
    assert [(entry["action"], str(entry["entityId"]).partition("_")[0]) for entry in entries] == [
        ("purchaseVoid", "purchase"),
        ("purchaseUpdate", "purchase"),
        ("purchasesReassign", "purchase"),
        ("purchaseRefund", "refund"),
        ("purchaseRecord", "purchase"),
    ]


async def test_what_is_replayed_obeys_the_scope_of_now(town: Town) -> None:
    wide = town.as_(holding("purchases.view", "purchases.record"))
    given = {"idempotencyKey": "k1", **basket("FOREIGN 3", "THERE", "1.00")}
    assert (await wide.done("purchaseRecord", RECORDED, given))["purchase"]["id"]
    narrowed = town.as_(holding("purchases.view", "purchases.record", stores=[town.here]))
    again = await narrowed.done("purchaseRecord", RECORDED, given)
    assert again == {"created": True, "purchase": None, "userErrors": []}
    blind = f"mutation($i: PurchaseRecordInput!) {{ purchaseRecord(input: $i) {{ {RECORDED} }} }}"
    answer = await town.as_(holding("purchases.record")).ask(blind, i=given)
    assert answer.data == {"purchaseRecord": {"created": True, "purchase": None}}
    assert answer.codes == ["FORBIDDEN"]
    assert (await wide.done("purchaseRecord", RECORDED, given))["purchase"]["lines"]


async def test_stores_are_managed_by_the_whole_shop(town: Town) -> None:
    for role in ("administrator", "store_manager"):
        api = Api(town.api.schema, town.api.shop, bound(role, town.here))
        for mutation, given in (
            ("storeUpdate", {"id": f"store_{town.here}", "name": "x"}),
            ("storeCreate", {"code": "S9", "name": "x"}),
        ):
            kind = mutation[0].upper() + mutation[1:]
            document = f"mutation($i: {kind}Input!) {{ {mutation}(input: $i) {{ store {{ id }} }} }}"
            assert (await api.ask(document, i=given)).codes == ["FORBIDDEN"]


async def test_the_viewer_knows_its_stores(town: Town) -> None:
    document = "{ viewer { name roles permissions stores { code } bindings { role permissions stores { code } } } }"
    told = (await town.branch.data(document))["viewer"]
    assert (told["roles"], told["stores"]) == (["store_manager"], [{"code": "HERE"}])
    assert told["bindings"] == [
        {"role": "store_manager", "permissions": told["permissions"], "stores": [{"code": "HERE"}]}
    ]
    assert "purchases.refund" in told["permissions"]
    assert "groups.manage" not in told["permissions"]
    mixed = town.as_(holding("notes.view", "stores.view"), holding("purchases.view", stores=[town.there, town.here]))
    with town.api.shop.database.counting() as statements:
        told = (await mixed.data(document))["viewer"]
    assert told["stores"] is None
    assert [one["stores"] for one in told["bindings"]] == [None, [{"code": "HERE"}, {"code": "THERE"}]]
    assert len(statements) == 1
    with town.api.shop.database.counting() as statements:
        assert (await town.api.data(document))["viewer"]["stores"] is None
    assert statements == []


async def test_the_statements_for_callers_bound_to_stores(town: Town) -> None:
    for n in range(3):
        await town.api.done("customerCreate", "created", {"firstName": "A", "lastName": f"{n}"})
    document = "{ customers { nodes { stats { purchaseCount } purchases { nodes { id lines { name } } } } } }"
    numbers = []
    for api in (town.branch, town.api):
        with town.api.shop.database.counting() as statements:
            await api.data(document)
        numbers.append(len(statements))
    assert numbers == [3, 1]  # their statistics are summed up, and for the others the database writes it all
