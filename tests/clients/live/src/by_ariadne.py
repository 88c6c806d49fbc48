"""A client that ariadne-codegen has made with `ariadne.toml`: everything has its type."""

import sys
from datetime import UTC, datetime
from decimal import Decimal

from regulars_client import (
    BasketQuoteInput,
    Client,
    CustomerCreateInput,
    PurchaseLineInput,
    PurchaseRecordInput,
    PurchaseRefundInput,
    PurchaseStatus,
)

address, key = sys.argv[1:]
shop = Client(url=f"{address}/graphql", headers={"Authorization": f"Bearer {key}"})


def shown(errors: list) -> list[str]:
    return sorted(f"{'.'.join(error.path)}: {error.code}" for error in errors)


people, after = [], None
while True:
    page = shop.list_customers(first=10, after=after).customers
    people += page.nodes
    after = page.page_info.end_cursor
    if not page.page_info.has_next_page:
        break
assert len({one.id for one in people}) == len(people) == 25
someone = people[4]
person = shop.profile(code=someone.code).customer
assert person.created_at.utcoffset() is not None
lines = [
    PurchaseLineInput(name="Beans", quantity=Decimal(2), unitPrice=Decimal("10.50")),
    PurchaseLineInput(name="Roasting", total=Decimal("4.00")),
]
sold = shop.sell(
    input=PurchaseRecordInput(
        idempotencyKey="sale-ariadne-1",
        reference="ariadne-1",
        purchasedAt=datetime.now(UTC),
        customerCode=someone.code,
        lines=lines,
    )
).purchase_record
assert sold.purchase.total.amount == Decimal("25.00")
assert shop.quote(input=BasketQuoteInput(lines=lines[:1])).basket_quote.total.amount == Decimal("21.00")
refund = PurchaseRefundInput(purchaseId=sold.purchase.id, amount=Decimal("4.00"), idempotencyKey="back-ariadne-1")
assert shop.give_back(input=refund).purchase_refund.purchase.status is PurchaseStatus.PARTIALLY_REFUNDED
form = CustomerCreateInput(firstName="Ana", lastName="", phone="12", matchOn=[])
assert shown(shop.register(input=form).customer_create.user_errors) == [
    "input.lastName: REQUIRED",
    "input.phone: INVALID_PHONE",
]
print("ariadne-codegen: list, page, record, quote, refund, form errors")
