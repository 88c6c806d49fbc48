"""One schema out of many contributions: clashes stop the start and name both, and schemas do not bleed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import strawberry

from regulars_core.customers.filters import LEAVES as CUSTOMER_SQL
from regulars_core.customers.reads import CustomerRow
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.purchases.figures.divisions import Division, Part
from regulars_core.queries.pages import SortKey
from regulars_core.queries.where import Leaf, compared
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop
from regulars_schema.composition.contributions import (
    BreakdownKind,
    Contribution,
    Extension,
    FilterLeaf,
    Mutation,
    NodeKind,
    Query,
    SchemaConflict,
    SortField,
)
from regulars_schema.customers.inputs import CustomerCreateInput
from regulars_schema.customers.types import Customer, CustomerOrderField, CustomerWhere
from regulars_schema.fields.declarations import batched, mutation, root
from regulars_schema.fields.filters import IntComparison, int_conditions
from regulars_schema.fields.nodes import Node
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload, UserError
from regulars_schema.request.permissions import requires
from regulars_schema.schema import build_schema, core_contributions
from regulars_schema.testing import Api
from regulars_schema.types.money import Money


async def shoe_sizes(
    customers: Sequence[CustomerRow], context: RequestContext, *, inches: bool | None = None
) -> Sequence[str]:
    """One call for all; says how many there were."""
    return [f"{customer.last_name}{' in' if inches else ''} of {len(customers)}" for customer in customers]


async def answer_of_all(context: RequestContext) -> int:
    return 42


@strawberry.type(description="What dance answers.")
class DancePayload(Payload):
    danced: bool = strawberry.field(default=False, description="Whether anybody has danced.")


@strawberry.input(description="A dance.")
class DanceInput(IdempotentInput):
    name: str = strawberry.field(description="Its name.")


async def dance(context: RequestContext, *, input: DanceInput) -> DancePayload:
    return DancePayload(danced=True)


def field(name: str = "shoeSize") -> Any:
    return batched(shoe_sizes, name=name, returns=str | None, description="The size of the shoes.")


def on_customer(owner: str, *names: str) -> Contribution:
    return Contribution(owner, extensions=[Extension(Customer, [field(name) for name in names])])


def leaf(name: str) -> FilterLeaf:
    sql = Leaf(name, compared("length(c.last_name)"))
    return FilterLeaf(CustomerWhere, name, IntComparison, sql, int_conditions, "How long the last name is.")


def sort(name: str) -> SortField:
    return SortField(CustomerOrderField, SortKey(name, "c.code", "c.id", str), "By something.")


async def no_rows(*_: Any) -> dict[str, Any]:
    return {}


def shoes() -> Contribution:
    """A plugin with something in every place."""
    return Contribution(
        "shoes",
        extensions=[
            Extension(Customer, [field()]),
            Extension(Query, [root(answer_of_all, name="answer", returns=int, description="The answer.")]),
            Extension(Mutation, [mutation(dance, name="dance", description="Dances.")]),
        ],
        leaves=[leaf("nameLength")],
        nodes=[NodeKind("shoe", no_rows)],
    )


def conflict(*plugins: Contribution) -> str:
    with pytest.raises(SchemaConflict) as raised:
        build_schema(plugins)
    return str(raised.value)


def test_two_owners_of_a_field_are_both_named() -> None:
    said = conflict(on_customer("shoes", "shoeSize"), on_customer("feet", "shoeSize"))
    assert said == "Customer.shoeSize is defined by 'shoes' and by 'feet'"


@pytest.mark.parametrize("name", ["firstName", "displayName", "phoneFormatted", "id", "stats", "purchases"])
def test_a_field_of_core_cannot_be_taken(name: str) -> None:
    assert conflict(on_customer("shoes", name)) == f"Customer.{name} is defined by 'core' and by 'shoes'"


def test_one_owner_cannot_define_a_field_twice() -> None:
    assert conflict(on_customer("shoes", "a", "a")) == "Customer.a is defined by 'shoes' and by 'shoes'"
    assert (
        conflict(on_customer("shoes", "a"), on_customer("shoes", "a"))
        == "Customer.a is defined by 'shoes' and by 'shoes'"
    )


def test_root_fields_clash_like_any_other() -> None:
    query = [Extension(Query, [root(answer_of_all, name="customers", returns=int, description="x")])]
    assert conflict(Contribution("shoes", extensions=query)) == "Query.customers is defined by 'core' and by 'shoes'"
    change = [Extension(Mutation, [mutation(dance, name="customerCreate", description="x")])]
    assert (
        conflict(Contribution("shoes", extensions=change))
        == "Mutation.customerCreate is defined by 'core' and by 'shoes'"
    )


def test_breakdowns_clash_too() -> None:
    by_till = BreakdownKind("TILL", "By till.", Division(Part.PURCHASE, lambda values, zone: "p.register"))
    both = (Contribution("shoes", breakdowns=[by_till]), Contribution("feet", breakdowns=[by_till]))
    assert conflict(*both) == "BreakdownBy.TILL is defined by 'shoes' and by 'feet'"
    told = conflict(Contribution("shoes", breakdowns=[replace(by_till, name="by till")]))
    assert told.startswith("'shoes' adds the value 'by till' to BreakdownBy")


def test_leaves_sort_keys_and_node_kinds_clash_too() -> None:
    taken = Contribution("shoes", leaves=[leaf("status")])
    assert conflict(taken) == "CustomerWhere.status is defined by 'core' and by 'shoes'"
    both = (Contribution("shoes", leaves=[leaf("size")]), Contribution("feet", leaves=[leaf("size")]))
    assert conflict(*both) == "CustomerWhere.size is defined by 'shoes' and by 'feet'"
    assert (
        conflict(Contribution("shoes", leaves=[leaf("a"), leaf("a")]))
        == "CustomerWhere.a is defined by 'shoes' and by 'shoes'"
    )
    for reserved in ("all", "any", "not"):
        said = conflict(Contribution("shoes", leaves=[leaf(reserved)]))
        assert said == f"CustomerWhere.{reserved} is defined by 'core' and by 'shoes'"
    assert (
        conflict(Contribution("shoes", sorts=[sort("CODE")]))
        == "CustomerOrderField.CODE is defined by 'core' and by 'shoes'"
    )
    kind = Contribution("shoes", nodes=[NodeKind("customer", no_rows)])
    assert conflict(kind) == "Node.customer is defined by 'core' and by 'shoes'"
    kinds = (
        Contribution("shoes", nodes=[NodeKind("shoe", no_rows)]),
        Contribution("feet", nodes=[NodeKind("shoe", no_rows)]),
    )
    assert conflict(*kinds) == "Node.shoe is defined by 'shoes' and by 'feet'"


@strawberry.type(description="A type that nothing leads to.")
class Island:
    name: str = strawberry.field(description="Its name.")


@pytest.mark.parametrize(
    ("extended", "said"),
    [
        (
            CustomerCreateInput,
            "'shoes' extends CustomerCreateInput, which is an input: only object types can be extended",
        ),
        (Node, "'shoes' extends Node, which is an interface: only object types can be extended"),
        (UserError, "'shoes' extends UserError, which is an interface: only object types can be extended"),
        (Island, "Island is extended but is not in the schema"),
    ],
)
def test_what_cannot_be_extended(extended: type, said: str) -> None:
    assert conflict(Contribution("shoes", extensions=[Extension(extended, [field()])])) == said


@dataclass(frozen=True, slots=True)
class TooSmall(Problem):
    """What no dancer's shoes may be; `smallest` is the size that would do."""

    smallest: int = 0


@requires(None)
@strawberry.type(name="TooSmall", description="The shoes are too small.")
class ShownTooSmall(UserError):
    smallest: int = strawberry.field(description="The smallest size.")

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        return isinstance(value, TooSmall)


@requires(None)
@strawberry.type(name="TooSmall", description="A thing of the same name that is no error.")
class SomethingSmall:
    smallest: int = strawberry.field(description="The smallest size.")


async def refuse(context: RequestContext, *, input: DanceInput) -> DancePayload:
    raise Refused(TooSmall("TOO_SMALL", "These shoes are too small.", ("name",), smallest=40))


def refusing(*types: type) -> Contribution:
    change = mutation(refuse, name="dance", description="Dances.")
    return Contribution("shoes", extensions=[Extension(Mutation, [change])], types=types, problems=[TooSmall])


@pytest.mark.parametrize("types", [(), (SomethingSmall,)], ids=["no type", "no error"])
def test_a_problem_that_nothing_shows_stops_the_start(types: Sequence[type]) -> None:
    assert conflict(refusing(*types)) == (
        "No type shows the problem TooSmall of 'shoes': put a UserError of this name among its `types`"
    )


async def test_a_problem_that_a_type_shows_is_told(shop: Shop) -> None:
    api = Api(build_schema([refusing(ShownTooSmall)]), shop, Actor.of_role("key", "till", "administrator"))
    told = "userErrors { __typename code path ... on TooSmall { smallest } }"
    again = f'mutation {{ dance(input: {{name: "x", idempotencyKey: "once"}}) {{ {told} }} }}'
    for _ in range(2):
        assert await api.data(again) == {
            "dance": {
                "userErrors": [
                    {"__typename": "TooSmall", "code": "TOO_SMALL", "path": ["input", "name"], "smallest": 40}
                ]
            }
        }


def test_core_alone_has_no_conflict_and_comes_in_rooms() -> None:
    assert {contribution.owner for contribution in core_contributions()} == {CORE}
    assert build_schema().as_str() == build_schema().as_str()


def test_what_a_plugin_adds_says_where_it_is_from() -> None:
    printed = build_schema([shoes()]).as_str()
    assert "The size of the shoes. From the shoes plugin." in printed
    assert "shoeSize(inches: Boolean): String" in printed.replace("\n    ", "").replace("\n  )", ")")


def test_what_a_plugin_adds_says_so_once_however_many_schemas_it_joins() -> None:
    ours = shoes()
    first, second = (build_schema([ours]).as_str() for _ in range(2))
    assert first == second


async def test_schemas_with_and_without_a_plugin_live_in_one_process(shop: Shop) -> None:
    actor = Actor.of_role("key", "till", "administrator")
    bare = build_schema()
    before = bare.as_str()
    extended = build_schema([shoes()])
    assert bare.as_str() == build_schema().as_str() == before
    assert len(extended.as_str()) > len(before)
    plain, more = Api(bare, shop, actor), Api(extended, shop, actor)
    await plain.done("customerCreate", "created", {"firstName": "Ana", "lastName": "Li"})
    await more.done("customerCreate", "created", {"firstName": "Bo", "lastName": "Ekman"})
    query = "{ answer customers(orderBy: {field: CODE}) { nodes { shoeSize other: shoeSize(inches: true) } } }"
    filtered = "{ customers(where: {nameLength: {gt: 2}}) { nodes { lastName } } }"
    change = 'mutation { dance(input: {name: "x"}) { danced userErrors { code } } }'
    for _ in range(2):
        assert await more.data(query) == {
            "answer": 42,
            "customers": {"nodes": [{"shoeSize": "Li of 2", "other": "Li in of 2"},
                                    {"shoeSize": "Ekman of 2", "other": "Ekman in of 2"}]},
        }  # fmt: skip
        assert await more.data(filtered) == {"customers": {"nodes": [{"lastName": "Ekman"}]}}
        assert await more.data(change) == {"dance": {"danced": True, "userErrors": []}}
        for document in (query, filtered, change):
            answer = await plain.ask(document)
            assert answer.data is None
            assert answer.errors
        assert await plain.data("{ customers { totalCount } }") == {"customers": {"totalCount": 2}}
    assert set(CUSTOMER_SQL).isdisjoint({"nameLength"})


async def test_a_sort_key_of_a_plugin_orders(shop: Shop) -> None:
    size = SortField(CustomerOrderField, SortKey("SIZE", "length(c.last_name)", "c.id", int), "By the size.")
    api = Api(build_schema([Contribution("shoes", sorts=[size])]), shop, Actor.of_role("key", "till", "administrator"))
    for name in ("333", "1", "22"):
        await api.done("customerCreate", "created", {"firstName": "A", "lastName": name})
    document = (
        "query($o: CustomerOrderBy, $a: String) { customers(first: 2, after: $a, orderBy: $o) { nodes {"
        " lastName } pageInfo { endCursor } } }"
    )
    seen, cursor = [], None
    for _ in range(2):
        page = (await api.data(document, o={"field": "SIZE", "direction": "DESC"}, a=cursor))["customers"]
        seen += [node["lastName"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
    assert seen == ["333", "22", "1"]
    literal = await api.data("{ customers(orderBy: {field: SIZE}) { nodes { lastName } } }")
    assert [node["lastName"] for node in literal["customers"]["nodes"]] == ["1", "22", "333"]
    wrong = await api.ask(document, o={"field": "NAME"}, a=cursor)
    assert wrong.codes == ["BAD_USER_INPUT"]


async def amounts(moneys: Sequence[Any], context: RequestContext) -> Sequence[str]:
    return [f"{money.amount} {money.currency_code}" for money in moneys]


async def test_a_field_on_values_that_live_for_a_moment_is_not_mixed_up(shop: Shop) -> None:
    """Money is made anew whenever it is asked for, so its memory may be used again on the next level."""
    label = batched(amounts, name="label", returns=str, description="The amount and the currency.")
    api = Api(
        build_schema([Contribution("labels", extensions=[Extension(Money, [label])])]),
        shop,
        Actor.of_role("k", "t", "administrator"),
    )
    for n in range(30):
        made = await api.done("customerCreate", "customer { id }", {"firstName": "A", "lastName": f"{n}"})
        for m in range(2):
            await api.done(
                "purchaseRecord",
                "created",
                {
                    "reference": f"{n}-{m}",
                    "customerId": made["customer"]["id"],
                    "lines": [{"name": "a", "total": f"{n}.{m}1"}],
                },
            )
    found = await api.data(
        "{ customers(first: 30) { nodes { stats { totalSpent { ...M } } purchases { nodes { total { ...M }"
        " customer { stats { totalSpent { ...M } averagePurchase { ...M } } } lines { total { ...M } } } } } } }"
        " fragment M on Money { amount label currencyCode }"
    )
    moneys = list(every_money(found))
    assert len(moneys) == 30 + 60 * 4
    assert [money for money in moneys if money["label"] != f"{money['amount']} USD"] == []


def every_money(value: Any) -> Any:
    """Every amount in an answer, however deep."""
    if isinstance(value, dict):
        if "label" in value:
            yield value
        for part in value.values():
            yield from every_money(part)
    elif isinstance(value, list):
        for part in value:
            yield from every_money(part)


async def one_of_them_fails(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[Any]:
    return [RuntimeError("secret") if customer.last_name == "1" else customer.last_name for customer in customers]


async def all_of_them_fail(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[Any]:
    raise RuntimeError("secret")


async def test_a_failing_batch_nulls_only_its_own_fields(shop: Shop) -> None:
    fields = [
        batched(one_of_them_fails, name="one", returns=str | None, description="One."),
        batched(all_of_them_fail, name="all", returns=str | None, description="All."),
    ]
    schema = build_schema([Contribution("broken", extensions=[Extension(Customer, fields)])])
    api = Api(schema, shop, Actor.of_role("k", "t", "administrator"))
    for n in range(3):
        await api.done("customerCreate", "created", {"firstName": "A", "lastName": f"{n}"})
    answer = await api.ask("{ customers(orderBy: {field: CODE}) { nodes { code one all } } shop { name } }")
    assert answer.data == {
        "customers": {
            "nodes": [{"code": f"CUST-0000{n + 1}", "one": None if n == 1 else f"{n}", "all": None} for n in range(3)]
        },
        "shop": {"name": "My shop"},
    }
    assert answer.codes == ["INTERNAL"] * 4
    assert len({error["extensions"]["errorId"] for error in answer.errors}) == 4
    assert "secret" not in str(answer.errors)
