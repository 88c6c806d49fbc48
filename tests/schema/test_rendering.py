"""What the database writes of an answer by itself is what the fields' functions answer, and where it cannot, they are called.

Every query here is answered by graphql-core too, as everywhere in this suite, which calls the functions.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
import strawberry

from regulars_core.customers.reads import customers_by_ids
from regulars_core.plugins.owners import CORE
from regulars_core.queries.json_columns import text
from regulars_core.queries.json_rows import Subquery, written
from regulars_core.queries.pages import Order, SortKey, Window
from regulars_core.queries.relations import Relation, RowShape
from regulars_core.shop.actors import Actor
from regulars_schema.composition.contributions import Contribution, Extension
from regulars_schema.customers.types import Customer
from regulars_schema.executor.pushdown import sql_field
from regulars_schema.executor.statements import objects_in
from regulars_schema.fields.declarations import batched
from regulars_schema.purchases.json_rows import PURCHASES_OF
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api
from tests.schema.test_statements import CUSTOMER as CUSTOMER_ROW
from tests.schema.test_statements import PURCHASE, STORE, fill, key, statements
from tests.support.keys import bound, holding

MONEY = "{ amount currencyCode __typename }"
CUSTOMER = (
    "id code firstName lastName preferredName displayName email phone birthDate gender preferredContact status version"
)
LINES = f"lines {{ __typename id sku name brand category quantity refundedQuantity unitPrice {MONEY} total {MONEY} }}"
REFUNDS = f"refunds {{ id at reason amount {MONEY} lines {{ quantity amount {MONEY} }} }}"
STATS = f"stats {{ totalSpent {MONEY} averagePurchase {MONEY} purchaseCount firstPurchaseAt lastPurchaseAt }}"
PURCHASES = (
    "purchases(first: 3) { a: __typename nodes { id reference purchasedAt recordedAt status channel note"
    f" subtotal {MONEY} discount {MONEY} shipping {MONEY} tax {MONEY} total {MONEY} refundedTotal {MONEY}"
    f" store {{ id code name isActive createdAt updatedAt }} {LINES} payments {{ id method reference amount {MONEY} }}"
    f" {REFUNDS} }} }}"
)
EVERYTHING = (
    f"{{ customers(first: 5) {{ nodes {{ {CUSTOMER} group {{ id name description isDefault createdAt updatedAt }}"
    f" originStore {{ name }} billingAddress {{ recipient line1 line2 city region postalCode country }}"
    f" shippingAddress {{ city }} {STATS} {PURCHASES} }} }} }}"
)
HOSTILE = 'Ana "\\ {"\u2028\x7f\t\n }]'


@pytest.fixture
async def filled(api: Api) -> Api:
    """A shop full of everything, with names that have to be escaped."""

    async def write() -> None:
        await fill(api.shop)
        for change in (
            "UPDATE customer SET first_name = $1, preferred_name = NULL, email = 'ana@shop.example', gender = 'FEMALE'",
            "UPDATE customer_group SET name = $1 || name, description = $1",
            "UPDATE purchase SET reference = $1 || reference, note = $1, purchased_at = purchased_at * -86399999",
            "UPDATE purchase_line SET name = $1, unit_price = NULL, quantity = 1250000, refunded_quantity = 500",
            "UPDATE refund SET reason = $1",
            "UPDATE customer_address SET line1 = $1",
        ):
            await api.shop.database.run(change, *([HOSTILE] if "$1" in change else []))
        await api.shop.database.run(
            "UPDATE purchase SET currency = 'JPY', total = -7 WHERE refunded % 2 = 0 AND total = 100"
        )

    await api.shop.database.transaction(write)
    return api


async def test_everything_is_one_statement(filled: Api) -> None:
    assert len(await statements(filled, EVERYTHING)) == 1


async def test_text_for_the_door_is_what_others_get(filled: Api) -> None:
    context = GraphQLContext(RequestContext(filled.shop, filled.actor), as_json=True)
    result = await filled.schema.execute(EVERYTHING, context_value=context)
    assert not result.errors
    assert result.data is not None
    assert type(result.data["customers"]) is orjson.Fragment
    assert orjson.loads(orjson.dumps(result.data)) == await filled.data(EVERYTHING)


@pytest.mark.parametrize(
    ("asked", "number", "whole"),
    [
        pytest.param("purchases(first: 2) { nodes { id } pageInfo { hasNextPage } }", 2, 2, id="cursors"),
        pytest.param("purchases(first: 2) { totalCount nodes { lines { name } } }", 4, 4, id="counts"),
        pytest.param("purchases(last: 2) { nodes { id lines { name } } }", 3, 3, id="from the end"),
        pytest.param("purchases(first: 2, after: $after) { nodes { id lines { name } } }", 2, 1, id="after"),
        pytest.param("purchases(first: 0) { nodes { id } }", 2, 1, id="none"),
        pytest.param("purchases(first: 1) { nodes { customer { group { name } purchases(first: 1) { nodes { id } } } } }", 3, 3,
                     id="to and fro"),
        pytest.param("tags group { name }", 2, 1, id="a list of words"),
        pytest.param("purchases(first: 1) { nodes { customer { verifications { subject } } } }", 4, 4, id="functions below"),
        pytest.param("group { ... on Node { __typename id } name @skip(if: true) }", 2, 1, id="fragments"),
        pytest.param("group { name @skip(if: true) }", 2, 2, id="nothing at all"),
        pytest.param("a: purchases(first: 1) { nodes { id } } b: purchases(first: 2) { nodes { id } }", 2, 1, id="aliases"),
        pytest.param("purchases(first: 2, where: {status: {in: [PAID]}}) { nodes { id } }", 2, 1, id="conditions"),
        pytest.param("purchases(first: 2, orderBy: {field: TOTAL, direction: DESC}) { nodes { id } }", 2, 1, id="another order"),
    ],
)  # fmt: skip
async def test_what_is_asked(filled: Api, asked: str, number: int, whole: int) -> None:
    customer = await filled.data("{ customers(first: 1) { nodes { purchases(first: 1) { pageInfo { endCursor } } } } }")
    after = customer["customers"]["nodes"][0]["purchases"]["pageInfo"]["endCursor"]
    declared, given = ("($after: String)", {"after": after}) if "$after" in asked else ("", {})
    for more, wanted in (("pageInfo { hasNextPage }", number), ("", whole)):  # with cursors, the list itself is rows
        document = f"query{declared} {{ customers(first: 3) {{ nodes {{ {asked} }} {more} }} }}"
        counted = await statements(filled, document, **given)
        assert len(counted) == wanted, counted


async def test_what_a_page_does_not_show_is_not_written(filled: Api) -> None:
    """Else the JSON of all that a customer ever bought is made, to be sorted by what no index has."""
    database = filled.shop.database
    strict = "CAST(p.note AS json)" if database.engine == "postgres" else "json(p.note)"  # raises for all but one note
    await database.transaction(
        lambda: database.run("UPDATE purchase SET note = '1', tax = 9 WHERE id = $1", key(PURCHASE, 0))
    )
    highest = Relation(
        RowShape("p", "purchase p", {}),
        "p.customer_id",
        order="p.tax DESC",
        limit=1,
        conditions=lambda _: ["p.tax >= 0"],
    )
    customers = await customers_by_ids(database, [key(CUSTOMER_ROW, 0)])
    found = await written(
        database, list(customers.values()), [Subquery(highest, lambda _: f"CAST({strict} AS TEXT)", "<", ">")], []
    )
    assert found == [["<[1]>"]]


async def test_one_and_the_first_field(filled: Api) -> None:
    customer = (await filled.data("{ customers(first: 1) { nodes { id } } }"))["customers"]["nodes"][0]["id"]
    nobody = "customer_" + "f" * 32
    for asked, number in (
        (f'a: customer(id: "{customer}") {{ id tags }} b: customer(code: "n050") {{ code }}', 2),
        (f'a: customer(id: "{nobody}") {{ id }} b: customer(code: "nobody") {{ id }}', 2),
        (f'purchase(id: "purchase_{key(PURCHASE, 1)}") {{ reference {LINES} customer {{ code }} }}', 1),
        (f'purchases(first: 2, where: {{ total: {{ gte: "1.00" }} }}) {{ nodes {{ reference {LINES} }} }}', 1),
        ("customers(first: 3, where: { purchaseCount: { gte: 1 } }) { nodes { stats { purchaseCount } } }", 1),
        ("customers(first: 3, orderBy: { field: TOTAL_SPENT }) { nodes { code } }", 1),
    ):
        assert len(await statements(filled, f"{{ {asked} }}")) == number, asked
    answer = await filled.ask(
        '{ a: customer { id } customer(id: "x") { id } b: customers(first: 101) { nodes { id } } }'
    )
    assert answer.codes == ["BAD_USER_INPUT"] * 3


async def test_who_is_found_while_somebody_types(filled: Api) -> None:
    database = filled.shop.database
    await database.transaction(lambda: database.run("UPDATE customer_text SET contact = '  ana  shop  example'"))
    one = key(CUSTOMER_ROW, 3)
    await database.transaction(lambda: database.run("UPDATE customer SET status = 'INACTIVE' WHERE id = $1", one))
    asked = f"{CUSTOMER} group {{ name }} {STATS} purchases(first: 2) {{ nodes {{ reference }} }}"
    for arguments, number in (
        ('query: "ana", first: 50, includeArchived: true', 50),
        ('query: "example", first: 3', 3),
        ('query: "an li sho", first: 1', 1),
        ("query: \"ana') OR ('1' = '1\"", 0),
        ('query: "zz"', 0),
    ):
        document = f"{{ customerSearch({arguments}) {{ {asked} }} }}"
        assert len(await statements(filled, document)) == 1, arguments
        found = (await filled.data(document))["customerSearch"]
        assert len(found) == number, arguments
        assert all(customer["firstName"] == HOSTILE for customer in found)
    everybody = (await filled.data('{ customerSearch(query: "li", first: 50) { id } }'))["customerSearch"]
    assert f"customer_{one}" not in {customer["id"] for customer in everybody}
    for arguments in ('query: "%"', 'query: "ana", first: 0'):
        assert await statements(filled, f"{{ customerSearch({arguments}) {{ {asked} }} }}") == []
    long = "x" * 1_001
    wrong = await filled.ask(
        f'{{ a: customerSearch(query: "ana", first: 51) {{ id }} b: customerSearch(query: "{long}") {{ id }} }}'
    )
    assert wrong.codes == ["BAD_USER_INPUT"] * 2


async def test_callers_who_may_not_find_everything(filled: Api) -> None:
    database = filled.shop.database
    await database.transaction(lambda: database.run("UPDATE customer_text SET contact = '  ana  shop  example'"))
    for actor in (Actor("key", "some", (holding("customers.view"),)), bound("store_manager", key(STORE, 2))):
        here = Api(filled.schema, filled.shop, actor)
        assert len(await statements(here, '{ customerSearch(query: "ana") { id code displayName } }')) == 1
    blind = Api(filled.schema, filled.shop, Actor("key", "some", (holding("customers.view"),)))
    assert (await blind.data('{ customerSearch(query: "example") { id } }'))["customerSearch"] == []
    refused = await blind.ask('{ customerSearch(query: "ana", first: 2) { code email } }')
    assert [customer["email"] for customer in refused.data["customerSearch"]] == [None, None]
    assert set(refused.codes) == {"FORBIDDEN"}


async def test_bad_arguments_are_told_as_ever(filled: Api) -> None:
    answer = await filled.ask(
        '{ customers(first: 2) { nodes { code purchases(after: "no cursor") { nodes { id } } } } }'
    )
    assert answer.codes == ["BAD_USER_INPUT"] * 2
    assert [customer["purchases"] for customer in answer.data["customers"]["nodes"]] == [None, None]


async def test_what_the_caller_may_not_see(filled: Api) -> None:
    asked = f"{{ customers(first: 3) {{ nodes {{ group {{ name }} {STATS} {PURCHASES} }} }} }}"
    actor = Actor("key", "some", (holding("customers.view", "purchases.view"),))
    answer = await Api(filled.schema, filled.shop, actor).ask(asked)
    assert set(answer.codes) == {"FORBIDDEN"}
    [customer, *_] = answer.data["customers"]["nodes"]
    assert customer["group"] is None
    assert customer["purchases"]["nodes"][0]["store"] is None
    assert customer["purchases"]["nodes"][0]["lines"]


async def test_a_caller_of_one_store(filled: Api) -> None:
    here = Api(filled.schema, filled.shop, bound("store_manager", key(STORE, 2)))
    asked = (
        f"{{ customers(first: 100) {{ nodes {{ {STATS} purchases(first: 3) {{ nodes {{ store {{ code }} }} }} }} }} }}"
    )
    counted = await statements(here, asked)
    found = [customer["purchases"]["nodes"] for customer in (await here.data(asked))["customers"]["nodes"]]
    assert len(counted) == 3  # the statistics of some stores are counted by their function
    assert {node["store"]["code"] for nodes in found for node in nodes} == {"N002"}


async def test_a_plugin_may_offer_its_columns(filled: Api) -> None:
    async def told(customers: Sequence[Any], context: RequestContext) -> Sequence[str | None]:
        rows = await context.database.rows("SELECT customer_id, body FROM customer_note")
        return [dict(map(tuple, rows)).get(customer.id) for customer in customers]

    noted = Relation(RowShape("cn", "customer_note cn", {"body": text("cn.body")}), "cn.customer_id")
    offers = {"told": None, "offered": sql_field(noted, value="body")}
    fields = [
        batched(told, name=name, returns=str | None, description="A note.", sql_field=offer)
        for name, offer in offers.items()
    ]
    api = Api(build_schema([Contribution(CORE, extensions=[Extension(Customer, fields)])]), filled.shop, filled.actor)
    asked = "{ customers(first: 50) { nodes { group { name } %s } } }"
    for name, number in (("told", 3), ("offered", 1)):
        assert len(await statements(api, asked % name)) == number
    found = (await api.data(asked % "told offered"))["customers"]["nodes"]
    assert [one["told"] for one in found] == [one["offered"] for one in found] == ["Likes tea."] * 50


async def test_a_resolver_that_is_called_like_a_column_is_asked(filled: Api) -> None:
    def status(root: strawberry.Parent[Customer]) -> str:
        return f"It is {root.status}."

    standing = strawberry.field(resolver=status, name="standing", description="In words.")
    api = Api(
        build_schema([Contribution(CORE, extensions=[Extension(Customer, [standing])])]), filled.shop, filled.actor
    )
    found = await api.data("{ purchases(first: 1) { nodes { customer { standing } } } }")
    assert found["purchases"]["nodes"] == [{"customer": {"standing": "It is ACTIVE."}}]


def test_the_alias_of_parents_is_taken() -> None:
    with pytest.raises(ValueError, match="alias k"):
        RowShape("k", "card k", {})


async def test_short_documents_make_no_huge_statements(filled: Api) -> None:
    """It would be one of 280,000 characters."""
    aliases = " ".join(f"a{n}: purchases(first: 1) {{ nodes {{ ...P }} }}" for n in range(28))
    fragment = f"fragment P on Purchase {{ id total {MONEY} subtotal {MONEY} discount {MONEY} {LINES} {REFUNDS} }}"
    counted = await statements(filled, f"{{ customers(first: 1) {{ nodes {{ {aliases} }} }} }} {fragment}")
    assert max(map(len, counted)) < 100_000


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ({"a": 1}, 1),
        ({"a": [{"b": "{"}, {"b": '{"'}, {"b": "{\\"}]}, 4),
        ({"a": "{", "b": {"c": ["{", "x{"]}}, 2),
        ([], 0),
        ({"a": '{"a', "b": HOSTILE}, 1),
        ("one text alone {", 0),
    ],
)
def test_objects_are_counted_in_text(value: object, number: int) -> None:
    assert objects_in(orjson.dumps(value).decode()) == number


async def test_kept_sql_is_for_all_values(filled: Api) -> None:
    """In any order; what is answered is compared with what the functions answer, as everywhere."""
    profile = "{ code purchases(first: $first, after: $after) { nodes { reference lines { sku } } } }"
    asked = {
        "customer": f"query($code: String!, $first: Int, $after: String) {{ customer(code: $code) {profile} }}",
        "search": "query($query: String!, $first: Int) { customerSearch(query: $query, first: $first) { code } }",
        "list": f"query($after: String, $first: Int) {{ customers(first: $first) {{ nodes {profile} }} }}",
    }
    seen = await filled.data("{ customers(first: 3) { nodes { code purchases { edges { cursor } } } } }")
    codes = [one["code"] for one in seen["customers"]["nodes"]]
    cursors = [edge["cursor"] for one in seen["customers"]["nodes"] for edge in one["purchases"]["edges"]]
    texts: dict[str, set[str]] = {}
    for first in (2, 1, 2):
        for code, after, query in zip(
            codes, [cursors[0], None, cursors[1]], ["anas", "anas c", "example"], strict=True
        ):
            for name, variables in (
                ("customer", {"code": code, "first": first, "after": after}),
                ("search", {"query": query, "first": first}),
                ("list", {"first": first, "after": after}),
            ):
                form = f"{name} {first} {after is None} {query.count(' ')}"
                texts.setdefault(form, set()).update(await statements(filled, asked[name], **variables))
    assert len(texts) == 12
    assert all(len(same) == 1 for same in texts.values())


async def test_columns_may_bind_values(filled: Api) -> None:
    """Nobody keeps the SQL then."""
    turns = iter(["first", "second", "third"])
    column = lambda values: f"CAST({values.bind(next(turns))} AS TEXT)"  # noqa: E731
    noted = Relation(
        RowShape("cn", "customer_note cn", {}),
        "cn.customer_id",
        conditions=lambda values, body: [f"cn.body = {values.bind(body)}"],
        given=("Likes tea.",),
    )
    customers = await customers_by_ids(filled.shop.database, [key(CUSTOMER_ROW, 1)])
    hanging, told = Subquery(noted, column), []
    for body in ("Likes tea.", "Likes tea.", "Likes nothing."):
        told += await written(filled.shop.database, list(customers.values()), [hanging], [body])
    assert told == [["first"], ["second"], ["null"]]


def test_a_page_that_nobody_filtered_is_the_same_again() -> None:
    order = Order(SortKey("purchased", "p.purchased_at", "p.id", int), descending=True)
    window = Window(order, 5, backward=False, after=None, before=None)
    assert PURCHASES_OF.page(window) == PURCHASES_OF.page(window)
    assert PURCHASES_OF.page(window) != PURCHASES_OF.page(replace(window, size=6))
