"""Amounts, times and days that cannot be, and the largest and latest that can."""

from typing import Any

import pytest

from regulars_core.primitives.clock import EARLIEST, LATEST, printed
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.purchases.rules import MILLION, NewLine, NewPurchase, checked
from regulars_core.purchases.service import record
from regulars_core.shop.actors import Actor
from regulars_core.testing import OpenShop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.testing import Api
from tests.support.refusals import Filled, Wrong, assert_refused

NO_DECIMALS: list[Any] = [
    "NaN", "nan", "Infinity", "-Infinity", "1e", "1E-1000", "+1", "1.", ".5", "01", "1,5", "1 000", " 1", "1 ", "",
    "-0", "-0.00", "-0e1", "0x10", "१", "1_000", "1" * 30_000, "--1", 1.5, 2**53, True, None, [], {}, ["1"],
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
    for literal in ("1.5", "-0", "1e3", "true", "CASH", '"NaN"', '"-0"'):
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
        "1990-02-03T00:00:00Z",
        "0000-01-01",
    ]
    wrong += [("customerCreate", {**name, "birthDate": value}, "INVALID_DATE", "birthDate") for value in no_days]
    wrong.append(("customerCreate", {**name, "birthDate": 1990}, "BAD_USER_INPUT", "!"))
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
    ana = made["customer"]["id"].removeprefix("customer_")
    for n, instant in enumerate((EARLIEST, LATEST)):  # by no till, which may not be so far ahead
        given = NewPurchase(f"R{n}", MAIN_STORE_ID, ana, instant, "USD", [NewLine("a", MILLION, total=100)])
        await record(api.shop, [checked(given, "USD")])
        at = printed(instant)
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
