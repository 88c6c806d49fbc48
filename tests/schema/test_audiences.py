"""From a `CustomerWhere` to what a plugin stores, and back: who may set it, who may read it, and what has no past."""

import json
from typing import Annotated, Any

import pytest
import strawberry

from regulars_core.plugin import Checks, Plugins, plugins_on
from regulars_core.shop.actors import Actor, Binding
from regulars_schema.plugin import (
    Contribution,
    CustomerFilter,
    CustomerWhere,
    Extension,
    Query,
    RequestContext,
    audience_of,
    root,
    shown_audiences,
)
from regulars_schema.testing import Api
from tests.hooks.test_plugins import plugin

STORED: list[Any] = []
GROUP, STORE = f"group_{'a' * 32}", f"store_{'b' * 32}"


@strawberry.input(description="An audience to keep.")
class KeepInput:
    audience: CustomerWhere | None = strawberry.field(description="Of whom.", default=None)


@root(name="keep", returns=list[str] | None, description="What is wrong with an audience.")
async def keep(
    context: RequestContext, *, input: Annotated[KeepInput, strawberry.argument(description="It.")]
) -> list[str]:
    checks = Checks("input")
    STORED.append(audience_of(input.audience, context.shop, checks, "rules", "0", "audience"))  # type: ignore[arg-type]
    return [f"{one.code} {'.'.join(one.path)}" for one in checks.problems]


@root(name="kept", returns=CustomerFilter | None, description="What was kept last.")
async def kept(context: RequestContext) -> Any:
    return (await shown_audiences(STORED[-1:], context))[0]


CLUB = plugin(regulars_schema=lambda: Contribution("club", extensions=[Extension(Query, [keep, kept])]))
KEEP = "query($where: CustomerWhere) { keep(input: {audience: $where}) }"
TREE = {
    "any": [
        {"group": {"in": [GROUP]}, "originStore": {"in": [STORE]}},
        {"not": {"totalSpent": {"gte": "10.50", "lt": "1000"}}},
        {"createdAt": {"after": "2026-01-31T09:30:00+01:00", "withinDays": 3}},
        {"all": [{"purchaseCount": {"eq": 2}}, {"birthday": {"inNextDays": 7}}, {"age": {"lt": 30}}]},
    ]
}


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"club": CLUB})


@pytest.fixture
async def api(open_shop: Any, plugins: Plugins) -> Api:
    return Api.of(await open_shop(plugins=plugins))


def as_role(api: Api, role: str) -> Api:
    return Api.of(api.shop, role)


async def test_what_is_read_is_sent_back_unchanged(api: Api) -> None:
    assert (await api.data(KEEP, where=TREE))["keep"] == []
    first = (await api.data("{ kept }"))["kept"]
    assert first["any"][2] == {"createdAt": {"after": "2026-01-31T08:30:00.000Z", "withinDays": 3}}
    assert [*first["any"][:2], first["any"][3]] == [*TREE["any"][:2], TREE["any"][3]]
    assert json.loads(json.dumps(STORED[-1])) == first  # plain JSON
    assert (await api.data(KEEP, where=first))["keep"] == []
    assert (await api.data("{ kept }"))["kept"] == first
    assert await api.data("query($where: CustomerWhere) { customers(where: $where) { totalCount } }", where=first)


async def test_a_literal_is_stored_as_a_variable_is(api: Api) -> None:
    literal = '{totalSpent: {gte: "10.50"}, lastPurchaseAt: {before: "2026-01-01T00:00:00Z"}, all: [{age: {eq: 30}}]}'
    assert (await api.data(f"{{ keep(input: {{audience: {literal}}}) }}"))["keep"] == []
    assert STORED[-1] == {
        "totalSpent": {"gte": "10.50"},
        "lastPurchaseAt": {"before": "2026-01-01T00:00:00.000Z"},
        "all": [{"age": {"eq": 30}}],
    }


async def test_no_audience_is_everybody(api: Api) -> None:
    assert (await api.data("{ keep(input: {}) }"))["keep"] == []
    assert STORED[-1] is None
    assert (await api.data("{ kept }"))["kept"] is None


@pytest.mark.parametrize(
    ("where", "places"),
    [
        ({}, [""]),
        ({"not": {}}, [".not"]),
        ({"any": [{"age": {"gt": 3}}, {}]}, [".any.1"]),
        ({"tag": {"in": ["VIP"]}}, [".tag"]),
        ({"all": [{"hasEmail": True}, {"age": {"gt": 3}, "not": {"city": {"in": ["Aarhus"]}}}]},
         [".all.0.hasEmail", ".all.1.not.city"]),
        ({"purchases": {"count": {"gte": 2}}}, [".purchases"]),
    ],
)  # fmt: skip
async def test_what_has_no_past_is_refused_with_its_place(api: Api, where: Any, places: list[str]) -> None:
    wrong = (await api.data(KEEP, where=where))["keep"]
    assert wrong == [f"INVALID_AUDIENCE input.rules.0.audience{place}" for place in places]
    assert STORED[-1] is None


@pytest.mark.parametrize(
    ("role", "audience", "permission"),
    [
        ("accountant", {"not": {"age": {"gte": 18}}}, "customers.view_pii"),
        ("accountant", {"any": [{"birthday": {"inNextDays": 3}}]}, "customers.view_pii"),
    ],
)
async def test_who_may_not_read_a_leaf_neither_sets_nor_sees_it(
    api: Api, role: str, audience: Any, permission: str
) -> None:
    other = as_role(api, role)
    answer = await other.ask(KEEP, where=audience)
    assert [one["extensions"]["code"] for one in answer.errors] == ["FORBIDDEN"]
    assert permission in answer.errors[0]["message"]
    assert (await api.data(KEEP, where=audience))["keep"] == []
    assert (await api.data("{ kept }"))["kept"] == audience
    assert (await other.data("{ kept }"))["kept"] is None


async def test_sums_over_all_stores_are_shown_to_the_whole_shop_and_to_who_is_told_totals(api: Api) -> None:
    """Who sees purchases of one store may read neither what they come to, nor whom a rule picks by it; unless the whole shop's
    totals are told."""
    known, audience = api.shop.permissions, {"totalSpent": {"gte": "1"}}
    everywhere, somewhere, told = (
        Api(api.schema, api.shop, Actor("key", "till", [Binding.of(known, role, stores)]))
        for role, stores in (("store_manager", None), ("store_terminal", ["b" * 32]), ("store_manager", ["b" * 32]))
    )
    for one in (everywhere, told):
        assert (await one.data(KEEP, where=audience))["keep"] == []
        assert (await one.data("{ kept }"))["kept"] == audience
    assert (await somewhere.data("{ kept }"))["kept"] is None
    assert [one["extensions"]["code"] for one in (await somewhere.ask(KEEP, where=audience)).errors] == ["FORBIDDEN"]


async def test_a_leaf_whose_plugin_is_off_stays_in_it(api: Api) -> None:
    audience = {"any": [{"stamps": {"gte": 3}}, {"purchaseCount": {"gte": 3}}]}
    STORED.append(audience)
    assert (await api.data("{ kept }"))["kept"] == audience
