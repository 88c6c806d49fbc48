"""Whom a purchase concerns is held with whose it is, before anything becomes of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.plugin import Lookup, hookimpl, plugins_on
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

LINES = [{"name": "Tea", "total": "9.00"}]


class Names:
    """A plugin that names somebody, and keeps for which purchases it was asked."""

    def __init__(self) -> None:
        self.whom: str | None = None
        self.asked: list[Sequence[str]] = []

    @hookimpl
    def purchases_concern(self, purchases: Sequence[str]) -> Sequence[Lookup]:
        self.asked.append(purchases)
        return [("SELECT id FROM customer WHERE code = $1", [self.whom])]


async def bought(api: Api, customer: str, reference: str, **more: Any) -> Any:
    sold = {"reference": reference, "customerId": customer, "lines": LINES, **more}
    return (await api.done("purchaseRecord", "purchase { id lines { id } }", sold))["purchase"]


async def moved(api: Api, code: str) -> int:
    """How often something of a customer's was moved or held."""
    sql = "SELECT s.activity FROM customer_stats s JOIN customer c ON c.id = s.customer_id WHERE c.code = $1"
    [[times]] = await api.shop.database.rows(sql, code)
    return int(times)


@pytest.mark.one_executor
async def test_who_is_named_is_held(open_shop: OpenShop) -> None:
    names = Names()
    api = Api.of(await open_shop(plugins=plugins_on({"names": names})))
    ana, ben, cleo = [
        (await api.done("customerCreate", "customer { id code }", {"firstName": name, "lastName": "Li"}))["customer"]
        for name in ("Ana", "Ben", "Cleo")
    ]
    first = await bought(api, ana["id"], "1", due="4.00", payments=[{"method": "cash", "amount": "5.00"}])
    second = await bought(api, ana["id"], "2")
    assert names.asked == []
    names.whom = ben["code"]
    back = [{"lineId": second["lines"][0]["id"], "quantity": "0.5"}]
    for mutation, given in (
        ("purchasePay", {"purchaseId": first["id"], "payments": [{"method": "cash", "amount": "1.00"}]}),
        ("purchaseRefund", {"purchaseId": first["id"], "amount": "1.00"}),
        ("purchaseRecord", {"reference": "3", "customerId": ana["id"], "lines": LINES, "returns": back,
                            "payments": [{"method": "cash", "amount": "4.50"}]}),
        ("purchasesReassign", {"purchaseIds": [first["id"]], "customerId": cleo["id"]}),
        ("purchaseVoid", {"purchaseId": second["id"]}),
    ):  # fmt: skip
        before = await moved(api, ben["code"])
        await api.done(mutation, "__typename", given)
        assert await moved(api, ben["code"]) > before, mutation
        assert len(names.asked[-1]) == 1
    assert [asked[0] for asked in names.asked] == [
        one["id"].removeprefix("purchase_") for one in (first, first, second, first, second)
    ]


@pytest.mark.one_executor
async def test_what_it_raises_undoes_the_refund(open_shop: OpenShop) -> None:
    class Broken:
        @hookimpl
        def purchases_concern(self) -> Sequence[Lookup]:
            raise RuntimeError("no idea")

    api = Api.of(await open_shop(plugins=plugins_on({"broken": Broken()})))
    made = await bought(
        api,
        (await api.done("customerCreate", "customer { id }", {"firstName": "A", "lastName": "B"}))["customer"]["id"],
        "1",
    )
    document = "mutation($input: PurchaseRefundInput!) { purchaseRefund(input: $input) { userErrors { code } } }"
    answer = await api.ask(document, input={"idempotencyKey": "k", "purchaseId": made["id"], "amount": "1.00"})
    assert answer.codes == ["INTERNAL"]
    [[refunds]] = await api.shop.database.rows("SELECT count(*) FROM refund")
    assert refunds == 0
