"""Who may ask what plugins take off, about which baskets, and what is told of wrong ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.shop.permissions import ROLES
from regulars_schema.documents.documents import parsed
from regulars_schema.documents.limits import Limits
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api
from tests.conftest import OpenShop
from tests.support.keys import bound
from tests.support.tellers import ASK, asked

LINE = {"name": "Tea", "unitPrice": "3.50"}
BASKET = {"lines": [LINE]}


async def refusal(api: Api, *baskets: dict[str, Any]) -> dict[str, Any]:
    """What is answered to baskets that cannot be."""
    answer = await api.ask(ASK, baskets=list(baskets))
    assert answer.data == {"basketAdjustments": None}
    [error] = answer.errors
    told: dict[str, Any] = error["extensions"]
    return told


@pytest.mark.parametrize("role", ROLES)
async def test_whoever_may_sell_may_ask(open_shop: OpenShop, role: str) -> None:
    api = Api.of(await open_shop(), role)
    answer = await api.ask(ASK, baskets=[BASKET])
    if "purchases.record" in ROLES[role]:
        assert answer.errors == []
        assert answer.data["basketAdjustments"][0]["total"] == {"amount": "3.50"}
    else:
        assert (answer.data, answer.codes) == ({"basketAdjustments": None}, ["FORBIDDEN"])


async def test_in_the_stores_where_they_may_sell(api: Api) -> None:
    made = [await api.done("storeCreate", "store { id }", {"code": code, "name": code}) for code in ("HERE", "THERE")]
    here = made[0]["store"]["id"].partition("_")[2]
    branch = Api(api.schema, api.shop, bound("cashier", here))
    assert len(await asked(branch, {**BASKET, "storeCode": "here"})) == 1
    assert len(await asked(branch, BASKET)) == 1  # in its only store
    for code, store in (("THERE", made[1]["store"]["id"]), ("MAIN", f"store_{MAIN_STORE_ID}")):
        refused = await refusal(branch, {**BASKET, "storeCode": code})
        assert (refused["code"], refused["permission"], refused["store"]) == ("FORBIDDEN", "purchases.record", store)


WRONG: Sequence[tuple[Mapping[str, Any], str, str]] = (
    ({"lines": []}, "INVALID_LINES", "lines"),
    ({"lines": [LINE] * 1_001}, "INVALID_LINES", "lines"),
    ({"lines": [LINE, {"name": "x"}]}, "REQUIRED", "lines.1.unitPrice"),
    ({"lines": [{"unitPrice": "1.00"}]}, "REQUIRED", "lines.0.name"),
    ({"lines": [{**LINE, "discount": "3.51"}]}, "INVALID_AMOUNT", "lines.0.total"),
    ({"lines": [{**LINE, "discount": "0.001"}]}, "INVALID_AMOUNT", "lines.0.discount"),
    ({"lines": [{"name": "x", "total": "10000000000000.00"}, LINE]}, "INVALID_AMOUNT", "lines"),
    (
        {"lines": [{"name": "x", "unitPrice": "1000000.00", "quantity": n} for n in ("1000000000", "-1000000000")]},
        "INVALID_AMOUNT",
        "lines",
    ),
    ({"lines": [{**LINE, "category": "x" * 121}]}, "TOO_LONG", "lines.0.category"),
    ({"storeCode": "S99"}, "NOT_FOUND", "storeCode"),
    ({"customerId": f"customer_{'0' * 32}"}, "NOT_FOUND", "customerId"),
    ({"currencyCode": "EUR"}, "CURRENCY_MISMATCH", "currencyCode"),
    ({"channel": "x" * 41}, "TOO_LONG", "channel"),
    ({"basket": "x" * 121}, "TOO_LONG", "basket"),
)


@pytest.mark.parametrize(("wrong", "reason", "place"), WRONG, ids=[f"{reason}-{place}" for _, reason, place in WRONG])
async def test_wrong_baskets_are_told_with_their_place(
    api: Api, wrong: Mapping[str, Any], reason: str, place: str
) -> None:
    told = await refusal(api, BASKET, {**BASKET, **wrong})
    assert told == {
        "code": "BAD_USER_INPUT", "argument": ["baskets", "1", *place.split(".")], "reason": reason, "retryable": False,
    }  # fmt: skip


@pytest.mark.parametrize("id_", ["x", f"store_{'0' * 32}"])
async def test_what_is_no_id_of_a_customer(api: Api, id_: str) -> None:
    told = await refusal(api, {**BASKET, "customerId": id_})
    assert (told["code"], told["argument"]) == ("BAD_USER_INPUT", ["baskets", "0", "customerId"])


async def test_many_and_none(api: Api) -> None:
    assert await asked(api) == []
    assert len(await asked(api, *[BASKET] * 100)) == 100
    told = await refusal(api, *[BASKET] * 101)
    assert (told["argument"], told["reason"]) == (["baskets"], "TOO_MANY")


async def test_baskets_are_as_they_are_given(api: Api) -> None:
    """Texts are tidied, what is absent has its default, and lines keep their places."""
    lines = [{**LINE, "quantity": "0"}, {"sku": "T1", "total": "2.00", "discount": "0.50"}, LINE]
    given = {"lines": lines, "currencyCode": "USD", "channel": None, "at": "2026-01-01T00:00:00Z"}
    [told] = await asked(api, given)
    at = await api.data("query($b: [BasketInput!]!) { basketAdjustments(baskets: $b) { at } }", b=[given])
    assert at == {"basketAdjustments": [{"at": "2026-01-01T00:00:00.000Z"}]}
    assert [(one["index"], one["discount"]["amount"], one["total"]["amount"]) for one in told["lines"]] == [
        (0, "0.00", "0.00"), (1, "0.50", "2.00"), (2, "0.00", "3.50"),
    ]  # fmt: skip


_SCHEMA = build_schema()._schema
ALL = "total { amount } lines { total { amount } } adjustments { code } declined { code }"


@pytest.mark.parametrize(
    ("document", "variables", "cost"),
    [
        ("query($b: [BasketInput!]!) { basketAdjustments(baskets: $b) { unavailable } }", {"b": []}, 0),
        ("query($b: [BasketInput!]!) { basketAdjustments(baskets: $b) { unavailable } }", {"b": [BASKET] * 3}, 3 + 3),
        ("query($b: [BasketInput!]!) { basketAdjustments(baskets: $b) { unavailable } }", {"b": BASKET}, 1 + 1),
        ("query($b: [BasketInput!]!) { basketAdjustments(baskets: $b) { unavailable } }",
         {"b": [{"lines": [LINE] * 9}, BASKET]}, 2 + 10),
        (f"query($b: [BasketInput!]!) {{ basketAdjustments(baskets: $b) {{ {ALL} }} }}",
         {"b": [{"lines": [LINE] * 9}, BASKET]}, 2 * (1 + 1 + 1) + 10 * (1 + 1) + 10),
        ("query($b: [BasketInput!]!) { basketAdjustments(baskets: $b) { ...A } }"
         f" fragment A on BasketAdjustments {{ {ALL} }}",
         {"b": [BASKET]}, 1 + 1 + 1 + 2 + 1),
        (f"query($a: [BasketInput!]!, $b: [BasketInput!]!) {{ a: basketAdjustments(baskets: $a) {{ ...A }} b:"
         f" basketAdjustments(baskets: $b) {{ ...A }} }} fragment A on BasketAdjustments {{ {ALL} }}",
         {"a": [BASKET], "b": [BASKET] * 2}, 3 * 6),
        ('{ basketAdjustments(baskets: [{lines: [{name: "x"}, {name: "y"}]}]) { lines { index } } }', {}, 1 + 2),
        ('{ basketAdjustments(baskets: {lines: {name: "x"}}) { lines { index } } }', {}, 1 + 1),
        ("query($l: [PurchaseLineInput!]!) { basketAdjustments(baskets: [{lines: $l}, {lines: $l}]) { unavailable } }",
         {"l": [LINE] * 4}, 2 + 8),
        ("query($b: [BasketInput!] = [{lines: []}]) { basketAdjustments(baskets: $b) { unavailable } }", {}, 1),
        ("query($b: [BasketInput!] = [{lines: []}]) { basketAdjustments(baskets: $b) { unavailable } }", {"b": None}, 0),
        ("query($b: [BasketInput!]!) { basketAdjustments(baskets: $b) { unavailable } }", {"b": [[[[7]]], None, "x"]}, 3),
    ],
)  # fmt: skip
def test_what_it_costs(document: str, variables: dict[str, Any], cost: int) -> None:
    """As many as are asked about; lines count in any case, since they are looked at."""
    price = parsed(document, _SCHEMA, replace(Limits(), root_fields=30)).price
    assert price.cost(None, variables) == cost
    assert price.cost(None, variables) == cost  # what is remembered is the same


def test_another_length_costs_something_else() -> None:
    price = parsed(
        f"query($b: [BasketInput!]!) {{ basketAdjustments(baskets: $b) {{ {ALL} }} }}", _SCHEMA, Limits()
    ).price
    assert [price.cost(None, {"b": [BASKET] * n}) for n in (1, 2, 1, 50)] == [6, 12, 6, 300]


async def test_too_many_lines_are_too_complex(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop(), "cashier")
    answer = await api.ask(ASK, baskets=[{"lines": [LINE] * 1_000}] * 3)
    assert answer.codes == ["QUERY_TOO_COMPLEX"]
