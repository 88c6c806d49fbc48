"""gql with `regulars_gql.py`: amounts are Decimals on both sides."""

import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from gql import gql
from gql.transport.exceptions import TransportQueryError
from regulars_gql import client

address, key = sys.argv[1:]
shop = client(address, key)


def ask(name: str, **variables: object) -> dict:
    document = gql(Path("queries", f"{name}.graphql").read_text())
    document.variable_values = variables
    return shop.execute(document)


def shown(errors: list) -> list[str]:
    return sorted(f"{'.'.join(error['path'])}: {error['code']}" for error in errors)


people, after = [], None
while True:
    page = ask("ListCustomers", first=10, after=after)["customers"]
    people += page["nodes"]
    after = page["pageInfo"]["endCursor"]
    if not page["pageInfo"]["hasNextPage"]:
        break
assert len({one["id"] for one in people}) == len(people) == 25
someone = people[3]
person = ask("Profile", code=someone["code"])["customer"]
assert isinstance(person["createdAt"], datetime)
assert person["createdAt"].utcoffset() is not None
lines = [
    {"name": "Beans", "quantity": Decimal(2), "unitPrice": Decimal("10.50")},
    {"name": "Roasting", "total": Decimal("4.00")},
]
sale = {
    "idempotencyKey": "sale-gql-1",
    "reference": "gql-1",
    "purchasedAt": datetime.now(UTC),
    "customerCode": someone["code"],
    "lines": lines,
}
sold = ask("Sell", input=sale)["purchaseRecord"]
assert sold["purchase"]["total"]["amount"] == Decimal("25.00")
assert isinstance(sold["purchase"]["total"]["amount"], Decimal)
assert ask("Quote", input={"lines": lines[:1]})["basketQuote"]["total"]["amount"] == Decimal("21.00")
refund = {"purchaseId": sold["purchase"]["id"], "amount": Decimal("4.00"), "idempotencyKey": "back-gql-1"}
assert ask("GiveBack", input=refund)["purchaseRefund"]["purchase"]["status"] == "PARTIALLY_REFUNDED"
try:
    ask("GiveBack", input=refund | {"note": "mistyped"})
    raise AssertionError("A field that is none was left out.")
except TransportQueryError:
    pass
try:
    ask("Sell", input=sale | {"purchasedAt": datetime(2026, 11, 30)})
    raise AssertionError("An instant without an offset was sent.")
except ValueError:
    pass
form = {"firstName": "Ana", "lastName": "", "phone": "12", "matchOn": []}
assert shown(ask("Register", input=form)["customerCreate"]["userErrors"]) == [
    "input.lastName: REQUIRED",
    "input.phone: INVALID_PHONE",
]
print("gql: list, page, record, quote, refund, form errors, no field left out")
