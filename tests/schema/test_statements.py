"""How many SQL statements an operation runs: the number is stated, and does not grow with the rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from regulars_core.customers.models import CUSTOMER_CODES
from regulars_core.plugins.owners import CORE
from regulars_core.queries.inserts import insert
from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import Contribution, Extension
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.pagination import First
from regulars_schema.request.context import RequestContext
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api, keyed

MANY = 101
PURCHASES = 6


def key(kind: int, number: int) -> str:
    """The id of a row of this file's own: its kind and number."""
    return f"{kind:08x}{number:024x}"


GROUP, STORE, CUSTOMER, TAG, ADDRESS, NOTE, PURCHASE, LINE, PAYMENT, REFUND, REFUND_LINE = range(1, 12)


async def fill(shop: Shop) -> None:
    """A hundred of everything, and a few of what hangs on each."""

    async def rows(table: str, columns: str, values: Sequence[tuple[Any, ...]]) -> None:
        await insert(shop.database, table, columns.split(), values)

    named = [(n, f"N{n:03}") for n in range(MANY)]
    await rows(
        "customer_group",
        "id name name_key is_default created_at updated_at",
        [(key(GROUP, n), name, name.lower(), False, 0, 0) for n, name in named],
    )
    await rows(
        "store",
        "id code name is_active created_at updated_at",
        [(key(STORE, n), name, name, True, 0, 0) for n, name in named],
    )
    await rows(
        "customer",
        "id code first_name last_name sort_name status group_id origin_store_id version created_at updated_at",
        [
            (key(CUSTOMER, n), name, "Ana", name, name, "ACTIVE", key(GROUP, n % 7), key(STORE, n % 5), 1, n, n)
            for n, name in named
        ],
    )
    await rows(
        "customer_stats",
        "customer_id total_spent purchase_count first_purchase_at last_purchase_at active_at",
        [(key(CUSTOMER, n), PURCHASES * 100, PURCHASES, n, n + PURCHASES - 1, n + PURCHASES) for n, _ in named],
    )
    await rows("customer_text", "customer_id names contact", [(key(CUSTOMER, n), "  ana  li", "") for n, _ in named])
    await rows(
        "customer_tag", "id customer_id tag tag_key", [(key(TAG, n), key(CUSTOMER, n), "vip", "vip") for n, _ in named]
    )
    await rows(
        "customer_address",
        "id customer_id kind city city_key",
        [(key(ADDRESS, n), key(CUSTOMER, n), "BILLING", "Aarhus", "aarhus") for n, _ in named],
    )
    await rows(
        "customer_note",
        "id customer_id body author created_at updated_at purchase_id",
        [(key(NOTE, n), key(CUSTOMER, n), "Likes tea.", "till", n, n, key(PURCHASE, n)) for n, _ in named],
    )
    bought = [(n * PURCHASES + m, n, m) for n, _ in named for m in range(PURCHASES)]
    await rows(
        "purchase",
        "id reference store_id customer_id purchased_at recorded_at status currency prices_include_tax subtotal discount"
        " shipping tax total refunded digest",
        [
            (
                key(PURCHASE, p), f"R{p}", key(STORE, n % 5), key(CUSTOMER, n), n + m, n + m, "PAID", "USD", False, 100, 0,
                0, 0, 100, 0, "0" * 64,
            )
            for p, n, m in bought
        ],
    )  # fmt: skip
    await rows(
        "purchase_line",
        "id purchase_id position name quantity discount total refunded_quantity",
        [(key(LINE, p), key(PURCHASE, p), 0, "Tea", 1_000_000, 0, 100, 0) for p, _, _ in bought],
    )
    await rows(
        "payment",
        "id purchase_id position method amount",
        [(key(PAYMENT, p), key(PURCHASE, p), 0, "card", 100) for p, _, _ in bought],
    )
    await rows(
        "refund", "id purchase_id refunded_at amount", [(key(REFUND, p), key(PURCHASE, p), 0, 10) for p, _, _ in bought]
    )
    await rows(
        "refund_line",
        "id refund_id line_id quantity amount",
        [(key(REFUND_LINE, p), key(REFUND, p), key(LINE, p), 100_000, 10) for p, _, _ in bought],
    )


@pytest.fixture
async def filled(api: Api) -> Api:
    await api.shop.database.transaction(lambda: fill(api.shop))
    return api


async def statements(api: Api, document: str, **variables: Any) -> list[str]:
    """The SQL that an operation without errors runs."""
    with api.shop.database.counting() as counted:
        data = await api.data(document, **variables)
    for payload in data.values():
        assert not (isinstance(payload, dict) and payload.get("userErrors")), payload
    return counted


def on(api: Api, number: int | Mapping[str, int]) -> int:
    """How many they are on the engine at hand."""
    return number if isinstance(number, int) else number[api.shop.database.engine]


CARD = "id code firstName lastName displayName email status createdAt"
STATS = "stats { totalSpent { amount } purchaseCount averagePurchase { amount } lastPurchaseAt daysSinceLastPurchase }"
THE_LIST = (
    f"customers(first: $n) {{ nodes {{ {CARD} group {{ name }} {STATS}"
    " purchases(first: 5) { nodes { reference total { amount } lines { name quantity total { amount } } } } } }"
)

THE_QUEUE = "notes(first: $n, where: { isOpen: false }, orderBy: { field: PRIORITY, direction: DESC })"
A_NOTE = "id type body author channel direction outcome topic assignee priority isOpen dueAt doneAt version createdAt updatedAt"
# What is asked, and the statements that it costs: one for each list, one for each field that needs more than its row, and
# one for all those fields of a level together that the database can write by itself; for the whole, where it can write that.
READS: Sequence[tuple[str, int]] = (
    ("shop { name }", 0),
    ("shop { retention { inactiveMonths dueCount } }", 0),  # where they are kept for ever
    ("viewer { name }", 0),
    (f"customers(first: $n) {{ nodes {{ {CARD} }} }}", 1),
    (f"customers(first: $n) {{ edges {{ cursor node {{ {CARD} }} }} pageInfo {{ hasNextPage endCursor }} }}", 1),
    (f"customers(first: $n) {{ totalCount nodes {{ {CARD} }} }}", 2),
    ("customers(first: $n) { totalCount again: totalCount }", 2),
    ('customers(first: $n, search: "ana", where: { tag: { in: ["vip"] } }) { totalCount nodes { id } }', 2),
    ("customers(first: $n, orderBy: { field: TOTAL_SPENT }) { nodes { id } }", 1),
    ('customerSearch(query: "ana", first: 5) { id }', 1),
    ('customerSearch(query: "nobody", first: 5) { id group { name } notes { totalCount } }', 1),
    (f'customerSearch(query: "ana", first: 5) {{ id group {{ name }} {STATS} }}', 1),
    ('customerSearch(query: "ana", includeArchived: true) { id tags purchases(first: 2) { nodes { id } } }', 1),
    (THE_LIST, 1),
    (
        "customers(first: $n) { nodes { tags originStore { code } billingAddress { city } shippingAddress { city } } }",
        1,
    ),
    ("customers(first: $n, where: { completeness: { lt: 90 } }) { nodes { completeness { percent missing } } }", 3),
    ("customers(first: $n, where: { isRegular: false }) { nodes { id isRegular nameSuggestion { lastName } } }", 2),
    (
        "customers(first: $n, orderBy: { field: AVERAGE_PURCHASE }, where: { not: { id: { in: [] } } }) { nodes { id } }",
        1,
    ),
    ("customers(first: $n) { nodes { notes(first: 2) { totalCount nodes { body customer { id } } } } }", 4),
    ("customers(first: $n, where: { hasConsent: {} }) { nodes { consents { decision } } }", 1),
    ("customers(first: $n) { nodes { consents { decision } said: consents(history: true) { decision } } }", 3),
    (
        "customers(first: $n) { nodes { priority notes(first: 2, types: [NOTE]) { nodes { type priority dueAt isOpen } } } }",
        2,
    ),
    (f"{THE_QUEUE} {{ nodes {{ {A_NOTE} customer {{ id displayName }} }} }}", 2),
    (f"{THE_QUEUE} {{ totalCount nodes {{ {A_NOTE} customer {{ priority }} purchase {{ reference }} }} }}", 4),
    ("customers(first: $n) { nodes { purchases(first: 2) { totalCount edges { node { id } } } } }", 3),
    (
        "customers(first: $n) { nodes { a: purchases(first: 1) { nodes { id } } b: purchases(last: 1) { nodes { id } } } }",
        3,
    ),
    ("customers(first: $n) { nodes { a: stats { purchaseCount } b: stats { purchaseCount } } }", 1),
    ("customerGroups(first: $n) { nodes { name customers(first: 3) { totalCount nodes { id } } } }", 3),
    (
        "customerGroups(first: $n) { nodes { customers(first: 2, orderBy: { field: NAME }) { nodes { group { id } } } } }",
        3,
    ),
    ("stores(first: $n) { nodes { code } totalCount }", 2),
    ("purchases(first: $n) { nodes { reference total { amount } } }", 1),
    ("purchases(first: $n) { nodes { customer { id } store { code } lines { name } payments { method } } }", 1),
    ("purchases(first: $n) { nodes { refunds { amount { amount } lines { quantity line { name } } } } }", 4),
    ("purchases(first: $n) { nodes { lines { purchase { id customer { stats { purchaseCount } } } } } }", 4),
    ("purchases(first: $n) { nodes { payments { purchase { id } } refunds { purchase { id } } } }", 5),
    ('purchases(first: $n, search: "ana") { totalCount nodes { id } }', 2),
    ('customerCheck(input: { email: "x" }) { missing problems { code } }', 0),
    (
        'customerCheck(input: { email: "a@example.net", phone: "55 1111 2222", taxId: "T-9", firstName: "Bo", lastName: "Ek",'
        ' birthDate: "1990-02-28" }) { email problems { code } possibleDuplicates { score customer { id } } }',
        1,
    ),
)


@pytest.mark.parametrize(("selection", "number"), READS, ids=[selection[:60] for selection, _ in READS])
async def test_reads(filled: Api, selection: str, number: int) -> None:
    declared = "($n: Int!)" if "$n" in selection else ""
    for n in (5, 50, 100) if declared else (None,):
        counted = await statements(filled, f"query{declared} {{ {selection} }}", **({"n": n} if n else {}))
        assert len(counted) == number, (n, counted)


ONES: Sequence[tuple[str, int]] = (
    (f'customer(id: "customer_{key(CUSTOMER, 1)}") {{ {CARD} group {{ name }} {STATS} }}', 1),
    ('customer(code: "n001") { id }', 1),
    (f'customerGroup(id: "group_{key(GROUP, 1)}") {{ name }}', 1),
    (f'purchase(id: "purchase_{key(PURCHASE, 1)}") {{ reference lines {{ name }} payments {{ method }} }}', 1),
    ('purchase(reference: "R5", storeCode: "N000") { id }', 1),
    (f'node(id: "customer_{key(CUSTOMER, 1)}") {{ id }}', 1),
    (f'node(id: "line_{key(LINE, 1)}") {{ id ... on PurchaseLine {{ purchase {{ id }} }} }}', 2),
)


@pytest.mark.parametrize(("selection", "number"), ONES, ids=[selection[:40] for selection, _ in ONES])
async def test_reads_of_one(filled: Api, selection: str, number: int) -> None:
    counted = await statements(filled, f"{{ {selection} }}")
    assert len(counted) == number, counted


def _id(kind: str, number: int, n: int = 1) -> str:
    return f"{kind}_{key(number, n)}"


_BASKET = {"lines": [{"name": f"L{n}", "unitPrice": "1.00"} for n in range(3)], "purchasedAt": "2026-01-01T00:00:00Z"}
_PAID = {"payments": [{"method": "card", "amount": "1.00"}, {"method": "cash", "amount": "2.00"}]}
_PERSON = {"firstName": "Bo", "lastName": "Ek", "email": "bo@example.com", "phone": "55 1234 5678"}
_CUSTOMER_ID = {"id": _id("customer", CUSTOMER)}


def together(sqlite: int, postgres: int) -> Mapping[str, int]:
    """PostgreSQL takes what needs nothing of each other as one statement."""
    return {"sqlite": sqlite, "postgres": postgres}


# The mutation, its input, what it is asked for, and the statements: what it looks up, what it writes, what it answers.
# One of them is the row of the audit. Under a key it is two more: it is looked up, and what became of it is kept. PostgreSQL
# takes what is written together with what else is, and what is looked up ahead with the key.
WRITES: Sequence[tuple[str, dict[str, Any], str, int | Mapping[str, int]]] = (
    ("customerCreate", {"firstName": "Bo", "lastName": "Ek"}, "customer { id }", 6),
    ("customerCreate", {**_PERSON, "matchOn": ["EMAIL", "PHONE"]}, "customer { id }", 8),
    ("customerCreate", {**_PERSON, "tags": ["a", "b"], "billingAddress": {"city": "X"}}, "customer { id tags }",
     9),
    ("customerCreate", {**_PERSON, "birthDate": "1990-02-28", "taxId": "T-9"}, "possibleDuplicates { score } created",
     6),
    ("customerUpdate", {**_CUSTOMER_ID, "firstName": "Bo"}, "customer { id }", 5),
    ("customerUpdate", {**_CUSTOMER_ID, "tags": ["a"], "billingAddress": None}, "customer { id }", 9),
    ("customerDeactivate", _CUSTOMER_ID, "customer { status }", 4),
    ("customerSuspend", _CUSTOMER_ID, "customer { status }", 4),
    ("tagsAdd", {"customerId": _id("customer", CUSTOMER), "tags": ["a", "b"]}, "customer { id }", 6),
    ("tagsRemove", {"customerId": _id("customer", CUSTOMER), "tags": ["vip"]}, "customer { id }", 5),
    ("consentRecord", {"customerId": _id("customer", CUSTOMER), "entries": [{"decision": "WITHDRAWN", "source": "x"}]},
     "consents { id } customer { consents { id } }", 7),
    ("noteAdd", {"customerId": _id("customer", CUSTOMER), "body": "Hi"}, "note { id }", 4),
    ("noteUpdate", {"id": _id("note", NOTE), "body": "Hi"}, "note { id }", 3),
    ("correctionRequest", {"customerId": _id("customer", CUSTOMER), "body": "Hi", "purchaseId": _id("purchase", PURCHASE)},
     "note { id }", 5),
    ("noteDelete", {"id": _id("note", NOTE)}, "deletedNoteId customer { id }", 4),
    ("customerGroupCreate", {"name": "New"}, "customerGroup { id }", 4),
    ("customerGroupUpdate", {"id": _id("group", GROUP), "name": "New"}, "customerGroup { id }", 4),
    ("customerGroupDelete", {"id": _id("group", GROUP), "moveCustomersTo": _id("group", GROUP, 2)},
     "deletedCustomerGroupId", 5),
    ("storeCreate", {"code": "NEW", "name": "New"}, "store { id }", 4),
    ("storeUpdate", {"id": _id("store", STORE), "name": "New"}, "store { id }", 3),
    ("purchaseRecord", {"reference": "NEW", **_BASKET}, "purchase { id }", together(6, 2)),
    ("purchaseRecord", {"reference": "NEW", **_BASKET, **_PAID, "customerId": _id("customer", CUSTOMER)},
     "purchase { id }", together(9, 2)),
    ("purchaseRecord", {"reference": "NEW", **_BASKET, "customerCode": "N001", "storeCode": "N002"}, "purchase { id }",
     together(9, 2)),
    ("purchaseRecord", {"reference": "NEW", **_BASKET, "customer": _PERSON}, "purchase { id }", together(16, 11)),
    ("purchaseRefund", {"purchaseId": _id("purchase", PURCHASE), "amount": "0.10"}, "refund { id } purchase { id }",
     together(12, 11)),
    ("purchaseRefund", {"purchaseId": _id("purchase", PURCHASE),
                        "lines": [{"lineId": _id("line", LINE), "quantity": "0.1"}]}, "refund { id } purchase { id }",
     together(13, 12)),
    ("purchaseVoid", {"purchaseId": _id("purchase", PURCHASE)}, "purchase { id }", together(9, 8)),
    ("purchasesReassign", {"purchaseIds": [_id("purchase", PURCHASE), _id("purchase", PURCHASE, 2)], "toNobody": True},
     "movedCount purchases { id }", together(12, 11)),
    ("purchasesReassign", {"purchaseIds": [_id("purchase", PURCHASE, n) for n in range(1, 41)],
                           "customerId": _id("customer", CUSTOMER, 60)},
     "movedCount purchases { id }", together(12, 11)),
    ("purchaseUpdate", {"id": _id("purchase", PURCHASE), "note": "By hand."}, "purchase { id }", 4),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "given", "payload", "number"), WRITES, ids=[f"{n}-{name}" for n, (name, *_) in enumerate(WRITES)]
)
async def test_writes(
    filled: Api, name: str, given: dict[str, Any], payload: str, number: int | Mapping[str, int]
) -> None:
    await filled.shop.codes.take(
        CUSTOMER_CODES
    )  # the first of ten: a block of codes is taken by every tenth customer only
    kind = name[0].upper() + name[1:] + "Input"
    document = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {payload} userErrors {{ code message }} }} }}"
    counted = await statements(filled, document, input=keyed(name, given))
    # PostgreSQL lets one at a time look for a contact; SQLite has one writer anyway.
    counted = [sql for sql in counted if "pg_advisory_xact_lock" not in sql]
    assert len(counted) == on(filled, number), counted


class Calls:
    """A field of a customer that notes how it is called, and answers who the customer is."""

    def __init__(self) -> None:
        self.made: list[tuple[int, int | None]] = []

    def schema(self) -> ComposedSchema:
        async def probe(customers: Sequence[Any], context: RequestContext, *, first: First = None) -> Sequence[str]:
            self.made.append((len(customers), first))
            return [f"customer_{customer.id}" for customer in customers]

        field = batched(probe, name="probe", returns=str | None, description="Who it is.")
        return build_schema([Contribution(CORE, extensions=[Extension(Customer, [field])])])


@pytest.mark.parametrize(
    ("selection", "made"),
    [
        ("{ customers(first: 50) { nodes { probe } } }", [(50, None)]),
        ("{ customers(first: 50) { nodes { probe ...A ... on Customer { probe } ... { probe } } } }", [(50, None)]),
        ("{ customers(first: 50) { nodes { a: probe b: probe ...A } } }", [(50, None)]),
        ("{ customers(first: 50) { nodes { a: probe(first: 1) b: probe(first: 2) c: probe(first: 1) ...A } } }",
         [(50, 1), (50, 2), (50, None)]),
        ("query($n: Int = 2) { customers(first: 50) { nodes { a: probe(first: $n) b: probe(first: 2) } } }", [(50, 2)]),
        ("{ customers(first: 50) { nodes { ...A } edges { node { ...A } } } }", [(50, None)]),
        ("{ customers(first: 5) { nodes { purchases(first: 3) { nodes { customer { ...A } } } } } }", [(5, None)]),
    ],
)  # fmt: skip
@pytest.mark.one_executor
@pytest.mark.parametrize("breadth_first", [True, False])
async def test_a_field_is_asked_once_for_each_set_of_arguments(
    filled: Api, selection: str, made: list[tuple[int, int | None]], breadth_first: bool
) -> None:
    calls = Calls()
    schema = calls.schema()
    schema.executor.enabled = breadth_first
    fragment = " fragment A on Customer { probe }" if "...A" in selection else ""
    await Api(schema, filled.shop, filled.actor).data(selection + fragment)
    assert sorted(calls.made, key=repr) == sorted(made, key=repr)


async def test_every_parent_gets_its_own_value_however_deep(filled: Api) -> None:
    """One fragment on every level: whoever remembered parents by their place in memory would mix them up."""
    document = "customer { ...Who }"
    for _ in range(2):
        document = f"customer {{ ...Who purchases(first: 3) {{ nodes {{ {document} }} }} }}"
    document = (
        f"{{ customers(first: 100) {{ nodes {{ ...Who purchases(first: 3) {{ nodes {{ {document} }} }} }} }}"
        f" purchases(first: 50) {{ nodes {{ {document} }} }} }} fragment Who on Customer {{ id probe }}"
    )
    found: list[Any] = [await Api(Calls().schema(), filled.shop, filled.actor).data(document)]
    seen = 0
    while found:
        here = found.pop()
        if isinstance(here, dict):
            if "probe" in here:
                seen += 1
                assert here["probe"] == here["id"]
            found += here.values()
        elif isinstance(here, list):
            found += here
    assert seen > 4_000
