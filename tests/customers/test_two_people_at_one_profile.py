"""Two people look at one customer and change it: whoever says what was looked at overwrites nothing that has changed since, and
is told the customer as it is now."""

import asyncio
from typing import Any

from regulars_core.shop.shop import Shop
from regulars_schema.testing import Api

NAMES = """id version firstName status tags group { name } billingAddress { city } shippingAddress { city }
  notes { nodes { body } }"""
CONFLICT = f"userErrors {{ code path ... on VersionConflict {{ customer {{ {NAMES} }} note {{ body version }} }} }}"
GROUP = "name description version"
GROUP_CONFLICT = f"userErrors {{ code path ... on GroupConflict {{ customerGroup {{ {GROUP} }} }} }}"


class Profile:
    """A customer of whom everything is known that can be changed, as two people see it."""

    def __init__(self, api: Api, ids: dict[str, str]) -> None:
        self.api, self.ids = api, ids

    @classmethod
    async def of(cls, api: Api) -> "Profile":
        ids = {}
        for name in ("Gold", "Silver"):
            made = await api.done("customerGroupCreate", "customerGroup { id }", {"name": name})
            ids[name] = made["customerGroup"]["id"]
        given = {"firstName": "Ana", "lastName": "Li", "tags": ["tea"], "billingAddress": {"city": "Lima"}}
        for name, more in (("ana", given), ("twin", {"firstName": "Ana", "lastName": "Lee", "phone": "55 1234 5678"})):
            ids[name] = (await api.done("customerCreate", "customer { id }", {**more, "force": True}))["customer"]["id"]
        made = await api.done("noteAdd", "note { id }", {"customerId": ids["ana"], "body": "Likes tea."})
        return cls(api, {**ids, "note": made["note"]["id"]})

    def edits(self, n: int) -> dict[str, tuple[str, dict[str, Any]]]:
        """Every way to change something of the customer: the mutation and its input, which differs by the number."""
        one, of = {"id": self.ids["ana"]}, {"customerId": self.ids["ana"]}
        return {
            "name": ("customerUpdate", {**one, "firstName": f"Ana{n}"}),
            "tags": ("customerUpdate", {**one, "tags": [f"t{n}"]}),
            "group": ("customerUpdate", {**one, "groupId": self.ids["Gold" if n % 2 else "Silver"]}),
            "billing address": ("customerUpdate", {**one, "billingAddress": {"city": f"Lima {n}"}}),
            "no address": (
                "customerUpdate",
                {**one, "shippingAddress": {"city": f"Quito {n}"}, "billingAddress": None},
            ),
            "tag": ("tagsAdd", {**of, "tags": [f"more{n}"]}),
            "no tag": ("tagsRemove", {**of, "tags": [f"more{n}"]}),
            "suspended": ("customerSuspend", one),
            "put away": ("customerDeactivate", one),
            "active": ("customerReactivate", one),
        }

    async def shown(self) -> Any:
        return (await self.api.data(f"query($id: ID!) {{ customer(id: $id) {{ {NAMES} }} }}", id=self.ids["ana"]))[
            "customer"
        ]

    async def tries(self, mutation: str, given: dict[str, Any], told: str = CONFLICT) -> list[Any]:
        kind = mutation[0].upper() + mutation[1:] + "Input"
        document = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {told} }} }}"
        answer = await self.api.data(document, input=given)
        errors: list[Any] = answer[mutation]["userErrors"]
        return errors

    async def refuses(self, version: int) -> None:
        """Whoever has looked at that version changes nothing, in whatever way, and is told what is there."""
        now = await self.shown()
        assert now["version"] > version
        deleting = ("customerDelete", {"id": self.ids["ana"], "idempotencyKey": f"v{version}"})
        for name, (mutation, given) in {**self.edits(90), "gone": deleting}.items():
            [error] = await self.tries(mutation, {**given, "expectedVersion": version})
            told = (error["code"], error["path"], error["note"])
            assert told == ("VERSION_CONFLICT", ["input", "expectedVersion"], None), name
            assert error["customer"] == now, name
        given = {
            "groupId": self.ids["Gold"],
            "customerIds": [self.ids["twin"], self.ids["ana"]],
            "expectedVersions": [await self.version_of("twin"), version],
        }
        [error] = await self.tries("customersAssignGroup", given)
        assert (error["code"], error["path"]) == ("VERSION_CONFLICT", ["input", "expectedVersions", "1"])
        assert error["customer"] == now
        assert await self.shown() == now

    async def version_of(self, name: str) -> int:
        found = await self.api.data("query($id: ID!) { customer(id: $id) { version } }", id=self.ids[name])
        return int(found["customer"]["version"])


async def test_whatever_was_changed_and_whatever_is_to_be(shop: Shop) -> None:
    profile = await Profile.of(Api.of(shop))
    ways = profile.edits(1)
    moved = ("customersAssignGroup", {"customerIds": [profile.ids["ana"]], "groupId": profile.ids["Silver"]})
    merged = ("customersMerge", {"survivorId": profile.ids["ana"], "absorbedIds": [profile.ids["twin"]]})
    for name, (mutation, given) in {**ways, "moved": moved, "merged": merged}.items():
        version = (await profile.shown())["version"]
        await profile.api.done(mutation, "__typename", given)
        assert (await profile.shown())["version"] == version + 1, name
        await profile.refuses(version)
    # Who has looked meanwhile goes on, and who says nothing means whatever it is.
    for name, (mutation, given) in profile.edits(2).items():
        version = (await profile.shown())["version"]
        assert await profile.tries(mutation, {**given, "expectedVersion": version}) == [], name
    assert await profile.tries("customerUpdate", {"id": profile.ids["ana"], "firstName": "Zoe"}) == []


async def test_of_a_group_and_of_many_customers(shop: Shop) -> None:
    profile = await Profile.of(Api.of(shop))
    gold, both = profile.ids["Gold"], [profile.ids["ana"], profile.ids["twin"]]
    edits = [
        {"id": gold, "name": "Gilt", "expectedVersion": 1},
        {"id": gold, "description": "Old", "expectedVersion": 1},
    ]
    found = await asyncio.gather(*(profile.tries("customerGroupUpdate", one, GROUP_CONFLICT) for one in edits))
    [error] = [error for errors in found for error in errors]
    asked = f"query($id: ID!) {{ customerGroup(id: $id) {{ {GROUP} }} }}"
    now = (await profile.api.data(asked, id=gold))["customerGroup"]
    assert (error["code"], error["path"]) == ("VERSION_CONFLICT", ["input", "expectedVersion"])
    assert error["customerGroup"] == now
    assert now in (
        {"name": "Gilt", "description": None, "version": 2},
        {"name": "Gold", "description": "Old", "version": 2},
    )
    assert await profile.tries("customerGroupUpdate", {**edits[0], "expectedVersion": 2}, GROUP_CONFLICT) == []

    given = {"customerIds": both, "groupId": gold, "expectedVersions": [1, 1]}
    assert await profile.tries("customersAssignGroup", given) == []
    assert (
        await profile.tries("customersAssignGroup", {**given, "expectedVersions": [2, 2]}) == []
    )  # who are there already
    errors = await profile.tries("customersAssignGroup", {**given, "groupId": profile.ids["Silver"]})
    assert [error["path"][-1] for error in errors] == ["0", "1"]
    [error] = await profile.tries("customersAssignGroup", {**given, "expectedVersions": [2]})
    assert (error["code"], error["path"]) == ("OUT_OF_RANGE", ["input", "expectedVersions"])


async def test_both_at_the_same_time(shop: Shop) -> None:
    """Of two who have looked at the same, one is done, whatever either does; of notes too."""
    profile = await Profile.of(Api.of(shop))
    ways = list(profile.edits(1).values())
    pairs = [(one, profile.edits(2)["name"]) for one in (ways[1], ways[3], ways[5], ways[7])]
    for one, other in pairs:
        version = (await profile.shown())["version"]
        found = await asyncio.gather(*(profile.tries(m, {**g, "expectedVersion": version}) for m, g in (one, other)))
        assert sorted(len(errors) for errors in found) == [0, 1]
        assert [error["code"] for errors in found for error in errors] == ["VERSION_CONFLICT"]
        assert (await profile.shown())["version"] == version + 1
        await profile.tries("customerUpdate", {"id": profile.ids["ana"], "firstName": f"Ana{version}"})
    edits = [
        ("noteUpdate", {"id": profile.ids["note"], "body": "Likes coffee."}),
        ("noteDelete", {"id": profile.ids["note"]}),
    ]
    before = await profile.shown()
    found = await asyncio.gather(*(profile.tries(m, {**g, "expectedVersion": 1}) for m, g in edits))
    codes = [error["code"] for errors in found for error in errors]
    assert codes in (["VERSION_CONFLICT"], ["NOT_FOUND"])  # the note is changed, or it is gone
    # A note is a record of its own: writing one is no change of the customer's details.
    assert (await profile.shown())["version"] == before["version"]
