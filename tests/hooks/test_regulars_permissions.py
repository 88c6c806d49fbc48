"""Permissions of plugins: in the roles that they name, with administrators, and what stops the start."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import strawberry

from regulars_core.keys.authentication import Authenticator
from regulars_core.plugins.owners import PluginError
from regulars_core.shop.actors import Actor
from regulars_core.shop.permissions import PERMISSIONS, Permission, Permissions
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_schema.composition.contributions import Contribution, Extension, NodeKind
from regulars_schema.customers.types import Customer, CustomerOrderField, CustomerWhere
from regulars_schema.fields.declarations import batched
from regulars_schema.request.permissions import requires
from regulars_schema.schema import schema_of
from regulars_schema.testing import Api
from regulars_server.app import create_app
from tests.hooks.test_plugins import plugin
from tests.schema.test_composition import leaf, no_rows, shoe_sizes, sort
from tests.support.keys import make_key

SIZES = Permission("shoes.view", "See the sizes of shoes.", roles=("cashier",))
RACK = Permission("shoes.rack", "Move the rack.", roles=("cashier",), shop_wide=True)


def shoes(*permissions: Any, needs: str = "shoes.view") -> Any:
    field = batched(shoe_sizes, name="shoeSize", needs=needs, returns=str | None, description="The size of the shoes.")
    return plugin(
        regulars_permissions=lambda: permissions,
        regulars_schema=lambda: Contribution("shoes", extensions=[Extension(Customer, [field])]),
    )


async def test_they_are_held_by_administrators_and_by_the_roles_that_they_name(shop: Shop) -> None:
    on = plugins_on({"shoes": shoes(SIZES)})
    with_shoes = Shop(shop.database, shop.settings, on)
    schema = schema_of(on)
    api = Api(schema, shop, Actor.of_role("key", "till", "administrator"))
    await api.done("customerCreate", "created", {"firstName": "Ana", "lastName": "Li"})
    refusals = {}
    for role in ("administrator", "cashier", "store_terminal"):
        actor = await Authenticator(with_shoes).actor_of(await make_key(shop.database, "a", role))
        assert actor is not None
        answer = await Api(schema, with_shoes, actor).ask("{ customers { nodes { shoeSize } } viewer { permissions } }")
        refusals[role] = answer.codes
        assert ("shoes.view" in answer.data["viewer"]["permissions"]) is (answer.codes == [])
    assert refusals == {"administrator": [], "cashier": [], "store_terminal": ["FORBIDDEN"]}
    without = await Authenticator(shop).actor_of(await make_key(shop.database, "a", "administrator"))
    assert without is not None
    assert not without.may("shoes.view")
    assert list(Permissions.of(on).all) == [*PERMISSIONS, "shoes.view"]
    assert "shoes.view" not in PERMISSIONS


async def test_what_is_shop_wide_does_not_count_in_stores(shop: Shop) -> None:
    with_shoes = Shop(shop.database, shop.settings, plugins_on({"shoes": shoes(SIZES, RACK)}))
    for stores, held in ((None, True), (["MAIN"], False)):
        actor = await Authenticator(with_shoes).actor_of(await make_key(shop.database, "a", "cashier", stores))
        assert actor is not None
        assert (actor.may("shoes.view"), actor.may("shoes.rack")) == (True, held)


def started(**plugins: Any) -> None:
    create_app(Settings(), plugins_on(plugins))


def test_two_owners_of_a_permission_stop_the_start() -> None:
    with pytest.raises(PluginError, match=r"The permission 'shoes\.view' is defined by 'a' and by 'b'"):
        started(a=plugin(regulars_permissions=lambda: [SIZES]), b=plugin(regulars_permissions=lambda: [SIZES]))
    with pytest.raises(PluginError, match=r"The permission 'keys\.manage' is defined by 'core' and by 'a'"):
        started(a=plugin(regulars_permissions=lambda: [replace(SIZES, name="keys.manage")]))
    with pytest.raises(PluginError, match=r"The permission 'shoes\.view' is defined by 'a' and by 'a'"):
        started(a=plugin(regulars_permissions=lambda: [SIZES, SIZES]))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            replace(SIZES, roles=("king",)),
            "'shoes.view' of the plugin 'shoes' names the role 'king'; there are: store_",
        ),
        (replace(SIZES, name="shoes"), "'shoes' of the plugin 'shoes' is no name for a permission; write `shoes.view`"),
        (replace(SIZES, name="Shoes.View"), "is no name for a permission"),
        (replace(SIZES, name="a." + "x" * 80), "is no name for a permission"),
        ("shoes.view", "The plugin 'shoes' must answer regulars_permissions with Permissions."),
    ],
)
def test_what_cannot_be_a_permission_stops_the_start(given: Any, said: str) -> None:
    with pytest.raises(PluginError) as raised:
        started(shoes=shoes(given))
    assert said in str(raised.value)


async def no_sizes(boots: Sequence[Any], _: Any) -> Sequence[Any]:
    return [None for _ in boots]


@requires(None)
@strawberry.type(name="Boot", description="A boot.")
class Boot:
    size: int | None = batched(  # type: ignore[assignment]
        no_sizes, name="size", needs="boots.view", returns=int | None, description="Its size."
    )


@pytest.mark.parametrize(
    ("what", "place"),
    [
        ({"leaves": [replace(leaf("size"), needs="boots.view")]}, f"{CustomerWhere.__name__}.size of 'shoes'"),
        ({"sorts": [replace(sort("SIZE"), needs="boots.view")]}, f"{CustomerOrderField.__name__}.SIZE of 'shoes'"),
        ({"nodes": [NodeKind("shoe", no_rows, "boots.view")]}, "Node.shoe of 'shoes'"),
        ({"types": [Boot]}, f"Boot.size of '{__name__}'"),
    ],
)
def test_a_permission_that_nobody_declares_stops_the_start(what: dict[str, Any], place: str) -> None:
    with pytest.raises(PluginError) as raised:
        started(shoes=plugin(regulars_schema=lambda: Contribution("shoes", **what)))
    assert str(raised.value) == f"{place} needs the permission 'boots.view', which nobody declares"


def test_a_field_whose_permission_nobody_declares_stops_the_start() -> None:
    with pytest.raises(PluginError, match=r"Customer\.shoeSize of 'shoes' needs the permission 'shoes\.see'"):
        started(shoes=shoes(SIZES, needs="shoes.see"))
    started(shoes=shoes(SIZES))
