"""A9: every permission guards something. One that nothing asks for is refused here."""

import httpx2
import pytest

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.keys.roles import create_role
from regulars_core.plugin import Forbidden, Shop, plugins_on
from regulars_core.shop.actors import Actor
from regulars_core.shop.permissions import PERMISSIONS, ROLES, Permission, Permissions
from regulars_core.shop.settings import Settings
from regulars_schema.composition.permission_map import BESIDE_THE_SCHEMA, permission_map
from regulars_schema.schema import build_schema, schema_of
from regulars_schema.testing import Api
from regulars_server.app import create_app
from tests.hooks.test_plugins import plugin
from tests.support.keys import holding, make_key

BOX = {"tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards}


def unasked(plugins: dict[str, object]) -> set[str]:
    """The permissions that these plugins and core declare, and that nothing asks for."""
    on = plugins_on(plugins)
    return Permissions.of(on).all.keys() - permission_map(schema_of(on)).keys() - BESIDE_THE_SCHEMA.keys()


@pytest.mark.parametrize("name", ["", *BOX])
def test_a9_every_permission_is_asked_for(name: str) -> None:
    """Of core alone, and of each plugin with it."""
    assert unasked({name: BOX[name]} if name else {}) == set()
    assert BESIDE_THE_SCHEMA.keys() <= PERMISSIONS.keys() - permission_map(build_schema()).keys()


def test_a9_one_that_nothing_asks_for_is_found() -> None:
    idle = plugin(regulars_permissions=lambda: [Permission("shoes.polish", "Polish shoes.")])
    assert unasked({"shoes": idle}) == {"shoes.polish"}


def test_a9_what_a_permission_is_for_is_there_or_the_permission_is_not() -> None:
    """Each of the eight has its feature behind it."""
    found = permission_map(build_schema())
    for name, mutation in {
        "customers.merge": "customersMerge", "customers.delete": "customerDelete", "customers.erase": "customerEraseRequest",
        "customers.export": "customerDataRequest", "consents.record": "consentRecord", "keys.manage": "keyCreate",
        "segments.manage": "segmentCreate",
    }.items():  # fmt: skip
        assert mutation in found[name]["Mutations"]
    assert all(held <= PERMISSIONS.keys() for held in ROLES.values())


async def test_a9_keys_and_roles_are_made_by_who_may(shop: Shop) -> None:
    by = Actor("key", "till", [holding("customers.view")])
    with pytest.raises(Forbidden):
        await create_role(shop, by=by, name="own", permissions=["customers.view"])
    by = Actor("key", "till", [holding("customers.view", "keys.manage")])
    await create_role(shop, by=by, name="own", permissions=["customers.view"])


async def test_a9_the_schema_and_the_figures_are_read_by_who_may(database_url: str) -> None:
    app = create_app(Settings(database_url=database_url, metrics=True))
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        for role, status in (("administrator", 200), ("store_manager", 403)):
            key = await make_key(app.state.shop.database, role, role)
            for path in ("/metrics", "/schema.graphql"):
                answer = await client.get(path, headers={"authorization": f"Bearer {key}"})
                assert answer.status_code == status, (role, path)


async def test_a9_a_role_that_held_one_that_is_gone_goes_on(shop: Shop) -> None:
    """A shop's own role keeps the name and holds nothing by it."""
    api = Api.of(shop)
    known = shop.permissions.counting(["customers.view", "customers.adore"], in_stores=False)
    assert known == {"customers.view"}
    assert (await api.data("{ viewer { permissions } }"))["viewer"]["permissions"] == sorted(shop.permissions.all)
