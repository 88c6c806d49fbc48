"""Whole numbers of 64 bits, amounts of money that are put in, and filters that are kept: as a plugin takes and answers them."""

from decimal import Decimal
from typing import Annotated, Any

import pytest
import strawberry

from regulars_core.plugin import Checks, Leaf, Plugins, Shop, compared, plugins_on
from regulars_schema.plugin import (
    BigInt,
    BigIntComparison,
    Contribution,
    CustomerFilter,
    CustomerWhere,
    Extension,
    FilterLeaf,
    MoneyInput,
    Query,
    RequestContext,
    big_int_conditions,
    minor_units,
    root,
)
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api
from tests.hooks.test_plugins import plugin

LARGEST, SMALLEST = 2**63 - 1, -(2**63)
SAFE = 2**53 - 1
AUDIENCE = {"all": [{"purchaseCount": {"gte": 2}}, {"not": {"tag": {"in": ["VIP"]}}}]}


@root(name="same", returns=BigInt | None, description="What is given.")
async def same(context: RequestContext, *, number: Annotated[BigInt, strawberry.argument(description="It.")]) -> int:
    return number


@root(name="beyond", returns=BigInt | None, description="What 64 bits do not hold.")
async def beyond(context: RequestContext) -> int:
    return LARGEST + 1


@root(name="audience", returns=CustomerFilter | None, description="What somebody has kept.")
async def audience(context: RequestContext) -> dict[str, Any]:
    return AUDIENCE


@root(name="paid", returns=list[str] | None, description="The minor units, and what is wrong.")
async def paid(
    context: RequestContext, *, input: Annotated[MoneyInput, strawberry.argument(description="An amount.")]
) -> list[str]:
    checks = Checks("input")
    minor = minor_units(input, context.shop.currency, checks, "limit")
    return [str(minor), *(f"{one.code} {'.'.join(one.path)}" for one in checks.problems)]


SPENT = FilterLeaf(
    CustomerWhere,
    "points",
    BigIntComparison,
    Leaf("points", compared("(SELECT total_spent FROM customer_stats s WHERE s.customer_id = c.id)")),
    big_int_conditions,
    "How much was spent, in minor units.",
)


@pytest.fixture
def plugins() -> Plugins:
    contribution = Contribution("ledger", extensions=[Extension(Query, [same, beyond, audience, paid])], leaves=[SPENT])
    return plugins_on({"ledger": plugin(regulars_schema=lambda: contribution)})


async def told(api: Api, number: Any) -> Any:
    """What comes back of a number that is sent as a variable."""
    return (await api.ask("query($n: BigInt!) { same(number: $n) }", n=number)).data


async def test_whole_numbers_of_64_bits_come_back_as_they_were_sent(shop: Shop) -> None:
    api = Api.of(shop)
    for number in (0, 1, -1, 12_000, SAFE, -SAFE, SAFE + 1, LARGEST, SMALLEST):
        assert await told(api, str(number)) == {"same": str(number)}
        assert await api.data(f'{{ same(number: "{number}") }}') == {"same": str(number)}
    for number in (0, -1, 12_000, SAFE, -SAFE):
        assert await told(api, number) == {"same": str(number)}
        assert await api.data(f"{{ same(number: {number}) }}") == {"same": str(number)}


async def test_what_is_no_such_number_is_refused(shop: Shop) -> None:
    api = Api.of(shop)
    wrong = [
        SAFE + 1, -SAFE - 1, LARGEST, 1.0, 1.5, 1e3, True, None, [], {}, "", " 1", "1 ", "+1", "-0", "01", "1.0", "1e3", "0x1",
        "1_000", "१", str(LARGEST + 1), str(SMALLEST - 1), "9" * 30, "9" * 30_000, "a",
    ]  # fmt: skip
    for number in wrong:
        answer = await api.ask("query($n: BigInt!) { same(number: $n) }", n=number)
        assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"]), number
    for literal in (str(SAFE + 1), "1.0", "1e3", "true", "TEN", '"1.0"', '"-0"', "null"):
        answer = await api.ask(f"{{ same(number: {literal}) }}")
        assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"]), literal


async def test_what_64_bits_do_not_hold_is_not_printed(shop: Shop) -> None:
    answer = await Api.of(shop).ask("{ beyond }")
    assert (answer.data, answer.codes) == ({"beyond": None}, ["INTERNAL"])


async def test_columns_are_compared_with_them(shop: Shop) -> None:
    api = Api.of(shop)
    for name, total in (("Ana", "25000000.00"), ("Bo", "0.07")):
        made = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
        line = {"name": "Ring", "total": total}
        sale = {"reference": name, "customerId": made["customer"]["id"], "lines": [line]}
        await api.done("purchaseRecord", "created", sale)
    ask = "query($where: CustomerWhere) { customers(where: $where) { nodes { firstName } } }"

    async def found(**points: Any) -> list[str]:
        return [one["firstName"] for one in (await api.data(ask, where={"points": points}))["customers"]["nodes"]]

    assert await found(eq="2500000000") == await found(gt=2_147_483_648, lt=str(LARGEST)) == ["Ana"]
    assert await found(lte=7, gte="7") == ["Bo"]
    for wrong in ({}, {"gte": None}, {"gte": 1.5}):
        assert (await api.ask(ask, where={"points": wrong})).codes == ["BAD_USER_INPUT"]


async def test_a_kept_filter_is_answered_and_can_be_sent_again(shop: Shop) -> None:
    api = Api.of(shop)
    kept = (await api.data("{ audience }"))["audience"]
    assert kept == AUDIENCE
    ask = "query($where: CustomerWhere) { customers(where: $where) { totalCount } }"
    assert (await api.data(ask, where=kept))["customers"]["totalCount"] == 0


async def test_amounts_in_minor_units_and_what_is_wrong_with_them(shop: Shop) -> None:
    api = Api.of(shop)

    async def read(**given: Any) -> list[str]:
        found: list[str] = (await api.data("query($m: MoneyInput!) { paid(input: $m) }", m=given))["paid"]
        return found

    assert await read(amount="10.50") == ["1050"]
    assert await read(amount="10.50", currencyCode="USD") == await read(amount="10.5", currencyCode=None) == ["1050"]
    wrong = ["None", "INVALID_AMOUNT input.limit.amount"]
    assert [await read(amount=one) for one in ("0", "-0.01", "1.005", "99999999999999")] == [wrong] * 4
    assert await read(amount="10.50", currencyCode="EUR") == ["None", "CURRENCY_MISMATCH input.limit.currencyCode"]


def test_an_amount_may_be_nothing_where_that_is_said() -> None:
    nothing, checks = MoneyInput(amount=Decimal(0), currency_code=None), Checks()
    assert (minor_units(nothing, "USD", checks, minimum=0), checks.problems) == (0, [])


def test_they_are_in_a_schema_only_where_a_plugin_uses_them() -> None:
    printed = build_schema().printed()
    assert not [name for name in ("BigInt", "MoneyInput") if name in printed]
