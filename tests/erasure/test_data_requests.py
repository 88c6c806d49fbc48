"""Everything that is known of somebody is handed out, and nothing of anybody else. That no table is forgotten is tried in
tests/contract/test_personal_data.py."""

import json

from regulars_core.shop.actors import Actor
from regulars_schema.testing import Api
from tests.erasure.conftest import PERSON, TYPED, known, sell
from tests.erasure.test_requests import ana
from tests.support.handed_out import at_the_office, handed_out, known_of


async def test_what_is_told(person: str, api: Api) -> None:
    """Also of a plugin that is off; instants, amounts and quantities are for people."""
    told = await known_of(api, person)
    [record] = told["records"]
    assert (told["shop"], told["currency"], record["customerId"]) == ("My shop", "USD", person)
    core = record["core"]
    [customer] = core["customer"]
    assert {name: customer[name] for name in ("first_name", "email", "phone", "birth_date", "tax_id")} == {
        "first_name": PERSON["firstName"], "email": PERSON["email"], "phone": PERSON["phone"],
        "birth_date": PERSON["birthDate"], "tax_id": PERSON["taxId"],
    }  # fmt: skip
    assert [one["line1"] for one in core["customer_address"]] == ["Calle Ahuehuete 77", "Callejon Tezontle 9"]
    [note] = core["customer_note"]
    assert [note[name] for name in ("body", "topic", "outcome", "channel", "type", "is_open", "done_at")] == [
        TYPED["note"], TYPED["topic"], TYPED["outcome"], TYPED["channel"], "COMPLAINT", True, None,
    ]  # fmt: skip
    assert "assignee" not in note  # that is somebody else
    [first, second, welcomed] = core["purchase"]
    assert (first["reference"], first["total"], first["note"], first["purchased_at"], first["prices_include_tax"]) == (
        "R1", "600.00", TYPED["saleNote"], "2026-11-01T00:00:00.000Z", False,
    )  # fmt: skip
    assert (second["reference"], welcomed["reference"]) == ("R2", "welcomed")
    assert [one["quantity"] for one in core["purchase_line"]] == ["1.000000"] * 3
    assert [one["reason"] for one in core["refund"]] == [TYPED["refund"]]
    assert [one["reason"] for one in core["purchase_reassignment"]] == [TYPED["moved"]]
    assert [one["reason"] for one in record["tiers"]["tier_assignment"]] == [TYPED["tier"], TYPED["cleared"]]
    assert record["birthday"] == {
        "birthday_greeting": [{"customer_id": person.removeprefix("customer_"), "count": 1,
                               "last_day": record["birthday"]["birthday_greeting"][0]["last_day"]}],
        "birthday_reminder": [{"customer_id": person.removeprefix("customer_"), "days_before": 77}],
    }  # fmt: skip


async def test_nothing_of_others_is_told(api: Api) -> None:
    """Neither of other customers, nor of who works in the shop."""
    staff = Actor(
        "staffkey", "Hortensia of the till", Actor.of_role("a", "b", "administrator", api.shop.permissions).bindings
    )
    customer = await known(Api(api.schema, api.shop, staff))
    other = await ana(api, "Ixchel", email="ixchel@marker.example")
    moved = await sell(api, "R7", other, note="For Ixchel.")
    given = {"purchaseIds": [moved["id"]], "customerId": customer, "reason": "Mistake."}
    await api.done("purchasesReassign", "movedCount", given)
    text = json.dumps(await known_of(api, customer))
    assert "Hortensia" not in text
    assert "Mistake." in text
    assert other.removeprefix("customer_") not in text
    theirs = json.dumps(await known_of(api, other))
    assert customer.removeprefix("customer_") not in theirs
    assert "Xochipilli" not in theirs
    assert "ixchel@marker.example" in theirs


async def test_it_is_audited_and_done_once(api: Api) -> None:
    customer = await ana(api)
    office = await at_the_office(api)
    first, again = [json.loads(await handed_out(office, customer, idempotencyKey="k")) for _ in range(2)]
    assert first == again
    entries = await api.data("query($id: ID!) { audit(entityId: $id) { nodes { action } } }", id=customer)
    assert [one["action"] for one in entries["audit"]["nodes"]].count("customerDataRequest") == 1
    kept = await api.shop.database.rows("SELECT outcome FROM idempotency_key WHERE key = 'k'")
    assert "Ana" not in kept[0][0]
    assert await api.refused("customerDataRequest", {"customerId": f"customer_{'0' * 31}1"}) == ["NOT_FOUND"]
