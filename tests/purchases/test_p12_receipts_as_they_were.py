"""A receipt shows the customer as they were when they bought, until they are erased; who sees it is written down."""

import asyncio
import csv
import json
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest

from regulars_core.customers.aliases import hold
from regulars_core.database import Unavailable
from regulars_core.imports import ImportOptions, import_purchases
from regulars_core.plugin import MAIN_STORE_ID, Shop
from regulars_core.primitives.clock import day_of, now
from regulars_core.purchases.erasure.personal import erase_purchases
from regulars_core.purchases.receipts.layout import columns
from regulars_core.shop.actors import Actor
from regulars_core.testing import OpenShop
from regulars_schema.composition.audited_reads import write_reads
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.testing import Api
from tests.support.keys import bound, holding

SHOWN = "reference receipt { customerName customerTaxId billingAddress }"
ADDRESS = {
    "recipient": "Ana Li",
    "line1": "Calle 1",
    "line2": "2B",
    "city": "Aarhus",
    "postalCode": "8000",
    "country": "DK",
}
THEN = {
    "customerName": "Ana Li",
    "customerTaxId": "TAX-1",
    "billingAddress": ["Ana Li", "Calle 1", "2B", "8000 Aarhus", "DK"],
}
NOBODY = {"customerName": None, "customerTaxId": None, "billingAddress": []}


@pytest.fixture
def api(shop: Shop) -> Api:
    return Api.of(shop)


async def customer(api: Api, name: str = "Ana", **more: Any) -> str:
    known = {"firstName": name, "lastName": "Li", "taxId": "TAX-1", "billingAddress": ADDRESS}
    given = {**known, "force": True, **more}
    return str((await api.done("customerCreate", "customer { id }", given))["customer"]["id"])


async def sold(api: Api, reference: str, customer: str | None = None, **more: Any) -> str:
    given = {
        "reference": reference,
        "purchasedAt": "2026-11-01T09:30:00Z",
        "lines": [{"name": "Tea", "total": "10.00"}],
        **({"customerId": customer} if customer else {}),
        **more,
    }
    return str((await api.done("purchaseRecord", "purchase { id }", given))["purchase"]["id"])


async def shown(api: Api) -> dict[str, Any]:
    found = await api.data(f"{{ purchases {{ nodes {{ {SHOWN} }} }} }}")
    return {one["reference"]: one["receipt"] for one in found["purchases"]["nodes"]}


async def change(api: Api, customer: str) -> None:
    moved = {"billingAddress": {**ADDRESS, "line1": "Calle 2", "line2": None}}
    await api.done("customerUpdate", "customer { id }", {"id": customer, "lastName": "Ruiz", "taxId": "TAX-2", **moved})


NOW = {
    "customerName": "Ana Ruiz",
    "customerTaxId": "TAX-2",
    "billingAddress": ["Ana Li", "Calle 2", "8000 Aarhus", "DK"],
}


async def test_an_old_receipt_shows_the_customer_as_they_were(api: Api) -> None:
    ana = await customer(api)
    await sold(api, "R1", ana)
    await sold(api, "R2")
    await change(api, ana)
    await sold(api, "R3", ana)
    new = {"firstName": "Bo", "lastName": "Sol", "email": "bo@example.com"}
    lines = [{"name": "Tea", "total": "10.00"}]
    await api.done("purchaseRecord", "purchase { id }", {"reference": "R4", "customer": new, "lines": lines})
    bo = {"customerName": "Bo Sol", "customerTaxId": None, "billingAddress": []}
    assert await shown(api) == {"R1": THEN, "R2": NOBODY, "R3": NOW, "R4": bo}


async def test_a_purchase_that_is_given_to_somebody_else_shows_them(api: Api) -> None:
    ana, bo = await customer(api), await customer(api, "Bo")
    one = await sold(api, "R1", ana)
    await change(api, ana)
    for given, expected in [
        ({"customerId": bo}, {**THEN, "customerName": "Bo Li"}),
        ({"toNobody": True}, NOBODY),
        ({"customerId": ana}, NOW),
    ]:
        await api.done("purchasesReassign", "movedCount", {"purchaseIds": [one], **given})
        assert (await shown(api))["R1"] == expected
    await api.done("purchasesReassign", "movedCount", {"purchaseIds": [one], "customerId": ana})
    assert (await shown(api))["R1"] == NOW  # who had it already


async def test_what_is_rung_again_shows_the_customer_as_of_then(api: Api) -> None:
    ana = await customer(api)
    one = await sold(api, "R1", ana)
    await change(api, ana)
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": one})
    other = await sold(api, "R1", ana, replaceVoided=True)
    document = (
        "query($id: ID!) { purchase(id: $id) { receipt { customerName } replaces { receipt { customerName } } } }"
    )
    found = (await api.data(document, id=other))["purchase"]
    assert (found["receipt"], found["replaces"]["receipt"]) == (
        {"customerName": "Ana Ruiz"},
        {"customerName": "Ana Li"},
    )


async def test_a_file_brings_receipts_too(shop: Shop, api: Api, tmp_path: Path) -> None:
    ana = await customer(api, email="ana@example.com")
    path = tmp_path / "sales.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["reference", "purchased_at", "email", "first_name", "last_name", "sku", "total"])
        writer.writerows([f"R{n}", "2026-01-01", "ana@example.com", "Ana", "Li", "X", "1.00"] for n in range(60))
        writer.writerow(["N1", "2026-01-01", "bo@example.com", "Bo", "Sol", "X", "1.00"])
        writer.writerow(["N2", "2026-01-01", "", "", "", "X", "1.00"])
    await import_purchases(shop, path, ImportOptions(), lambda _done, _all: None)
    await change(api, ana)
    again = await import_purchases(shop, path, ImportOptions(), lambda _done, _all: None)
    assert (again.created, again.unchanged) == (0, 62)
    document = f"{{ purchases(first: 100) {{ nodes {{ {SHOWN} }} }} }}"
    found = {one["reference"]: one["receipt"] for one in (await api.data(document))["purchases"]["nodes"]}
    assert found.pop("N1") == {"customerName": "Bo Sol", "customerTaxId": None, "billingAddress": []}
    assert found.pop("N2") == NOBODY
    assert len(found) == 60
    assert all(one == THEN for one in found.values())


async def test_an_erasure_takes_them_away(shop: Shop, api: Api) -> None:
    ana, bo = await customer(api), await customer(api, "Bo")
    for reference, who in [("R1", ana), ("R2", ana), ("R3", bo), ("R4", None)]:
        await sold(api, reference, who)
    database, key = shop.database, ana.partition("_")[2]

    async def erase() -> int:
        return (await erase_purchases(shop, [key])).get("receipts", 0)

    assert [await database.transaction(erase) for _ in range(2)] == [2, 0]
    assert await shown(api) == {"R1": NOBODY, "R2": NOBODY, "R3": {**THEN, "customerName": "Bo Li"}, "R4": NOBODY}
    [text] = await database.rows("SELECT count(*) FROM purchase_receipt")
    assert text[0] == 1


async def test_a_sale_while_the_customer_is_erased_keeps_nothing(shop: Shop, api: Api) -> None:
    """Its customer was looked up before; what it keeps for the receipt is read when the erasure is done."""
    ana, database, outside = await customer(api), shop.database, copy_context()
    key, buying = ana.partition("_")[2], list[asyncio.Task[str]]()

    async def erase() -> None:
        await hold(database, [key])
        await database.run("UPDATE customer SET first_name = '', last_name = '', tax_id = NULL WHERE id = $1", key)
        await database.run("DELETE FROM customer_address WHERE customer_id = $1", key)
        await erase_purchases(shop, [key])
        buying.append(asyncio.create_task(sold(api, "R1", ana), context=outside))
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
        async with asyncio.timeout(30):
            while database.engine == "postgres" and not await database.row(waiting):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    await database.transaction(erase)
    await asyncio.gather(*buying)
    assert await shown(api) == {"R1": NOBODY}


async def audited(api: Api) -> list[Any]:
    nodes = "nodes { action entityId requestId keyName changes { field old new } }"
    found = (await api.data(f"{{ audit(first: 50) {{ {nodes} }} }}"))["audit"]["nodes"]
    return [one for one in found if one["action"] == "receipts.view"]


async def test_who_sees_receipts_is_written_down_once_a_request(api: Api) -> None:
    ana = await customer(api)
    one, two = await sold(api, "R1", ana), await sold(api, "R2")
    assert await audited(api) == []
    await api.data("{ purchases { nodes { reference } } }")
    await api.data('{ purchases(search: "none") { nodes { receipt { customerName } } } }')
    assert await audited(api) == []
    document = "query($id: ID!) { purchase(id: $id) { a: receipt { customerName } b: receipt { text } } }"
    await api.data(document, id=one)
    [row] = await audited(api)
    assert row == {"action": "receipts.view", "entityId": one, "requestId": None, "keyName": "till", "changes": []}
    await shown(api)
    row, _ = await audited(api)
    assert row["entityId"] is None
    [change] = row["changes"]
    assert (change["field"], change["old"]) == ("purchaseIds", "null")
    assert sorted(json.loads(change["new"]).split()) == [one, two]
    assert "Ana" not in json.dumps(await audited(api))
    found = await api.data("query($id: ID!) { audit(first: 9, entityId: $id) { nodes { action } } }", id=one)
    assert "receipts.view" in [entry["action"] for entry in found["audit"]["nodes"]]


async def test_a_sale_that_is_answered_with_its_receipt(api: Api) -> None:
    ana = await customer(api)
    given = {
        "reference": "R1",
        "customerId": ana,
        "lines": [{"name": "Tea", "total": "10.00"}],
        "idempotencyKey": "one",
    }
    made = [await api.done("purchaseRecord", f"purchase {{ {SHOWN} }}", given) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0]["purchase"]["receipt"] == THEN
    assert len(await audited(api)) == 2  # it was shown twice


async def test_what_cannot_be_written_down_is_not_shown(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """The time of the request ends before it is written; what a mutation has done is told all the same."""
    context = GraphQLContext(RequestContext(api.shop, api.actor, deadline=0.0))
    await write_reads(context)  # nothing was read
    context.request.note_read("receipts.view", "purchase", ["0" * 32])
    context.operation = ("query", ("purchase",))
    with pytest.raises(Unavailable):
        await write_reads(context)
    context.operation = ("mutation", ("purchaseRecord",))
    await write_reads(context)
    assert "the audit of what was read" in caplog.text
    assert await audited(api) == []


async def test_who_may_see_receipts_and_of_which_stores(shop: Shop, api: Api) -> None:
    ana = await customer(api)
    await api.done("storeCreate", "store { id }", {"code": "S2", "name": "Second"})
    await sold(api, "R1", ana)
    await sold(api, "R2", ana, storeCode="S2")
    assert set(await shown(Api.of(shop, "store_terminal"))) == {"R1", "R2"}
    marketing = await Api.of(shop, "marketing").ask(f"{{ purchases {{ nodes {{ {SHOWN} }} }} }}")
    assert marketing.codes == ["FORBIDDEN"]
    assert [one["receipt"] for one in marketing.data["purchases"]["nodes"]] == [None, None]
    branch = Api(api.schema, shop, bound("cashier", MAIN_STORE_ID))
    assert await shown(branch) == {"R1": THEN}
    actor = Actor("mixed", "mixed", (holding("purchases.view"), holding("receipts.view", stores=[MAIN_STORE_ID])))
    assert await shown(Api(api.schema, shop, actor)) == {"R1": THEN, "R2": None}
    ids = [json.loads(one["changes"][0]["new"]) if one["changes"] else one["entityId"] for one in await audited(api)]
    assert len(ids) == 3  # nothing was shown to marketing


TEXT = "query($id: ID!, $width: Int) { purchase(id: $id) { receipt { text(width: $width) } } }"


async def text(api: Api, id_: str, width: int | None = None) -> str:
    return str((await api.data(TEXT, id=id_, width=width))["purchase"]["receipt"]["text"])


async def test_a_receipt_for_a_printer(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop(cash_rounding="0.05", shop_name="Tea & more", timezone="America/Mexico_City"))
    ana = await customer(api)
    lines = [
        {
            "name": "Green tea from the mountains of the far east, loose",
            "quantity": "2",
            "unitPrice": "5.00",
            "discount": "1.00",
        },
        {"name": "茶" * 30, "total": "0.98"},
    ]
    more = {"tax": "1.00", "rounding": "0.02", "payments": [{"method": "cash", "amount": "6.00", "tendered": "10.00"}]}
    one = await sold(
        api, "R1", ana, lines=lines, shipping="2.00", due="7.00", note="SECRET", register="T1", session="D1", **more
    )
    await api.done("purchaseRefund", "refund { id }", {"purchaseId": one, "amount": "3.00", "reason": "HUSH"})
    printed = await text(api, one)
    assert printed == EXPECTED.format(day=day_of(now(), api.shop.settings.zone))
    assert "SECRET" not in printed
    assert "HUSH" not in printed
    for width in (24, 42, 80):
        assert max(map(columns, (await text(api, one, width)).splitlines())) <= width
    for width in (23, 81, -1):
        answer = await api.ask(TEXT, id=one, width=width)
        assert answer.codes == ["BAD_USER_INPUT"]


EXPECTED = """\
                Tea & more
                Main store
Receipt R1
Till T1
Session D1
2026-11-01 03:30
------------------------------------------
Green tea from the mountains of the far
east, loose                          10.00
  2 x 5.00
  Discount                           -1.00
茶茶茶茶茶茶茶茶茶茶茶茶茶茶茶茶茶茶茶茶茶
茶茶茶茶茶茶茶茶茶                    0.98
------------------------------------------
Subtotal                              9.98
Delivery                              2.00
Tax                                   1.00
TOTAL USD                            12.98
------------------------------------------
Rounding                              0.02
cash                                  6.00
  Handed over 10.00, change 4.00
Still to pay                          4.00
Given back {day}                 3.00
------------------------------------------
Ana Li
Tax id TAX-1
Calle 1
2B
8000 Aarhus
DK
"""


async def test_a_printer_is_given_no_orders(api: Api) -> None:
    lines = [{"name": "Tea\x1bp0\u202e\u200bx", "total": "1.00", "tax": "0.10"}]
    one = await sold(api, "R\x07\n1", lines=lines, pricesIncludeTax=True)
    printed = await text(api, one)
    assert all(c.isprintable() or c == "\n" for c in printed)
    assert "Tax included" in printed
    assert "VOIDED" not in printed
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": one})
    assert "*** VOIDED ***" in await text(api, one)


@pytest.mark.one_executor
async def test_as_many_statements_for_many_as_for_one(api: Api) -> None:
    ana = await customer(api)
    document = "query($n: Int!) { purchases(first: $n) { nodes { receipt { customerName text } } } }"
    for n in range(5):
        await sold(api, f"R{n}", ana)
    counted = []
    for number in (1, 5):
        with api.shop.database.counting() as ran:
            await api.data(document, n=number)
        counted.append(ran)
    assert len(counted[0]) == len(counted[1])
    # the page, the receipts, what is printed: at once on PostgreSQL; and the audit
    assert len(counted[0]) == (7 if api.shop.database.engine == "sqlite" else 4), counted[0]


async def test_a_receipt_from_before_receipts_were_kept_tells_of_nobody(shop: Shop, api: Api) -> None:
    await sold(api, "R1", await customer(api))

    async def forget() -> None:
        await shop.database.run("DELETE FROM purchase_receipt")

    await shop.database.transaction(forget)
    assert await shown(api) == {"R1": NOBODY}


async def test_an_exchange_is_printed_until_it_is_undone(api: Api) -> None:
    text = "query($id: ID!) { purchase(id: $id) { lines { id } receipt { text } } }"

    async def printed(purchase: str) -> str:
        return str((await api.data(text, id=purchase))["purchase"]["receipt"]["text"])

    old = await sold(api, "OLD")
    [line] = (await api.data(text, id=old))["purchase"]["lines"]
    back = [{"lineId": line["id"], "quantity": "1"}]
    rest = [{"method": "card", "amount": "2.00"}]
    new = await sold(api, "NEW", returns=back, payments=rest, lines=[{"name": "Mug", "total": "12.00"}])
    assert (await printed(new)).count("10.00") == 1
    assert "Goods returned" in await printed(new)
    assert "Given back 2" in await printed(old)
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": new})
    assert "Given back" not in await printed(old)


async def test_a_company_is_printed_by_its_name(api: Api) -> None:
    firm = await customer(api, isCompany=True, companyName="Li & Daughters")
    await sold(api, "FIRM", firm)
    assert (await shown(api))["FIRM"]["customerName"] == "Li & Daughters"
