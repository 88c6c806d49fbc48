"""Fields that plugins add to core's open inputs: read like core's own, told to their owner alone, and kept nowhere."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import strawberry
from strawberry.types.base import get_object_definition

from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.events.replay import catch_up
from regulars_core.hookspecs import hookimpl
from regulars_core.imports import ImportOptions, import_customers, import_purchases
from regulars_core.primitives.errors import BadInput, Problem, Refused
from regulars_core.start import plugins_on
from regulars_schema.composition.contributions import Contribution, InputField
from regulars_schema.customers.inputs import CustomerCreateInput, CustomerUpdateInput
from regulars_schema.purchases.inputs import PurchaseRecordInput
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.imports.conftest import Files, silent

ANA = {"firstName": "Ana", "lastName": "Li"}
Extras = Sequence[Mapping[str, Any]]


@strawberry.enum(description="How shoes are closed.")
class Closing(Enum):
    LACES = strawberry.enum_value("laces", description="With laces.")


@strawberry.input(description="A shoe.")
class ShoeInput:
    size: Decimal = strawberry.field(description="Its size.")
    closing: strawberry.Maybe[Closing | None] = strawberry.field(description="How it is closed.")


class Listener:
    """A plugin that notes its extras, and refuses some."""

    def __init__(self, owner: str, *fields: InputField) -> None:
        self.seen: list[tuple[str, list[Mapping[str, Any]]]] = []
        self._contribution = Contribution(owner, inputs=fields)

    @hookimpl
    def regulars_schema(self) -> Contribution:
        return self._contribution

    @hookimpl
    async def customers_registered(self, customers: Sequence[Any], extras: Extras) -> None:
        self._note("registered", customers, extras)

    @hookimpl
    async def customers_changed(self, customers: Sequence[Any], extras: Extras) -> None:
        self._note("changed", customers, extras)

    @hookimpl
    async def purchases_recorded(self, purchases: Sequence[Any], extras: Extras) -> None:
        self._note("recorded", purchases, extras)

    def _note(self, event: str, rows: Sequence[Any], extras: Extras) -> None:
        assert len(rows) == len(extras)
        for given in extras:
            if given.get("size") == Decimal(13):
                raise Refused(Problem("UNLUCKY", "This size brings bad luck.", ("size",)))
            if given.get("size") == Decimal(0):
                raise BadInput("There is no such size.", ("size",))
        self.seen.append((event, [dict(given) for given in extras]))


def size_on(*inputs: type) -> list[InputField]:
    return [InputField(input_, "size", Decimal, "The size of the shoes.") for input_ in inputs]


@pytest.fixture
def shoes() -> Listener:
    return Listener(
        "shoes",
        *size_on(CustomerCreateInput, CustomerUpdateInput, PurchaseRecordInput),
        InputField(CustomerCreateInput, "shoes", list[ShoeInput], "All shoes."),
    )


@pytest.fixture
def hats() -> Listener:
    return Listener("hats", InputField(CustomerCreateInput, "hatSize", int, "The size of the hat."))


@pytest.fixture
async def asking(open_with: OpenWith, shoes: Listener, hats: Listener) -> Api:
    shop = await open_with(plugins_on({"shoes": shoes, "hats": hats}))
    return Api.of(shop)


async def test_each_is_told_its_own_and_absent_is_not_null(asking: Api, shoes: Listener, hats: Listener) -> None:
    for given in ({"size": "42.5", "hatSize": 58}, {"size": None}, {}):
        await asking.done("customerCreate", "created", ANA | given)
    assert shoes.seen == [("registered", [{"size": Decimal("42.5")}]), ("registered", [{"size": None}]),
                          ("registered", [{}])]  # fmt: skip
    assert hats.seen == [("registered", [{"hatSize": 58}]), ("registered", [{}]), ("registered", [{}])]


async def test_literals_lists_enums_and_inputs_are_read_like_cores_own(asking: Api, shoes: Listener) -> None:
    shoe = '{size: "42.0", closing: LACES}'
    made = await asking.data(
        f'mutation {{ customerCreate(input: {{firstName: "A", lastName: "B", birthDate: "1990-01-02", tags: ["x"],'
        f' shoes: [{shoe}, {{size: "7"}}]}}) {{ customer {{ birthDate tags }} }} }}'
    )
    assert made == {"customerCreate": {"customer": {"birthDate": "1990-01-02", "tags": ["x"]}}}
    [(_, [given])] = shoes.seen
    first, second = given["shoes"]
    assert (first.size, first.closing.value, second.size, second.closing) == (42, Closing.LACES, 7, None)


@pytest.mark.parametrize("size", ["large", True, {"x": 1}])
async def test_what_is_no_value_of_the_type_is_bad_input(asking: Api, shoes: Listener, size: Any) -> None:
    document = "mutation($i: CustomerCreateInput!) { customerCreate(input: $i) { created } }"
    answer = await asking.ask(document, i={**ANA, "size": size})
    assert answer.codes == ["BAD_USER_INPUT"]
    assert "'$i' has invalid value at .size: Decimal takes" in answer.errors[0]["message"]
    assert shoes.seen == []


async def test_what_a_plugin_refuses_lies_under_the_input(asking: Api, shoes: Listener) -> None:
    made = await asking.do("customerCreate", "created", ANA | {"size": "13"})
    assert [(error["code"], error["path"]) for error in made["userErrors"]] == [("UNLUCKY", ["input", "size"])]
    document = "mutation($i: PurchaseRecordInput!) { purchaseRecord(input: $i) { created } }"
    answer = await asking.ask(document, i=basket(size="0", idempotencyKey="k"))
    assert [error["extensions"]["argument"] for error in answer.errors] == [["input", "size"]]
    assert answer.codes == ["BAD_USER_INPUT"]
    assert await asking.data("{ customers { totalCount } purchases { totalCount } }") == {
        "customers": {"totalCount": 0},
        "purchases": {"totalCount": 0},
    }


async def test_an_update_with_extras_alone_is_announced_and_audited(asking: Api, shoes: Listener) -> None:
    made = await asking.done("customerCreate", "customer { id }", ANA | {"size": "1"})
    id_ = made["customer"]["id"]
    seen = [await asking.done("customerUpdate", "customer { version }", {"id": id_, **given}) for given in
            ({"firstName": "Ana"}, {"size": "38"}, {"lastName": "Ek"}, {"lastName": "Om", "size": None})]  # fmt: skip
    assert [one["customer"]["version"] for one in seen] == [1, 1, 2, 3]
    assert shoes.seen[1:] == [("changed", [{"size": Decimal(38)}]), ("changed", [{}]), ("changed", [{"size": None}])]
    rows = await asking.shop.database.rows("SELECT changes FROM audit ORDER BY id")
    assert [row[0] for row in rows] == [
        '{"firstName":null,"lastName":null,"size":null}',
        "{}",
        '{"size":null}',
        '{"lastName":null}',
        '{"lastName":null,"size":null}',
    ]


async def test_what_is_found_or_recorded_already_is_not_announced(asking: Api, shoes: Listener) -> None:
    ana = {**ANA, "email": "ana@example.com", "matchOn": ["EMAIL"]}
    created = [(await asking.done("customerCreate", "created", ana | {"size": size}))["created"] for size in "12"]
    recorded = [(await asking.done("purchaseRecord", "created", basket(size=size)))["created"] for size in "34"]
    assert created == recorded == [True, False]
    assert shoes.seen == [("registered", [{"size": 1}]), ("recorded", [{"size": 3}])]


async def test_extras_of_a_purchase_are_not_the_newcomers(asking: Api, shoes: Listener) -> None:
    person = {**ANA, "email": "ana@example.com"}
    await asking.done("purchaseRecord", "created", basket(customer=person, size="3"))
    assert shoes.seen == [("registered", [{}]), ("recorded", [{"size": 3}])]


async def test_they_count_under_a_key(asking: Api, shoes: Listener) -> None:
    document = "mutation($i: PurchaseRecordInput!) { purchaseRecord(input: $i) { created } }"

    async def again(**given: Any) -> Any:
        answer = await asking.ask(document, i=basket(idempotencyKey="k", **given))
        if answer.errors:
            return answer.errors[0]["extensions"]["reason"]
        return answer.extensions["idempotency"]["replayed"]

    assert [await again(size=size) for size in ("60", "60.0", "60.00")] == [False, True, True]
    assert [await again(size="61"), await again(size=None), await again()] == ["IDEMPOTENCY_KEY_REUSED"] * 3
    assert shoes.seen == [("recorded", [{"size": 60}])]


async def test_a_key_is_the_same_whether_or_not_a_plugin_could_have_been_told(asking: Api) -> None:
    bare = Api(build_schema(), asking.shop, asking.actor)
    document = "mutation($i: CustomerCreateInput!) { customerCreate(input: $i) { created } }"
    answers = [await api.ask(document, i={**ANA, "idempotencyKey": "k"}) for api in (bare, asking)]
    assert [answer.extensions["idempotency"]["replayed"] for answer in answers] == [False, True]


async def test_imports_carry_none(asking: Api, shoes: Listener, files: Files) -> None:
    people = files.write("code,first_name,last_name\nC1,Ana,Li\nC2,Bo,Ek")
    await import_customers(asking.shop, people, ImportOptions(), silent)
    sales = files.write("reference,purchased_at,name,total\nR1,2026-01-01,Tea,5.00")
    await import_purchases(asking.shop, sales, ImportOptions(), silent)
    assert shoes.seen == [("registered", [{}, {}]), ("recorded", [{}])]


async def test_many_keep_their_places(asking: Api, shoes: Listener) -> None:
    """More than are told at once."""
    shop = asking.shop
    people = [checked(shop.settings, NewCustomer("A", "B", extras={"shoes": {"n": n}} if n % 2 else {}))
              for n in range(1_003)]  # fmt: skip
    await register(shop, await give_codes(shop, people))
    assert [len(extras) for _, extras in shoes.seen] == [1_000, 3]
    assert [given for _, extras in shoes.seen for given in extras] == [{"n": n} if n % 2 else {} for n in range(1_003)]


async def test_who_was_off_is_told_without_them(open_with: OpenWith, shoes: Listener, hats: Listener) -> None:
    on = await open_with(plugins_on({"shoes": shoes, "hats": hats}))
    await catch_up(on, "shoes")  # it was on once
    off = await open_with(plugins_on({"hats": hats}))
    api = Api.of(off)
    await api.done("customerCreate", "created", {**ANA, "hatSize": 58})
    await catch_up(on, "shoes")
    assert hats.seen == [("registered", [{"hatSize": 58}])]
    assert shoes.seen == [("registered", [{}])]
    rows = await on.database.rows("SELECT ids, kind, took_part FROM journal")
    assert "58" not in [value for row in rows for value in row]


async def test_a_schema_without_the_plugin_has_no_trace(asking: Api) -> None:
    """Strawberry drops the value of a field that is added to an input, unless the input has a `from_input`."""
    bare = Api(build_schema(), asking.shop, asking.actor)
    printed = asking.schema.printed()
    assert '"""The size of the hat. From the hats plugin."""\n  hatSize: Int\n' in printed
    assert "hatSize" not in bare.schema.printed()
    for input_ in (CustomerCreateInput, CustomerUpdateInput, PurchaseRecordInput):
        definition = get_object_definition(input_, strict=True)
        assert definition.from_input is not None
        assert not {"size", "hatSize", "extras"} & {field.python_name for field in definition.fields}
    document = "mutation($i: CustomerCreateInput!) { customerCreate(input: $i) { created } }"
    for _ in range(2):
        assert (await asking.ask(document, i={**ANA, "hatSize": 58})).codes == []
        assert (await bare.ask(document, i={**ANA, "hatSize": 58})).codes == ["BAD_USER_INPUT"]
        assert (await bare.ask(document, i=ANA)).codes == []
