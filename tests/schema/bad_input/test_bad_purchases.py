"""Purchases and refunds that cannot be."""

from typing import Any

from tests.support.refusals import Filled, assert_refused


async def test_purchases_that_cannot_be(filled: Filled) -> None:
    ids, sale, line = filled.ids, filled.sale, filled.line
    most, beyond = "10000000000000.00", "10000000000000.01"
    wrong: list[tuple[dict[str, Any], str, str]] = [
        (line(unitPrice="-0.01"), "INVALID_AMOUNT", "lines.0.unitPrice"),
        (line(discount="-0.01"), "INVALID_AMOUNT", "lines.0.discount"),
        (line(total="-0.01"), "INVALID_AMOUNT", "lines.0.total"),
        (line(discount="2.01"), "INVALID_AMOUNT", "lines.0.total"),
        (line(quantity="-1", total="2.00"), "INVALID_AMOUNT", "lines.0.total"),
        (sale(due="2.01"), "INVALID_AMOUNT", "due"),
        (sale(due="-0.01"), "INVALID_AMOUNT", "due"),
        (sale(rounding="0.01"), "INVALID_ROUNDING", "rounding"),
        (sale(shippingTax="-0.01"), "INVALID_AMOUNT", "shippingTax"),
        (line(tax="-0.01"), "INVALID_AMOUNT", "lines.0.tax"),
        (sale(register="x" * 41), "TOO_LONG", "register"),
        (sale(session="x" * 41), "TOO_LONG", "session"),
        (sale(payments=[{"method": "cash", "amount": "2.00", "tendered": "1.99"}]), "INVALID_AMOUNT", "payments.0.tendered"),
        (line(quantity="1000000000.000001"), "INVALID_QUANTITY", "lines.0.quantity"),
        (line(quantity="999999999999999999"), "INVALID_QUANTITY", "lines.0.quantity"),
        (line(unitPrice=beyond), "INVALID_AMOUNT", "lines.0.unitPrice"),
        (line(unitPrice="999999999999999999"), "INVALID_AMOUNT", "lines.0.unitPrice"),
        (line(unitPrice="92233720368547758.07"), "INVALID_AMOUNT", "lines.0.unitPrice"),
        (line(unitPrice="92233720368547758.08"), "INVALID_AMOUNT", "lines.0.unitPrice"),
        (line(unitPrice=most, quantity="1000000000"), "INVALID_AMOUNT", "lines"),
        (line(unitPrice=most, quantity="1.000001"), "INVALID_AMOUNT", "lines"),
        (sale(lines=[{"name": "a", "unitPrice": most, "quantity": n} for n in ("1000000000", "-1000000000")]),
         "INVALID_AMOUNT", "lines"),
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
        (sale(basket="x" * 121), "TOO_LONG", "basket"),
        (sale(currencyCode="EUR"), "CURRENCY_MISMATCH", "currencyCode"),
        (sale(storeCode="S99"), "NOT_FOUND", "storeCode"),
        (sale(storeCode=""), "NOT_FOUND", "storeCode"),
        (sale(storeCode="x" * 5_000), "NOT_FOUND", "storeCode"),
        (sale(customerCode="CUST-99999"), "NOT_FOUND", "customerCode"),
        (sale(customerCode=""), "NOT_FOUND", "customerCode"),
        (sale(customerId=ids["customer"], customerCode="CUST-00001"), "INVALID_CUSTOMER", "customer"),
        (sale(customerId=ids["customer"], customer={"firstName": "A", "lastName": "B"}), "INVALID_CUSTOMER", "customer"),
        (sale(customer={"firstName": "", "lastName": " "}), "REQUIRED", "customer.firstName"),
        (sale(customer={"lastName": "B", "email": "b@"}), "INVALID_EMAIL", "customer.email"),
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
