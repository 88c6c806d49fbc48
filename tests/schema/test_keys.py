"""Keys and roles over the API: shown once, never more than the caller holds, and the last administrator stays."""

import asyncio
from typing import Any

import pytest

from regulars_core.keys.authentication import Authenticator
from regulars_core.keys.grants import Grant
from regulars_core.keys.roles import create_role
from regulars_core.keys.service import create_key
from regulars_core.primitives.clock import DAY_MS, Instant, now, printed
from regulars_core.shop.actors import Actor, operator
from regulars_core.shop.shop import Shop
from regulars_schema.testing import Api
from tests.conftest import OpenShop
from tests.support.keys import holding, make_key

KEY = "apiKey { id name createdAt expiresAt lastUsedAt revokedAt bindings { role permissions stores { code } } }"
DESK = {"name": "  Ana's desk ", "bindings": [{"role": "cashier", "storeCodes": ["main"]}, {"role": "marketing"}]}


async def by_key(api: Api, text: str) -> Api:
    """Who holds a key, as the server asks."""
    actor = await Authenticator(api.shop).actor_of(text)
    assert actor is not None
    return Api(api.schema, api.shop, actor)


def in_days(days: float) -> str:
    return printed(Instant(now() + int(days * DAY_MS)))


async def test_a_key_is_shown_once_and_never_again(api: Api) -> None:
    given = {**DESK, "expiresAt": in_days(1), "idempotencyKey": "k1"}
    answers = [await api.done("keyCreate", f"{KEY} secret", given) for _ in range(2)]
    first, again = answers
    assert (again["secret"], again["apiKey"]) == (None, first["apiKey"])
    key, secret = first["apiKey"], first["secret"]
    assert key["id"] == f"key_{secret[3:15]}"
    assert (key["name"], key["expiresAt"], key["lastUsedAt"], key["revokedAt"]) == (
        "Ana's desk", given["expiresAt"], None, None,
    )  # fmt: skip
    assert [(one["role"], one["stores"]) for one in key["bindings"]] == [
        ("cashier", [{"code": "MAIN"}]),
        ("marketing", None),
    ]
    assert "purchases.refund" in key["bindings"][0]["permissions"]
    database = api.shop.database
    kept = [
        tuple(row)
        for table in ("idempotency_key", "audit", "api_key")
        for row in await database.rows(f"SELECT * FROM {table}")
    ]
    assert secret[16:] not in str(kept)
    told = await api.data(
        "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id }"
        " audit(entityId: $id) { nodes { action entityId changes { field new } } } }",
        id=key["id"],
    )
    assert (told["node"], told["nodes"]) == ({"id": key["id"]}, [{"id": key["id"]}])
    [entry] = told["audit"]["nodes"]
    assert (entry["action"], entry["entityId"]) == ("keyCreate", key["id"])
    assert {change["field"] for change in entry["changes"]} == {"key", "name", "bindings", "expiresAt"}
    # It is good until it is revoked, which is felt at once where that is done.
    door = Authenticator(api.shop)
    assert await door.actor_of(secret)
    await door.usage.write()
    used = (await api.data("{ apiKeys { id lastUsedAt } }"))["apiKeys"]
    assert [(one["id"], one["lastUsedAt"][-7:]) for one in used] == [(key["id"], "00.000Z")]
    revoked = await api.done("keyRevoke", KEY, {"id": key["id"], "idempotencyKey": "k2"})
    assert revoked["apiKey"]["revokedAt"]
    assert (door.remembered(secret), await door.actor_of(secret)) == (None, None)
    assert await api.refused("keyRevoke", {"id": key["id"]}) == ["NOT_FOUND"]
    assert (await api.done("keyRevoke", "apiKey { id }", {"id": key["id"], "idempotencyKey": "k2"}))["apiKey"]
    listed = await api.data("{ apiKeys { id } all: apiKeys(includeRevoked: true) { id } }")
    assert listed == {"apiKeys": [], "all": [{"id": key["id"]}]}


async def test_everything_that_is_wrong_is_told_at_once(api: Api) -> None:
    given = {
        "name": " ", "expiresAt": in_days(-1),
        "bindings": [{"role": "king\0", "storeCodes": ["S9\0", "'; --"]}, {"role": "cashier", "storeCodes": []},
                     {"role": "cashier"}],
    }  # fmt: skip
    made = await api.do("keyCreate", "secret apiKey { id }", given)
    assert (made["secret"], made["apiKey"]) == (None, None)
    assert sorted((error["code"], ".".join(error["path"])) for error in made["userErrors"]) == [
        ("INVALID_DATE", "input.expiresAt"),
        ("NOT_FOUND", "input.bindings.0.storeCodes.0"),
        ("NOT_FOUND", "input.bindings.0.storeCodes.1"),
        ("REQUIRED", "input.bindings.1.storeCodes"),
        ("REQUIRED", "input.name"),
        ("UNKNOWN_ROLE", "input.bindings.0.role"),
    ]
    assert await api.refused("keyCreate", {"name": "x" * 121, "bindings": []}) == ["TOO_LONG", "REQUIRED"]
    assert await api.refused("roleCreate", {"name": "Night\0", "permissions": ["\0", "x" * 1000]}) == [
        "INVALID_NAME", "UNKNOWN_PERMISSION",
    ]  # fmt: skip
    assert await api.refused("roleCreate", {"name": "cashier", "permissions": []}) == ["NAME_TAKEN", "REQUIRED"]
    for malformed in ("key_x", "key_", "customer_" + "0" * 32, "key_" + "0" * 32):
        answer = await api.ask("query($id: ID!) { node(id: $id) { id } }", id=malformed)
        assert answer.data["node"] is None
    assert (await api.data('{ node(id: "key_000000000000") { id } }'))["node"] is None


async def test_roles_are_made_changed_and_removed(api: Api) -> None:
    role = "role { name permissions isBuiltIn }"
    given = first = {"name": "night_desk", "permissions": ["notes.view", "customers.view"], "idempotencyKey": "r1"}
    made = {"name": "night_desk", "permissions": ["customers.view", "notes.view"], "isBuiltIn": False}
    for _ in range(2):
        assert (await api.done("roleCreate", role, given))["role"] == made
    assert await api.refused("roleCreate", {**given, "idempotencyKey": "r2"}) == ["NAME_TAKEN"]
    changed = await api.done("roleUpdate", role, {"name": "night_desk", "permissions": ["customers.view"]})
    assert changed["role"]["permissions"] == ["customers.view"]
    assert (await api.done("roleCreate", role, given))["role"] == changed["role"]
    assert await api.refused("roleUpdate", {"name": "cashier", "permissions": ["customers.view"]}) == ["BUILT_IN_ROLE"]
    assert await api.refused("roleDelete", {"name": "cashier"}) == ["BUILT_IN_ROLE"]
    assert await api.refused("roleDelete", {"name": "day_desk"}) == ["UNKNOWN_ROLE"]
    holder = await api.done("keyCreate", "secret apiKey { id }", {"name": "n", "bindings": [{"role": "night_desk"}]})
    assert await api.refused("roleDelete", {"name": "night_desk"}) == ["ROLE_IN_USE"]
    told = await api.data("{ roles { name isBuiltIn permissions } permissions { name description isShopWide plugin } }")
    assert [(one["name"], one["isBuiltIn"]) for one in told["roles"]][-2:] == [
        ("administrator", True),
        ("night_desk", False),
    ]
    assert (
        told["roles"][6]["permissions"]
        == [one["name"] for one in told["permissions"]]
        == sorted(api.shop.permissions.all)
    )
    assert {one["plugin"] for one in told["permissions"]} == {None}
    assert {"keys.manage", "groups.manage"} <= {one["name"] for one in told["permissions"] if one["isShopWide"]}
    await api.done("keyRevoke", "apiKey { id }", {"id": holder["apiKey"]["id"]})
    given = {"name": "night_desk", "idempotencyKey": "r3"}
    for _ in range(2):
        assert (await api.done("roleDelete", "deletedRoleName", given))["deletedRoleName"] == "night_desk"
    assert (await api.done("roleCreate", role, first))["role"] is None
    rows = await api.shop.database.rows("SELECT action FROM audit ORDER BY id")
    assert [row[0] for row in rows] == ["roleCreate", "roleUpdate", "keyCreate", "keyRevoke", "roleDelete"]


async def test_nobody_gives_what_they_lack(api: Api) -> None:
    """Nor where they lack it, by making a key or a role, by changing a role that others hold, or by what a server remembers of a
    key that was revoked."""
    shop = api.shop
    await api.done("storeCreate", "store { id }", {"code": "S2", "name": "Two"})
    store = (await api.data("{ stores(first: 9) { nodes { id code } } }"))["stores"]["nodes"]
    [main] = [one["id"].removeprefix("store_") for one in store if one["code"] == "MAIN"]
    clerk = Api(
        api.schema,
        shop,
        Actor("k", "clerk", [holding("keys.manage", "groups.view"), holding("notes.view", stores=[main])]),
    )

    def key(role: str, *stores: str) -> dict[str, Any]:
        return {"name": "k", "bindings": [{"role": role, "storeCodes": list(stores)} if stores else {"role": role}]}

    await clerk.done("roleCreate", "role { name }", {"name": "reader", "permissions": ["notes.view"]})
    assert await clerk.refused("roleCreate", {"name": "w", "permissions": ["notes.edit"]}) == [
        "EXCEEDS_OWN_PERMISSIONS"
    ]
    await clerk.done("keyCreate", "secret", key("reader", "MAIN"))
    for given in (
        key("reader"),
        key("reader", "MAIN", "S2"),
        key("cashier", "MAIN"),
        key("administrator"),
        key("administrator", "MAIN"),
    ):
        assert await clerk.refused("keyCreate", given) == ["EXCEEDS_OWN_PERMISSIONS"], given
    await api.done("roleCreate", "role { name }", {"name": "grouper", "permissions": ["groups.view"]})
    await api.done("keyCreate", "secret", key("grouper", "S2"))
    both = {"name": "grouper", "permissions": ["groups.view", "notes.view"]}
    assert await clerk.refused("roleUpdate", both) == ["EXCEEDS_OWN_PERMISSIONS"]  # of others, in S2
    await api.done("roleUpdate", "role { name }", both)
    await clerk.done("roleUpdate", "role { name }", {**both, "permissions": ["notes.view"]})
    # Somebody whose key was revoked makes no other one while a server still remembers it.
    keeper = await make_key(shop.database)
    remembered = await by_key(api, thief := await make_key(shop.database))
    await api.done("keyRevoke", "apiKey { id }", {"id": f"key_{thief[3:15]}"})
    answer = await remembered.ask(
        'mutation { keyCreate(input: {name: "x", bindings: [{role: "administrator"}]}) { secret } }'
    )
    assert (answer.codes, answer.data) == (["FORBIDDEN"], {"keyCreate": None})
    whole = {"role": "administrator", "storeCodes": None}
    answer = await (await by_key(api, keeper)).done("keyCreate", "secret", {"name": "x", "bindings": [whole]})
    assert answer["secret"]


async def test_a_key_that_ends_makes_none_that_lasts_longer(api: Api) -> None:
    """By the end that the database knows, and what is made without one ends with its maker's key."""
    until = Instant(now() + DAY_MS)
    grants = [Grant("administrator")]
    by = operator(api.shop.permissions)
    lent = await by_key(api, await create_key(api.shop, by=by, name="lent", bindings=grants, expires_at=until))
    given = {"name": "k", "bindings": [{"role": "administrator"}]}
    made = await lent.done("keyCreate", "secret apiKey { expiresAt }", given)
    assert made["apiKey"] == {"expiresAt": printed(until)}
    later = {**given, "expiresAt": printed(Instant(until + 1))}
    refused = (await lent.do("keyCreate", "secret", later))["userErrors"]
    assert [(error["code"], error["path"]) for error in refused] == [
        ("EXCEEDS_OWN_PERMISSIONS", ["input", "expiresAt"])
    ]
    for expires_at in (printed(until), in_days(0.5)):
        made = await lent.done("keyCreate", "apiKey { expiresAt }", {**given, "expiresAt": expires_at})
        assert made["apiKey"] == {"expiresAt": expires_at}
    heir = await lent.done("keyCreate", "secret apiKey { id }", given)
    assert await (await by_key(api, heir["secret"])).refused("keyCreate", later) == ["EXCEEDS_OWN_PERMISSIONS"]
    told = "query($id: ID!) { audit(entityId: $id) { nodes { changes { field } } } }"
    [entry] = (await api.data(told, id=heir["apiKey"]["id"]))["audit"]["nodes"]
    assert "expiresAt" in {change["field"] for change in entry["changes"]}


async def test_the_last_administrator_stays(api: Api) -> None:
    """Whatever ends by itself counts until then; where there is none, those who manage keys by a role of the shop's own stay."""
    shop, by = api.shop, operator(api.shop.permissions)
    await create_role(shop, by=by, name="keeper", permissions=["keys.manage", "notes.view"])
    await create_role(shop, by=by, name="warden", permissions=["keys.manage"])

    async def made(role: str, days: int | None = None) -> str:
        ends = None if days is None else Instant(now() + days * DAY_MS)
        text = await create_key(shop, by=by, name="k", bindings=[Grant(role)], expires_at=ends)
        return f"key_{text[3:15]}"

    first = await made("keeper")
    assert await api.refused("keyRevoke", {"id": first}) == ["LAST_ADMINISTRATOR"]
    without = {"name": "keeper", "permissions": ["notes.view"]}
    assert await api.refused("roleUpdate", without) == ["LAST_ADMINISTRATOR"]
    second = await made("warden", 10)
    assert await api.refused("roleUpdate", without) == ["LAST_ADMINISTRATOR"]  # or nobody in eleven days
    await api.done("keyRevoke", "apiKey { id }", {"id": second})
    short, long = await made("administrator", 1), await made("administrator", 2)
    await api.done("roleUpdate", "role { name }", without)
    assert await api.refused("keyRevoke", {"id": long}) == ["LAST_ADMINISTRATOR"]
    await api.done("keyRevoke", "apiKey { id }", {"id": short})
    for_ever = await made("administrator")
    await api.done("keyRevoke", "apiKey { id }", {"id": long})
    assert await api.refused("keyRevoke", {"id": for_ever}) == ["LAST_ADMINISTRATOR"]


async def test_of_two_at_the_same_time_one_stays(open_shop: OpenShop) -> None:
    """Two administrators who revoke each other, two roles that give up the keys, and one name that two take."""
    shops = [await open_shop() for _ in range(2)]
    api = Api.of(shops[0])

    async def together(*asked: tuple[Api, str, dict[str, Any]]) -> list[list[str]]:
        async def one(client: Api, name: str, given: dict[str, Any]) -> list[str]:
            kind = name[0].upper() + name[1:] + "Input!"
            document = f"mutation($input: {kind}) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
            answer = await client.ask(document, input=given)
            return answer.codes or [error["code"] for error in answer.data[name]["userErrors"]]

        return sorted(await asyncio.gather(*(one(*each) for each in asked)))

    for _ in range(3):
        keys = [await make_key(shop.database) for shop in shops]
        actors = [await Authenticator(shop).actor_of(key) for shop, key in zip(shops, keys, strict=True)]
        pair = [Api(api.schema, shop, actor) for shop, actor in zip(shops, actors, strict=True) if actor]
        revoke = [{"id": f"key_{key[3:15]}"} for key in reversed(keys)]
        outcomes = await together(*((client, "keyRevoke", given) for client, given in zip(pair, revoke, strict=True)))
        assert outcomes == [[], ["FORBIDDEN"]]  # who was revoked revokes nobody
        await api.shop.database.transaction(lambda: api.shop.database.run("DELETE FROM api_key"))
    others = [Api.of(shop) for shop in shops]
    for name in ("one", "two"):
        await api.done("roleCreate", "role { name }", {"name": name, "permissions": ["keys.manage"]})
        await make_key_of(shops[0], name)
    less = [
        (client, "roleUpdate", {"name": name, "permissions": ["notes.view"]})
        for client, name in zip(others, ("one", "two"), strict=True)
    ]
    assert await together(*less) == [[], ["LAST_ADMINISTRATOR"]]
    taken = {"name": "three", "permissions": ["notes.view"]}
    assert await together(*((client, "roleCreate", taken) for client in others)) == [[], ["NAME_TAKEN"]]


async def make_key_of(shop: Shop, role: str) -> str:
    return await create_key(shop, by=operator(shop.permissions), name="k", bindings=[Grant(role)])


@pytest.mark.one_executor
async def test_fifty_keys_take_as_many_statements_as_one(api: Api) -> None:
    async def statements() -> int:
        with api.shop.database.counting() as counted:
            await api.data("{ apiKeys { name bindings { role permissions stores { code } } } roles { name } }")
        return len(counted)

    await make_key(api.shop.database, "a", "cashier", ["MAIN"])
    one = await statements()
    for n in range(9):
        await make_key(api.shop.database, f"{n}", "cashier", ["MAIN"])
    assert await statements() == one <= 4
