"""What plugins add to the schema, and what stops the start."""

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import strawberry

from regulars_core.customers.changes import VersionConflict
from regulars_core.plugins.owners import PluginError
from regulars_core.primitives.errors import Problem
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_schema.composition.contributions import Contribution, Extension, InputField, NodeKind, SchemaConflict
from regulars_schema.customers.inputs import CustomerCreateInput
from regulars_schema.customers.mutations import TagsAddInput
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.schema import build_schema, contributions_of
from regulars_schema.testing import Api
from regulars_server.app import create_app
from regulars_server.doctor import examine
from tests.hooks.test_plugins import plugin
from tests.schema.test_composition import leaf, no_rows, on_customer, sort


@requires(None)
@strawberry.type(name="Shoe", description="A shoe.")
class Shoe:
    size: int = strawberry.field(description="Its size.")


@strawberry.type(name="Shoe", description="Another shoe.")
class OtherShoe:
    colour: str = strawberry.field(description="Its colour.")


@strawberry.type(name="Customer", description="Another customer.")
class OtherCustomer:
    colour: str = strawberry.field(description="Its colour.")


@strawberry.type(name="Shoe", description="A shoe.")
class SameShoe:
    size: int = strawberry.field(description="Its size.")


@strawberry.enum(name="Shoe", description="Kinds of shoes.")
class ShoeKind(Enum):
    BOOT = strawberry.enum_value("boot", description="Boots.")


@strawberry.input(name="Shoe", description="A new shoe.")
class ShoeInput:
    size: int = strawberry.field(description="Its size.")


class TooSmall(Problem): ...


def on_input(name: str, type_: Any = int) -> InputField:
    return InputField(CustomerCreateInput, name, type_, "The size of the shoes.")


def adding(owner: str, **what: Any) -> Any:
    return plugin(regulars_schema=lambda: Contribution(owner, **what))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"leaves": [leaf("size")]}, "CustomerWhere.size is defined by 'shoes' and by 'feet'"),
        ({"sorts": [sort("SIZE")]}, "CustomerOrderField.SIZE is defined by 'shoes' and by 'feet'"),
        ({"nodes": [NodeKind("shoe", no_rows)]}, "Node.shoe is defined by 'shoes' and by 'feet'"),
        ({"extensions": on_customer("x", "size").extensions}, "Customer.size is defined by 'shoes' and by 'feet'"),
        ({"inputs": [on_input("size")]}, "CustomerCreateInput.size is defined by 'shoes' and by 'feet'"),
        ({"problems": [TooSmall]}, "Problem.TooSmall is defined by 'shoes' and by 'feet'"),
    ],
)
def test_two_plugins_in_one_place_stop_the_start(what: dict[str, Any], said: str) -> None:
    on = plugins_on({"shoes": adding("shoes", **what), "feet": adding("feet", **what)})
    with pytest.raises(SchemaConflict) as raised:
        create_app(Settings(), on)
    assert str(raised.value) == said


async def test_the_doctor_says_so_before_the_start(tmp_path: Path) -> None:
    on = plugins_on({"shoes": adding("shoes", leaves=[leaf("size")]), "feet": adding("feet", leaves=[leaf("size")])})
    found = await examine(Settings(database_url=f"sqlite://{tmp_path}/no.db"), on)
    said = [finding.message for finding in found if not finding.ok]
    assert said[0].startswith("plugins: CustomerWhere.size is defined by 'shoes' and by 'feet'; switch off one of them")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"inputs": [on_input("firstName")]}, "CustomerCreateInput.firstName is defined by 'core' and by 'shoes'"),
        ({"inputs": [on_input("a"), on_input("a")]}, "CustomerCreateInput.a is defined by 'shoes' and by 'shoes'"),
        (
            {"inputs": [InputField(TagsAddInput, "a", int, "A.")]},
            "'shoes' adds to TagsAddInput, which is no open input",
        ),
        ({"problems": [VersionConflict]}, "Problem.VersionConflict is defined by 'core' and by 'shoes'"),
        ({"problems": [Problem]}, "Problem.Problem is defined by 'core' and by 'shoes'"),
        (
            {"problems": [TooSmall]},
            "No type shows the problem TooSmall of 'shoes': put a UserError of this name among its `types`",
        ),
    ],
)
def test_a_place_of_cores_stops_the_start(what: dict[str, Any], said: str) -> None:
    with pytest.raises(SchemaConflict) as raised:
        create_app(Settings(), plugins_on({"shoes": adding("shoes", **what)}))
    assert str(raised.value) == said


def test_two_types_of_one_name_stop_the_start() -> None:
    on = plugins_on({"shoes": adding("shoes", types=[Shoe]), "feet": adding("feet", types=[OtherShoe])})
    with pytest.raises(SchemaConflict, match="The type Shoe is defined by 'shoes' and by 'feet'"):
        create_app(Settings(), on)
    on = plugins_on({"shoes": adding("shoes", types=[OtherCustomer])})
    with pytest.raises(SchemaConflict, match="The type Customer is defined by 'core' and by 'shoes'"):
        create_app(Settings(), on)


async def boots(customers: Sequence[Any], context: RequestContext) -> Sequence[Any]:
    return [None for _ in customers]


def wearing(owner: str, type_: type) -> Contribution:
    field = batched(boots, name=f"{owner}Boots", returns=list[type_] | None, description="Boots.")  # type: ignore[valid-type]
    return Contribution(owner, extensions=[Extension(Customer, [field])])


@pytest.mark.parametrize(
    "other",
    [
        wearing("feet", OtherShoe),
        wearing("feet", SameShoe),
        wearing("feet", ShoeKind),
        Contribution("feet", inputs=[on_input("a", list[ShoeInput])]),
        Contribution("feet", types=[SameShoe]),
    ],
    ids=["type", "type that looks alike", "enum", "input", "type handed in"],
)
def test_types_that_only_fields_lead_to_clash_too(other: Contribution) -> None:
    for pair, owners in (([wearing("shoes", Shoe), other], "'shoes' and by 'feet'"),
                         ([other, wearing("shoes", Shoe)], "'feet' and by 'shoes'")):  # fmt: skip
        with pytest.raises(SchemaConflict) as raised:
            build_schema(pair)
        assert str(raised.value) == f"The type Shoe is defined by {owners}"


@pytest.mark.parametrize(
    "name", ["Gender", "CustomerOrderField", "CustomerConnection", "Decimal", "Int", "Query", "Node"]
)
def test_a_type_of_cores_cannot_be_taken(name: str) -> None:
    taken = strawberry.type(name=name, description="A shoe.")(type("Taken", (), {"__annotations__": {"size": int}}))
    with pytest.raises(SchemaConflict, match=f"The type {name} is defined by 'core' and by 'shoes'"):
        build_schema([wearing("shoes", taken)])


async def shoe_colours(shoes: Sequence[Any], context: RequestContext) -> Sequence[Any]:
    return [None for _ in shoes]


def test_a_field_of_another_plugins_type_is_that_plugins() -> None:
    size = batched(shoe_colours, name="size", returns=int | None, description="The size.")
    feet = Contribution("feet", extensions=[Extension(Shoe, [size])])
    for pair in ([wearing("shoes", Shoe), feet], [feet, wearing("shoes", Shoe)]):
        with pytest.raises(SchemaConflict, match=r"Shoe\.size is defined by 'shoes' and by 'feet'"):
            build_schema(pair)
    colour = batched(shoe_colours, name="colour", returns=str | None, description="The colour.")
    more = Contribution("feet", extensions=[Extension(Shoe, [colour])])
    assert "The colour. From the feet plugin." in build_schema([wearing("shoes", Shoe), more]).as_str()


def test_one_field_may_go_into_many_schemas() -> None:
    shoes = on_customer("shoes", "size")
    first, second = build_schema([shoes]).as_str(), build_schema([shoes]).as_str()
    assert first == second
    assert first.count("From the shoes plugin.") == 1


def test_a_contribution_carries_its_plugins_name() -> None:
    for answer in (Contribution("core"), None):
        on = plugins_on({"shoes": plugin(regulars_schema=lambda answer=answer: answer)})
        with pytest.raises(PluginError, match="must answer regulars_schema with a Contribution of the owner 'shoes'"):
            contributions_of(on)


async def test_a_field_is_there_with_the_plugin_and_gone_without(asking: Api, shop: Shop) -> None:
    await asking.done("customerCreate", "created", {"firstName": "Ana", "lastName": "Li"})
    document = "{ customers { nodes { stamps } } shop { plugins { name description } } }"
    assert await asking.data(document) == {
        "customers": {"nodes": [{"stamps": 1}]},
        "shop": {
            "plugins": [{"name": "stamps", "description": "Stamps: a plugin that writes down whatever it is told."}]
        },
    }
    bare = Api(build_schema(), shop, asking.actor)
    assert (await bare.ask("{ customers { nodes { stamps } } }")).codes == ["BAD_USER_INPUT"]
    assert await bare.data("{ shop { plugins { name } } }") == {"shop": {"plugins": []}}
    assert "stamps" not in bare.schema.as_str()
