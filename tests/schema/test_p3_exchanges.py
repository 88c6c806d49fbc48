"""Exchanges: goods of earlier purchases come back with a new one, as refunds that pay for it, and are undone with it."""

import asyncio
from typing import Any

from regulars_core.testing import OpenShop
from regulars_schema.testing import Api
from tests.schema.test_purchases import assert_verified, customer, purchase, stats
from tests.support.keys import bound

MONEY = "{ amount }"
PARTS = (
    f"created purchase {{ id total {MONEY} lines {{ id }} payments {{ method amount {MONEY} }}"
    f" returns {{ id amount {MONEY} lines {{ quantity line {{ id }} }}"
    " exchangedFor { reference } purchase { reference } } }"
)
SHOWN = (
    f"{{ status refundedTotal {MONEY} due {MONEY} lines {{ refundedQuantity }} returns {{ id }}"
    f" refunds {{ id amount {MONEY} exchangedFor {{ reference }} }} }}"
)


async def sold(api: Api, reference: str, *totals: str, quantity: str = "1", **given: Any) -> Any:
    lines = [{"name": f"{reference}-{n}", "quantity": quantity, "total": total} for n, total in enumerate(totals)]
    return (await api.done("purchaseRecord", PARTS, purchase(reference, *lines, **given)))["purchase"]


async def shown(api: Api, of: Any) -> Any:
    return (await api.data(f"query($id: ID!) {{ purchase(id: $id) {SHOWN} }}", id=of["id"]))["purchase"]


def back(of: Any, line: int = 0, quantity: str = "1", **given: str) -> dict[str, str]:
    return {"lineId": of["lines"][line]["id"], "quantity": quantity, **given}


def paid(amount: str, method: str = "card") -> list[dict[str, str]]:
    return [{"method": method, "amount": amount}]


def exchange(reference: str, total: str, returns: list[dict[str, str]], **given: Any) -> dict[str, Any]:
    return purchase(reference, {"name": reference, "total": total}, returns=returns, **given)


async def test_p3_what_comes_back_pays_for_the_new_purchase_until_it_is_voided(api: Api) -> None:
    ana = await customer(api)
    old = await sold(api, "OLD", "10.00", "5.00", customerId=ana)
    before = await shown(api, old), await stats(api, ana)
    given = exchange("NEW", "12.00", [back(old)], customerId=ana, payments=paid("2.00"))
    made = await api.done("purchaseRecord", PARTS, given)
    new = made["purchase"]
    assert new["payments"] == [
        {"method": "card", "amount": {"amount": "2.00"}},
        {"method": "exchange", "amount": {"amount": "10.00"}},
    ]
    [refund] = new["returns"]
    lines = [{"quantity": "1", "line": {"id": old["lines"][0]["id"]}}]
    assert (refund["amount"], refund["lines"]) == ({"amount": "10.00"}, lines)
    assert (refund["exchangedFor"], refund["purchase"]) == ({"reference": "NEW"}, {"reference": "OLD"})
    was = await shown(api, old)
    assert (was["status"], was["refundedTotal"], was["returns"]) == ("PARTIALLY_REFUNDED", {"amount": "10.00"}, [])
    assert [(one["id"], one["exchangedFor"]) for one in was["refunds"]] == [(refund["id"], {"reference": "NEW"})]
    known = await stats(api, ana)
    assert (known["totalSpent"], known["purchaseCount"]) == ({"amount": "17.00"}, 2)
    await assert_verified(api)

    again = await api.done("purchaseRecord", PARTS, given)  # nothing comes back twice
    assert (again["created"], again["purchase"]) == (False, new)
    for other in (
        {"returns": [back(old, 1)]},
        {"returns": [back(old, amount="10.00")]},
        {"returns": None, "payments": paid("12.00")},
    ):
        assert await api.refused("purchaseRecord", {**given, **other}) == ["REFERENCE_REUSED"]

    asked = "query($id: ID!) { node(id: $id) { id } }"
    assert (await api.data(asked, id=refund["id"]))["node"] == {"id": refund["id"]}
    for _ in range(2):
        voided = await api.done("purchaseVoid", "purchase { status returns { id } }", {"purchaseId": new["id"]})
        assert voided["purchase"] == {"status": "VOIDED", "returns": []}
    assert (await shown(api, old), await stats(api, ana)) == before
    assert (await api.data(asked, id=refund["id"]))["node"] is None
    await assert_verified(api)

    rung = await api.done("purchaseRecord", PARTS, {**given, "replaceVoided": True})
    assert [one["amount"] for one in rung["purchase"]["returns"]] == [{"amount": "10.00"}]
    await assert_verified(api)


async def test_p3_what_was_refunded_further_meanwhile_still_sums_exactly(api: Api) -> None:
    """Three for 10.00, one exchanged, one given back, the exchange voided: what is left is the rest."""
    ana = await customer(api)
    old, nobodys = (
        await sold(api, "OLD", "10.00", quantity="3", customerId=ana),
        await sold(api, "OTHER", "4.00", "6.00"),
    )
    returns = [back(nobodys, 1), back(old), back(nobodys, 0)]
    given = exchange("NEW", "5.00", returns, customerId=ana, payments=paid("-8.33", "cash"))
    new = (await api.done("purchaseRecord", PARTS, given))["purchase"]
    assert sorted(one["amount"]["amount"] for one in new["returns"]) == [
        "10.00",
        "3.33",
    ]  # one refund for each purchase
    assert [one["amount"]["amount"] for one in new["payments"]] == ["-8.33", "13.33"]
    assert (await shown(api, nobodys))["status"] == "REFUNDED"
    asked = {"purchaseId": old["id"], "lines": [back(old)]}
    made = await api.done("purchaseRefund", f"refund {{ amount {MONEY} }}", asked)
    assert made["refund"]["amount"] == {"amount": "3.34"}
    await api.done("purchaseRefund", "refund { id }", {"purchaseId": old["id"], "amount": "1.00"})
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": new["id"]})
    assert (await shown(api, nobodys))["status"] == "PAID"
    was = await shown(api, old)
    assert (was["status"], was["refundedTotal"], was["lines"]) == (
        "PARTIALLY_REFUNDED", {"amount": "4.34"}, [{"refundedQuantity": "1"}],
    )  # fmt: skip
    await assert_verified(api)
    given = {"purchaseId": old["id"], "lines": [back(old, quantity="2")]}
    assert (await api.done("purchaseRefund", f"refund {{ amount {MONEY} }}", given))["refund"]["amount"] == {
        "amount": "5.66"
    }
    assert (await shown(api, old))["status"] == "REFUNDED"
    assert (await stats(api, ana))["totalSpent"] == {"amount": "0.00"}
    await assert_verified(api)


async def test_p3_only_what_was_really_paid_pays(api: Api) -> None:
    """What was still due of the earlier purchase is lowered first; voided, it is due again."""
    old = await sold(api, "OLD", "10.00", "10.00", due="12.00", payments=paid("8.00"))
    assert await api.refused("purchaseRecord", exchange("NEW", "5.00", [back(old)])) == ["PAYMENTS_MISMATCH"]
    new = (await api.done("purchaseRecord", PARTS, exchange("NEW", "5.00", [back(old)], payments=paid("5.00"))))[
        "purchase"
    ]
    assert [one["method"] for one in new["payments"]] == ["card"]
    assert ((await shown(api, old))["due"], new["returns"][0]["amount"]) == ({"amount": "2.00"}, {"amount": "10.00"})
    more = (await api.done("purchaseRecord", PARTS, exchange("MORE", "8.00", [back(old, 1)])))["purchase"]
    assert more["payments"] == [{"method": "exchange", "amount": {"amount": "8.00"}}]
    assert ((await shown(api, old))["due"], (await shown(api, old))["status"]) == ({"amount": "0.00"}, "REFUNDED")
    for one in (new, more):
        await api.done("purchaseVoid", "purchase { id }", {"purchaseId": one["id"]})
    was = await shown(api, old)
    assert (was["due"], was["status"], was["refunds"]) == ({"amount": "12.00"}, "PAID", [])


async def test_p3_payments_and_returns_sum_to_what_it_comes_to(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop(currency="CHF"))
    old = await sold(api, "OLD", "3.00", "0.00")
    for wrong in (
        {},
        {"payments": paid("6.99")},
        {"payments": paid("10.00")},
        {"due": "6.97"},
        {"payments": paid("6.95", "cash"), "rounding": "-0.02"},
    ):
        assert await api.refused("purchaseRecord", exchange("NEW", "9.98", [back(old)], **wrong)) == [
            "PAYMENTS_MISMATCH"
        ]
    assert await api.refused("purchaseRecord", exchange("NEW", "9.98", [back(old, 1)])) == ["PAYMENTS_MISMATCH"]
    out = exchange("NEW", "2.00", [back(old)], payments=paid("-2.00", "cash"), due="1.00")
    assert await api.refused("purchaseRecord", out) == ["INVALID_AMOUNT"]  # nothing is due where money is paid out
    assert (await shown(api, old))["refunds"] == []
    given = exchange("NEW", "9.98", [back(old)], payments=paid("5.00", "cash"), due="2.00", rounding="0.02")
    assert await api.done("purchaseRecord", "created", given)
    worth_nothing = exchange("FREE", "0.00", [back(old, 1)])
    made = (await api.done("purchaseRecord", PARTS, worth_nothing))["purchase"]
    assert (made["payments"], made["returns"][0]["amount"]) == ([], {"amount": "0.00"})
    assert (await shown(api, old))["status"] == "REFUNDED"
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": made["id"]})
    assert (await shown(api, old))["status"] == "REFUNDED"  # all that was paid is back
    await assert_verified(api)


async def test_p3_what_cannot_come_back(api: Api) -> None:
    ana, bo = await customer(api), await customer(api, firstName="Bo")
    own, of_bo = (
        await sold(api, "OWN", "4.00", quantity="2", customerId=ana),
        await sold(api, "BO", "4.00", customerId=bo),
    )
    gone = await sold(api, "GONE", "4.00")
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": gone["id"]})
    empties = purchase("EMPTIES", {"name": "Empties", "quantity": "-2", "total": "-1.00"})
    below = (await api.done("purchaseRecord", "purchase { id lines { id } }", empties))["purchase"]
    unknown = {"lines": [{"id": f"line_{'1' * 32}"}]}
    for n, (returns, code, path) in enumerate(
        (
            ([back(own), back(of_bo)], "INVALID_RETURN", ["1", "lineId"]),
            ([back(own), back(gone)], "INVALID_RETURN", ["1", "lineId"]),
            ([back(own), back(own)], "INVALID_RETURN", ["1", "lineId"]),
            ([back(own), back(unknown)], "NOT_FOUND", ["1", "lineId"]),
            ([back(own, quantity="0")], "INVALID_QUANTITY", ["0", "quantity"]),
            ([back(own, quantity="-1")], "INVALID_QUANTITY", ["0", "quantity"]),
            ([back(own, quantity="2.000001")], "REFUND_EXCEEDS_PAID", ["0", "quantity"]),
            ([back(own, amount="2.01")], "REFUND_EXCEEDS_PAID", ["0", "amount"]),
            ([back(own, amount="-0.01")], "INVALID_AMOUNT", ["0", "amount"]),
            ([back(own, amount="0.001")], "INVALID_AMOUNT", ["0", "amount"]),
            ([back(below)], "REFUND_EXCEEDS_PAID", ["0", "quantity"]),
            ([back(own)] * 101, "TOO_MANY", []),
        )
    ):
        given = exchange(f"N{n}", "2.00", returns, customerId=ana)
        answer = await api.do("purchaseRecord", "purchase { id } userErrors { code path }", given)
        assert (code, ["input", "returns", *path]) in [(one["code"], one["path"]) for one in answer["userErrors"]], code
    early = exchange("EARLY", "2.00", [back(own)], customerId=ana, purchasedAt="2020-01-01T00:00:00Z")
    assert await api.refused("purchaseRecord", early) == ["INVALID_RETURN"]
    assert await api.refused("purchaseRecord", exchange("ANON", "2.00", [back(own)])) == ["INVALID_RETURN"]
    person = {"firstName": "Cy", "lastName": "Li", "email": "cy@example.com"}
    assert await api.refused("purchaseRecord", exchange("CY", "2.00", [back(own)], customer=person)) == [
        "INVALID_RETURN"
    ]
    people = await api.shop.database.rows("SELECT first_name FROM customer ORDER BY first_name")
    assert [row[0] for row in people] == ["Ana", "Bo"]  # nobody is left registered for it
    assert ((await shown(api, own))["refunds"], (await shown(api, of_bo))["refunds"]) == ([], [])
    await assert_verified(api)


async def test_p3_it_takes_the_permission_to_refund_where_it_was_bought(api: Api) -> None:
    stores = {}
    for code in ("S1", "S2"):
        made = await api.done("storeCreate", "store { id }", {"code": code, "name": code})
        stores[code] = made["store"]["id"].removeprefix("store_")
    one, two = await sold(api, "R1", "2.00", storeCode="S1"), await sold(api, "R2", "2.00", storeCode="S2")
    given = exchange("NEW", "2.00", [back(one)], storeCode="S1", idempotencyKey="k")
    document = (
        "mutation($input: PurchaseRecordInput!) { purchaseRecord(input: $input) { created userErrors { code } } }"
    )
    terminal = Api.of(api.shop, "store_terminal")  # which sells, and gives nothing back
    assert (await terminal.ask(document, input=given)).codes == ["FORBIDDEN"]
    plain = purchase("PLAIN", {"name": "Tea", "total": "2.00"}, returns=[], storeCode="S1")
    assert (await terminal.done("purchaseRecord", "created", plain))["created"]
    other = Api(api.schema, api.shop, bound("cashier", stores["S2"]))
    assert (await other.ask(document, input=given)).codes == ["FORBIDDEN"]
    branch = Api(api.schema, api.shop, bound("store_manager", stores["S1"]))
    errors = (await branch.do("purchaseRecord", "created", {**given, "returns": [back(one), back(two)]}))["userErrors"]
    assert [(each["code"], each["path"]) for each in errors] == [("NOT_FOUND", ["input", "returns", "1", "lineId"])]
    both = exchange("BOTH", "4.00", [back(one), back(two)], storeCode="S1")
    new = (await api.done("purchaseRecord", PARTS, both))["purchase"]
    assert len(new["returns"]) == 2
    asked = "query($id: ID!) { purchase(id: $id) { returns { purchase { reference } exchangedFor { reference } } } }"
    seen = (await branch.data(asked, id=new["id"]))["purchase"]["returns"]
    assert seen == [{"purchase": {"reference": "R1"}, "exchangedFor": {"reference": "BOTH"}}]
    there = Api(api.schema, api.shop, bound("store_manager", stores["S2"]))
    asked = "query($id: ID!) { purchase(id: $id) { refunds { amount { amount } exchangedFor { reference } } } }"
    assert (await there.data(asked, id=two["id"]))["purchase"]["refunds"] == [
        {"amount": {"amount": "2.00"}, "exchangedFor": None}
    ]
    await branch.done("purchaseVoid", "purchase { id }", {"purchaseId": new["id"]})  # and the refunds elsewhere with it
    assert ((await shown(api, one))["status"], (await shown(api, two))["status"]) == ("PAID", "PAID")


async def test_p3_at_the_same_time(api: Api) -> None:
    """Of the same goods, crosswise, with refunds, moves and voids between: each comes back once, and nobody waits in a ring."""
    ana, bo = await customer(api), await customer(api, firstName="Bo")
    some = [await sold(api, f"R{n}", "8.00", quantity="4", customerId=ana) for n in range(3)]

    async def swap(n: int) -> Any:
        order = [some[n % 3], some[(n + 1) % 3]]
        given = exchange(f"X{n}", "1.00", [back(one) for one in order], customerId=ana, payments=paid("-3.00", "cash"))
        made = await api.do("purchaseRecord", "purchase { id }", given)
        if made["purchase"] and n % 2:
            await api.done("purchaseVoid", "purchase { id }", {"purchaseId": made["purchase"]["id"]})
        return made

    async def give(n: int) -> Any:
        return await api.do(
            "purchaseRefund", "refund { id }", {"purchaseId": some[n % 3]["id"], "lines": [back(some[n % 3])]}
        )

    async def move(n: int) -> Any:
        ids = [some[2]["id"], some[0]["id"]]
        return await api.do("purchasesReassign", "movedCount", {"purchaseIds": ids, "customerId": bo if n % 2 else ana})

    async def sell(n: int) -> Any:
        await sold(api, f"S{n}", "1.00", customerId=ana if n % 2 else bo)

    await asyncio.gather(*(work(n) for n in range(6) for work in (swap, give, move, sell)))
    for one in some:
        was = await shown(api, one)
        given_back = sum(float(each["amount"]["amount"]) for each in was["refunds"])
        assert given_back == float(was["refundedTotal"]["amount"]) <= 8
    await assert_verified(api)


async def test_p3_a_thousand_lines_and_a_hundred_of_them_come_back(api: Api) -> None:
    lines = [{"name": f"L{n}", "total": "0.01"} for n in range(1000)]
    old = (await api.done("purchaseRecord", "purchase { id lines { id } }", purchase("OLD", *lines)))["purchase"]
    new = (await api.done("purchaseRecord", PARTS, exchange("NEW", "1.00", [back(old, n) for n in range(100)])))[
        "purchase"
    ]
    assert (len(new["returns"]), len(new["returns"][0]["lines"])) == (1, 100)
    assert new["payments"] == [{"method": "exchange", "amount": {"amount": "1.00"}}]


async def test_p3_statements_do_not_depend_on_how_many_purchases_come_back(api: Api) -> None:
    counts = []
    for number in (1, 5):
        some = [await sold(api, f"R{number}{n}", "1.00") for n in range(number)]
        with api.shop.database.counting() as counted:
            await api.done(
                "purchaseRecord", "created", exchange(f"X{number}", f"{number}.00", [back(one) for one in some])
            )
        counts.append(len(counted))
    assert counts == [10, 10] if api.shop.database.engine == "postgres" else [14, 14]
