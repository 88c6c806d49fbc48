"""Customers of whom nothing was heard for long are put on the list to be erased: nobody else, once, and they can be cancelled."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

import regulars_rewards
from regulars_core.customers.erasure import retention
from regulars_core.customers.erasure.due import erase_due
from regulars_core.customers.erasure.retention import DueCount, due_count
from regulars_core.customers.erasure.retention_requests import request_due
from regulars_core.customers.notes.retention import forget_old_notes
from regulars_core.events.replay import catch_up
from regulars_core.plugin import Shop, plugins_on
from regulars_core.queries.inserts import insert
from regulars_core.testing import OpenShop
from regulars_loyalty import regulars_claims
from regulars_schema.testing import Api
from tests.erasure.conftest import BOTH

THE_LIST = """query($state: ErasureState) {
  shop { retention { inactiveMonths eraseAfterDays noteMonths dueCount isDueCountComplete } }
  erasures(first: 100, state: $state) { nodes { id ground requestedBy requestedAt scheduledFor customer { firstName } } } }"""


@contextmanager
def on(day: str) -> Iterator[None]:
    """It is this day."""
    with time_machine.travel(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC), tick=False):
        yield


async def create(api: Api, name: str, **given: Any) -> str:
    made = await api.done(
        "customerCreate", "customer { id }", {"firstName": name, "lastName": "Li", "force": True, **given}
    )
    return str(made["customer"]["id"])


async def sells(api: Api, customer: str, reference: str, **given: Any) -> str:
    sale = {"reference": reference, "customerId": customer, "lines": [{"name": "Tea", "total": "5.00"}], **given}
    made = await api.done("purchaseRecord", "purchase { id }", sale)
    return str(made["purchase"]["id"])


async def listed(api: Api, state: str = "SCHEDULED") -> tuple[int, list[str]]:
    """How many are due, and the names of those of whom this has become."""
    found = await api.data(THE_LIST, state=state)
    return found["shop"]["retention"]["dueCount"], sorted(
        one["customer"]["firstName"] for one in found["erasures"]["nodes"]
    )


@pytest.fixture
async def api(open_shop: OpenShop) -> Api:
    plugins = plugins_on(BOTH).without("birthday")
    return Api.of(await open_shop(plugins=plugins, retention_inactive_months=12))


async def fill(api: Api) -> None:
    """Of everybody the last that was heard is told by the name; whoever is in capitals is due in March 2025."""
    shop = api.shop
    with on("2023-11-30"):
        ids = {name: await create(api, name) for name in (
            "SILENT", "GONE AWAY", "bought", "voided", "noted", "open", "agreed", "looked at", "renamed", "owes",
            "has credit", "moved", "ALIASED", "alias", "merged", "late alias", "asked for", "erased",
        )}  # fmt: skip
        await sells(api, ids["SILENT"], "S1")
        await api.done("noteAdd", "note { id }", {"customerId": ids["SILENT"], "body": "Likes tea."})
        await api.done("customerDeactivate", "customer { id }", {"id": ids["GONE AWAY"]})
        await api.done("noteAdd", "note { id }", {"customerId": ids["open"], "body": "Ill.", "type": "COMPLAINT"})
        await sells(api, ids["owes"], "S2", due="5.00", payments=[])
        credit = {"customerId": ids["has credit"], "amount": {"amount": "1.00"}, "reason": "GOODWILL"}
        await api.done("creditAdd", "entry { id }", credit)
        merge = {"survivorId": ids["ALIASED"], "absorbedIds": [ids["alias"]]}
        await api.done("customersMerge", "customersMerge { mergeId }", merge)
        for name, day in (("asked for", "2026-01-01"), ("erased", "2023-11-30")):
            asked = {"customerId": ids[name], "scheduledFor": f"{day}T12:00:00Z"}
            await api.done("customerEraseRequest", "erasure { id }", asked)
        await erase_due(shop)
    with on("2024-03-01"):  # twelve months ago, to the day: that is lately enough
        await sells(api, ids["bought"], "S3")
        await api.done("purchaseVoid", "purchase { id }", {"purchaseId": await sells(api, ids["voided"], "S4")})
        await api.done("noteAdd", "note { id }", {"customerId": ids["noted"], "body": "Came by."})
        entry = {"purpose": "marketing", "decision": "WITHDRAWN", "source": "letter"}
        await api.done("consentRecord", "consents { id }", {"customerId": ids["agreed"], "entries": [entry]})
        await api.done("verificationRecord", "verification { id }", {"customerId": ids["looked at"], "subject": "AGE"})
        await api.done("customerUpdate", "customer { id }", {"id": ids["renamed"], "lastName": "Lee"})
        await api.done("tagsAdd", "customer { id }", {"customerId": ids["moved"], "tags": ["moved"]})
        merge = {"survivorId": ids["merged"], "absorbedIds": [ids["late alias"]]}
        await api.done("customersMerge", "customersMerge { mergeId }", merge)
    with on("2024-02-29"):
        await sells(api, ids["SILENT"], "S5")


async def test_who_is_due(api: Api) -> None:
    shop = api.shop
    await fill(api)
    with on("2025-03-01"):
        assert await listed(api) == (3, ["asked for"])
        await request_due(shop)
        await request_due(shop)
        assert await listed(api) == (0, ["ALIASED", "GONE AWAY", "SILENT", "asked for"])
        found = await api.data(THE_LIST, state="SCHEDULED")
        policy = {
            "inactiveMonths": 12,
            "eraseAfterDays": 10,
            "noteMonths": None,
            "dueCount": 0,
            "isDueCountComplete": True,
        }
        assert found["shop"]["retention"] == policy
        [one] = [e for e in found["erasures"]["nodes"] if e["customer"]["firstName"] == "SILENT"]
        assert {one["ground"], one["requestedBy"], one["scheduledFor"]} == {
            "RETENTION", "request-erasures", "2025-03-11T12:00:00.000Z",
        }  # fmt: skip
        rows = await shop.database.rows("SELECT action, changes FROM audit WHERE key_name = 'request-erasures'")
        assert [row[0] for row in rows] == ["customerEraseRequest"] * 3
        assert '"ground":[null,"RETENTION"]' in rows[0][1]
        away = next(e["id"] for e in found["erasures"]["nodes"] if e["customer"]["firstName"] == "GONE AWAY")
        cancel = {"erasureId": away}
        await api.done("customerEraseCancel", "erasure { id }", cancel)
    with on("2025-03-10"):  # came back while there was time
        aliased = await api.data('{ customers(search: "aliased") { nodes { id } } }')
        await sells(api, aliased["customers"]["nodes"][0]["id"], "S6")
    with on("2025-03-11"):
        await erase_due(shop)
        assert await listed(api, "DONE") == (8, ["", ""])
        assert await listed(api, "CANCELLED") == (8, ["ALIASED", "GONE AWAY"])
        [entry] = await shop.database.rows(
            "SELECT changes FROM audit WHERE action = 'customerEraseCancel' AND key_id = 'job'"
        )
        assert "CANCELLED" in entry[0]
    with on("2026-02-28"):
        await request_due(shop)
        assert "GONE AWAY" not in (await listed(api))[1]  # not within a year
    with on("2026-03-02"):
        await request_due(shop)
        assert "GONE AWAY" in (await listed(api))[1]


async def test_whoever_wrote_lately_was_heard_of_without_the_note_too(open_shop: OpenShop) -> None:
    """Deleted by the job or by hand: the customer is not due, and at the same version."""
    months = {"retention_inactive_months": 12, "retention_note_months": 3}
    shop = await open_shop(plugins=plugins_on({}), **months)
    api = Api.of(shop)
    with on("2023-01-01"):
        ids = {name: await create(api, name) for name in ("Ana", "Bo", "Cy", "Di")}
        notes = [{"customerId": ids[name], "body": "Likes tea."} for name in ("Ana", "Bo", "Di")]
        old = [(await api.done("noteAdd", "note { id }", one))["note"]["id"] for one in notes]
    with on("2024-09-01"):
        for name in ("Ana", "Bo"):
            added = await api.done("noteAdd", "note { id }", {"customerId": ids[name], "body": "Stays with us."})
    with on("2024-10-01"):
        await api.done("customerUpdate", "customer { id }", {"id": ids["Cy"], "lastName": "Lee"})
        await api.done("noteDelete", "customer { id }", {"id": old[2]})
    with on("2025-03-01"):
        versions = "SELECT id, version FROM customer ORDER BY id"
        before = await shop.database.rows(versions)
        assert (await due_count(shop)).count == 1  # Di, whose note is as old as she is
        await api.done("noteDelete", "customer { id }", {"id": added["note"]["id"]})
        assert (await due_count(shop)).count == 1
        await forget_old_notes(shop)
        assert await shop.database.rows("SELECT id FROM customer_note") == []
        assert (await due_count(shop)).count == 1
        assert await shop.database.rows(versions) == before
        found = await api.data("{ customers(first: 9) { nodes { firstName updatedAt } } }")
        assert {one["firstName"]: one["updatedAt"][:10] for one in found["customers"]["nodes"]} == {
            "Ana": "2024-09-01", "Bo": "2024-09-01", "Cy": "2024-10-01", "Di": "2023-01-01",
        }  # fmt: skip
    with on("2025-09-02"):
        assert (await due_count(shop)).count == 3


async def test_what_a_plugin_knows_keeps_somebody_while_it_is_off(api: Api, open_shop: OpenShop) -> None:
    with on("2023-01-01"):
        ana = await create(api, "Ana")
        given = {"customerId": ana, "amount": {"amount": "1.00"}, "reason": "GOODWILL"}
        await api.done("creditAdd", "entry { id }", given)
        bo = await create(api, "Bo")
    assert [one.name for one in regulars_claims()] == ["loyalty-balances"]
    on_, off = (plugins_on(BOTH), plugins_on(BOTH).without("loyalty"))
    for plugins in (on_, off):
        shop = await open_shop(plugins=plugins, retention_inactive_months=12)
        assert (await due_count(shop)).count == 1
    await request_due(shop)
    other = Api.of(shop)
    assert await listed(other) == (0, ["Bo"])
    with on(
        "2023-01-02"
    ):  # of which the plugin does not hear: the credit stays with the record that was merged, and on
        cy, di = [await create(other, name) for name in ("Cy", "Di")]
        for survivor, absorbed in ((cy, ana), (di, cy)):
            merge = {"survivorId": survivor, "absorbedIds": [absorbed]}
            await other.done("customersMerge", "customersMerge { mergeId }", merge)
    assert (await due_count(shop)).count == 0
    await request_due(shop)
    assert await listed(other) == (0, ["Bo"])
    # What the shop decides by the time counts: nobody is erased by a policy that is none any more.
    with on("2099-01-01"):
        await erase_due(await open_shop(plugins=off))
    assert await listed(other, "CANCELLED") == (1, ["Bo"])  # who is due again where there is a policy
    # Whom somebody has cancelled is left alone for a year, as part of somebody else, too.
    with on("2099-01-02"):
        await request_due(other.shop)
        [again] = (await other.data("{ erasures(first: 9, state: SCHEDULED) { nodes { id } } }"))["erasures"]["nodes"]
        await other.done("customerEraseCancel", "erasure { id }", {"erasureId": again["id"]})
        merge = {"survivorId": await create(other, "Em"), "absorbedIds": [bo]}
        await other.done("customersMerge", "customersMerge { mergeId }", merge)
    hasty = await open_shop(plugins=off, retention_inactive_months=1)
    for day, due in (("2099-03-01", 0), ("2099-12-31", 0), ("2100-01-02", 1)):
        with on(day):
            assert (await due_count(hasty)).count == due


async def test_what_a_plugin_has_not_heard_is_hers_again_keeps_somebody(api: Api, open_shop: OpenShop) -> None:
    """Her credit went over to another one with a merge, and stays there until the plugin hears that this was undone."""
    off = plugins_on(BOTH).without("birthday").without("loyalty")
    with on("2023-01-01"):
        ana, bo, _ = [await create(api, name) for name in ("Ana", "Bo", "Cy")]
        given = {"customerId": ana, "amount": {"amount": "1.00"}, "reason": "GOODWILL"}
        await api.done("creditAdd", "entry { id }", given)
        merge = {"survivorId": bo, "absorbedIds": [ana]}
        merged = await api.done("customersMerge", "customersMerge { mergeId }", merge)
    shop = await open_shop(plugins=off, retention_inactive_months=12)
    with on("2023-01-02"):
        await Api.of(shop).done(
            "customersUnmerge", "customers { id }", {"mergeId": merged["customersMerge"]["mergeId"]}
        )
    with on("2025-03-01"):
        await request_due(shop)
        assert await listed(Api.of(shop)) == (0, ["Cy"])
    again = await open_shop(plugins=plugins_on(BOTH).without("birthday"), retention_inactive_months=12)
    with on("2025-03-01"):
        await catch_up(again)
        await request_due(again)
        assert await listed(Api.of(again)) == (0, ["Bo", "Cy"])


async def test_a_coupon_that_can_be_used_keeps_somebody(open_shop: OpenShop) -> None:
    on_, off = (plugins_on({"rewards": regulars_rewards}), plugins_on({}, off=lambda: {"rewards": regulars_rewards}))
    shop = await open_shop(plugins=on_, retention_inactive_months=12)
    api = Api.of(shop)
    rule = {"kind": "FLAT", "settings": [{"name": "amount", "value": "1"}]}
    with on("2023-01-01"):
        promotions = []
        for ends in (None, "2024-01-01T00:00:00Z"):
            promotion = {"name": "Off", "needsCoupon": True, "discountRule": rule, "endsAt": ends}
            made = await api.done("promotionCreate", "promotion { id }", {"promotion": promotion})
            promotions.append(made["promotion"]["id"])
        for name, of, more in (
            ("usable", 0, {}), ("used, of two", 0, {"usageLimit": 2}), ("used, of many", 0, {"usageLimit": None}),
            ("until later", 0, {"expiresAt": "2025-06-01T00:00:00Z"}), ("MERGED", 0, {}), ("USED", 0, {}), ("REVOKED", 0, {}),
            ("EXPIRED", 0, {"expiresAt": "2023-06-01T00:00:00Z"}), ("ENDED", 1, {}),
        ):  # fmt: skip
            who = await create(api, name)
            given = {"promotionId": promotions[of], "customerId": who, **more}
            coupon = (await api.done("couponIssue", "coupon { id code }", given))["coupon"]
            if name.lower().startswith("used"):
                used = {"couponCode": coupon["code"], "customerId": who}
                await api.done("couponRedeem", "use { id }", used)
            if name == "REVOKED":
                await api.done("couponRevoke", "revokedCount", {"couponIds": [coupon["id"]], "reason": "Copied"})
            if name == "MERGED":
                merge = {"survivorId": await create(api, "survivor"), "absorbedIds": [who]}
                await api.done("customersMerge", "customersMerge { mergeId }", merge)
    for plugins in (on_, off):
        shop = await open_shop(plugins=plugins, retention_inactive_months=12)
        with on("2025-03-01"):
            assert (await due_count(shop)).count == 4
        with on("2025-06-02"):
            assert (await due_count(shop)).count == 5
    with on("2025-03-01"):
        await request_due(shop)
    assert (await listed(api))[1] == ["ENDED", "EXPIRED", "REVOKED", "USED"]


async def test_a_year_holds_for_what_somebody_has_decided_and_not_for_what_a_job_has(
    api: Api, open_shop: OpenShop
) -> None:
    """The policy was off for a day: who was let go for that is due again, and for whom a person decides is left alone."""
    with on("2023-01-01"):
        for name in ("Bo", "Cy"):
            await create(api, name)
    with on("2025-01-01"):
        await request_due(api.shop)
        asked = "{ erasures(first: 9, state: SCHEDULED) { nodes { id customer { firstName } } } }"
        both = (await api.data(asked))["erasures"]["nodes"]
        [hers] = [one["id"] for one in both if one["customer"]["firstName"] == "Cy"]
        await api.done("customerEraseCancel", "erasure { id }", {"erasureId": hers})
    with on("2025-02-01"):
        await erase_due(await open_shop(plugins=api.shop.plugins))
        assert await listed(api, "CANCELLED") == (1, ["Bo", "Cy"])
        await request_due(api.shop)
        assert await listed(api) == (0, ["Bo"])
        his = (await api.data(asked))["erasures"]["nodes"][0]["id"]
        await api.done("customerEraseCancel", "erasure { id }", {"erasureId": his})
    with on("2026-01-02"):
        assert await listed(api, "CANCELLED") == (1, ["Bo", "Bo", "Cy"])  # Cy's year is over, and Bo's is not


async def crowd(shop: Shop, count: int) -> None:
    """So many customers who were registered and never came."""
    people = [f"{n:032x}" for n in range(1, count + 1)]
    columns = ("id", "code", "first_name", "last_name", "sort_name", "status", "group_id", "version", "created_at",
               "updated_at")  # fmt: skip
    group = (await shop.database.rows("SELECT id FROM customer_group"))[0][0]
    stats = ("customer_id", "first_purchase_at", "last_purchase_at", "active_at", "total_spent", "purchase_count")

    async def write() -> None:
        rows = [(id_, id_, "A", "B", "b, a", "ACTIVE", group, 1, n, n) for n, id_ in enumerate(people)]
        await insert(shop.database, "customer", columns, rows)
        await insert(shop.database, "customer_stats", stats, [(id_, n, n, n, 0, 0) for n, id_ in enumerate(people)])

    await shop.database.transaction(write)


async def test_killed_half_way_by_two_and_beside_a_till(open_shop: OpenShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """2,500 are due: whoever comes after a killed one asks for the others, two at once ask once, and who buys is let go."""
    settings = {"retention_inactive_months": 1, "erase_after_days": 0}
    shop, other = [await open_shop(plugins=plugins_on({}), **settings) for _ in range(2)]
    await crowd(shop, 2_500)
    assert await due_count(shop) == DueCount(2_500, is_complete=True)
    with monkeypatch.context() as patch:  # it costs what so many cost, however many there are
        patch.setattr(retention, "MOST_COUNTED", 1_000)
        assert await due_count(shop) == DueCount(1_000, is_complete=False)
        erased = "(SELECT customer_id FROM customer_stats ORDER BY active_at, customer_id LIMIT 1600)"
        await shop.database.transaction(
            lambda: shop.database.run(f"UPDATE customer SET status = 'ERASED' WHERE id IN {erased}")
        )
        assert await due_count(shop) == DueCount(900, is_complete=True)  # those in front take nobody's place
        patch.setattr(retention, "MOST_PASSED", 2_000)
        assert await due_count(shop) == DueCount(400, is_complete=False)
        await shop.database.transaction(
            lambda: shop.database.run(f"UPDATE customer SET status = 'ACTIVE' WHERE id IN {erased}")
        )
    asked = "SELECT count(*), count(DISTINCT customer_id) FROM erasure WHERE state = 'SCHEDULED'"
    killed = asyncio.create_task(request_due(shop))
    while not (await shop.database.rows(asked))[0][0]:
        pass
    killed.cancel()
    await asyncio.wait([killed])
    [(before, _)] = await shop.database.rows(asked)
    assert 0 < before < 2_500
    assert (await due_count(shop)).count == 2_500 - before
    till = Api.of(other)
    buyers = [f"customer_{n:032x}" for n in (1, 900, 2_500)]
    with shop.database.counting() as counted:
        await asyncio.gather(
            request_due(shop), request_due(other), *(sells(till, buyer, f"R{n}") for n, buyer in enumerate(buyers))
        )
    assert len(counted) < 100
    [(number, people)] = await shop.database.rows(asked)
    assert number == people
    assert 2_500 - len(buyers) <= number <= 2_500
    assert (await due_count(shop)).count == 0
