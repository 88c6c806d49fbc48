"""Keys and roles: nobody gives more than they hold, the last administrator stays, and all of it is written down."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.keys import authentication
from regulars_core.keys.authentication import Authenticator
from regulars_core.keys.grants import Grant
from regulars_core.keys.reads import list_keys, own_roles
from regulars_core.keys.roles import change_role, create_role, delete_role
from regulars_core.keys.service import create_key, revoke_key
from regulars_core.primitives.errors import Forbidden, Refused
from regulars_core.shop.actors import Actor, operator
from regulars_core.shop.permissions import PERMISSIONS, ROLES
from regulars_core.shop.shop import Shop
from regulars_core.stores.service import create_store
from tests.conftest import OpenShop
from tests.support.keys import holding, make_key

CASHIER = sorted(ROLES["cashier"])


def refusing(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}: ")


async def opened_stores(shop: Shop) -> Sequence[str]:
    """The ids of two stores, S1 and S2."""
    return [await create_store(shop, code, code) for code in ("S1", "S2")]


async def actor_of(shop: Shop, key: str) -> Actor:
    found = await Authenticator(shop).actor_of(key)
    assert found is not None
    return found


async def made(shop: Shop, *grants: Grant, by: Actor | None = None) -> Actor:
    """The actor of a new key."""
    by = operator(shop.permissions) if by is None else by
    return await actor_of(shop, await create_key(shop, by=by, name="till", bindings=grants))


async def test_a_permission_counts_in_its_own_binding_only(shop: Shop) -> None:
    one, two = await opened_stores(shop)
    actor = await made(shop, Grant("store_manager", ["s1"]), Grant("store_terminal", ["S1", "S2"]))
    assert actor.roles == ["store_manager", "store_terminal"]
    assert (actor.may("purchases.refund"), actor.may("purchases.refund", one), actor.may("purchases.refund", two)) == (
        True,
        True,
        False,
    )
    assert actor.may("purchases.record", two)
    assert actor.stores("purchases.refund") == {one}
    assert actor.stores("purchases.view") == actor.scope == {one, two}
    assert actor.stores("audit.view") == frozenset()
    whole = await made(shop, Grant("store_terminal"), Grant("store_manager", ["S1"]))
    assert whole.stores("purchases.view") is whole.scope is None
    assert whole.stores("purchases.refund") == {one}
    assert [(key.name, key.bindings) for key in await list_keys(shop.database)] == [
        ("till", [("store_manager", "S1"), ("store_terminal", "S1"), ("store_terminal", "S2")]),
        ("till", [("store_manager", "S1"), ("store_terminal", None)]),
    ]


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_shop_wide_is_dropped_in_stores(shop: Shop, role: str) -> None:
    await opened_stores(shop)
    everywhere, here = await made(shop, Grant(role)), await made(shop, Grant(role, ["S1"]))
    assert everywhere.permissions == ROLES[role]
    assert here.permissions == {name for name in ROLES[role] if not PERMISSIONS[name].shop_wide}
    assert all(
        PERMISSIONS[name].description.endswith("In the whole shop only.") for name in ROLES[role] - here.permissions
    )


@pytest.mark.parametrize(
    ("grants", "code"),
    [
        ([], "REQUIRED"),
        ([Grant("king")], "UNKNOWN_ROLE"),
        ([Grant("cashier", [])], "REQUIRED"),
        ([Grant("cashier", ["S1", "S9"])], "NOT_FOUND"),
        ([Grant("cashier"), Grant("king\0", ["S1\0"])], "UNKNOWN_ROLE"),
    ],
)
async def test_roles_and_stores_must_be_there(shop: Shop, grants: Sequence[Grant], code: str) -> None:
    await opened_stores(shop)
    with refusing(code):
        await made(shop, *grants)
    assert await list_keys(shop.database) == []
    assert await shop.database.rows("SELECT * FROM audit") == []


async def test_nobody_gives_more_than_they_hold(shop: Shop) -> None:
    """Somebody who manages keys, is a cashier in S1, and sees groups everywhere."""
    one, _ = await opened_stores(shop)
    by = Actor("k", "clerk", [holding("keys.manage", "groups.view"), holding(*CASHIER, stores=[one])])
    mine = operator(shop.permissions)
    await create_role(shop, by=mine, name="grouper", permissions=["groups.view"])
    await create_role(shop, by=mine, name="eraser", permissions=["groups.view", "customers.erase"])
    await create_role(shop, by=mine, name="giver", permissions=["purchases.edit"])
    for given in (
        [Grant("cashier", ["S1"])], [Grant("store_terminal", ["S1"])], [Grant("grouper")], [Grant("grouper", ["S2"])],
        [Grant("eraser", ["S1"])],  # what is shop-wide does not count there
    ):  # fmt: skip
        await made(shop, *given, by=by)
    count = len(await list_keys(shop.database))
    for refused in (
        [Grant("cashier")], [Grant("cashier", ["S2"])], [Grant("cashier", ["S1", "S2"])], [Grant("store_manager", ["S1"])],
        [Grant("administrator")], [Grant("administrator", ["S1"])], [Grant("eraser")], [Grant("giver", ["S1"])],
        [Grant("cashier", ["S1"]), Grant("cashier", ["S2"])], [Grant("grouper"), Grant("support", ["S1"])],
    ):  # fmt: skip
        with refusing("EXCEEDS_OWN_PERMISSIONS"):
            await made(shop, *refused, by=by)
    assert len(await list_keys(shop.database)) == count
    for permissions, allowed in ((["groups.view", "purchases.record"], True), (["purchases.edit"], False)):
        if allowed:
            await create_role(shop, by=by, name="own", permissions=permissions)
        else:
            with refusing("EXCEEDS_OWN_PERMISSIONS"):
                await create_role(shop, by=by, name="other", permissions=permissions)
    assert set(await own_roles(shop.database)) == {"grouper", "eraser", "giver", "own"}


async def test_holding_everything_is_not_being_an_administrator(shop: Shop) -> None:
    """Whose keys will hold what plugins declare one day, too."""
    by = Actor("k", "clerk", [holding(*PERMISSIONS)])
    with refusing("EXCEEDS_OWN_PERMISSIONS"):
        await made(shop, Grant("administrator"), by=by)
    assert (await made(shop, Grant("support"), by=by)).may("notes.edit")
    await shop.database.transaction(
        lambda: shop.database.run("INSERT INTO role (name, permissions) VALUES ('shoe', $1)", '["shoes.view"]')
    )
    with refusing("EXCEEDS_OWN_PERMISSIONS"):  # of a plugin that is off at present
        await made(shop, Grant("shoe"), by=by)
    administrator = await made(shop, Grant("administrator"))
    assert (await made(shop, Grant("administrator"), Grant("shoe"), by=administrator)).roles == [
        "administrator",
        "shoe",
    ]


async def test_only_who_manages_keys_manages_keys(shop: Shop) -> None:
    [one, _] = await opened_stores(shop)
    key = await make_key(shop.database, "till", "cashier")
    for by in (
        Actor("k", "clerk", [holding(*(name for name in PERMISSIONS if name != "keys.manage"))]),
        Actor("k", "branch", [holding(*PERMISSIONS, stores=[one])]),
    ):
        for work in (
            lambda by=by: create_key(shop, by=by, name="a", bindings=[Grant("cashier")]),
            lambda by=by: revoke_key(shop, by=by, key_id=key[3:15]),
            lambda by=by: create_role(shop, by=by, name="a", permissions=["notes.view"]),
            lambda by=by: change_role(shop, by=by, name="a", permissions=["notes.view"]),
            lambda by=by: delete_role(shop, by=by, name="a"),
        ):
            with pytest.raises(Forbidden, match=r"keys\.manage"):
                await work()
    assert await actor_of(shop, key)


async def test_a_role_of_the_shops_own_is_made_changed_and_removed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000.0]
    monkeypatch.setattr(authentication.time, "monotonic", lambda: clock[0])
    by, door = operator(shop.permissions), Authenticator(shop)
    await create_role(shop, by=by, name="reader", permissions=["notes.view", "customers.view", "notes.view"])
    key = await create_key(shop, by=by, name="desk", bindings=[Grant("reader")])

    async def held() -> set[str]:
        actor = await door.actor_of(key)
        assert actor is not None
        return set(actor.permissions)

    assert await held() == {"notes.view", "customers.view"}
    await change_role(shop, by=by, name="reader", permissions=["customers.view"])
    assert await held() == {"customers.view"}  # at once, in the process that has changed it
    with refusing("ROLE_IN_USE"):
        await delete_role(shop, by=by, name="reader")
    await revoke_key(shop, by=by, key_id=key[3:15])
    await delete_role(shop, by=by, name="reader")
    assert await own_roles(shop.database) == {}
    for name, code in (
        ("reader", "UNKNOWN_ROLE"),
        ("cashier", "BUILT_IN_ROLE"),
        ("", "UNKNOWN_ROLE"),
        ("\0", "UNKNOWN_ROLE"),
    ):
        with refusing(code):
            await delete_role(shop, by=by, name=name)
        with refusing(code):
            await change_role(shop, by=by, name=name, permissions=["notes.view"])


@pytest.mark.parametrize(
    ("name", "permissions", "code"),
    [
        ("", ["notes.view"], "INVALID_NAME"),
        ("Reader", ["notes.view"], "INVALID_NAME"),
        ("x" * 41, ["notes.view"], "INVALID_NAME"),
        ("cashier", ["notes.view"], "NAME_TAKEN"),
        ("taken", ["notes.view"], "NAME_TAKEN"),
        ("reader", [], "REQUIRED"),
        ("reader", ["notes.view", "notes.burn"], "UNKNOWN_PERMISSION"),
    ],
)
async def test_a_role_that_cannot_be(shop: Shop, name: str, permissions: list[str], code: str) -> None:
    by = operator(shop.permissions)
    await create_role(shop, by=by, name="taken", permissions=["notes.view"])
    with refusing(code):
        await create_role(shop, by=by, name=name, permissions=permissions)
    assert await own_roles(shop.database) == {"taken": ["notes.view"]}


async def test_what_is_new_to_a_role_must_be_held_wherever_it_is(shop: Shop) -> None:
    one, _ = await opened_stores(shop)
    mine = operator(shop.permissions)
    by = Actor("k", "clerk", [holding("keys.manage", "groups.view"), holding("notes.view", stores=[one])])
    await create_role(shop, by=mine, name="own", permissions=["purchases.refund"])
    wanted = ["purchases.refund", "notes.view"]
    await change_role(shop, by=by, name="own", permissions=wanted)  # nobody has it yet, and they hold what is new
    await change_role(shop, by=by, name="own", permissions=["purchases.refund"])
    await made(shop, Grant("own", ["S1"]))
    await change_role(shop, by=by, name="own", permissions=wanted)
    await change_role(shop, by=by, name="own", permissions=["purchases.refund"])
    elsewhere = await create_key(shop, by=mine, name="b", bindings=[Grant("own", ["S2"])])
    for permissions in (wanted, ["customers.erase"]):
        with refusing("EXCEEDS_OWN_PERMISSIONS"):
            await change_role(shop, by=by, name="own", permissions=permissions)
    await revoke_key(shop, by=mine, key_id=elsewhere[3:15])
    await change_role(shop, by=by, name="own", permissions=wanted)
    await made(shop, Grant("own"))
    with refusing("EXCEEDS_OWN_PERMISSIONS"):
        await change_role(shop, by=by, name="own", permissions=[*wanted, "notes.edit"])
    await change_role(shop, by=by, name="own", permissions=["groups.view"])


async def test_the_last_administrator_of_the_whole_shop_stays(shop: Shop) -> None:
    by = operator(shop.permissions)
    first = await make_key(shop.database)
    await make_key(shop.database, "branch", "administrator", ["MAIN"])
    cashier = await make_key(shop.database, "till", "cashier")
    with refusing("LAST_ADMINISTRATOR"):
        await revoke_key(shop, by=by, key_id=first[3:15])
    await revoke_key(shop, by=by, key_id=cashier[3:15])
    second = await make_key(shop.database)
    await revoke_key(shop, by=by, key_id=first[3:15])
    with refusing("LAST_ADMINISTRATOR"):
        await revoke_key(shop, by=by, key_id=second[3:15])
    assert await actor_of(shop, second)


async def test_of_two_administrators_that_are_revoked_at_the_same_time_one_stays(open_shop: OpenShop) -> None:
    shops = [await open_shop() for _ in range(2)]
    kept = await make_key(shops[0].database)
    for _ in range(10):
        keys = [kept, await make_key(shops[0].database)]
        outcomes = await asyncio.gather(
            *(
                revoke_key(shop, by=operator(shop.permissions), key_id=key[3:15])
                for shop, key in zip(shops, keys, strict=True)
            ),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "Refused"], outcomes
        [kept] = [key for key, outcome in zip(keys, outcomes, strict=True) if outcome is not None]
        assert [key.id for key in await list_keys(shops[0].database) if key.is_administrator] == [kept[3:15]]


async def test_everything_is_written_down_without_a_secret(shop: Shop) -> None:
    by = operator(shop.permissions)
    await create_role(shop, by=by, name="reader", permissions=["notes.view"])
    key = await create_key(shop, by=by, name="Ana's desk", bindings=[Grant("reader", ["MAIN"]), Grant("cashier")])
    await change_role(shop, by=by, name="reader", permissions=["customers.view"])
    await revoke_key(shop, by=by, key_id=key[3:15])
    await delete_role(shop, by=by, name="reader")
    rows = await shop.database.rows("SELECT key_name, action, changes FROM audit ORDER BY id")
    assert {row[0] for row in rows} == {"command line"}
    found = [(row[1], json.loads(row[2])) for row in rows]
    id_ = key[3:15]
    assert [action for action, _ in found] == ["roleCreate", "keyCreate", "roleUpdate", "keyRevoke", "roleDelete"]
    assert found[1][1]["key"] == [None, id_]
    assert [told.partition(" in ")[0] for told in found[1][1]["bindings"][1]] == ["reader", "cashier"]
    assert found[2][1] == {"role": ["reader", "reader"], "permissions": [["notes.view"], ["customers.view"]]}
    assert found[3][1] == {"key": [id_, None]}
    written = json.dumps([tuple(row) for row in rows])
    assert key[16:30] not in written
    assert "Ana" not in written
