"""How often and when a customer wants to hear from the shop, and when it was last known to be right how."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import time_machine

from regulars_core.plugin import Instant
from regulars_core.primitives.clock import DAY_MS, printed
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

DAY = Instant(1_772_190_000_000)
WHOLE = "id version contactFrequency contactTime contactCheckedAt"


def later(days: int) -> Any:
    """So many days after the first one."""
    return time_machine.travel(datetime.fromtimestamp(DAY / 1000, UTC) + timedelta(days=days), tick=False)


def on(days: int) -> str:
    return printed(Instant(DAY + days * DAY_MS))


async def create(api: Api, **given: Any) -> Any:
    given = {"firstName": "Ana", "lastName": "Li", "force": True, **given}
    return (await api.done("customerCreate", f"customer {{ {WHOLE} }}", given))["customer"]


async def update(api: Api, id_: str, **given: Any) -> Any:
    return (await api.done("customerUpdate", f"customer {{ {WHOLE} }}", {"id": id_, **given}))["customer"]


async def found(api: Api, **comparison: Any) -> list[str]:
    query = "query($w: CustomerWhere) { customers(where: $w) { nodes { id } } }"
    return [one["id"] for one in (await api.data(query, w={"contactCheckedAt": comparison}))["customers"]["nodes"]]


async def test_when_contact_details_were_right(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    with later(0):
        bare = await create(api, contactFrequency="QUARTERLY", contactTime="MORNING")
        assert bare == {
            "id": bare["id"], "version": 1, "contactFrequency": "QUARTERLY", "contactTime": "MORNING",
            "contactCheckedAt": None,
        }  # fmt: skip
        ana = await create(api, phone="55 1234 5678")
        moved = await create(api, billingAddress={"city": "Oaxaca"})
        assert (ana["contactCheckedAt"], moved["contactCheckedAt"]) == (on(0), on(0))
    for days, given, at in (
        (1, {"firstName": "Anna", "contactTime": "EVENING"}, 0),
        (2, {"phone": "+52 55 1234 5678", "contactChecked": False}, 0),  # the same number
        (3, {"email": "ana@example.com"}, 3),
        (4, {"email": None}, 4),
        (5, {"shippingAddress": {"line1": "Calle 1"}}, 5),
        (6, {"shippingAddress": {"line1": " Calle 1"}, "contactChecked": None}, 5),
        (7, {"contactChecked": True}, 7),
    ):
        with later(days):
            assert (await update(api, ana["id"], **given))["contactCheckedAt"] == on(at), given
    with later(8):
        assert await found(api, before=on(1)) == [moved["id"]]
        assert await found(api, withinDays=1) == [ana["id"]]
        changed = await update(api, bare["id"], contactFrequency=None, contactTime="AFTERNOON")
        assert (changed["contactFrequency"], changed["contactTime"], changed["version"]) == (None, "AFTERNOON", 2)
        stale = {"id": bare["id"], "contactChecked": True, "expectedVersion": 1}
        assert await api.refused("customerUpdate", stale) == ["VERSION_CONFLICT"]
    audit = "query($id: ID!) { audit(entityId: $id, first: 1) { nodes { changes { field old new } } } }"
    [entry] = (await api.data(audit, id=ana["id"]))["audit"]["nodes"]
    assert entry["changes"] == [{"field": "contactCheckedAt", "old": None, "new": None}]
    [entry] = (await api.data(audit, id=bare["id"]))["audit"]["nodes"]
    assert {one["field"]: one["new"] for one in entry["changes"]} == {
        "contactFrequency": "null",
        "contactTime": '"AFTERNOON"',
    }


async def test_details_of_several_are_as_old_as_the_oldest(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    with later(0):
        old = await create(api, phone="55 1234 5678", contactTime="MORNING")
    with later(1):
        new = await create(api, email="ana@example.com", contactFrequency="WEEKLY")
        bare = await create(api)
    with later(2):
        merge = {"survivorId": new["id"], "absorbedIds": [old["id"], bare["id"]]}
        done = (await api.done("customersMerge", "customersMerge { mergeId fields { field } }", merge))[
            "customersMerge"
        ]
        assert {one["field"] for one in done["fields"]} >= {"phone", "contactTime", "contactFrequency"}
        document = f"query($id: ID!) {{ customer(id: $id) {{ {WHOLE} }} }}"
        one = (await api.data(document, id=new["id"]))["customer"]
        assert (one["contactCheckedAt"], one["contactFrequency"], one["contactTime"]) == (on(0), "WEEKLY", "MORNING")
        await api.done("customersUnmerge", "customers { id }", {"mergeId": done["mergeId"]})
        for before in (old, new, bare):
            back = (await api.data(document, id=before["id"]))["customer"]
            assert {**back, "version": 1} == before
    with later(3):  # what somebody has found right since stays
        done = (await api.done("customersMerge", "customersMerge { mergeId }", merge))["customersMerge"]
        await update(api, new["id"], contactChecked=True)
        await api.done("customersUnmerge", "customers { id }", {"mergeId": done["mergeId"]})
        assert (await api.data(document, id=new["id"]))["customer"]["contactCheckedAt"] == on(3)


async def test_nothing_counts_as_found_right_that_nobody_has_looked_at(open_shop: OpenShop) -> None:
    """Of what a merge keeps the time is known if all of it is; and what an undo puts back is as old as it was."""
    shop = await open_shop()
    api = Api.of(shop)

    async def checked(who: Mapping[str, Any]) -> str | None:
        found = await api.data("query($id: ID!) { customer(id: $id) { contactCheckedAt } }", id=who["id"])
        return cast("str | None", found["customer"]["contactCheckedAt"])

    async def merge(survivor: Mapping[str, Any], absorbed: Mapping[str, Any], *fields: str) -> str:
        overrides = [{"field": field, "customerId": absorbed["id"]} for field in fields]
        given = {"survivorId": survivor["id"], "absorbedIds": [absorbed["id"]], "overrides": overrides}
        return str((await api.done("customersMerge", "customersMerge { mergeId }", given))["customersMerge"]["mergeId"])

    async def undo(merge_id: str) -> None:
        await api.done("customersUnmerge", "customers { id }", {"mergeId": merge_id})

    with later(0):
        legacy, silent = await create(api, phone="55 1234 5678"), await create(api, email="old@example.com")
        await shop.database.transaction(
            lambda: shop.database.run("UPDATE customer SET contact_checked_at = NULL")
        )  # as of those who were there before it was noted
        oldest = await create(api, email="oldest@example.com")
    with later(1):
        ana, bare = await create(api, email="ana@example.com"), await create(api)
    with later(2):
        merged = await merge(ana, legacy)  # the telephone is not known to be right
        assert await checked(ana) is None
        await undo(merged)
        assert await checked(ana) == on(1)
        merged = await merge(silent, ana, "email")  # nothing of whom it is not known is kept
        assert await checked(silent) == on(1)
        await undo(merged)
        assert await checked(silent) is None
        merged = await merge(bare, ana)
        assert await checked(bare) == on(1)
        await undo(merged)
        first = await merge(oldest, ana, "email")
        second = await merge(oldest, bare)
        assert await checked(oldest) == on(1)
    with later(3):
        await update(api, oldest["id"], contactChecked=True)
        await undo(first)  # the address that was given up comes back: nobody has looked at that one
        assert await checked(oldest) == on(0)
        await undo(second)
        assert await checked(oldest) == on(0)
        again = await merge(oldest, ana, "email")
        await update(api, oldest["id"], shippingAddress={"line1": "Calle 1", "country": "ES"})
        assert await checked(oldest) == on(3)
        await undo(again)
        assert await checked(oldest) == on(0)
