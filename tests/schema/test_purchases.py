"""Recording purchases, giving money back, and what becomes of the statistics."""

import asyncio
from typing import Any

import pytest

from regulars_core.primitives.clock import Instant, now, printed
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.purchases.reads import purchases_by_ids
from regulars_core.purchases.rules import NewLine, NewPurchase, checked
from regulars_core.purchases.service import record
from regulars_core.purchases.statistics import differences
from regulars_schema.testing import Api

STATS = "stats { totalSpent { amount } purchaseCount averagePurchase { amount } firstPurchaseAt lastPurchaseAt }"


async def customer(api: Api, **given: Any) -> str:
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li", **given})
    return str(made["customer"]["id"])


def purchase(reference: str = "R1", *lines: dict[str, str], **given: Any) -> dict[str, Any]:
    return {"reference": reference, "lines": list(lines) or [{"name": "Bread", "unitPrice": "10.00"}], **given}


async def stats(api: Api, customer_id: str) -> Any:
    found = await api.data(f"query($id: ID!) {{ customer(id: $id) {{ {STATS} }} }}", id=customer_id)
    return found["customer"]["stats"]


async def assert_verified(api: Api) -> None:
    assert [difference async for difference in differences(api.shop.database)] == []


async def test_a_purchase_adds_up_and_reaches_the_statistics(api: Api) -> None:
    ana = await customer(api)
    made = await api.done(
        "purchaseRecord",
        "created customerCreated purchase { status subtotal { amount } discount { amount } shipping { amount } tax { amount }"
        " total { amount currencyCode } purchasedAt lines { name quantity unitPrice { amount } discount { amount }"
        " total { amount } } payments { method amount { amount } } store { code } customer { id } }",
        purchase(
            "R1",
            {"name": "Cheese", "quantity": "0.350", "unitPrice": "19.90"},
            {"sku": "B-1", "quantity": "2", "unitPrice": "1.25", "discount": "0.50"},
            {"name": "Wine", "quantity": "3", "total": "10.00"},
            customerId=ana,
            purchasedAt="2026-01-31T23:30:00.123999-06:00",
            shipping="4.00",
            tax="1.01",
            payments=[{"method": "card", "amount": "20.00"}, {"method": "cash", "amount": "3.98"}],
        ),
    )
    assert made["created"] is True
    assert made["customerCreated"] is False
    assert made["purchase"] == {
        "status": "PAID",
        "subtotal": {"amount": "19.47"},
        "discount": {"amount": "0.50"},
        "shipping": {"amount": "4.00"},
        "tax": {"amount": "1.01"},
        "total": {"amount": "23.98", "currencyCode": "USD"},
        "purchasedAt": "2026-02-01T05:30:00.123Z",
        "lines": [
            {
                "name": "Cheese",
                "quantity": "0.35",
                "unitPrice": {"amount": "19.90"},
                "discount": {"amount": "0.00"},
                "total": {"amount": "6.97"},
            },
            {
                "name": "B-1",
                "quantity": "2",
                "unitPrice": {"amount": "1.25"},
                "discount": {"amount": "0.50"},
                "total": {"amount": "2.00"},
            },
            {
                "name": "Wine",
                "quantity": "3",
                "unitPrice": None,
                "discount": {"amount": "0.00"},
                "total": {"amount": "10.00"},
            },
        ],
        "payments": [
            {"method": "card", "amount": {"amount": "20.00"}},
            {"method": "cash", "amount": {"amount": "3.98"}},
        ],
        "store": {"code": "MAIN"},
        "customer": {"id": ana},
    }
    assert await stats(api, ana) == {
        "totalSpent": {"amount": "23.98"},
        "purchaseCount": 1,
        "averagePurchase": {"amount": "23.98"},
        "firstPurchaseAt": "2026-02-01T05:30:00.123Z",
        "lastPurchaseAt": "2026-02-01T05:30:00.123Z",
    }
    await assert_verified(api)


async def test_prices_that_include_the_tax_do_not_pay_it_twice(api: Api) -> None:
    given = purchase("R1", {"name": "Tea", "unitPrice": "11.90"}, tax="1.90", pricesIncludeTax=True)
    made = await api.done("purchaseRecord", "purchase { total { amount } tax { amount } }", given)
    assert made["purchase"] == {"total": {"amount": "11.90"}, "tax": {"amount": "1.90"}}


async def test_the_same_reference_with_the_same_content_is_the_same_purchase(api: Api) -> None:
    given = purchase(customer={"firstName": "Bo", "lastName": "Ek"}, purchasedAt="2026-01-01T00:00:00Z")
    first = await api.done("purchaseRecord", "created customerCreated purchase { id customer { code } }", given)
    again = await api.done("purchaseRecord", "created customerCreated purchase { id customer { code } }", given)
    assert (first["created"], first["customerCreated"]) == (True, True)
    assert (again["created"], again["customerCreated"]) == (False, False)
    assert again["purchase"] == first["purchase"]
    assert (await api.data("{ customers { totalCount } purchases { totalCount } }")) == {
        "customers": {"totalCount": 1},
        "purchases": {"totalCount": 1},
    }
    await assert_verified(api)


@pytest.mark.parametrize(
    "other",
    [
        {"lines": [{"name": "Bread", "unitPrice": "10.01"}]},
        {"note": "by hand"},
        {"customer": {"firstName": "Bo", "lastName": "Other"}},
        {"purchasedAt": "2026-01-01T00:00:01Z"},
    ],
)
async def test_the_same_reference_with_other_content_is_refused(api: Api, other: dict[str, Any]) -> None:
    given = purchase(customer={"firstName": "Bo", "lastName": "Ek"}, purchasedAt="2026-01-01T00:00:00Z")
    await api.done("purchaseRecord", "created", given)
    assert await api.refused("purchaseRecord", {**given, **other}) == ["REFERENCE_REUSED"]
    assert (await api.data("{ customers { totalCount } }"))["customers"]["totalCount"] == 1
    await assert_verified(api)


async def test_a_purchase_sent_many_times_at_once_is_recorded_once(api: Api) -> None:
    given = purchase(customer={"firstName": "Bo", "lastName": "Ek"}, purchasedAt="2026-01-01T00:00:00Z")
    answers = await asyncio.gather(
        *(api.done("purchaseRecord", "created customerCreated purchase { id }", given) for _ in range(20))
    )
    assert sorted(answer["created"] for answer in answers) == [False] * 19 + [True]
    assert sorted(answer["customerCreated"] for answer in answers) == [False] * 19 + [True]
    assert len({answer["purchase"]["id"] for answer in answers}) == 1
    assert (await api.data("{ customers { totalCount } }"))["customers"]["totalCount"] == 1
    await assert_verified(api)


async def test_refunds_at_once_never_give_back_more_than_was_paid(api: Api) -> None:
    ana = await customer(api)
    made = await api.done("purchaseRecord", "purchase { id }", purchase(customerId=ana))
    given = {"purchaseId": made["purchase"]["id"], "amount": "3.00"}
    answers = await asyncio.gather(*(api.do("purchaseRefund", "refund { id }", given) for _ in range(12)))
    refused = [error["code"] for answer in answers for error in answer["userErrors"]]
    assert refused == ["REFUND_EXCEEDS_PAID"] * 9
    assert (await stats(api, ana))["totalSpent"] == {"amount": "1.00"}
    await assert_verified(api)


async def test_statistics_survive_purchases_refunds_and_voids_at_once(api: Api) -> None:
    ana = await customer(api)
    made = [await api.done("purchaseRecord", "purchase { id }", purchase(f"A{n}", customerId=ana)) for n in range(8)]
    ids = [answer["purchase"]["id"] for answer in made]
    await asyncio.gather(
        *(api.done("purchaseRecord", "created", purchase(f"B{n}", customerId=ana)) for n in range(8)),
        *(api.done("purchaseRefund", "refund { id }", {"purchaseId": id_, "amount": "2.50"}) for id_ in ids[:4]),
        *(api.done("purchaseVoid", "purchase { id }", {"purchaseId": id_}) for id_ in ids[4:]),
    )
    found = await stats(api, ana)
    assert (found["totalSpent"], found["purchaseCount"]) == ({"amount": "110.00"}, 12)
    await assert_verified(api)


async def test_a_reference_belongs_to_its_store(api: Api) -> None:
    await api.done("storeCreate", "store { id }", {"code": "s07", "name": "Harbour"})
    given = purchase(purchasedAt="2026-01-01T00:00:00Z")
    first = await api.done("purchaseRecord", "purchase { id store { code } }", given)
    other = await api.done("purchaseRecord", "purchase { id store { code } }", {**given, "storeCode": "S07"})
    assert (first["purchase"]["store"]["code"], other["purchase"]["store"]["code"]) == ("MAIN", "S07")
    found = await api.data(
        '{ main: purchase(reference: "R1") { id } other: purchase(reference: "R1", storeCode: "s07") { id } }'
    )
    assert found == {"main": {"id": first["purchase"]["id"]}, "other": {"id": other["purchase"]["id"]}}


async def test_refunds_of_an_amount_never_exceed_what_was_paid(api: Api) -> None:
    ana = await customer(api)
    made = await api.done("purchaseRecord", "purchase { id }", purchase(customerId=ana))
    bought = made["purchase"]["id"]
    part = await api.done(
        "purchaseRefund",
        "refund { amount { amount } reason lines { quantity } } purchase { status refundedTotal { amount } }",
        {"purchaseId": bought, "amount": "4.00", "reason": "stale"},
    )
    assert part["refund"] == {"amount": {"amount": "4.00"}, "reason": "stale", "lines": []}
    assert part["purchase"] == {"status": "PARTIALLY_REFUNDED", "refundedTotal": {"amount": "4.00"}}
    assert (await stats(api, ana))["totalSpent"] == {"amount": "6.00"}
    assert await api.refused("purchaseRefund", {"purchaseId": bought, "amount": "6.01"}) == ["REFUND_EXCEEDS_PAID"]
    assert await api.refused("purchaseRefund", {"purchaseId": bought, "amount": "0.00"}) == ["INVALID_AMOUNT"]
    rest = await api.done("purchaseRefund", "purchase { status }", {"purchaseId": bought, "amount": "6.00"})
    assert rest["purchase"] == {"status": "REFUNDED"}
    assert await stats(api, ana) == {
        "totalSpent": {"amount": "0.00"},
        "purchaseCount": 0,
        "averagePurchase": None,
        "firstPurchaseAt": None,
        "lastPurchaseAt": None,
    }
    await assert_verified(api)


async def test_refunds_of_lines_give_back_their_share_of_discount_and_tax(api: Api) -> None:
    """60 + 40 with 10 off, spread 6 and 4, and 9.00 tax on top: the 40 line was paid with 36 + 3.60."""
    lines = [
        {"name": "A", "quantity": "3", "unitPrice": "20.00", "discount": "6.00"},
        {"name": "B", "quantity": "1", "unitPrice": "40.00", "discount": "4.00"},
    ]
    made = await api.done("purchaseRecord", "purchase { id lines { id } }", purchase("R1", *lines, tax="9.00"))
    bought, [a, b] = made["purchase"]["id"], [line["id"] for line in made["purchase"]["lines"]]
    back = await api.done(
        "purchaseRefund",
        "refund { amount { amount } lines { quantity amount { amount } line { name } } }",
        {"purchaseId": bought, "lines": [{"lineId": b, "quantity": "1"}]},
    )
    assert back["refund"] == {
        "amount": {"amount": "39.60"},
        "lines": [{"quantity": "1", "amount": {"amount": "39.60"}, "line": {"name": "B"}}],
    }
    amounts = []
    for _ in range(3):
        part = await api.done(
            "purchaseRefund",
            "refund { amount { amount } } purchase { status }",
            {"purchaseId": bought, "lines": [{"lineId": a, "quantity": "1"}]},
        )
        amounts.append(part["refund"]["amount"]["amount"])
    assert amounts == ["19.80", "19.80", "19.80"]
    assert part["purchase"] == {"status": "REFUNDED"}
    too_much = {"purchaseId": bought, "lines": [{"lineId": a, "quantity": "1"}]}
    assert await api.refused("purchaseRefund", too_much) == ["REFUND_EXCEEDS_PAID"]


async def test_the_parts_of_a_line_sum_to_it_exactly(api: Api) -> None:
    made = await api.done(
        "purchaseRecord",
        "purchase { id lines { id } }",
        purchase("R1", {"name": "A", "quantity": "3", "total": "10.00"}),
    )
    line = made["purchase"]["lines"][0]["id"]
    amounts = [
        (
            await api.done(
                "purchaseRefund",
                "refund { amount { amount } }",
                {"purchaseId": made["purchase"]["id"], "lines": [{"lineId": line, "quantity": "1"}]},
            )
        )["refund"]["amount"]["amount"]
        for _ in range(3)
    ]
    assert amounts == ["3.33", "3.34", "3.33"]


async def test_a_purchase_of_nothing_goes_back_only_as_a_whole(api: Api) -> None:
    ana = await customer(api)
    lines = [{"name": "Gift", "quantity": "2", "total": "0.00"}, {"name": "Sample", "quantity": "0", "total": "0.00"}]
    made = await api.done("purchaseRecord", "purchase { id lines { id } }", purchase("R1", *lines, customerId=ana))
    bought, [gift, sample] = made["purchase"]["id"], [line["id"] for line in made["purchase"]["lines"]]
    for wanted, status in (
        ([{"lineId": gift, "quantity": "1"}], "PARTIALLY_REFUNDED"),
        ([{"lineId": gift, "quantity": "1"}], "PARTIALLY_REFUNDED"),
        ([{"lineId": sample, "quantity": "0"}], "REFUNDED"),
    ):
        back = await api.done("purchaseRefund", "purchase { status }", {"purchaseId": bought, "lines": wanted})
        assert back["purchase"]["status"] == status
    assert (await stats(api, ana))["purchaseCount"] == 0
    await assert_verified(api)


async def test_a_void_undoes_a_purchase_and_doing_it_twice_does_nothing(api: Api) -> None:
    ana = await customer(api)
    first = await api.done(
        "purchaseRecord", "purchase { id }", purchase("R1", customerId=ana, purchasedAt="2026-01-01T00:00:00Z")
    )
    await api.done(
        "purchaseRecord", "purchase { id }", purchase("R2", customerId=ana, purchasedAt="2026-02-01T00:00:00Z")
    )
    for _ in range(2):
        gone = await api.done(
            "purchaseVoid", "purchase { status total { amount } }", {"purchaseId": first["purchase"]["id"]}
        )
        assert gone["purchase"] == {"status": "VOIDED", "total": {"amount": "10.00"}}
    assert await stats(api, ana) == {
        "totalSpent": {"amount": "10.00"},
        "purchaseCount": 1,
        "averagePurchase": {"amount": "10.00"},
        "firstPurchaseAt": "2026-02-01T00:00:00.000Z",
        "lastPurchaseAt": "2026-02-01T00:00:00.000Z",
    }
    refused = await api.refused("purchaseRefund", {"purchaseId": first["purchase"]["id"], "amount": "1.00"})
    assert refused == ["PURCHASE_VOIDED"]
    await assert_verified(api)


async def test_a_purchase_without_a_time_is_the_same_when_it_is_sent_again(api: Api) -> None:
    first = await api.done("purchaseRecord", "created purchase { id purchasedAt }", purchase("R1"))
    await asyncio.sleep(0.01)
    again = await api.done("purchaseRecord", "created purchase { id purchasedAt }", purchase("R1"))
    assert (again["created"], again["purchase"]) == (False, first["purchase"])


async def test_what_cost_nothing_goes_back_once_and_leaves_the_purchase_paid(api: Api) -> None:
    lines = [{"name": "Wine", "total": "10.00"}, {"name": "Sample", "quantity": "0", "total": "0.00"}]
    made = await api.done("purchaseRecord", "purchase { id lines { id } }", purchase("R1", *lines))
    given = {
        "purchaseId": made["purchase"]["id"],
        "lines": [{"lineId": made["purchase"]["lines"][1]["id"], "quantity": "0"}],
    }
    assert (await api.done("purchaseRefund", "purchase { status }", given))["purchase"]["status"] == "PAID"
    assert await api.refused("purchaseRefund", given) == ["REFUND_EXCEEDS_PAID"]


async def test_a_till_whose_clock_is_ahead_can_refund_at_once(api: Api) -> None:
    made = await api.done(
        "purchaseRecord", "purchase { id }", purchase("R1", purchasedAt=printed(Instant(now() + 60_000)))
    )
    back = await api.done(
        "purchaseRefund", "purchase { status }", {"purchaseId": made["purchase"]["id"], "amount": "10.00"}
    )
    assert back["purchase"]["status"] == "REFUNDED"


async def test_what_is_answered_of_a_new_purchase_is_what_is_read_of_it(api: Api) -> None:
    """It is made of what was written, and so is what plugins are told."""
    ana = await customer(api)
    given = NewPurchase(
        " R  1 ", MAIN_STORE_ID, ana.removeprefix("customer_"), Instant(5), "USD",
        [NewLine("Tea", 1_500_000, 333, discount=7), NewLine(None, 0, total=0, sku="S")],
        shipping=1, tax=2, prices_include_tax=True, channel="till", note=" A\nnote ", origin="SYNC", basket=" B  1 ",
    )  # fmt: skip
    [recorded] = await record(api.shop, [checked(given, "USD")])
    assert recorded.row is not None
    assert recorded.id is not None
    assert await purchases_by_ids(api.shop.database, [recorded.id]) == {recorded.id: recorded.row}
    [again] = await record(api.shop, [checked(given, "USD")])
    assert (again.id, again.row) == (recorded.id, None)


async def test_what_a_program_records_says_so(api: Api) -> None:
    made = await api.done("purchaseRecord", "purchase { id origin }", purchase())
    assert made["purchase"]["origin"] == "TILL"
    seen = "purchase(id: $id) { origin } purchases { nodes { origin } }"
    assert await api.data(f"query($id: ID!) {{ {seen} }}", id=made["purchase"]["id"]) == {
        "purchase": {"origin": "TILL"},
        "purchases": {"nodes": [{"origin": "TILL"}]},
    }


async def test_a_basket_is_kept_and_is_not_what_a_purchase_is(api: Api) -> None:
    for n, basket in enumerate(("  Till 3,  parked ", "another", None, " ")):
        for reference in ("same", f"R{n}"):
            sold = purchase(reference, purchasedAt="2026-01-01T00:00:00Z", basket=basket)
            assert (await api.done("purchaseRecord", "created", sold))["created"] is (reference != "same" or n == 0)
    await api.done("purchaseRecord", "created", purchase("none"))
    rows = await api.shop.database.rows("SELECT reference, basket FROM purchase ORDER BY reference")
    assert {row[0]: row[1] for row in rows} == {
        "same": "Till 3, parked", "R0": "Till 3, parked", "R1": "another", "R2": None, "R3": None, "none": None,
    }  # fmt: skip
