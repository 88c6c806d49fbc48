"""What cannot be accepted: refused with a code and a path, the same on both engines, and nothing half-written."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars_core.actors import Actor
from regulars_core.shop import Shop
from regulars_core.testing import OpenShop
from regulars_core.text import tidy
from regulars_schema.composition import ComposedSchema
from tests.asking import Api, keyed

OF_NO_ACCOUNT = {
    "code_block",
    "idempotency_key",
}
"""A refusal may skip codes, which are taken before a transaction begins, and is itself kept under its key."""


async def everything(shop: Shop) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    tables = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%_index%'"
        if shop.database.engine == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    names = [row[0] for row in await shop.database.rows(tables) if row[0] not in OF_NO_ACCOUNT]
    return {
        name: sorted(tuple(map(str, row)) for row in await shop.database.rows(f"SELECT * FROM {name}"))
        for name in names
    }


@asynccontextmanager
async def unchanged(shop: Shop) -> AsyncIterator[None]:
    """Nothing that happens inside leaves a trace."""
    before = await everything(shop)
    assert len(before) >= 14
    yield
    after = await everything(shop)
    assert after == before


Wrong = tuple[str, dict[str, Any], str, str]
"""A mutation, its input, and the code and path of the one refusal."""


def mutation(name: str) -> str:
    return f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ userErrors {{ code path }} }} }}"


async def assert_refused(api: Api, wrong: Sequence[Wrong]) -> None:
    """Each is refused with exactly one user error, or, with the path "!", with one error of the request."""
    async with unchanged(api.shop):
        for name, given_input, code, path in wrong:
            answer = await api.ask(mutation(name), input=keyed(name, given_input))
            about = (name, str(given_input)[:200])
            if path == "!":
                assert answer.codes == [code], about
                assert answer.data is None or answer.data == {name: None}, about
            else:
                assert answer.errors == [], about
                assert answer.data[name]["userErrors"] == [{"code": code, "path": ["input", *path.split(".")]}], about


class Filled:
    """A shop with a few of everything, and the ids of it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.ids: dict[str, str] = {}

    async def fill(self) -> "Filled":
        api = self.api
        made = await api.done("customerCreate", "customer { id group { id } }", {"firstName": "Ana", "lastName": "Li"})
        self.ids["customer"], self.ids["default"] = made["customer"]["id"], made["customer"]["group"]["id"]
        group = await api.done("customerGroupCreate", "customerGroup { id }", {"name": "Staff"})
        self.ids["group"] = group["customerGroup"]["id"]
        store = await api.done("storeCreate", "store { id }", {"code": "S07", "name": "Harbour"})
        self.ids["store"] = store["store"]["id"]
        note = await api.done("noteAdd", "note { id }", {"customerId": self.ids["customer"], "body": "Hello"})
        self.ids["note"] = note["note"]["id"]
        for name in ("purchase", "other"):
            sold = await api.done(
                "purchaseRecord",
                "purchase { id lines { id } payments { id } }",
                {
                    "reference": name, "customerId": self.ids["customer"], "purchasedAt": "2026-03-01T12:00:00Z",
                    "lines": [{"name": "Tea", "unitPrice": "2.00", "quantity": "3"}, {"name": "Cup", "unitPrice": "4.00"}],
                    "payments": [{"method": "cash", "amount": "10.00"}],
                },
            )  # fmt: skip
            self.ids[name], self.ids[f"{name} line"] = sold["purchase"]["id"], sold["purchase"]["lines"][0]["id"]
            self.ids[f"{name} payment"] = sold["purchase"]["payments"][0]["id"]
        back = await api.done("purchaseRefund", "refund { id }", {"purchaseId": self.ids["other"], "amount": "1.00"})
        self.ids["refund"] = back["refund"]["id"]
        return self

    def unknown(self, kind: str) -> str:
        return f"{kind}_" + "0192f6c8e5b07cc398c4dc0c0c07398f"

    def sale(self, **given: Any) -> dict[str, Any]:
        return {"reference": "NEW", "lines": [{"name": "Tea", "unitPrice": "2.00"}], **given}

    def line(self, **given: Any) -> dict[str, Any]:
        return self.sale(lines=[{"name": "Tea", "unitPrice": "2.00", **given}])


@pytest.fixture
async def filled(api: Api) -> Filled:
    return await Filled(api).fill()


NO_IDS = ["", "x", "customer", "customer_", "customer_123", "_" + "0" * 32, "customer_" + "0" * 31, "customer_" + "0" * 33,
          "customer_" + "A" * 32, "customer_" + "g" * 32, "customer-" + "0" * 32, "0" * 32, "kündin_" + "0" * 32,
          "customer_0192f6c8-e5b0-7cc3-98c4-dc0c0c07398f", "a b_" + "0" * 32, "1_" + "0" * 32, "x" * 10_000]  # fmt: skip


async def test_ids_that_are_none(filled: Filled) -> None:
    api = filled.api
    readers = (
        "node(id: $id) { id }",
        "customer(id: $id) { id }",
        "purchase(id: $id) { id }",
        "customerGroup(id: $id) { id }",
    )
    for wrong in NO_IDS:
        for reader in readers:
            answer = await api.ask(f"query($id: ID!) {{ found: {reader} }}", id=wrong)
            assert (answer.data, answer.codes) == ({"found": None}, ["BAD_USER_INPUT"]), (reader, wrong)
            assert answer.errors[0]["extensions"]["argument"] == ["id"]
    await assert_refused(
        api,
        [(name, {**given_input, field: wrong}, "BAD_USER_INPUT", "!")
         for wrong in NO_IDS
         for name, field, given_input in WITH_IDS
         if not (wrong == "" and field == "groupId" and name == "customerCreate")],
    )  # fmt: skip


WITH_IDS: list[tuple[str, str, dict[str, Any]]] = [
    ("customerCreate", "groupId", {"firstName": "A", "lastName": "B"}),
    ("customerUpdate", "id", {"firstName": "A"}),
    ("customerDeactivate", "id", {}),
    ("customerReactivate", "id", {}),
    ("customerSuspend", "id", {}),
    ("tagsAdd", "customerId", {"tags": ["a"]}),
    ("tagsRemove", "customerId", {"tags": ["a"]}),
    ("customerGroupUpdate", "id", {"name": "A"}),
    ("customerGroupDelete", "id", {}),
    ("noteAdd", "customerId", {"body": "a"}),
    ("noteUpdate", "id", {"body": "a"}),
    ("noteDelete", "id", {}),
    ("storeUpdate", "id", {"name": "a"}),
    ("purchaseRecord", "customerId", {"reference": "NEW", "lines": [{"name": "Tea", "unitPrice": "2.00"}]}),
    ("purchaseRefund", "purchaseId", {"amount": "1.00"}),
    ("purchaseVoid", "purchaseId", {}),
]
KINDS = {"groupId": "group", "customerId": "customer", "purchaseId": "purchase"}
KIND_OF_ID = {"customer": "customer", "customerGroup": "group", "note": "note", "store": "store"}


def kind(name: str, field: str) -> str:
    if field != "id":
        return KINDS[field]
    return next(KIND_OF_ID[start] for start in ("customerGroup", "customer", "note", "store") if name.startswith(start))


async def test_ids_of_nothing_and_of_another_kind(filled: Filled) -> None:
    api = filled.api
    for name, id_ in filled.ids.items():
        own = id_.partition("_")[0]
        found = await api.data("query($id: ID!) { node(id: $id) { id } }", id=id_)
        assert found == {"node": {"id": id_}}, name
        assert await api.data("query($id: ID!) { node(id: $id) { id } }", id=filled.unknown(own)) == {"node": None}
    assert await api.data("query($id: ID!) { node(id: $id) { id } }", id=filled.unknown("unicorn")) == {"node": None}
    nothing = await api.data(
        "query($c: ID, $p: ID, $g: ID!) { customer(id: $c) { id } purchase(id: $p) { id } customerGroup(id: $g) { id } }",
        c=filled.unknown("customer"), p=filled.unknown("purchase"), g=filled.unknown("group"),
    )  # fmt: skip
    assert nothing == {"customer": None, "purchase": None, "customerGroup": None}
    wrong: list[Wrong] = []
    for name, field, given_input in WITH_IDS:
        own = kind(name, field)
        wrong.append((name, {**given_input, field: filled.unknown(own)}, "NOT_FOUND", field))
        others = {id_.partition("_")[0]: id_ for id_ in filled.ids.values() if not id_.startswith(f"{own}_")}
        assert len(others) >= 7
        wrong += [(name, {**given_input, field: other}, "BAD_USER_INPUT", "!") for other in others.values()]
    await assert_refused(api, wrong)


async def test_pages_that_cannot_be(filled: Filled) -> None:
    api = filled.api
    edge = (await api.data("{ customers { edges { cursor } } }"))["customers"]["edges"][0]["cursor"]
    for arguments in (
        "first: 101", "first: 1000", "first: -1", "last: 101", "last: -1", "first: 1, last: 1", "first: 2147483647",
        'after: ""', 'after: "x"', 'after: "é"', 'before: "////"', 'after: "bnVsbA=="', 'after: "W10="',
        f'after: "{edge[:-2]}"', f'after: "{edge}", orderBy: {{field: NAME}}',
        f'before: "{edge}", orderBy: {{field: CREATED_AT}}',
    ):  # fmt: skip
        answer = await api.ask(f"{{ customers({arguments}) {{ nodes {{ id }} }} shop {{ name }} }}")
        assert answer.data == {"customers": None, "shop": {"name": "My shop"}}, arguments
        assert answer.codes == ["BAD_USER_INPUT"], arguments
        assert answer.errors[0]["extensions"]["argument"][0] in {"first", "last", "after", "before"}, arguments
    for field in (
        "customerGroups",
        "stores",
        "purchases",
        "customers { nodes { notes(first: 101) { totalCount } } } shop",
    ):
        document = (
            f"{{ {field}(first: 101) {{ nodes {{ id }} }} }}" if "{" not in field else f"{{ {field} {{ name }} }}"
        )
        assert (await api.ask(document)).codes == ["BAD_USER_INPUT"], field
    for arguments in ('first: "1"', "first: 1.5", "first: 99999999999", "first: true"):
        assert (await api.ask(f"{{ customers({arguments}) {{ totalCount }} }}")).data is None, arguments
    assert await api.data("{ customers(first: 0) { nodes { id } totalCount } }") == {
        "customers": {"nodes": [], "totalCount": 1}
    }


NO_DECIMALS: list[Any] = [
    "NaN", "nan", "Infinity", "-Infinity", "1e3", "1E-2", "1.0e1", "+1", "1.", ".5", "01", "1,5", "1 000", " 1", "1 ", "",
    "-0", "-0.00", "0x10", "१", "1_000", "1.0000001", "1" * 19, "1" * 30_000, "--1", 1.5, 10, 0, True, None, [], {}, ["1"],
]  # fmt: skip


async def test_amounts_that_are_no_decimals(filled: Filled) -> None:
    api = filled.api
    wrong: list[Wrong] = []
    for value in NO_DECIMALS:
        if value is not None:
            lines = [filled.line(**{field: value}) for field in ("unitPrice", "quantity", "discount", "total")]
            sales = [filled.sale(**{field: value}) for field in ("shipping", "tax")]
            wrong += [("purchaseRecord", given_input, "BAD_USER_INPUT", "!") for given_input in lines + sales]
            wrong.append(
                ("purchaseRefund", {"purchaseId": filled.ids["purchase"], "amount": value}, "BAD_USER_INPUT", "!")
            )
        payment = {"payments": [{"method": "card", "amount": value}]}
        wrong.append(("purchaseRecord", filled.sale(**payment), "BAD_USER_INPUT", "!"))
        line = {
            "purchaseId": filled.ids["purchase"],
            "lines": [{"lineId": filled.ids["purchase line"], "quantity": value}],
        }
        wrong.append(("purchaseRefund", line, "BAD_USER_INPUT", "!"))
    await assert_refused(api, wrong)
    for literal in ("1.5", "10", "1e3", "true", "CASH", '"NaN"', '"-0"'):
        answer = await api.ask(
            'mutation { purchaseRecord(input: {idempotencyKey: "k", reference: "N", lines: [{name: "a", unitPrice: '
            f"{literal}}}]}}) {{ created }} }}"
        )
        assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"]), literal


@pytest.mark.parametrize(
    ("currency", "finest", "too_fine"), [("USD", "1.05", "1.005"), ("JPY", "5", "1.5"), ("KWD", "1.005", "1.0005")]
)
async def test_amounts_finer_than_the_currency(
    open_shop: OpenShop, schema: ComposedSchema, currency: str, finest: str, too_fine: str
) -> None:
    api = Api(schema, await open_shop(currency=currency), Actor.of_role("key", "till", "administrator"))
    line = {"name": "Tea", "unitPrice": finest}
    made = await api.done(
        "purchaseRecord",
        "purchase { id total { amount currencyCode } }",
        {"reference": "R", "lines": [line], "payments": [{"method": "cash", "amount": finest}]},
    )
    assert made["purchase"]["total"] == {"amount": finest, "currencyCode": currency}
    sale = {"reference": "NEW", "lines": [line]}
    await assert_refused(
        api,
        [
            *[("purchaseRecord", {"reference": "NEW", "lines": [{**line, field: too_fine}]}, "INVALID_AMOUNT", f"lines.0.{field}")
              for field in ("unitPrice", "discount", "total")],
            *[("purchaseRecord", {**sale, field: too_fine}, "INVALID_AMOUNT", field) for field in ("shipping", "tax")],
            ("purchaseRecord", {**sale, "payments": [{"method": "cash", "amount": too_fine}]},
             "INVALID_AMOUNT", "payments.0.amount"),
            ("purchaseRefund", {"purchaseId": made["purchase"]["id"], "amount": too_fine}, "INVALID_AMOUNT", "amount"),
        ],
    )  # fmt: skip
    answer = await api.ask(
        "query($a: Decimal) { customers(where: {totalSpent: {gte: $a}}) { totalCount } }", a=too_fine
    )
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["extensions"]["argument"] == ["where", "totalSpent"]


async def test_purchases_that_cannot_be(filled: Filled) -> None:
    ids, sale, line = filled.ids, filled.sale, filled.line
    most, beyond = "10000000000000.00", "10000000000000.01"
    wrong: list[tuple[dict[str, Any], str, str]] = [
        (line(unitPrice="-0.01"), "INVALID_AMOUNT", "lines.0.unitPrice"),
        (line(discount="-0.01"), "INVALID_AMOUNT", "lines.0.discount"),
        (line(total="-0.01"), "INVALID_AMOUNT", "lines.0.total"),
        (line(discount="2.01"), "INVALID_AMOUNT", "lines.0.total"),
        (line(quantity="-1"), "INVALID_QUANTITY", "lines.0.quantity"),
        (line(quantity="-0.000001"), "INVALID_QUANTITY", "lines.0.quantity"),
        (line(quantity="1000000000.000001"), "INVALID_QUANTITY", "lines.0.quantity"),
        (line(quantity="999999999999999999"), "INVALID_QUANTITY", "lines.0.quantity"),
        (line(unitPrice=beyond), "INVALID_AMOUNT", "lines.0.unitPrice"),
        (line(unitPrice="999999999999999999"), "INVALID_AMOUNT", "lines.0.unitPrice"),
        (line(unitPrice="92233720368547758.07"), "INVALID_AMOUNT", "lines.0.unitPrice"),
        (line(unitPrice="92233720368547758.08"), "INVALID_AMOUNT", "lines.0.unitPrice"),
        (line(unitPrice=most, quantity="1000000000"), "INVALID_AMOUNT", "lines"),
        (line(unitPrice=most, quantity="1.000001"), "INVALID_AMOUNT", "lines"),
        (sale(lines=[{"name": "a", "total": most}] * 1_000), "INVALID_AMOUNT", "lines"),
        (sale(lines=[{"name": "a", "total": most}], shipping="0.01"), "INVALID_AMOUNT", "lines"),
        (sale(lines=[{"name": "a", "total": most}], tax="0.01"), "INVALID_AMOUNT", "lines"),
        (sale(shipping="-1.00"), "INVALID_AMOUNT", "shipping"),
        (sale(tax="-0.01"), "INVALID_AMOUNT", "tax"),
        (sale(lines=[]), "INVALID_LINES", "lines"),
        (sale(lines=[{"name": "a", "total": "1.00"}] * 1_001), "INVALID_LINES", "lines"),
        (sale(lines=[{"name": "a"}]), "REQUIRED", "lines.0.unitPrice"),
        (sale(lines=[{"unitPrice": "1.00"}]), "REQUIRED", "lines.0.name"),
        (sale(lines=[{"unitPrice": "1.00", "name": " \t", "sku": ""}]), "REQUIRED", "lines.0.name"),
        (line(name="x" * 241), "TOO_LONG", "lines.0.name"),
        (line(sku="x" * 121), "TOO_LONG", "lines.0.sku"),
        (line(brand="x" * 121), "TOO_LONG", "lines.0.brand"),
        (line(category="x" * 121), "TOO_LONG", "lines.0.category"),
        (sale(reference=""), "REQUIRED", "reference"),
        (sale(reference="  "), "REQUIRED", "reference"),
        (sale(reference="x" * 121), "TOO_LONG", "reference"),
        (sale(channel="x" * 41), "TOO_LONG", "channel"),
        (sale(note="x" * 2_001), "TOO_LONG", "note"),
        (sale(currencyCode="EUR"), "CURRENCY_MISMATCH", "currencyCode"),
        (sale(storeCode="S99"), "NOT_FOUND", "storeCode"),
        (sale(storeCode=""), "NOT_FOUND", "storeCode"),
        (sale(storeCode="x" * 5_000), "NOT_FOUND", "storeCode"),
        (sale(customerCode="CUST-99999"), "NOT_FOUND", "customerCode"),
        (sale(customerCode=""), "NOT_FOUND", "customerCode"),
        (sale(customerId=ids["customer"], customerCode="CUST-00001"), "INVALID_CUSTOMER", "customer"),
        (sale(customerId=ids["customer"], customer={"firstName": "A", "lastName": "B"}), "INVALID_CUSTOMER", "customer"),
        (sale(customer={"firstName": "", "lastName": "B"}), "REQUIRED", "customer.firstName"),
        (sale(customer={"firstName": "A", "lastName": "B", "phone": "12"}), "INVALID_PHONE", "customer.phone"),
        (sale(customer={"firstName": "A" * 121, "lastName": "B"}), "TOO_LONG", "customer.firstName"),
        (sale(payments=[{"method": "cash", "amount": "1.99"}]), "PAYMENTS_MISMATCH", "payments"),
        (sale(payments=[{"method": "cash", "amount": "2.01"}]), "PAYMENTS_MISMATCH", "payments"),
        (sale(payments=[{"method": "cash", "amount": "1.00"}] * 3), "PAYMENTS_MISMATCH", "payments"),
        (sale(payments=[{"method": "cash", "amount": "3.00"}, {"method": "card", "amount": "-1.00"}]),
         "INVALID_AMOUNT", "payments.1.amount"),
        (sale(payments=[{"method": "cash", "amount": "2.00"}, {"method": "card", "amount": "0.00"}]),
         "INVALID_AMOUNT", "payments.1.amount"),
        (sale(payments=[{"method": " ", "amount": "2.00"}]), "REQUIRED", "payments.0.method"),
        (sale(payments=[{"method": "x" * 41, "amount": "2.00"}]), "TOO_LONG", "payments.0.method"),
        (sale(payments=[{"method": "cash", "amount": "2.00", "reference": "x" * 121}]), "TOO_LONG", "payments.0.reference"),
        (sale(payments=[{"method": "cash", "amount": "0.01"}] * 101, lines=[{"name": "a", "total": "1.01"}]),
         "TOO_MANY", "payments"),
        (sale(reference="purchase"), "REFERENCE_REUSED", "reference"),
        (sale(reference=" purchase ", customer={"firstName": "New", "lastName": "Comer"}), "REFERENCE_REUSED", "reference"),
    ]  # fmt: skip
    await assert_refused(filled.api, [("purchaseRecord", given_input, code, path) for given_input, code, path in wrong])


async def test_the_largest_amounts_are_kept_exactly(filled: Filled) -> None:
    api = filled.api
    made = await api.done(
        "purchaseRecord",
        "purchase { id total { amount } lines { quantity total { amount } unitPrice { amount } } }",
        filled.sale(lines=[{"name": "Palace", "unitPrice": "10000000000000.00", "quantity": "0.000001"},
                           {"name": "Sand", "unitPrice": "0.01", "quantity": "1000000000"}],
                    shipping="9999979999999.99", customerId=filled.ids["customer"]),
    )  # fmt: skip
    assert made["purchase"]["lines"] == [
        {"quantity": "0.000001", "total": {"amount": "10000000.00"}, "unitPrice": {"amount": "10000000000000.00"}},
        {"quantity": "1000000000", "total": {"amount": "10000000.00"}, "unitPrice": {"amount": "0.01"}},
    ]
    assert made["purchase"]["total"] == {"amount": "9999999999999.99"}
    found = await api.data('{ purchases(where: {total: {gt: "9999999999999.98"}}) { nodes { total { amount } } } }')
    assert found["purchases"]["nodes"] == [{"total": {"amount": "9999999999999.99"}}]


NO_INSTANTS = [
    "2026-01-31T09:30:00", "2026-01-31", "09:30:00Z", "2026-01-31 09:30:00Z", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-01-31T25:00:00Z", "2026-01-31T23:59:60Z", "2026-01-31T09:30:00+25:00", "2026-01-31T09:30:00+01", "26-01-31T09:30:00Z",
    "2026-01-31T09:30Z", "20260131T093000Z", "2026-W05-6T09:30:00Z", "", "now", "1769851800", "2026-01-31T09:30:00.1234567890Z",
    "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "-2026-01-31T09:30:00Z", "2026-01-31t09:30:00z", "२०२६-01-31T09:30:00Z",
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00", 1769851800, 1.5, True,
]  # fmt: skip


async def test_times_and_days_that_are_none(filled: Filled) -> None:
    api = filled.api
    wrong: list[Wrong] = []
    for value in NO_INSTANTS:
        wrong.append(("purchaseRecord", filled.sale(purchasedAt=value), "BAD_USER_INPUT", "!"))
        given_input = {"purchaseId": filled.ids["purchase"], "amount": "1.00", "refundedAt": value}
        wrong.append(("purchaseRefund", given_input, "BAD_USER_INPUT", "!"))
    name = {"firstName": "A", "lastName": "B"}
    no_days: list[Any] = [
        "1990-02-30",
        "1990-2-3",
        "1990-02",
        "19900203",
        "03/02/1990",
        "",
        "1990-02-03T00:00:00Z",
        "0000-01-01",
        1990,
    ]
    wrong += [("customerCreate", {**name, "birthDate": value}, "BAD_USER_INPUT", "!") for value in no_days]
    for value in ("1879-12-31", "0001-01-01", "9999-12-31", "2999-01-01"):
        wrong.append(("customerCreate", {**name, "birthDate": value}, "INVALID_DATE", "birthDate"))
        wrong.append(
            ("customerUpdate", {"id": filled.ids["customer"], "birthDate": value}, "INVALID_DATE", "birthDate")
        )
    await assert_refused(api, wrong)
    for where in (
        "{createdAt: {withinDays: -1}}",
        "{lastPurchaseAt: {withinDays: 36501}}",
        "{birthday: {inNextDays: 367}}",
    ):
        assert (await api.ask(f"{{ customers(where: {where}) {{ totalCount }} }}")).codes == ["BAD_USER_INPUT"], where


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
async def test_the_first_and_the_last_instant_work_in_every_time_zone(
    open_shop: OpenShop, schema: ComposedSchema, zone: str
) -> None:
    api = Api(schema, await open_shop(timezone=zone), Actor.of_role("key", "till", "administrator"))
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    for n, at in enumerate(("0001-01-02T00:00:00.000Z", "9999-12-30T00:00:00.000Z")):
        await api.done(
            "purchaseRecord",
            "purchase { id }",
            {"reference": f"R{n}", "purchasedAt": at, "customerId": made["customer"]["id"],
             "lines": [{"name": "a", "total": "1.00"}]},
        )  # fmt: skip
        found = await api.data(
            "query($at: DateTime!) { purchases(orderBy: {field: PURCHASED_AT}) { nodes { purchasedAt } }"
            " customers(where: {lastPurchaseAt: {after: $at}}) { totalCount }"
            " all: customers { nodes { stats { firstPurchaseAt lastPurchaseAt daysSinceLastPurchase } } } }",
            at=at,
        )
        assert found["purchases"]["nodes"][-1]["purchasedAt"] == at
        assert found["customers"]["totalCount"] == 0
        [one] = found["all"]["nodes"]
        assert (one["stats"]["firstPurchaseAt"], one["stats"]["lastPurchaseAt"]) == ("0001-01-02T00:00:00.000Z", at)
    assert one["stats"]["daysSinceLastPurchase"] == 0


async def test_refunds_that_cannot_be(filled: Filled) -> None:
    ids, api = filled.ids, filled.api
    line, purchase = ids["purchase line"], {"purchaseId": ids["purchase"]}
    voided = await api.done("purchaseRecord", "purchase { id }", filled.sale(reference="VOID"))
    await api.done("purchaseVoid", "purchase { status }", {"purchaseId": voided["purchase"]["id"]})
    wrong: list[tuple[dict[str, Any], str, str]] = [
        (purchase, "INVALID_REFUND", "amount"),
        ({**purchase, "amount": None, "lines": None}, "INVALID_REFUND", "amount"),
        ({**purchase, "amount": "1.00", "lines": [{"lineId": line, "quantity": "1"}]}, "INVALID_REFUND", "amount"),
        ({**purchase, "lines": []}, "REQUIRED", "lines"),
        ({**purchase, "amount": "0.00"}, "INVALID_AMOUNT", "amount"),
        ({**purchase, "amount": "-1.00"}, "INVALID_AMOUNT", "amount"),
        ({**purchase, "amount": "10.01"}, "REFUND_EXCEEDS_PAID", "amount"),
        ({**purchase, "amount": "10000000000000.00"}, "REFUND_EXCEEDS_PAID", "amount"),
        ({"purchaseId": ids["other"], "amount": "9.01"}, "REFUND_EXCEEDS_PAID", "amount"),
        ({**purchase, "lines": [{"lineId": line, "quantity": "3.000001"}]}, "REFUND_EXCEEDS_PAID", "lines.0.quantity"),
        ({**purchase, "lines": [{"lineId": line, "quantity": "0"}]}, "INVALID_QUANTITY", "lines.0.quantity"),
        ({**purchase, "lines": [{"lineId": line, "quantity": "-1"}]}, "INVALID_QUANTITY", "lines.0.quantity"),
        ({**purchase, "lines": [{"lineId": line, "quantity": "999999999999999999"}]}, "INVALID_QUANTITY", "lines.0.quantity"),
        ({**purchase, "lines": [{"lineId": line, "quantity": "1"}] * 2}, "INVALID_REFUND", "lines.1.lineId"),
        ({**purchase, "lines": [{"lineId": ids["other line"], "quantity": "1"}]}, "NOT_FOUND", "lines.0.lineId"),
        ({**purchase, "lines": [{"lineId": line, "quantity": "1"}, {"lineId": filled.unknown("line"), "quantity": "1"}]},
         "NOT_FOUND", "lines.1.lineId"),
        ({**purchase, "lines": [{"lineId": ids["purchase"], "quantity": "1"}]}, "BAD_USER_INPUT", "!"),
        ({**purchase, "amount": "1.00", "refundedAt": "2026-03-01T11:59:59.999Z"}, "INVALID_DATE", "refundedAt"),
        ({**purchase, "amount": "1.00", "reason": "x" * 241}, "TOO_LONG", "reason"),
        ({"purchaseId": voided["purchase"]["id"], "amount": "1.00"}, "PURCHASE_VOIDED", "purchaseId"),
    ]  # fmt: skip
    await assert_refused(api, [("purchaseRefund", given_input, code, path) for given_input, code, path in wrong])


async def test_customers_that_cannot_be(filled: Filled) -> None:
    ana = {"id": filled.ids["customer"]}
    details: list[tuple[dict[str, Any], str, str]] = [
        ({"firstName": ""}, "REQUIRED", "firstName"),
        ({"firstName": " \u2003\n"}, "REQUIRED", "firstName"),
        ({"lastName": "x" * 121}, "TOO_LONG", "lastName"),
        ({"firstName": "\u1d160" * 61}, "TOO_LONG", "firstName"),
        ({"preferredName": "x" * 241}, "TOO_LONG", "preferredName"),
        ({"taxId": "x" * 65}, "TOO_LONG", "taxId"),
        ({"phone": "12"}, "INVALID_PHONE", "phone"),
        ({"phone": "+999 55 1234 5678"}, "INVALID_PHONE", "phone"),
        ({"phone": "call me"}, "INVALID_PHONE", "phone"),
        ({"phone": "5" * 41}, "TOO_LONG", "phone"),
        ({"tags": ["x" * 65]}, "TOO_LONG", "tags.0"),
        ({"tags": ["ok", "!!"]}, "INVALID_TEXT", "tags.1"),
        ({"tags": [f"tag {n}" for n in range(51)]}, "TOO_MANY", "tags"),
        ({"billingAddress": {"country": "Mexico"}}, "INVALID_COUNTRY", "billingAddress.country"),
        ({"shippingAddress": {"country": "M1"}}, "INVALID_COUNTRY", "shippingAddress.country"),
        ({"shippingAddress": {"postalCode": "x" * 33}}, "TOO_LONG", "shippingAddress.postalCode"),
        ({"billingAddress": {"city": "x" * 121}}, "TOO_LONG", "billingAddress.city"),
        ({"billingAddress": {"line1": "x" * 241}}, "TOO_LONG", "billingAddress.line1"),
        ({"groupId": filled.unknown("group")}, "NOT_FOUND", "groupId"),
        ({"email": ""}, "BAD_USER_INPUT", "!"),
        ({"email": "nobody"}, "BAD_USER_INPUT", "!"),
        ({"email": "a@b"}, "BAD_USER_INPUT", "!"),
        ({"email": "a b@example.com"}, "BAD_USER_INPUT", "!"),
        ({"email": f"{'a' * 250}@example.com"}, "BAD_USER_INPUT", "!"),
        ({"email": f"{'İ' * 30}@{'.'.join(['İ' * 20] * 9)}.com"}, "BAD_USER_INPUT", "!"),
        ({"gender": "female"}, "BAD_USER_INPUT", "!"),
        ({"firstName": 7}, "BAD_USER_INPUT", "!"),
        ({"tags": [None]}, "BAD_USER_INPUT", "!"),
        ({"code": "CUST-1"}, "BAD_USER_INPUT", "!"),
    ]  # fmt: skip
    for_new: list[tuple[dict[str, Any], str, str]] = [
        ({"originStoreCode": "S99"}, "NOT_FOUND", "originStoreCode"),
        ({"originStoreCode": ""}, "NOT_FOUND", "originStoreCode"),
        ({"matchOn": ["NAME"]}, "BAD_USER_INPUT", "!"),
        ({"lastName": None}, "BAD_USER_INPUT", "!"),
    ]
    name = {"firstName": "A", "lastName": "B"}
    await assert_refused(
        filled.api,
        [
            *[("customerCreate", {**name, **given_input}, code, path) for given_input, code, path in details + for_new],
            *[("customerUpdate", {**ana, **given_input}, code, path) for given_input, code, path in details],
            ("customerUpdate", {**ana, "firstName": None}, "REQUIRED", "firstName"),
            ("customerUpdate", {**ana, "lastName": None, "email": None}, "REQUIRED", "lastName"),
            # What is right beside it is not written either.
            ("customerUpdate", {**ana, "firstName": "Changed", "tags": ["new"], "groupId": filled.unknown("group")},
             "NOT_FOUND", "groupId"),
            ("tagsAdd", {"customerId": ana["id"], "tags": ["fine", "x" * 65]}, "TOO_LONG", "tags.1"),
            ("tagsAdd", {"customerId": ana["id"], "tags": [f"tag {n}" for n in range(51)]}, "TOO_MANY", "tags"),
            ("noteAdd", {"customerId": ana["id"], "body": " \n"}, "REQUIRED", "body"),
            ("noteAdd", {"customerId": ana["id"], "body": "x" * 10_001}, "TOO_LONG", "body"),
            ("noteUpdate", {"id": filled.ids["note"], "body": ""}, "REQUIRED", "body"),
        ],
    )  # fmt: skip


async def test_every_mistake_of_an_input_is_told_at_once(filled: Filled) -> None:
    given_input = {
        "firstName": "", "lastName": "x" * 121, "phone": "12", "tags": ["!", "x" * 65], "birthDate": "1700-01-01",
        "billingAddress": {"country": "Mexico", "city": "x" * 121},
    }  # fmt: skip
    made = await filled.api.do("customerCreate", "customer { id } created", given_input)
    assert (made["customer"], made["created"]) == (None, False)
    assert {(error["code"], ".".join(error["path"])) for error in made["userErrors"]} == {
        ("REQUIRED", "input.firstName"), ("TOO_LONG", "input.lastName"), ("INVALID_PHONE", "input.phone"),
        ("INVALID_TEXT", "input.tags.0"), ("TOO_LONG", "input.tags.1"), ("INVALID_DATE", "input.birthDate"),
        ("INVALID_COUNTRY", "input.billingAddress.country"), ("TOO_LONG", "input.billingAddress.city"),
    }  # fmt: skip
    assert {error["__typename"] for error in made["userErrors"]} == {"InvalidInput"}


async def test_groups_and_stores_that_cannot_be(filled: Filled) -> None:
    ids, api = filled.ids, filled.api
    await api.done("customersAssignGroup", "movedCount", {"customerIds": [ids["customer"]], "groupId": ids["group"]})
    await assert_refused(
        api,
        [
            ("customerGroupCreate", {"name": ""}, "REQUIRED", "name"),
            ("customerGroupCreate", {"name": "x" * 121}, "TOO_LONG", "name"),
            ("customerGroupCreate", {"name": "A", "description": "x" * 2_001}, "TOO_LONG", "description"),
            ("customerGroupCreate", {"name": " STÁFF "}, "NAME_TAKEN", "name"),
            ("customerGroupUpdate", {"id": ids["default"], "name": "staff"}, "NAME_TAKEN", "name"),
            ("customerGroupUpdate", {"id": ids["group"], "name": None}, "REQUIRED", "name"),
            ("customerGroupDelete", {"id": ids["default"]}, "DEFAULT_GROUP", "id"),
            ("customerGroupDelete", {"id": ids["default"], "moveCustomersTo": ids["group"]}, "DEFAULT_GROUP", "id"),
            ("customerGroupDelete", {"id": ids["group"]}, "GROUP_NOT_EMPTY", "id"),
            ("customerGroupDelete", {"id": ids["group"], "moveCustomersTo": None}, "GROUP_NOT_EMPTY", "id"),
            ("customerGroupDelete", {"id": ids["group"], "moveCustomersTo": ids["group"]}, "NOT_FOUND", "moveCustomersTo"),
            ("customerGroupDelete", {"id": ids["group"], "moveCustomersTo": filled.unknown("group")},
             "NOT_FOUND", "moveCustomersTo"),
            ("customersAssignGroup", {"customerIds": [], "groupId": ids["group"]}, "REQUIRED", "customerIds"),
            ("customersAssignGroup", {"customerIds": [ids["customer"]] * 251, "groupId": ids["default"]},
             "TOO_MANY", "customerIds"),
            ("customersAssignGroup", {"customerIds": [ids["customer"], filled.unknown("customer")], "groupId": ids["default"]},
             "NOT_FOUND", "customerIds.1"),
            ("customersAssignGroup", {"customerIds": [ids["customer"]], "groupId": filled.unknown("group")},
             "NOT_FOUND", "groupId"),
            ("customersAssignGroup", {"customerIds": [ids["group"]], "groupId": ids["group"]}, "BAD_USER_INPUT", "!"),
            ("storeCreate", {"code": "s07", "name": "A"}, "CODE_TAKEN", "code"),
            ("storeCreate", {"code": " main ", "name": "A"}, "CODE_TAKEN", "code"),
            ("storeCreate", {"code": "", "name": "A"}, "INVALID_CODE", "code"),
            ("storeCreate", {"code": "S-7", "name": "A"}, "INVALID_CODE", "code"),
            ("storeCreate", {"code": "Ñ", "name": "A"}, "INVALID_CODE", "code"),
            ("storeCreate", {"code": "x" * 17, "name": "A"}, "INVALID_CODE", "code"),
            ("storeCreate", {"code": "A", "name": " "}, "REQUIRED", "name"),
            ("storeCreate", {"code": "A", "name": "x" * 121}, "TOO_LONG", "name"),
            ("storeUpdate", {"id": ids["store"], "name": None}, "REQUIRED", "name"),
            ("storeUpdate", {"id": ids["store"], "isActive": None}, "REQUIRED", "isActive"),
            ("storeUpdate", {"id": "store_00000000000070008000000000000002", "isActive": False}, "MAIN_STORE", "isActive"),
        ],
    )  # fmt: skip


def nested(depth: int) -> dict[str, Any]:
    where: dict[str, Any] = {"hasEmail": True}
    for _ in range(depth - 1):
        where = {"not": where}
    return where


async def test_conditions_that_cannot_be(filled: Filled) -> None:
    api = filled.api
    document = "query($where: CustomerWhere) { customers(where: $where) { totalCount } }"
    for allowed in (
        nested(6),
        {"all": [{"hasEmail": True}] * 50},
        {"any": []},
        {"all": []},
        {},
        None,
        {"tag": {"in": []}},
    ):
        assert (await api.ask(document, where=allowed)).errors == [], allowed
    for wrong in (
        nested(7),
        nested(100),
        {"all": [{"hasEmail": True}] * 51},
        {"all": [{"any": [{"hasEmail": True}] * 26}] * 2},
        {"all": None},
        {"not": None},
        {"status": None},
        {"hasEmail": None},
        {"totalSpent": {}},
        {"totalSpent": {"gte": None}},
        {"purchaseCount": {}},
        {"purchaseCount": {"eq": 1, "lt": None}},
        {"createdAt": {}},
        {"not": {"lastPurchaseAt": {"after": None}}},
        {"group": {"in": ["x"]}},
        {"group": {"in": [filled.ids["customer"]]}},
        {"originStore": {"in": [filled.ids["store"], ""]}},
        {"totalSpent": {"gte": "100000000000000000"}},
        {"birthday": {"inNextDays": -1}},
    ):
        answer = await api.ask(document, where=wrong)
        assert (answer.data, answer.codes) == ({"customers": None}, ["BAD_USER_INPUT"]), wrong
        assert answer.errors[0]["extensions"]["argument"][0] == "where", wrong
    for impossible in (
        nested(2_000), {"tag": {"in": [None]}}, {"tag": {"in": None}}, {"status": {"in": ["GONE"]}},
        {"purchaseCount": {"eq": "1"}},
        {"purchaseCount": {"eq": 2**31}}, {"totalSpent": {"gte": 5}}, {"nonsense": True}, {"hasEmail": "yes"}, [], "x",
        {"createdAt": {"after": "2026-01-01T00:00:00"}}, {"birthday": {}},
    ):  # fmt: skip
        answer = await api.ask(document, where=impossible)
        assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"]), str(impossible)[:80]
    literal = "{not: " * 7 + "{hasEmail: true}" + "}" * 7
    assert (await api.ask(f"{{ customers(where: {literal}) {{ totalCount }} }}")).codes == ["BAD_USER_INPUT"]
    purchases = await api.ask(
        "query($where: PurchaseWhere) { purchases(where: $where) { totalCount } }", where={"total": {}}
    )
    assert purchases.codes == ["BAD_USER_INPUT"]


async def test_searches_that_cannot_be(filled: Filled) -> None:
    api = filled.api
    for wrong in ("x" * 201, "a b c d e f g h i"):
        answer = await api.ask("query($q: String!) { customerSearch(query: $q) { id } }", q=wrong)
        assert (answer.codes, answer.errors[0]["extensions"]["argument"]) == (["BAD_USER_INPUT"], ["query"])
        for field in ("customers", "purchases"):
            answer = await api.ask(f"query($q: String!) {{ {field}(search: $q) {{ totalCount }} }}", q=wrong)
            assert (answer.codes, answer.errors[0]["extensions"]["argument"]) == (["BAD_USER_INPUT"], ["search"])
    for first in (-1, 51):
        answer = await api.ask(f'{{ customerSearch(query: "ana", first: {first}) {{ id }} }}')
        assert (answer.codes, answer.errors[0]["extensions"]["argument"]) == (["BAD_USER_INPUT"], ["first"])
    for neither in ("", '(id: "customer_00000000000000000000000000000000", code: "x")', "(id: null)"):
        assert (await api.ask(f"{{ customer{neither} {{ id }} }}")).codes == ["BAD_USER_INPUT"], neither
    assert (await api.ask("{ purchase { id } }")).codes == ["BAD_USER_INPUT"]


async def test_a_mutation_that_fails_hides_nothing_of_its_siblings(filled: Filled) -> None:
    api = filled.api
    answer = await api.ask(
        'mutation { first: customerGroupCreate(input: {name: "One"}) { customerGroup { name } userErrors { code } }'
        ' broken: customerGroupDelete(input: {id: "nonsense"}) { deletedCustomerGroupId }'
        ' refused: customerGroupCreate(input: {name: "one"}) { customerGroup { name } userErrors { code } }'
        ' last: customerGroupCreate(input: {name: "Two"}) { customerGroup { name } userErrors { code } } }'
    )
    assert answer.data == {
        "first": {"customerGroup": {"name": "One"}, "userErrors": []},
        "broken": None,
        "refused": {"customerGroup": None, "userErrors": [{"code": "NAME_TAKEN"}]},
        "last": {"customerGroup": {"name": "Two"}, "userErrors": []},
    }
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["path"] == ["broken"]
    assert answer.errors[0]["extensions"]["argument"] == ["input", "id"]


async def test_the_same_name_at_once_is_taken_once(api: Api) -> None:
    for name, given_input, code in (
        ("customerGroupCreate", {"name": "Friends"}, "NAME_TAKEN"),
        ("storeCreate", {"code": "S1", "name": "One"}, "CODE_TAKEN"),
    ):
        answers = await asyncio.gather(*(api.do(name, "__typename", given_input) for _ in range(10)))
        assert sorted(error["code"] for answer in answers for error in answer["userErrors"]) == [code] * 9


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=130)


async def test_any_text_is_refused_or_reads_back(api: Api) -> None:
    """Hypothesis runs each example in this very loop, against the same shop."""
    loop = asyncio.get_running_loop()

    async def one(first: str, last: str, tag: str, city: str, note: str) -> None:
        made = await api.do(
            "customerCreate",
            "customer { id firstName lastName tags billingAddress { city } }",
            {"firstName": first, "lastName": last, "tags": [tag], "billingAddress": {"city": city}},
        )
        problems = {".".join(error["path"][1:]): error["code"] for error in made["userErrors"]}
        for field, text, most in (("firstName", first, 120), ("lastName", last, 120)):
            kept = tidy(text)
            assert problems.get(field) == ("REQUIRED" if not kept else "TOO_LONG" if len(kept) > most else None)
        if problems:
            return
        customer = made["customer"]
        read = (await api.data("query($id: ID!) { customer(id: $id) { firstName lastName tags } }", id=customer["id"]))[
            "customer"
        ]
        assert (read["firstName"], read["lastName"]) == (tidy(first), tidy(last))
        assert read["tags"] == ([tidy(tag)] if tidy(tag) else [])
        assert (customer["billingAddress"] or {"city": ""})["city"] == tidy(city)
        written = await api.do("noteAdd", "note { body }", {"customerId": customer["id"], "body": note})
        assert written["userErrors"] or written["note"]["body"] == note.strip()

    async def searched(query: str) -> None:
        answer = await api.ask(
            "query($q: String!) { customers(search: $q) { totalCount } purchases(search: $q) { totalCount }"
            " customerSearch(query: $q) { id } customer(code: $q) { id } purchase(reference: $q) { id } }",
            q=query,
        )
        assert set(answer.codes) <= {"BAD_USER_INPUT"}
        if answer.codes:
            assert len(query) > 200 or len(query) >= 2 * 9 - 1

    def generate() -> None:
        @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(
            TEXT,
            TEXT,
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=64),
            TEXT,
            TEXT,
        )
        def customers(first: str, last: str, tag: str, city: str, note: str) -> None:
            asyncio.run_coroutine_threadsafe(one(first, last, tag, city, note), loop).result(60)

        @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=220))
        def searches(query: str) -> None:
            asyncio.run_coroutine_threadsafe(searched(query), loop).result(60)

        customers()
        searches()

    await asyncio.to_thread(generate)
