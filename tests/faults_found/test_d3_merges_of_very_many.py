"""D3: customers who have bought very often are made one, and two again, though it takes longer than an answer."""

import asyncio
import os
import time
from typing import Any

import pytest

import regulars_loyalty
import regulars_tiers
from regulars_core.bulk.worker import do_bulk_jobs
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import Databases, Engine, OpenShop, opened_shop
from regulars_core.verification import verifications_of
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.merges import handover
from regulars_tiers.recalculation import Recalculate, recalculate
from tests.loyalty.test_purchases import Till, begin_program
from tests.support.very_many import POINTS_EACH, buys_very_often

BOUGHT = int(os.environ.get("MERGED_PURCHASES", "2500"))
LONG = BOUGHT > 100_000
SECONDS = 10
"""A request may take so long."""
JOB = "bulkJob { id task stage progress problem counts { kind count } requestedBy }"
ASK = f"query($id: ID!) {{ node(id: $id) {{ ... on BulkJob {{ {JOB.partition('{ ')[2]} }} }}"
SHOWN = "stats { totalSpent { amount } purchaseCount } tier { code } mergedInto { id } status"

pytestmark = pytest.mark.one_executor


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty})


class Counter(Till):
    """A till beside which it is looked how long an answer takes."""

    async def shown(self, customer: str) -> Any:
        document = f"query($id: ID!) {{ node(id: $id) {{ ... on Customer {{ {SHOWN} }} }} }}"
        return (await self.api.data(document, id="customer_" + customer))["node"]

    async def asked(self, job: str) -> Any:
        return (await self.api.data(ASK, id=job))["node"]

    async def preview(self, survivor: str, *absorbed: str) -> Any:
        document = """query($input: CustomersMergePreviewInput!) { customersMergePreview(input: $input) {
          fingerprint moved { kind count } effects { kind } obstacles { code } } }"""
        return (await self.api.data(document, input=merging(survivor, *absorbed)))["customersMergePreview"]

    async def merges(self, survivor: str, *absorbed: str, **more: Any) -> Any:
        return await self.api.done(
            "customersMerge", f"customersMerge {{ mergeId }} {JOB}", {**merging(survivor, *absorbed), **more}
        )

    async def merge_into(self, survivor: str) -> Any:
        document = "query($id: ID!) { customer(id: $id) { merges { mergeId mergedBy undoneAt obstacles { code } } } }"
        return (await self.api.data(document, id="customer_" + survivor))["customer"]["merges"][0]

    async def undoes(self, merge: str, **more: Any) -> Any:
        return await self.api.done("customersUnmerge", f"customers {{ id }} {JOB}", {"mergeId": merge, **more})

    async def done(self, job: Any) -> Any:
        """The job once it has ended."""
        await asyncio.wait_for(do_bulk_jobs(self.shop), 3_600)
        return await self.asked(job["id"])


def merging(survivor: str, *absorbed: str) -> dict[str, Any]:
    return {"survivorId": "customer_" + survivor, "absorbedIds": ["customer_" + one for one in absorbed]}


@pytest.fixture
async def till(open_shop: OpenShop, plugins: Plugins) -> Counter:
    shop = await open_shop(plugins=plugins)
    await begin_program(shop)
    return Counter(shop)


async def two(till: Counter, number: int = BOUGHT) -> tuple[str, str]:
    """Ana, who has bought once, and somebody who has bought very often."""
    ana, often = await till.customer(), await till.customer()
    await till.sells(ana, "5.00")
    await buys_very_often(till.shop, often, number)
    database = till.shop.database

    async def measure() -> None:
        await database.allow(600)
        await recalculate(till.shop, {often: Recalculate()}, "REASSESSMENT")

    await database.transaction(measure)
    if LONG:
        for table in ("purchase", "loyalty_lot", "loyalty_transfer"):
            await database.transaction(lambda table=table: analysed(till.shop, table))  # type: ignore[misc]
    return ana, often


async def analysed(shop: Shop, table: str) -> None:
    await shop.database.allow(600)
    await shop.database.run(f"ANALYZE {table}")


def told(shop: Shop, what: str, begun: float) -> float:
    took = time.monotonic() - begun
    if LONG:
        print(f"{shop.database.engine}: {what} of {BOUGHT} purchases in {took:.1f} s")
    return took


async def wrong(shop: Shop) -> list[str]:
    return [line for one in verifications_of(shop.plugins) async for line in one.differences(shop)]


async def test_d3_they_are_made_one_and_two_again_behind_the_answer(till: Counter) -> None:
    shop = till.shop
    ana, often = await two(till)
    before = [await till.shown(one) for one in (ana, often)]
    begun = time.monotonic()
    preview = await till.preview(ana, often)
    assert told(shop, "preview", begun) < SECONDS
    assert preview["moved"] == [{"kind": "purchases", "count": BOUGHT}]
    assert {one["kind"] for one in preview["effects"]} == {"POINTS", "TIER"}
    given = {"fingerprint": preview["fingerprint"], "idempotencyKey": "k"}
    begun = time.monotonic()
    asked = await till.merges(ana, often, **given)
    assert told(shop, "asking for the merge", begun) < SECONDS
    assert asked["customersMerge"] is None
    job = asked["bulkJob"]
    assert (job["task"], job["stage"], job["requestedBy"]) == ("CUSTOMERS_MERGE", "QUEUED", "till")
    assert (await till.merges(ana, often, **given))["bulkJob"]["id"] == job["id"]
    again = {"fingerprint": preview["fingerprint"], "idempotencyKey": "another"}
    assert (await till.merges(ana, often, **again))["bulkJob"]["id"] == job["id"]
    assert [await till.shown(one) for one in (ana, often)] == before
    begun = time.monotonic()
    found = await till.done(job)
    told(shop, "merge", begun)
    assert (found["stage"], found["problem"], found["progress"]) == ("DONE", None, 100)
    assert found["counts"] == []  # `moved` of the merge tells them to who may see them
    merged = await till.shown(ana)
    assert merged["stats"] == {"totalSpent": {"amount": f"{BOUGHT * 10 + 5}.00"}, "purchaseCount": BOUGHT + 1}
    assert merged["tier"] == before[1]["tier"]
    assert (await looks(shop, ana, often))[-3:] == (BOUGHT * POINTS_EACH + 5, 0, 1)
    assert (await till.shown(often))["mergedInto"] == {"id": "customer_" + ana}
    begun = time.monotonic()
    merge = await till.merge_into(ana)
    assert told(shop, "obstacles", begun) < SECONDS
    assert (merge["mergedBy"], merge["obstacles"]) == ("till", [])
    sold_since = await till.sells(ana, "7.00")
    [entry] = (
        await till.api.data(
            "query($id: ID!) { audit(entityId: $id, first: 1) { nodes { action } } }", id="customer_" + often
        )
    )["audit"]["nodes"]
    assert entry == {"action": "customersMerge"}
    if not LONG:
        assert await wrong(shop) == []
    begun = time.monotonic()
    undo = await till.undoes(merge["mergeId"], idempotencyKey="u")
    assert told(shop, "asking for the undo", begun) < SECONDS
    assert undo["customers"] is None
    assert (await till.undoes(merge["mergeId"], idempotencyKey="v"))["bulkJob"]["id"] == undo["bulkJob"]["id"]
    begun = time.monotonic()
    found = await till.done(undo["bulkJob"])
    told(shop, "undo", begun)
    assert (found["stage"], found["problem"]) == ("DONE", None)
    await till.voids(sold_since)
    assert [await till.shown(one) for one in (ana, often)] == before
    assert (await looks(shop, ana, often))[-3:-1] == (5, BOUGHT * POINTS_EACH)
    if not LONG:
        assert await wrong(shop) == []
    refused = await till.api.do("customersUnmerge", "customers { id }", {"mergeId": merge["mergeId"]})
    assert [one["code"] for one in refused["userErrors"]] == ["ALREADY_UNDONE"]


async def looks(shop: Shop, ana: str, often: str) -> tuple[Any, ...]:
    """What one look at the tables shows of both."""
    bought = "(SELECT count(*) FROM purchase WHERE customer_id = {})"
    has = "(SELECT amount FROM loyalty_account WHERE customer_id = {})"
    row = await shop.database.row(
        f"SELECT {bought.format('$1')}, {bought.format('$2')}, (SELECT merged_into_id FROM customer WHERE id = $2),"
        " (SELECT merged_into_id FROM customer_stats WHERE customer_id = $2),"
        " (SELECT purchase_count FROM customer_stats WHERE customer_id = $1),"
        f" {has.format('$1')}, {has.format('$2')}, (SELECT count(*) FROM customer_merge)",
        ana,
        often,
    )
    assert row is not None
    return tuple(row)


class Killed(BaseException):
    """As if the process were gone."""


async def test_d3_nobody_sees_half_of_it_and_who_is_killed_has_done_nothing(
    till: Counter, open_shop: OpenShop, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, often = await two(till, 2_500)
    monkeypatch.setattr(handover, "PART", 500)
    before, seen = await looks(till.shop, ana, often), set[tuple[Any, ...]]()
    job = (await till.merges(ana, often))["bulkJob"]
    watcher, other = await open_shop(plugins=plugins), await open_shop(plugins=plugins)
    write, parts = handover.write_ledger, 0

    async def mortal(ledger: Any, **how: Any) -> None:
        nonlocal parts
        parts += 1
        await write(ledger, **how)
        seen.add(await looks(watcher, ana, often))
        if parts == 3:
            raise Killed

    monkeypatch.setattr(handover, "write_ledger", mortal)
    with pytest.raises(Killed):
        await do_bulk_jobs(till.shop)
    assert seen == {before}
    assert await looks(watcher, ana, often) == before
    assert (await till.asked(job["id"]))["stage"] == "QUEUED"
    await do_bulk_jobs(other)
    assert (await till.asked(job["id"]))["stage"] == "DONE"
    assert seen == {before}
    after = await looks(till.shop, ana, often)
    assert after == (2_501, 0, ana, ana, 2_501, 2_500 * POINTS_EACH + 5, 0, 1)
    assert parts > 5
    assert await wrong(till.shop) == []


async def test_d3_what_has_changed_since_the_preview_ends_the_job(till: Counter) -> None:
    ana, often = await two(till, 2_500)
    fingerprint = (await till.preview(ana, often))["fingerprint"]
    job = (await till.merges(ana, often, fingerprint=fingerprint))["bulkJob"]
    await till.sells(ana, "1.00")
    before = await looks(till.shop, ana, often)
    found = await till.done(job)
    assert (found["stage"], found["counts"]) == ("FAILED", [])
    assert found["problem"].startswith("Something has changed since the preview")
    assert await looks(till.shop, ana, often) == before
    wrong_one = {**merging(ana, often), "overrides": [{"field": "nothing", "customerId": "customer_" + ana}]}
    assert await till.api.refused("customersMerge", wrong_one) == ["UNKNOWN_FIELD"]
    assert (await till.done((await till.merges(ana, often))["bulkJob"]))["stage"] == "DONE"
    refused = await till.api.do("customersMerge", "customersMerge { mergeId }", merging(ana, often))
    assert [one["code"] for one in refused["userErrors"]] == ["ALREADY_MERGED"]


async def test_d3_what_is_kept_for_a_basket_ends_the_job(till: Counter) -> None:
    ana, often = await two(till, 2_500)
    hold = {"customerId": "customer_" + often, "points": 10, "basket": "b"}
    await till.api.done("pointsHold", "hold { id }", hold)
    found = await till.done((await till.merges(ana, often))["bulkJob"])
    assert (found["stage"], found["problem"]) == (
        "FAILED",
        "An open basket keeps something of this customer's; capture or release it first.",
    )
    assert await till.has(often, POINTS) == 2_500 * POINTS_EACH


async def test_d3_merges_that_were_missed_are_told_later(
    databases: Databases, engine: Engine, plugins: Plugins
) -> None:
    """One that stands and, where there are not very many, one that was undone."""
    url = await databases.migrated(engine, plugins.apps)
    async with opened_shop(url, plugins) as shop:
        await begin_program(shop)
        ana, often = await two(Counter(shop))
        before = [await Counter(shop).shown(one) for one in (ana, often)]
    async with opened_shop(url, plugins.without("tiers").without("loyalty")) as shop:
        till = Counter(shop)
        asked = await till.merges(ana, often)
        assert (await till.done(asked["bulkJob"]))["stage"] == "DONE"
        if not LONG:
            merge = await till.merge_into(ana)
            assert (await till.done((await till.undoes(merge["mergeId"]))["bulkJob"]))["stage"] == "DONE"
            assert (await till.done((await till.merges(ana, often))["bulkJob"]))["stage"] == "DONE"
    begun = time.monotonic()
    async with opened_shop(url, plugins) as shop:
        told(shop, "a missed merge", begun)
        merged = await Counter(shop).shown(ana)
        assert (await looks(shop, ana, often))[-3:-1] == (BOUGHT * POINTS_EACH + 5, 0)
        assert merged["tier"] == before[1]["tier"]
        if not LONG:
            assert await wrong(shop) == []
    databases.drop(url)


async def test_d3_some_of_very_many_purchases_are_given_to_another_within_an_answer(till: Counter) -> None:
    ana, often = await two(till)
    rows = await till.shop.database.rows(
        "SELECT id FROM purchase WHERE customer_id = $1 ORDER BY purchased_at DESC LIMIT 250", often
    )
    given = {"purchaseIds": ["purchase_" + row[0] for row in rows], "customerId": "customer_" + ana}
    begun = time.monotonic()
    await till.api.done("purchasesReassign", "__typename", given)
    assert told(till.shop, "giving 250", begun) < SECONDS
    assert (await looks(till.shop, ana, often))[:2] == (251, BOUGHT - 250)
