"""A10: what is refused says what the caller needs to know to mend it."""

from typing import Any

import pytest

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Plugins, plugins_on
from regulars_schema.testing import Api

ERRORS = "userErrors { code message path ... on ReferenceReused { purchase { id reference total { amount } } } }"
SOLD = f"purchase {{ id lines {{ id }} }} {ERRORS}"
RECORD = f"mutation($input: PurchaseRecordInput!) {{ purchaseRecord(input: $input) {{ {SOLD} }} }}"
REFUND = f"mutation($input: PurchaseRefundInput!) {{ purchaseRefund(input: $input) {{ {ERRORS} }} }}"
PAY = f"mutation($input: PurchasePayInput!) {{ purchasePay(input: $input) {{ {ERRORS} }} }}"


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards})


async def sent(api: Api, document: str, key: str, **given: Any) -> Any:
    [payload] = (await api.data(document, input={"idempotencyKey": key, **given})).values()
    return payload


async def sold(api: Api, reference: str, **given: Any) -> Any:
    lines = [{"name": "Tea", "unitPrice": "10.00", "quantity": 2}]
    made = await sent(api, RECORD, reference, **{"reference": reference, "lines": lines, **given})
    assert made["userErrors"] == []
    return made["purchase"]


def cash(amount: str) -> dict[str, Any]:
    return {"payments": [{"method": "cash", "amount": amount}]}


async def test_a10_payments_mismatch_tells_both_sums(api: Api) -> None:
    lines = [{"name": "Tea", "unitPrice": "10.00", "quantity": 2}]
    made = await sent(api, RECORD, "1", reference="1", lines=lines, **cash("19.90"))
    assert [(one["code"], one["message"]) for one in made["userErrors"]] == [
        ("PAYMENTS_MISMATCH", "Payments come to 19.90 USD, and total + rounding - due to 20.00 USD.")
    ]
    old = await sold(api, "old")
    back = {"returns": [{"lineId": old["lines"][0]["id"], "quantity": 1}]}
    made = await sent(api, RECORD, "2", reference="2", lines=lines, **cash("9.00"), **back)
    assert [(one["code"], one["message"]) for one in made["userErrors"]] == [
        ("PAYMENTS_MISMATCH", "Payments and returns come to 19.00 USD, and total + rounding - due to 20.00 USD.")
    ]


async def test_a10_payments_of_refunds_and_of_what_is_due_tell_both_sums(api: Api) -> None:
    old = await sold(api, "old")
    made = await sent(api, REFUND, "r", purchaseId=old["id"], amount="5.00", **cash("4.00"))
    assert [(one["code"], one["message"]) for one in made["userErrors"]] == [
        ("PAYMENTS_MISMATCH", "Payments come to 4.00 USD, and what is given back to 5.00 USD.")
    ]
    owed = await sold(api, "owed", due="2.00", **cash("18.00"))
    made = await sent(api, PAY, "p", purchaseId=owed["id"], **cash("3.00"))
    assert [(one["code"], one["message"]) for one in made["userErrors"]] == [
        ("PAYMENTS_MISMATCH", "Payments come to 3.00 USD, and 2.00 USD is due.")
    ]


async def test_a10_a_refund_of_more_than_is_left_tells_how_many_are_left(api: Api) -> None:
    old = await sold(api, "old", lines=[{"name": "Tea", "unitPrice": "10.00", "quantity": 2}])
    line = old["lines"][0]["id"]
    first = await sent(api, REFUND, "1", purchaseId=old["id"], lines=[{"lineId": line, "quantity": 1}])
    assert first["userErrors"] == []
    again = await sent(api, REFUND, "2", purchaseId=old["id"], lines=[{"lineId": line, "quantity": 2}])
    wanted = "2 of this line cannot come back: 1 of 2 is left."
    assert [(one["code"], one["message"]) for one in again["userErrors"]] == [("REFUND_EXCEEDS_PAID", wanted)]
    lines = [{"name": "Cup", "unitPrice": "30.00"}]
    back = [{"lineId": line, "quantity": "1.5"}]
    exchanged = await sent(api, RECORD, "3", reference="3", lines=lines, returns=back, **cash("15.00"))
    assert [(one["code"], one["message"], one["path"]) for one in exchanged["userErrors"]] == [
        (
            "REFUND_EXCEEDS_PAID",
            "1.5 of this line cannot come back: 1 of 2 is left.",
            ["input", "returns", "0", "quantity"],
        )
    ]


async def test_a10_a_reference_that_is_reused_shows_the_recorded_purchase(api: Api) -> None:
    old = await sold(api, "R-1")
    for key in ("other", "other"):  # told and told again
        made = await sent(api, RECORD, key, reference="R-1", lines=[{"name": "Cup", "unitPrice": "3.00"}])
        [error] = made["userErrors"]
        assert (error["code"], error["path"]) == ("REFERENCE_REUSED", ["input", "reference"])
        assert error["purchase"] == {"id": old["id"], "reference": "R-1", "total": {"amount": "20.00"}}


@pytest.mark.parametrize(
    ("asked", "argument", "instead"),
    [
        ('customer(id: "CUST-00038") { id }', ["id"], "`code`"),
        ('purchase(id: "R-1") { id }', ["id"], "`reference`"),
    ],
)
async def test_a10_what_is_no_id_may_be_a_code(api: Api, asked: str, argument: list[str], instead: str) -> None:
    [error] = (await api.ask(f"{{ {asked} }}")).errors
    assert error["extensions"]["argument"] == argument
    assert "This is not an id" in error["message"]
    assert instead in error["message"]


async def test_a10_a_code_in_the_place_of_a_buyers_id(api: Api) -> None:
    given = {
        "idempotencyKey": "k",
        "reference": "R",
        "customerId": "CUST-00038",
        "lines": [{"name": "a", "unitPrice": 1}],
    }
    [error] = (await api.ask(RECORD, input=given)).errors
    assert error["extensions"]["argument"] == ["input", "customerId"]
    assert "`customerCode`" in error["message"]


async def counted(api: Api, where: dict[str, Any]) -> Any:
    answer = await api.ask("query($w: CustomerWhere!) { customers(where: $w) { totalCount } }", w=where)
    if answer.errors:
        return answer.errors[0]["message"], answer.errors[0]["extensions"]["argument"]
    return answer.data["customers"]["totalCount"]


async def test_a10_a_tiers_name_where_its_code_is_meant(api: Api) -> None:
    await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    for name, code in (("Standard", "C"), ("standard", "C"), ("VIP", "A"), ("c", "C")):
        told = await counted(api, {"any": [{"tier": {"in": ["B", name]}}]})
        assert told == (f"This is the name of a tier; its code is `{code}`.", ["where", "any", "0", "tier", "in", "1"])
    assert await counted(api, {"tier": {"in": ["C"]}}) == 1
    assert await counted(api, {"tier": {"in": ["GONE"]}}) == 0  # the code of a policy that is to come, perhaps
    nested = "query { customers { nodes { purchases(where: {total: {gte: 1}}) { totalCount } } } }"
    assert (await api.data(nested))["customers"]["nodes"] == [{"purchases": {"totalCount": 0}}]


async def test_a10_a_countrys_name_where_its_code_is_meant(api: Api) -> None:
    told = await counted(api, {"country": {"in": ["mx", "Mexico"]}})
    assert told == ("Use the two letters of ISO 3166, such as MX.", ["where", "country", "in", "1"])
    assert await counted(api, {"country": {"in": ["mx", "ES"]}}) == 0
