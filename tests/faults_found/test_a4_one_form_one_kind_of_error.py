"""A4: what a person typed into a form comes back among `userErrors`, with paths, all of it at once."""

from typing import Any

import pytest
from graphql import get_named_type, is_input_object_type, is_scalar_type

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Plugins, plugins_on
from regulars_schema.testing import Api

TEA = {"name": "Tea", "unitPrice": "2.00"}
NOBODY = "customer_0192f6c8e5b07cc398c4dc0c0c07398f"


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards})


async def told(api: Api, mutation: str, **given: Any) -> dict[str, str]:
    """The codes of all user errors, by path."""
    made = await api.do(mutation, "__typename", given)
    return {".".join(error["path"][1:]): error["code"] for error in made["userErrors"]}


async def somebody(api: Api) -> str:
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    return str(made["customer"]["id"])


WRONG = {"firstName": " ", "lastName": "x" * 121, "phone": "12", "email": "a@b", "birthDate": "1990-13-01"}
CODES = {
    "firstName": "REQUIRED", "lastName": "TOO_LONG", "phone": "INVALID_PHONE", "email": "INVALID_EMAIL",
    "birthDate": "INVALID_DATE",
}  # fmt: skip


async def test_a4_a_registration(api: Api) -> None:
    assert await told(api, "customerCreate", **WRONG) == CODES
    more = {"originStoreCode": "S99", "tags": ["!"], "billingAddress": {"country": "Mexico"}}
    assert await told(api, "customerCreate", **WRONG, **more) == {
        **CODES, "originStoreCode": "NOT_FOUND", "tags.0": "INVALID_TEXT", "billingAddress.country": "INVALID_COUNTRY",
    }  # fmt: skip


async def test_a4_a_change(api: Api) -> None:
    assert await told(api, "customerUpdate", id=await somebody(api), **WRONG) == CODES


async def test_a4_a_sale_with_everything_wrong(api: Api) -> None:
    wrong = {
        "reference": "",
        "storeCode": "S99",
        "customer": {"phone": "12", "email": "a@b", "birthDate": "1990-13-01"},
        "lines": [
            TEA,
            {"name": "", "unitPrice": "1.001", "discount": "5"},
            {"unitPrice": "1", "quantity": "1e30", "brand": "x" * 121},
        ],
        "shipping": "-1",
        "payments": [{"method": "", "amount": "3.001"}, {"method": "card", "amount": "0"}],
        "note": "x" * 2_001,
    }
    assert await told(api, "purchaseRecord", **wrong) == {
        "storeCode": "NOT_FOUND", "customer.phone": "INVALID_PHONE", "customer.email": "INVALID_EMAIL",
        "customer.birthDate": "INVALID_DATE", "reference": "REQUIRED", "lines.1.unitPrice": "INVALID_AMOUNT",
        "lines.1.name": "REQUIRED", "lines.2.quantity": "INVALID_QUANTITY", "lines.2.name": "REQUIRED",
        "lines.2.brand": "TOO_LONG", "shipping": "INVALID_AMOUNT",
        "payments.0.amount": "INVALID_AMOUNT", "payments.0.method": "REQUIRED", "payments.1.amount": "INVALID_AMOUNT",
        "note": "TOO_LONG",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"reference": "", "lines": [{**TEA, "unitPrice": "2.001"}]},
         {"reference": "REQUIRED", "lines.0.unitPrice": "INVALID_AMOUNT"}),
        ({"lines": [{**TEA, "unitPrice": "2.001"}], "payments": [{"method": "cash", "amount": "9"}], "due": "1"},
         {"lines.0.unitPrice": "INVALID_AMOUNT"}),
        ({"lines": [TEA], "tax": "1.001", "payments": [{"method": "cash", "amount": "3.00"}]}, {"tax": "INVALID_AMOUNT"}),
        ({"lines": [TEA], "customerCode": "CUST-9", "tax": "-1"}, {"customerCode": "NOT_FOUND", "tax": "INVALID_AMOUNT"}),
        ({"lines": [TEA], "customerCode": "CUST-9", "storeCode": "S99"}, {"customerCode": "NOT_FOUND", "storeCode": "NOT_FOUND"}),
    ],
)  # fmt: skip
async def test_a4_a_sale_says_nothing_twice(api: Api, given: dict[str, Any], wanted: dict[str, str]) -> None:
    """What only comes of an amount that cannot be is no mistake of its own."""
    assert await told(api, "purchaseRecord", **{"reference": "R", **given}) == wanted


async def test_a4_refunds_and_payments(api: Api) -> None:
    sale = {"reference": "R", "lines": [TEA], "due": "2.00"}
    made = await api.done("purchaseRecord", "purchase { id lines { id } }", sale)
    purchase, line = made["purchase"]["id"], made["purchase"]["lines"][0]["id"]
    payments = [{"method": "", "amount": "1.001"}, {"method": "card", "amount": "0", "reference": "x" * 121}]
    paid = {
        "payments.0.method": "REQUIRED", "payments.0.amount": "INVALID_AMOUNT", "payments.1.amount": "INVALID_AMOUNT",
        "payments.1.reference": "TOO_LONG",
    }  # fmt: skip
    assert await told(api, "purchasePay", purchaseId=purchase, payments=payments) == paid
    wrong = {"amount": "1.001", "reason": "x" * 241, "payments": payments, "refundedAt": "9999-01-01T00:00:00Z"}
    assert await told(api, "purchaseRefund", purchaseId=purchase, **wrong) == {
        **paid, "amount": "INVALID_AMOUNT", "reason": "TOO_LONG", "refundedAt": "INVALID_DATE",
    }  # fmt: skip
    wrong = {"lines": [{"lineId": line, "quantity": "1.0000001"}], "shipping": "0.001", "reason": "x" * 241}
    assert await told(api, "purchaseRefund", purchaseId=purchase, **wrong) == {
        "lines.0.quantity": "INVALID_QUANTITY", "shipping": "INVALID_AMOUNT", "reason": "TOO_LONG",
    }  # fmt: skip


async def test_a4_a_store(api: Api) -> None:
    assert await told(api, "storeCreate", code="?", name=" ") == {"code": "INVALID_CODE", "name": "REQUIRED"}
    made = await api.done("storeCreate", "store { id }", {"code": "S07", "name": "Harbour"})
    wrong = {"id": made["store"]["id"], "name": "", "isActive": None}
    assert await told(api, "storeUpdate", **wrong) == {"name": "REQUIRED", "isActive": "REQUIRED"}


async def test_a4_forms_of_plugins(api: Api) -> None:
    ana, past = await somebody(api), "2020-01-01T00:00:00Z"
    credit = {"customerId": ana, "reason": "NONE", "note": "x" * 2_001}
    assert await told(api, "creditAdd", **credit, amount={"amount": "1.001"}, expiresAt=past) == {
        "amount.amount": "INVALID_AMOUNT", "reason": "UNKNOWN_REASON", "note": "TOO_LONG", "expiresAt": "INVALID_DATE",
    }  # fmt: skip
    assert await told(api, "pointsAdjust", **credit, points=0, direction="ADD", expiresAt=past) == {
        "points": "INVALID_AMOUNT", "reason": "UNKNOWN_REASON", "note": "TOO_LONG", "expiresAt": "INVALID_DATE",
    }  # fmt: skip
    assert await told(api, "tierAssign", customerId=ana, tier="A", mode="FLOOR", reason=" ", until=past) == {
        "reason": "REQUIRED", "until": "INVALID_DATE",
    }  # fmt: skip
    promotion = {
        "name": " ", "description": "x" * 2_001, "discountRule": {"kind": "GIFT_WRAP"}, "priority": -1, "totalLimit": 0,
        "budget": {"amount": "0.001"}, "startsAt": "2030-01-02T00:00:00Z", "endsAt": "2030-01-01T00:00:00Z",
    }  # fmt: skip
    found = await told(api, "promotionCreate", promotion=promotion)
    assert {
        "promotion.name",
        "promotion.budget.amount",
        "promotion.discountRule.kind",
        "promotion.totalLimit",
    } <= found.keys()


async def test_a4_a_refusal_of_both_kinds_keeps_no_key(api: Api) -> None:
    """A store that is not there sticks to its key; what is malformed besides can be mended under the same one."""
    sale = {"idempotencyKey": "k", "reference": "R", "storeCode": "S99", "lines": [TEA]}
    assert await told(api, "purchaseRecord", **{**sale, "reference": ""}) == {
        "storeCode": "NOT_FOUND",
        "reference": "REQUIRED",
    }
    for _ in range(2):
        assert await told(api, "purchaseRecord", **sale) == {"storeCode": "NOT_FOUND"}
    await api.done("storeCreate", "store { id }", {"code": "S99", "name": "Late"})
    assert await told(api, "purchaseRecord", **sale) == {"storeCode": "NOT_FOUND"}, "a refusal is kept under its key"
    assert await told(api, "purchaseRecord", **{**sale, "idempotencyKey": "k2"}) == {}


async def test_a4_what_a_program_got_wrong_stays_an_error_of_the_request(api: Api) -> None:
    form = "mutation($input: CustomerCreateInput!) { customerCreate(input: $input) { created userErrors { code } } }"
    for wrong, place in (
        ({"gender": "x"}, "gender"),
        ({"firstName": 7}, "firstName"),
        ({"matchOn": ["NAME"]}, "matchOn.0"),
    ):
        answer = await api.ask(form, input={**WRONG, **wrong})
        assert answer.codes == ["BAD_USER_INPUT"]
        assert answer.errors[0]["extensions"]["argument"] == ["input", *place.split(".")]


FOR_PEOPLE = {"Date", "EmailAddress", "PhoneNumber"}
"""Scalars of what people type: in the input of a mutation they would be told in another round, as another kind of error."""
PICKED = ["VerificationRecordInput.validUntil"]
"""What the contract has as a scalar: the end that is printed on a document is picked, not typed."""
OF_FILTERS = {"DayRangeInput"}
"""What programs make of a control, also where a mutation takes a filter."""


def test_a4_no_input_of_a_mutation_takes_what_people_type_as_a_scalar(api: Api) -> None:
    mutations = api.schema._schema.mutation_type
    assert mutations is not None
    waiting = [get_named_type(argument.type) for field in mutations.fields.values() for argument in field.args.values()]
    seen, wrong = set[str](), list[str]()
    while waiting:
        type_ = waiting.pop()
        if not is_input_object_type(type_) or type_.name in seen | OF_FILTERS:
            continue
        seen.add(type_.name)
        for name, field in type_.fields.items():
            inner = get_named_type(field.type)
            waiting.append(inner)
            if is_scalar_type(inner) and inner.name in FOR_PEOPLE:
                wrong.append(f"{type_.name}.{name}")
    assert wrong == PICKED
    assert len(seen) > 80
