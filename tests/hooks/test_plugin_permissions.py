"""What plugins bring is guarded like what core brings, and what they forget to say stops the start."""

from collections.abc import Sequence
from typing import Any

import pytest
import strawberry

from regulars_core.plugins.host import Plugins
from regulars_core.shop.actors import Actor
from regulars_schema.composition.contributions import Contribution, Extension, Query, SchemaConflict
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched
from regulars_schema.purchases.types import Purchase
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith
from tests.schema.test_permission_matrix import NOBODY, SETTINGS, fill, try_ways
from tests.support.schema_walk import ways


@strawberry.type(description="A hat.")
class Hat:
    size: int = strawberry.field(description="Its size.")


@requires("customers.view_pii")
@strawberry.type(description="A scarf.")
class Scarf:
    length: int = strawberry.field(description="Its length.")
    secret: str | None = guarded("customers.view_sensitive", description="What is written inside.")


@requires("customers.view_pii")
@strawberry.type(description="A glove.")
class Glove:
    size: int = guarded("customers.view_sensitive", description="Its size.")


async def scarves(customers: Sequence[Any], context: RequestContext) -> Sequence[Any]:
    return [Scarf(length=7, secret="mine") for _ in customers]


def wearing(type_: Any, on: type = Customer, needs: str | None = None) -> Contribution:
    field = batched(scarves, name="worn", returns=type_ | None, description="What is worn.", needs=needs)
    return Contribution("clothes", extensions=[Extension(on, [field])])


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (wearing(Hat), "The type Hat does not say who may see it: write `@requires(…)` on its class"),
        (wearing(Scarf), 'Customer.worn leads to Scarf, so it must say needs="customers.view_pii" and be nullable'),
        (wearing(Customer, Purchase),
         'Purchase.worn leads to Customer, so it must say needs="customers.view" and be nullable'),
        (wearing(Scarf, Query), 'Query.worn leads to Scarf, so it must say needs="customers.view_pii" and be nullable'),
    ],
)  # fmt: skip
def test_what_is_forgotten_stops_the_start(what: Contribution, said: str) -> None:
    with pytest.raises(SchemaConflict) as raised:
        build_schema([what])
    assert str(raised.value) == said


def test_what_needs_a_permission_is_nullable() -> None:
    with pytest.raises(TypeError, match=r"Glove\.size needs customers\.view_sensitive, so it must be nullable"):
        build_schema([wearing(Glove, needs="customers.view_pii")])


async def test_a_plugins_fields_are_guarded(api: Api) -> None:
    schema = build_schema([wearing(Scarf, needs="customers.view_pii")])
    await api.done("customerCreate", "created", {"firstName": "A", "lastName": "B"})
    given = {
        "administrator": [{"worn": {"length": 7, "secret": "mine"}}],
        "cashier": [{"worn": {"length": 7, "secret": None}}],
        "accountant": [{"worn": None}],
    }
    for role, nodes in given.items():
        caller = Api(schema, api.shop, Actor.of_role("key", "till", role))
        answer = await caller.ask("{ customers { nodes { worn { length secret } } } }")
        assert answer.data == {"customers": {"nodes": nodes}}, role
        assert answer.codes == ["FORBIDDEN"] * (role != "administrator")


@pytest.mark.parametrize("role", ["store_terminal", NOBODY])
async def test_every_field_with_a_plugin(open_with: OpenWith, on: Plugins, role: str) -> None:
    api = Api.of(await open_with(on, **SETTINGS))
    assert "Customer.stamps" in {name for name, _, _ in ways(api.schema, {})}
    given, refused = await try_ways(await fill(api), role)
    assert given
    assert refused
