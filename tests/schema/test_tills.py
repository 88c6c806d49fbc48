"""What tills really do: tax of lines, goods for less, empties, cash rounding, paying later, tills' numbers, ringing again."""

from typing import Any

import pytest

from regulars_core.purchases.baskets import Adjustment, BasketLine, Quote, WrongQuote, off_each_line
from regulars_core.shop.actors import Actor
from regulars_schema.testing import Api
from tests.schema.test_purchases import assert_verified, customer, purchase, stats
from tests.support.keys import holding

PARTS = "purchase { id status total { amount } tax { amount } shippingTax { amount } due { amount } lines { id tax { amount } } }"


async def sold(api: Api, *lines: dict[str, str], parts: str = PARTS, **given: Any) -> Any:
    return (await api.done("purchaseRecord", parts, purchase("R1", *lines, **given)))["purchase"]


async def back(api: Api, of: Any, lines: dict[int, str | tuple[str, str]] | None = None, **given: Any) -> str:
    """What a refund gives: of lines by their place, how much of each, and for what if that is said."""
    wanted = [
        {"lineId": of["lines"][n]["id"], "quantity": one}
        if isinstance(one, str)
        else {"lineId": of["lines"][n]["id"], "quantity": one[0], "amount": one[1]}
        for n, one in (lines or {}).items()
    ]
    asked = {"purchaseId": of["id"], **({"lines": wanted} if wanted else {}), **given}
    made = await api.done("purchaseRefund", "refund { amount { amount } shipping { amount } }", asked)
    return str(made["refund"]["amount"]["amount"])


async def status(api: Api, of: Any) -> Any:
    asked = "query($id: ID!) { purchase(id: $id) { status refundedTotal { amount } due { amount } } }"
    found = (await api.data(asked, id=of["id"]))["purchase"]
    return found["status"], found["refundedTotal"]["amount"], found["due"]["amount"]


class TestP1:
    """Tax belongs to lines."""

    async def test_a_line_goes_back_with_its_own_tax(self, api: Api) -> None:
        bread, wine = {"name": "Bread", "total": "10.00", "tax": "0.00"}, {"name": "Wine", "total": "10.00"}
        bought = await sold(api, bread, wine, tax="2.00")
        assert [line["tax"]["amount"] for line in bought["lines"]] == ["0.00", "2.00"]
        assert await back(api, bought, {0: "1"}) == "10.00"
        assert await back(api, bought, {1: "1"}) == "12.00"
        assert await status(api, bought) == ("REFUNDED", "22.00", "0.00")

    async def test_what_nothing_tells_is_spread_over_the_rest_and_delivery(self, api: Api) -> None:
        lines = [{"name": "Bread", "total": "10.00", "tax": "1.00"}, {"name": "Wine", "total": "10.00"}]
        bought = await sold(api, *lines, tax="4.00", shipping="5.00")
        assert [line["tax"]["amount"] for line in bought["lines"]] == ["1.00", "2.00"]
        assert bought["shippingTax"] == {"amount": "1.00"}
        assert bought["total"] == {"amount": "29.00"}
        assert await back(api, bought, {1: "1"}, shipping="6.00") == "18.00"
        assert await back(api, bought, {0: "1"}) == "11.00"

    async def test_the_parts_say_the_tax_where_the_purchase_does_not(self, api: Api) -> None:
        bought = await sold(api, {"name": "Wine", "total": "10.00", "tax": "2.00"}, shipping="5.00", shippingTax="0.50")
        assert (bought["tax"], bought["total"]) == ({"amount": "2.50"}, {"amount": "17.50"})

    async def test_prices_that_include_it_hold_the_tax_of_each_line(self, api: Api) -> None:
        lines = [{"name": "Bread", "total": "10.00", "tax": "0.50"}, {"name": "Wine", "total": "12.00"}]
        bought = await sold(api, *lines, tax="2.50", pricesIncludeTax=True)
        assert [line["tax"]["amount"] for line in bought["lines"]] == ["0.50", "2.00"]
        assert await back(api, bought, {0: "1"}) == "10.00"

    @pytest.mark.parametrize(
        "given",
        [{"tax": "1.00"}, {"tax": "3.00"}, {"tax": "1.00", "shippingTax": "0.50"}],
        ids=["less", "more", "parts"],
    )
    async def test_what_contradicts_itself_is_refused(self, api: Api, given: dict[str, str]) -> None:
        line = {"name": "Wine", "total": "10.00", "tax": "2.00"}
        shipping = {} if "shippingTax" in given else {"shipping": "0.00", "shippingTax": "0.00"}
        assert await api.refused("purchaseRecord", purchase("R1", line, **shipping, **given)) == ["TAX_MISMATCH"]


class TestP2:
    """Goods and money of a return are two figures."""

    async def test_all_goods_come_back_after_something_was_given(self, api: Api) -> None:
        bought = await sold(api, {"name": "Cup", "quantity": "3", "unitPrice": "10.00"})
        assert await back(api, bought, amount="5.00") == "5.00"
        assert await back(api, bought, {0: "3"}) == "25.00"
        assert await status(api, bought) == ("REFUNDED", "30.00", "0.00")

    async def test_a_fee_is_kept(self, api: Api) -> None:
        ana = await customer(api)
        bought = await sold(api, {"name": "Cup", "quantity": "3", "unitPrice": "10.00"}, customerId=ana)
        assert await back(api, bought, {0: ("1", "8.00")}) == "8.00"
        assert await back(api, bought, {0: "2"}) == "20.00"
        assert await status(api, bought) == ("REFUNDED", "28.00", "0.00")
        assert (await stats(api, ana))["purchaseCount"] == 0
        assert (await stats(api, ana))["totalSpent"] == {"amount": "2.00"}
        assert await back(api, bought, amount="2.00") == "2.00"
        await assert_verified(api)

    async def test_delivery_is_kept_and_the_goods_are_all_back(self, api: Api) -> None:
        bought = await sold(api, {"name": "Cup", "total": "10.00"}, shipping="4.00")
        assert await back(api, bought, {0: "1"}) == "10.00"
        assert await status(api, bought) == ("REFUNDED", "10.00", "0.00")
        assert await back(api, bought, shipping="4.00") == "4.00"

    async def test_more_than_it_is_worth_is_refused_and_what_is_left_is_told(self, api: Api) -> None:
        bought = await sold(api, {"name": "Cup", "quantity": "2", "unitPrice": "10.00"})
        line = {"lineId": bought["lines"][0]["id"], "quantity": "1", "amount": "10.01"}
        assert await api.refused("purchaseRefund", {"purchaseId": bought["id"], "lines": [line]}) == [
            "REFUND_EXCEEDS_PAID"
        ]
        asked = {"purchaseId": bought["id"], "amount": "20.01"}
        refused = await api.do("purchaseRefund", "userErrors { message }", asked)
        assert "20.00 USD" in refused["userErrors"][0]["message"]
        asked = {"purchaseId": bought["id"], "shipping": "0.01"}
        assert await api.refused("purchaseRefund", asked) == ["REFUND_EXCEEDS_PAID"]
        asked = {"purchaseId": bought["id"], "shipping": "0.01", "amount": "1.00"}
        assert await api.refused("purchaseRefund", asked) == ["INVALID_REFUND"]


class TestP3:
    """Empties, and goods that come back without their purchase."""

    async def test_empties_lower_what_is_paid(self, api: Api) -> None:
        ana = await customer(api)
        lines = [{"name": "Beer", "total": "12.00"}, {"name": "Empties", "quantity": "-20", "unitPrice": "0.08"}]
        bought = await sold(api, *lines, customerId=ana, payments=[{"method": "cash", "amount": "10.40"}])
        assert bought["total"] == {"amount": "10.40"}
        assert (await stats(api, ana))["totalSpent"] == {"amount": "10.40"}
        assert await back(api, bought, {0: "1"}) == "10.40"  # what was paid, and not more
        await assert_verified(api)

    async def test_more_comes_back_than_is_bought(self, api: Api) -> None:
        ana = await customer(api)
        await api.done("purchaseRecord", "created", purchase("R0", {"name": "Beer", "total": "12.00"}, customerId=ana))
        empties = {"name": "Empties", "quantity": "-20", "unitPrice": "0.08"}
        out = [{"method": "cash", "amount": "-1.60"}]
        bought = await sold(api, empties, customerId=ana, payments=out)
        assert bought["total"] == {"amount": "-1.60"}
        known = await stats(api, ana)
        assert (known["totalSpent"], known["purchaseCount"]) == ({"amount": "10.40"}, 1)
        assert await api.refused("purchaseRefund", {"purchaseId": bought["id"], "amount": "0.01"}) == [
            "REFUND_EXCEEDS_PAID"
        ]
        await api.done("purchaseVoid", "purchase { status }", {"purchaseId": bought["id"]})
        assert (await stats(api, ana))["totalSpent"] == {"amount": "12.00"}
        await assert_verified(api)

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ({"name": "Cup", "quantity": "-1", "total": "1.00"}, "INVALID_AMOUNT"),
            ({"name": "Cup", "quantity": "1", "total": "-1.00"}, "INVALID_AMOUNT"),
            ({"name": "Cup", "quantity": "-1", "unitPrice": "1.00", "tax": "0.10"}, "INVALID_AMOUNT"),
        ],
    )
    async def test_signs_that_do_not_fit_are_refused(self, api: Api, line: dict[str, str], code: str) -> None:
        assert await api.refused("purchaseRecord", purchase("R1", line)) == [code]

    def test_a_plugin_takes_nothing_off_them(self) -> None:
        lines = [BasketLine(None, "Beer", None, None, 1_000_000, None, 0, 1_200)]
        lines.append(BasketLine(None, "Empties", None, None, -20_000_000, 8, 0, -160))
        assert off_each_line(Quote([Adjustment(0, 100, "HAPPY", "Happy hour")]), lines) == [100, 0]
        with pytest.raises(WrongQuote):
            off_each_line(Quote([Adjustment(1, 1, "HAPPY", "Happy hour")]), lines)

    async def test_nothing_is_paid_out_where_nothing_comes_back(self, api: Api) -> None:
        given = purchase("R1", payments=[{"method": "card", "amount": "12.00"}, {"method": "cash", "amount": "-2.00"}])
        assert await api.refused("purchaseRecord", given) == ["INVALID_AMOUNT"]


class TestP4:
    """Cash rounding, and change."""

    async def test_cash_is_rounded(self, open_shop: Any) -> None:
        shop = await open_shop(currency="CHF")
        api = Api.of(shop)
        ana = await customer(api)
        paid = [{"method": "cash", "amount": "2.00", "tendered": "5.00"}]
        line = {"name": "Bun", "total": "1.98"}
        parts = "purchase { id lines { id } rounding { amount } total { amount } payments { tendered { amount } } }"
        bought = await sold(api, line, parts=parts, rounding="0.02", payments=paid, customerId=ana)
        assert (bought["rounding"], bought["total"]) == ({"amount": "0.02"}, {"amount": "1.98"})
        assert bought["payments"] == [{"tendered": {"amount": "5.00"}}]
        assert (await stats(api, ana))["totalSpent"] == {"amount": "1.98"}
        assert await back(api, bought, {0: "1"}) == "1.98"

    @pytest.mark.parametrize(("by", "paid", "code"), [
        ("0.03", "2.01", ["INVALID_ROUNDING"]),
        ("-0.03", "1.95", ["INVALID_ROUNDING"]),
        ("0.02", None, ["INVALID_ROUNDING"]),
        ("0.02", "1.98", ["PAYMENTS_MISMATCH"]),
    ])  # fmt: skip
    async def test_by_half_of_the_coin_at_most(
        self, open_shop: Any, by: str, paid: str | None, code: list[str]
    ) -> None:
        api = Api.of(await open_shop(currency="CHF"))
        payments = {} if paid is None else {"payments": [{"method": "cash", "amount": paid}]}
        given = purchase("R1", {"name": "Bun", "total": "1.98"}, rounding=by, **payments)
        assert await api.refused("purchaseRecord", given) == code

    async def test_a_setting_names_the_coin(self, open_shop: Any) -> None:
        api = Api.of(await open_shop(currency="USD", cash_rounding="0.10"))
        given = {"rounding": "0.05", "payments": [{"method": "cash", "amount": "2.00"}]}
        assert (await sold(api, {"name": "Bun", "total": "1.95"}, **given))["total"] == {"amount": "1.95"}

    async def test_no_less_is_handed_over_than_is_paid(self, api: Api) -> None:
        given = purchase("R1", payments=[{"method": "cash", "amount": "10.00", "tendered": "9.99"}])
        assert await api.refused("purchaseRecord", given) == ["INVALID_AMOUNT"]


class TestP5:
    """Deposits, and paying later."""

    async def test_a_deposit_is_paid_up_later(self, api: Api) -> None:
        ana = await customer(api)
        deposit = [{"method": "card", "amount": "20.00"}]
        bought = await sold(api, {"name": "Sofa", "total": "100.00"}, due="80.00", payments=deposit, customerId=ana)
        assert (bought["status"], bought["due"]) == ("PAID", {"amount": "80.00"})
        assert (await stats(api, ana))["totalSpent"] == {"amount": "100.00"}
        paid = {"purchaseId": bought["id"], "payments": [{"method": "cash", "amount": "30.00", "tendered": "50.00"}]}
        parts = "purchase { due { amount } payments { method amount { amount } tendered { amount } } }"
        made = await api.done("purchasePay", parts, {**paid, "idempotencyKey": "first"})
        again = await api.done("purchasePay", parts, {**paid, "idempotencyKey": "first"})
        assert made == again
        assert made["purchase"]["due"] == {"amount": "50.00"}
        assert [one["amount"]["amount"] for one in made["purchase"]["payments"]] == ["20.00", "30.00"]
        with api.shop.database.counting() as counted:
            await api.done(
                "purchasePay", "purchase { id }", {**paid, "payments": [{"method": "cash", "amount": "0.01"}]}
            )
        assert len(counted) <= 10
        too_much = {"purchaseId": bought["id"], "payments": [{"method": "cash", "amount": "50.00"}]}
        assert await api.refused("purchasePay", too_much) == ["PAYMENTS_MISMATCH"]
        assert await api.refused("purchasePay", {"purchaseId": bought["id"], "payments": []}) == ["REQUIRED"]

    async def test_a_refund_lowers_what_is_due_first(self, api: Api) -> None:
        deposit = [{"method": "card", "amount": "20.00"}]
        bought = await sold(
            api, {"name": "Chair", "quantity": "4", "unitPrice": "25.00"}, due="80.00", payments=deposit
        )
        assert await back(api, bought, {0: "1"}) == "25.00"
        assert await status(api, bought) == ("PARTIALLY_REFUNDED", "25.00", "55.00")
        assert await back(api, bought, {0: "3"}) == "75.00"
        assert await status(api, bought) == ("REFUNDED", "100.00", "0.00")

    async def test_what_does_not_add_up_is_a_mistake_as_ever(self, api: Api) -> None:
        deposit = [{"method": "card", "amount": "20.00"}]
        line = {"name": "Sofa", "total": "100.00"}
        assert await api.refused("purchaseRecord", purchase("R1", line, payments=deposit)) == ["PAYMENTS_MISMATCH"]
        assert await api.refused("purchaseRecord", purchase("R1", line, due="20.00")) == ["PAYMENTS_MISMATCH"]
        assert await api.refused("purchaseRecord", purchase("R1", line, due="100.01")) == ["INVALID_AMOUNT"]
        assert (await sold(api, line, due="100.00"))["due"] == {"amount": "100.00"}

    async def test_a_voided_purchase_is_not_paid(self, api: Api) -> None:
        bought = await sold(api, {"name": "Sofa", "total": "100.00"}, due="100.00")
        await api.done("purchaseVoid", "purchase { status }", {"purchaseId": bought["id"]})
        paid = {"purchaseId": bought["id"], "payments": [{"method": "cash", "amount": "1.00"}]}
        assert await api.refused("purchasePay", paid) == ["PURCHASE_VOIDED"]


class TestP6:
    """Receipt numbers that begin anew each day, and tills that share a store."""

    async def test_the_same_number_of_another_till_and_another_day(self, api: Api) -> None:
        tills = [{}, {"register": "1"}, {"register": "2"}, {"register": "2", "session": "2026-11-28"}]
        for n, till in enumerate(tills):
            line = {"name": "Bread", "total": f"{n + 1}.00"}
            made = await api.done(
                "purchaseRecord", "created purchase { register session }", purchase("0001", line, **till)
            )
            assert made["created"]
            assert made["purchase"] == {"register": None, "session": None, **till}
            again = await api.done("purchaseRecord", "created", purchase("0001", line, **till))
            assert not again["created"]
        asked = (
            "query($register: String, $session: String)"
            ' { purchase(reference: "0001", register: $register, session: $session) { total { amount } } }'
        )
        for n, till in enumerate(tills):
            assert (await api.data(asked, **till))["purchase"] == {"total": {"amount": f"{n + 1}.00"}}


class TestP7:
    """Void, and ring again."""

    async def test_it_is_recorded_anew_on_request(self, api: Api) -> None:
        ana = await customer(api)
        first = await sold(api, {"name": "Bread", "total": "10.00"}, customerId=ana)
        await api.done("purchaseVoid", "purchase { status }", {"purchaseId": first["id"]})
        other = purchase("R1", {"name": "Bread", "total": "9.00"}, customerId=ana)
        assert await api.refused("purchaseRecord", other) == ["REFERENCE_VOIDED"]
        parts = "created purchase { id replaces { id } replacedBy { id } }"
        made = await api.done("purchaseRecord", parts, {**other, "replaceVoided": True})
        assert made["created"]
        assert made["purchase"]["replaces"] == {"id": first["id"]}
        asked = 'query { purchase(reference: "R1") { id total { amount } } }'
        assert (await api.data(asked))["purchase"] == {"id": made["purchase"]["id"], "total": {"amount": "9.00"}}
        asked = "query($id: ID!) { purchase(id: $id) { status replacedBy { id } replaces { id } } }"
        found = (await api.data(asked, id=first["id"]))["purchase"]
        assert found == {"status": "VOIDED", "replacedBy": {"id": made["purchase"]["id"]}, "replaces": None}
        again = await api.done("purchaseRecord", "created purchase { id }", {**other, "replaceVoided": True})
        assert (again["created"], again["purchase"]["id"]) == (False, made["purchase"]["id"])
        assert (await stats(api, ana))["totalSpent"] == {"amount": "9.00"}
        await assert_verified(api)

    async def test_again_and_again(self, api: Api) -> None:
        ids = []
        for n in range(4):
            made = await sold(api, {"name": "Bread", "total": f"{n + 1}.00"}, replaceVoided=True)
            ids.append(made["id"])
            await api.done("purchaseVoid", "purchase { status }", {"purchaseId": made["id"]})
        assert len(set(ids)) == 4

    async def test_the_identical_receipt_is_answered_as_what_it_is(self, api: Api) -> None:
        given = purchase("R1", purchasedAt="2026-01-01T10:00:00Z")
        first = await api.done("purchaseRecord", "purchase { id }", given)
        await api.done("purchaseVoid", "purchase { status }", {"purchaseId": first["purchase"]["id"]})
        again = await api.done("purchaseRecord", "created warnings { code path } purchase { id status }", given)
        assert again["created"] is False
        assert again["warnings"] == [{"code": "PURCHASE_VOIDED", "path": ["input", "reference"]}]
        assert again["purchase"] == {"id": first["purchase"]["id"], "status": "VOIDED"}


class TestP12:
    """A receipt shows the customer as they were; tests/purchases has the rest."""

    async def test_receipts_of_a_page(self, api: Api) -> None:
        ana = await customer(api, taxId="TAX-1", billingAddress={"line1": "Calle 1", "city": "Aarhus"})
        await sold(api, {"name": "Tea", "total": "10.00"}, customerId=ana)
        await api.done("customerUpdate", "customer { id }", {"id": ana, "lastName": "Sol", "taxId": None})
        shown = "receipt { customerName customerTaxId billingAddress narrow: text(width: 24) text }"
        found = await api.data(f"{{ purchases {{ nodes {{ reference {shown} store {{ lastRecordedAt }} }} }} }}")
        [one] = found["purchases"]["nodes"]
        assert one["store"]["lastRecordedAt"]
        receipt = one["receipt"]
        assert receipt["customerName"].endswith("Li")
        assert (receipt["customerTaxId"], receipt["billingAddress"]) == ("TAX-1", ["Calle 1", "Aarhus"])
        assert receipt["narrow"].count("\n") >= receipt["text"].count("\n")
        many = await api.ask(f"{{ purchases {{ nodes {{ {shown.replace('24', '8')} }} }} }}")
        assert set(many.codes) == {"BAD_USER_INPUT"}


async def test_p7_a_reference_in_use_tells_the_purchase_that_has_it(api: Api) -> None:
    document = (
        "mutation($i: PurchaseRecordInput!) { purchaseRecord(input: $i) { userErrors { __typename code path"
        " ... on ReferenceReused { purchase { id status } } } } }"
    )
    line = {"name": "Tea", "total": "1.00"}
    made = await api.done("purchaseRecord", "purchase { id }", {"reference": "R1", "lines": [line]})
    other = {"reference": "R1", "lines": [{**line, "total": "2.00"}], "idempotencyKey": "k"}
    for code, status in (("REFERENCE_REUSED", "PAID"), ("REFERENCE_VOIDED", "VOIDED")):
        for _ in range(2):  # and again under the same key
            [error] = (await api.data(document, i=other))["purchaseRecord"]["userErrors"]
            assert (error["__typename"], error["code"], error["path"]) == (
                "ReferenceReused",
                code,
                ["input", "reference"],
            )
            assert error["purchase"] == {"id": made["purchase"]["id"], "status": status}
        await api.done("purchaseVoid", "purchase { id }", {"purchaseId": made["purchase"]["id"]})
        other["idempotencyKey"] = "another"
    blind = Api(api.schema, api.shop, Actor("k", "till", (holding("purchases.record"),)))
    told = await blind.ask(document, i={**other, "idempotencyKey": "blind"})
    [error] = told.data["purchaseRecord"]["userErrors"]
    assert (error["code"], error["purchase"]) == ("REFERENCE_VOIDED", None)
    assert told.codes == ["FORBIDDEN"]
