"""D4: what is asked for of very many is done behind the answer, and it can be asked how far it is."""

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Any

import pytest

import regulars_tiers
from regulars_core.bulk import worker
from regulars_core.bulk.worker import do_bulk_jobs
from regulars_core.groups import deletion
from regulars_core.plugin import LATEST, NEVER, Actor, CustomerRow, Plugins, Problem, Refused, hookimpl, plugins_on
from regulars_core.primitives.clock import now
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_core.shop.shop import Shop
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

MEMBERS = int(os.environ.get("GROUP_MEMBERS", "3000"))
LONG = MEMBERS > 100_000
JOB = "bulkJob { id task stage progress problem counts { kind count } requestedBy finishedAt }"
ASK = f"query($id: ID!) {{ node(id: $id) {{ ... on BulkJob {{ {JOB.partition('{ ')[2]} }} }}"
_CUSTOMER = (
    "id", "code", "first_name", "last_name", "sort_name", "status", "group_id", "version", "created_at", "updated_at",
)  # fmt: skip
_STATS = ("customer_id", "total_spent", "purchase_count", "first_purchase_at", "last_purchase_at", "active_at")
_SPELL = ("customer_id", "begins", "ends", "tier", "position")
_STANDING = ("customer_id", "tier", "next_at", "policy")


class Heard:
    """A plugin that counts of how many customers it hears, and refuses one."""

    def __init__(self) -> None:
        self.count = 0
        self.unwanted: str | None = None

    @hookimpl
    async def customers_changed(self, shop: Shop, customers: Sequence[CustomerRow]) -> None:
        if any(customer.id == self.unwanted for customer in customers):
            raise Refused(Problem("UNWANTED", "This one stays.", ("id",)))
        self.count += len(customers)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def plugins(heard: Heard) -> Plugins:
    return plugins_on({"heard": heard, "tiers": regulars_tiers})


@pytest.fixture
def api(shop: Shop) -> Api:
    return Api.of(shop)


async def members_of(shop: Shop, group: str, number: int) -> list[str]:
    """So many customers in a group."""
    ids, at = [new_id() for _ in range(number)], now()
    for start in range(0, number, 10_000):
        rows = [
            (id_, f"M{n}", "Ana", "Li", "li ana", "ACTIVE", group, 1, at + n, at)
            for n, id_ in enumerate(ids[start : start + 10_000], start)
        ]
        stats = [(row[0], 0, 0, NEVER, NEVER, at) for row in rows]

        async def work(rows: Any = rows, stats: Any = stats) -> None:
            await insert(shop.database, "customer", _CUSTOMER, rows)
            await insert(shop.database, "customer_stats", _STATS, stats)

        await shop.database.transaction(work)
    return ids


async def group(api: Api, name: str) -> str:
    made = await api.done("customerGroupCreate", "customerGroup { id }", {"name": name})
    return str(made["customerGroup"]["id"])


def key(id_: str) -> str:
    return id_.rpartition("_")[2]


async def sizes(shop: Shop) -> dict[str, int]:
    """How many customers each group has, by its key."""
    return {
        row[0]: row[1] for row in await shop.database.rows("SELECT group_id, count(*) FROM customer GROUP BY group_id")
    }


async def asked(api: Api, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(ASK, id=id_))["node"]
    return found


async def test_d4_a_large_group_is_emptied_behind_the_answer(api: Api, heard: Heard) -> None:
    shop, old, new = api.shop, await group(api, "Old"), await group(api, "New")
    await members_of(shop, key(old), MEMBERS)
    begun = time.monotonic()
    given = {"id": old, "moveCustomersTo": new, "idempotencyKey": "k"}
    done = await api.done("customerGroupDelete", f"deletedCustomerGroupId {JOB}", given)
    job = done["bulkJob"]
    assert done["deletedCustomerGroupId"] is None
    assert (job["task"], job["stage"], job["progress"], job["requestedBy"]) == ("GROUP_DELETE", "QUEUED", None, "till")
    again = await api.done("customerGroupDelete", f"deletedCustomerGroupId {JOB}", given)
    assert again["bulkJob"]["id"] == job["id"]
    # Nobody gets into it any more, and asking again is no second job.
    newcomer = {"firstName": "A", "lastName": "B", "groupId": old}
    assert await api.refused("customerCreate", newcomer) == ["NOT_FOUND"]
    assert await api.refused("customerGroupDelete", {"id": new, "moveCustomersTo": old}) == ["NOT_FOUND"]
    assert (await api.done("customerGroupDelete", JOB, {"id": old}))["bulkJob"]["id"] == job["id"]
    await do_bulk_jobs(shop)
    found = await asked(api, job["id"])
    assert (found["stage"], found["progress"], found["problem"]) == ("DONE", 100, None)
    assert found["counts"] == [{"kind": "changed", "count": MEMBERS}]
    assert found["finishedAt"] is not None
    assert await sizes(shop) == {key(new): MEMBERS}
    assert heard.count == MEMBERS
    assert (await api.data("query($id: ID!) { node(id: $id) { id } }", id=old))["node"] is None
    moved = await shop.database.row("SELECT count(*) FROM customer_group_change WHERE after_id = $1", key(new))
    assert moved is not None
    assert moved[0] == MEMBERS
    [told] = (await api.data("query($id: ID!) { audit(entityId: $id, first: 1) { nodes { action } } }", id=old))[
        "audit"
    ]["nodes"]
    assert told == {"action": "customerGroupDelete"}
    if LONG:
        print(f"{shop.database.engine}: {MEMBERS} members in {time.monotonic() - begun:.0f} s")


async def test_d4_few_members_are_moved_at_once(api: Api, heard: Heard) -> None:
    old, new = await group(api, "Old"), await group(api, "New")
    await members_of(api.shop, key(old), 20)
    assert await api.refused("customerGroupDelete", {"id": old}) == ["GROUP_NOT_EMPTY"]
    done = await api.done("customerGroupDelete", f"deletedCustomerGroupId {JOB}", {"id": old, "moveCustomersTo": new})
    assert (done["deletedCustomerGroupId"], done["bulkJob"]) == (old, None)
    assert await sizes(api.shop) == {key(new): 20}
    assert heard.count == 20


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three are many, and five members are a batch."""
    monkeypatch.setattr(deletion, "MAX_AT_ONCE", 3)
    monkeypatch.setattr(worker, "_FIRST", 5)


async def begun(api: Api, number: int) -> tuple[str, str, str, list[str]]:
    """A group that is being emptied, where to, by which job, and who was in it."""
    old, new = await group(api, "Old"), await group(api, "New")
    ids = await members_of(api.shop, key(old), number)
    done = await api.done("customerGroupDelete", JOB, {"id": old, "moveCustomersTo": new})
    return old, new, done["bulkJob"]["id"], ids


class Killed(BaseException):
    """As if the process were gone."""


@pytest.mark.usefixtures("few")
async def test_d4_a_new_server_goes_on_with_it(
    api: Api, open_shop: OpenShop, monkeypatch: pytest.MonkeyPatch, plugins: Plugins
) -> None:
    old, new, job, _ = await begun(api, 30)
    batch, batches = worker._batch, 0

    async def mortal(*given: Any) -> Any:
        nonlocal batches
        if batches == 2:
            raise Killed
        batches += 1
        return await batch(*given)

    monkeypatch.setattr(worker, "_batch", mortal)
    with pytest.raises(Killed):
        await do_bulk_jobs(api.shop)
    monkeypatch.setattr(worker, "_batch", batch)
    found = await asked(api, job)
    assert found["stage"] == "RUNNING"
    assert 0 < found["progress"] < 100
    assert 0 < (await sizes(api.shop))[key(old)] < 30
    await do_bulk_jobs(await open_shop())
    assert (await asked(api, job))["stage"] == "DONE"
    assert await sizes(api.shop) == {key(new): 30}


@pytest.mark.usefixtures("few")
async def test_d4_cancelling_leaves_what_is_done(api: Api, heard: Heard) -> None:
    old, new, job, ids = await begun(api, 12)
    other = Api(api.schema, api.shop, Actor.of_role("other", "other", "marketing", api.shop.permissions))
    assert await other.refused("bulkJobCancel", {"id": job}) == ["NOT_FOUND"]
    assert (await other.data("{ bulkJobs { totalCount } }"))["bulkJobs"]["totalCount"] == 0
    assert (await other.data(ASK, id=job))["node"] is None
    listed = "query($tasks: [String!]) { bulkJobs(tasks: $tasks) { totalCount nodes { id } } }"
    assert (await api.data(listed, tasks=["GROUP_DELETE"]))["bulkJobs"]["nodes"] == [{"id": job}]
    assert (await api.data(listed, tasks=["REPORT"]))["bulkJobs"]["totalCount"] == 0
    done = await api.done("bulkJobCancel", JOB, {"id": job})
    assert (done["bulkJob"]["stage"], done["bulkJob"]["progress"]) == ("CANCELLED", None)
    assert await api.refused("bulkJobCancel", {"id": job}) == ["JOB_FINISHED"]
    await do_bulk_jobs(api.shop)
    assert heard.count == 0
    # The group is one like others again.
    assert await api.refused("customerGroupDelete", {"id": old}) == ["GROUP_NOT_EMPTY"]
    given = {"customerIds": [f"customer_{ids[0]}"], "groupId": new}
    await api.done("customersAssignGroup", "movedCount", given)
    back = {"customerIds": [f"customer_{ids[0]}"], "groupId": old}
    assert (await api.done("customersAssignGroup", "movedCount", back))["movedCount"] == 1


@pytest.mark.usefixtures("few")
async def test_d4_what_a_plugin_refuses_ends_it_with_the_reason(api: Api, heard: Heard) -> None:
    old, new, job, ids = await begun(api, 12)
    heard.unwanted = ids[-1]
    await do_bulk_jobs(api.shop)
    found = await asked(api, job)
    assert (found["stage"], found["problem"]) == ("FAILED", "This one stays.")
    assert (await sizes(api.shop))[key(old)] > 0
    heard.unwanted = None
    done = await api.done("customerGroupDelete", JOB, {"id": old, "moveCustomersTo": new})
    await do_bulk_jobs(api.shop)
    assert (await asked(api, done["bulkJob"]["id"]))["stage"] == "DONE"


@pytest.mark.usefixtures("few")
async def test_d4_the_group_that_they_go_to_may_go_too(api: Api) -> None:
    _, new, job, _ = await begun(api, 12)
    last = await group(api, "Last")
    done = await api.done("customerGroupDelete", "deletedCustomerGroupId", {"id": new, "moveCustomersTo": last})
    assert done["deletedCustomerGroupId"] == new
    await do_bulk_jobs(api.shop)
    assert (await asked(api, job))["stage"] == "DONE"
    assert await sizes(api.shop) == {key(last): 12}


async def test_d4_all_customers_are_reassessed_behind_the_answer(api: Api) -> None:
    shop = api.shop
    ids = await members_of(shop, (await shop.database.rows("SELECT id FROM customer_group"))[0][0], MEMBERS)
    for start in range(0, MEMBERS, 10_000):
        some = ids[start : start + 10_000]

        async def work(some: Any = some) -> None:
            await insert(shop.database, "tier_spell", _SPELL, [(id_, NEVER, LATEST, "C", 0) for id_ in some])
            await insert(shop.database, "tier_standing", _STANDING, [(id_, "C", LATEST, -1) for id_ in some])

        await shop.database.transaction(work)
    begun = time.monotonic()
    counts = f"reassessedCount movedCount queuedCount {JOB}"
    done = await api.done("tiersReassess", counts, {"all": True})
    assert (done["reassessedCount"], done["movedCount"]) == (0, 0)
    assert done["queuedCount"] == min(MEMBERS, 100_000)
    job = done["bulkJob"]
    assert (job["task"], job["stage"]) == ("TIERS_REASSESS", "QUEUED")
    suspend = "UPDATE customer SET status = 'SUSPENDED' WHERE code IN ('M0', 'M1')"
    await shop.database.transaction(lambda: shop.database.run(suspend))
    two = await api.done("tiersReassess", counts, {"where": {"status": {"in": ["SUSPENDED"]}}})
    assert (two["reassessedCount"], two["queuedCount"], two["bulkJob"]) == (2, 0, None)
    many = await api.done("tiersReassess", counts, {"where": {"status": {"in": ["ACTIVE"]}}})
    await asyncio.wait_for(do_bulk_jobs(shop), 3_600)
    for id_, number in ((job["id"], MEMBERS), (many["bulkJob"]["id"], MEMBERS - 2)):
        found = await asked(api, id_)
        assert (found["stage"], found["problem"]) == ("DONE", None)
        assert sum(one["count"] for one in found["counts"]) == number
    assert await shop.database.row("SELECT 1 FROM tier_standing WHERE policy = -1") is None
    if LONG:
        print(f"{shop.database.engine}: {2 * MEMBERS} standings in {time.monotonic() - begun:.0f} s")
