"""Who was erased, or merged into somebody, is in no export, no count and no basket; what they bought stays in the books."""

import csv
import io
from typing import Any

from regulars_core.exports.customers import export_customers
from regulars_core.plugin import DAY_MS, Instant, now, printed
from regulars_schema.testing import Api
from tests.erasure.conftest import ALIAS, known, pass_days, requested, sell

SIMULATE = """query($i: TierPolicySimulateInput!) { tierPolicySimulate(input: $i) {
  customerCount moves { before after customerCount } sample { customer { id } } } }"""
EVERYBODY_ELSEWHERE = {"graceDays": 0, "tiers": [{"code": "ONE", "name": "One"}]}


async def test_only_who_is_still_a_customer_is_counted(api: Api) -> None:
    shop = api.shop
    ana = (await api.done("customerCreate", "customer { id code }", {"firstName": "Ana", "lastName": "Li"}))["customer"]
    alias = (await api.done("customerCreate", "customer { id }", ALIAS))["customer"]["id"]
    erased = await known(api)
    await sell(api, "R8", alias)
    await sell(api, "R9", erased, lines=[{"name": "Tea", "total": "7000.00"}])
    await api.done("customersMerge", "customersMerge { mergeId }", {"survivorId": ana["id"], "absorbedIds": [alias]})
    past = printed(Instant(now() + DAY_MS))

    async def counted() -> tuple[int, int, str]:
        told = (
            await api.data(
                "query($at: DateTime) { tierDistribution(at: $at) { customerCount totalSpent { amount } } }", at=past
            )
        )["tierDistribution"]
        given = {"policy": EVERYBODY_ELSEWHERE, "sample": 100}
        simulated: dict[str, Any] = (await api.data(SIMULATE, i=given))["tierPolicySimulate"]
        assert sum(one["customerCount"] for one in simulated["moves"]) == simulated["customerCount"]
        sampled = {one["customer"]["id"] for one in simulated["sample"]}
        assert alias not in sampled
        assert len(sampled) == simulated["customerCount"]
        spent = sum(float(one["totalSpent"]["amount"]) for one in told)
        return sum(one["customerCount"] for one in told), simulated["customerCount"], f"{spent:.2f}"

    assert (await counted())[:2] == (2, 2)
    await requested(api, erased)
    await pass_days(shop)
    assert await counted() == (1, 1, "600.00")
    target = io.StringIO(newline="")
    assert await export_customers(shop, target, ["code", "status"]) == 1
    rows = list(csv.reader(io.StringIO(target.getvalue(), newline="")))
    assert rows == [["code", "status"], [ana["code"], "ACTIVE"]]
    bought = await api.data(
        "query($id: ID!) { purchases(where: {customer: {in: [$id]}}) { nodes { total { amount } } } }", id=erased
    )
    assert {"total": {"amount": "7000.00"}} in bought["purchases"]["nodes"]


async def test_no_basket_is_asked_for_them(api: Api) -> None:
    document = "query($b: [BasketInput!]!) { basketAdjustments(baskets: $b) { total { amount } } }"
    erased, bo = (
        await known(api),
        await api.done("customerCreate", "customer { id }", {"firstName": "Bo", "lastName": "Ek"}),
    )
    await requested(api, erased)
    await pass_days(api.shop)
    lines = [{"name": "Tea", "total": "5.00"}]
    baskets = [{"customerId": bo["customer"]["id"], "lines": lines}, {"customerId": erased, "lines": lines}]
    assert (await api.data(document, b=baskets[:1]))["basketAdjustments"] == [{"total": {"amount": "5.00"}}]
    [error] = (await api.ask(document, b=baskets)).errors
    assert (error["extensions"]["reason"], error["extensions"]["argument"]) == (
        "NOT_FOUND",
        ["baskets", "1", "customerId"],
    )
