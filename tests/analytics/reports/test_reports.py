"""Reports over the API: what is in the files, who gets them, what is refused, and what is known of it afterwards."""

import csv
import io
import json
import zipfile
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

import pytest

from regulars_analytics.lifetime.kept import find_anew
from regulars_analytics.reports import documents, task
from regulars_analytics.reports.kinds import KINDS
from regulars_core.bulk.worker import do_whole_jobs
from regulars_core.files.storage import content_of
from regulars_core.plugin import Shop, actor_of_key, day_of, now, printed
from regulars_core.primitives.clock import DAY_MS
from regulars_schema.testing import Api
from tests.analytics.conftest import OpenAnalytics
from tests.erasure.conftest import pass_days
from tests.support.keys import make_key, revoke

JOB = "bulkJob { id task stage progress problem counts { kind count } files { id name sha256 } }"


class Desk:
    """Somebody with a key, for whom jobs are run."""

    def __init__(self, shop: Shop, api: Api, key: str) -> None:
        self.shop, self.api, self.key = shop, api, key

    @classmethod
    async def of(cls, shop: Shop, role: str = "administrator", *stores: str) -> "Desk":
        key = await make_key(shop.database, role, role, stores or None)
        actor = await actor_of_key(shop, key.split("_")[1])
        assert actor is not None
        return cls(shop, Api(Api.of(shop).schema, shop, actor), key)

    async def job(self, given: dict[str, Any]) -> Any:
        """A report that was asked for, when it is written."""
        asked = await self.api.done("reportRun", JOB, {"formats": ["CSV"], **given})
        await do_whole_jobs(self.shop, imports=False)
        fields = JOB.removeprefix("bulkJob {").removesuffix("}")
        query = f"query($id: ID!) {{ node(id: $id) {{ ... on BulkJob {{ {fields} }} }} }}"
        return (await self.api.data(query, id=asked["bulkJob"]["id"]))["node"]

    async def content(self, file: Any) -> bytes:
        key = file["id"].split("_")[1]
        return b"".join([piece async for piece in content_of(self.shop.database, key)])

    async def tables(self, job: Any) -> dict[str, list[list[str]]]:
        """The tables of a report by name, with their headers."""
        assert job["stage"] == "DONE", job
        content = await self.content(job["files"][0])
        if job["files"][0]["name"].endswith(".csv"):
            return {"": list(csv.reader(io.StringIO(content.decode())))}
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            return {
                name.removesuffix(".csv"): list(csv.reader(io.StringIO(archive.read(name).decode())))
                for name in archive.namelist()
            }


@pytest.fixture
async def shop(open_analytics: OpenAnalytics) -> Shop:
    """Three customers: Ana has bought tea three times, Bo cake once, and 王小明 nothing."""
    shop = await open_analytics(jobs_per_key=2)
    api = Api.of(shop)
    for first, last, sales in (("Ana", "=cmd()", ("Tea", 3)), ("Bo", "Li", ("Cake", 1)), ("小明", "王", ("", 0))):
        made = await api.done("customerCreate", "customer { id }", {"firstName": first, "lastName": last})
        for n in range(sales[1]):
            line = {"name": sales[0], "category": sales[0], "total": "10.50"}
            given = {"customerId": made["customer"]["id"], "purchasedAt": printed(now() - n * DAY_MS), "lines": [line]}  # type: ignore[arg-type]
            await api.done("purchaseRecord", "created", {"reference": uuid4().hex, **given})
    await find_anew(shop)
    return shop


async def test_each_kind_is_written(shop: Shop) -> None:
    """All that can be put into each, as CSV, and some as PDF."""
    desk = await Desk.of(shop)
    shown = (await desk.api.data("{ reportKinds { name metrics { name isAllowed } } }"))["reportKinds"]
    assert [one["name"] for one in shown] == list(KINDS)
    for kind in shown:
        assert all(one["isAllowed"] for one in kind["metrics"])
        metrics = [one["name"] for one in kind["metrics"]]
        formats = ["CSV", "PDF"] if kind["name"] == "RETENTION" else ["CSV"]
        job = await desk.job({"kind": kind["name"], "metrics": metrics, "formats": formats})
        assert (job["stage"], job["task"], job["progress"]) == ("DONE", "REPORT", 100), job
        assert job["counts"] == [{"kind": "written", "count": len(formats)}]
        tables = await desk.tables(job)
        assert sorted(tables) == sorted(metrics) if len(metrics) > 1 else [""]
        for file in job["files"][1:]:
            assert (await desk.content(file))[:5] == b"%PDF-"


@pytest.mark.parametrize("first", ["0001-01-01", "9999-12-31"])
async def test_days_at_the_ends_of_the_calendar(shop: Shop, first: str) -> None:
    """They begin or end where the calendar has no day in UTC: figures, periods and reports are of them as of any others."""
    desk = await Desk.of(shop)
    told = await desk.api.data(
        """query($days: DayRangeInput) {
          insight(days: $days) { purchaseCount month: series(interval: MONTH) { from to } day: series(interval: DAY) { from to }
            week: series(interval: WEEK) { from to } year: series(interval: YEAR) { from to } }
          tierPerformance(days: $days) { movedUpCount } promotionResponse(days: $days) { name }
        }""",
        days={"from": first},
    )
    last = {name: periods[-1] for name, periods in told["insight"].items() if name != "purchaseCount"}
    retention = await desk.api.ask(
        "query($days: DayRangeInput) { retention(days: $days) { from } }", days={"from": first}
    )
    if first == "9999-12-31":
        begins = {"month": "9999-12-01", "day": first, "week": "9999-12-27", "year": "9999-01-01"}
        assert last == {name: {"from": begin, "to": first} for name, begin in begins.items()}
        assert retention.codes == ["BAD_USER_INPUT"]  # nobody knows who will stay
        for kind in KINDS:
            refused = await desk.api.refused("reportRun", {"kind": kind, "formats": ["CSV"], "days": {"from": first}})
            assert refused == ["INVALID_DATE"]
    else:
        assert told["insight"]["purchaseCount"] == 4
        assert retention.data == {"retention": {"from": first}}
        assert last["day"]["from"] == last["day"]["to"]
        for kind in KINDS:
            job = await desk.job({"kind": kind, "days": {"from": first}})
            assert job["stage"] == "DONE", (kind, job)


async def test_what_is_in_them(shop: Shop) -> None:
    desk = await Desk.of(shop)
    named = await desk.job({"kind": "LIFETIME_VALUE", "metrics": ["customers"]})
    assert named["files"][0]["name"].startswith("lifetime-value-")
    table = (await desk.tables(named))[""]
    assert table[0] == ["code", "name", "purchases", "spent", "projected", "currency"]
    assert [row[1:4] for row in table[1:]] == [["Ana =cmd()", "3", "31.50"], ["Bo Li", "1", "10.50"]]
    behavior = await desk.tables(await desk.job({"kind": "PURCHASE_BEHAVIOR"}))
    assert behavior["figures"][:5] == [
        ["figure", "value", "currency"],
        ["Purchases", "4", ""],
        ["Customers who bought", "2", ""],
        ["Spent", "42.00", "USD"],
        ["A purchase, on average", "10.50", "USD"],
    ]
    assert behavior["figures"][8] == ["Customers who bought twice or more", "0.5000", ""]
    assert [row[:5] for row in behavior["categories"][1:]] == [
        ["Tea", "1", "3", "3", "31.50"],
        ["Cake", "1", "1", "1", "10.50"],
    ]
    ana = await desk.job({"kind": "PURCHASE_BEHAVIOR", "metrics": ["figures"], "where": {"purchaseCount": {"gte": 2}}})
    assert (await desk.tables(ana))[""][1:3] == [["Purchases", "3", ""], ["Customers who bought", "1", ""]]
    tiers = (await desk.tables(await desk.job({"kind": "TIER_PERFORMANCE"})))[""]
    assert sum(int(row[1]) for row in tiers[1:]) == 3
    often = {"kind": "TIER_PERFORMANCE", "where": {"purchaseCount": {"gte": 2}}}
    of_some = (await desk.tables(await desk.job(often)))[""]
    assert [sum(int(row[n]) for row in of_some[1:]) for n in (1, 2)] == [1, 1], "customers are those who are chosen"


async def test_what_they_are_worth_on_average_is_half_up(shop: Shop) -> None:
    desk = await Desk.of(shop)
    [[bo]] = await shop.database.rows("SELECT id FROM customer WHERE first_name = 'Bo'")
    line = {"name": "Bag", "total": "0.04"}
    given = {"customerId": f"customer_{str(bo).replace('-', '')}", "reference": "bag", "lines": [line]}
    await desk.api.done("purchaseRecord", "created", given)
    await find_anew(shop)
    summary = (await desk.tables(await desk.job({"kind": "LIFETIME_VALUE", "metrics": ["summary"]})))[""]
    worth, average = (Decimal(summary[n][1]) for n in (4, 5))
    assert worth * 100 % 2 == 1
    assert average == (worth / 2).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert summary[6] == ["Method", "each customer's own rate", ""]


async def test_who_is_gone_is_in_no_part(shop: Shop) -> None:
    """As in the lists: erased customers bought for the shop, and belong to no conditions and no segment any more."""
    desk = await Desk.of(shop)
    [[ana]] = await shop.database.rows("SELECT id FROM customer WHERE first_name = 'Ana'")
    where = {"purchaseCount": {"gte": 1}}
    made = await desk.api.done("segmentCreate", "segment { id }", {"name": "Buyers", "where": where})
    erased = {"customerId": f"customer_{str(ana).replace('-', '')}"}
    await desk.api.done("customerEraseRequest", "erasure { id }", erased)
    await pass_days(shop)
    document = "query($w: CustomerWhere) { customers(where: $w) { totalCount } insight(where: $w) { purchaseCount } }"
    told = await desk.api.data(document, w=where)
    assert (told["customers"]["totalCount"], told["insight"]["purchaseCount"]) == (1, 1)
    for chosen in ({"segmentIds": [made["segment"]["id"]]}, {"where": where}):
        job = await desk.job({"kind": "PURCHASE_BEHAVIOR", "metrics": ["figures"], **chosen})
        assert (await desk.tables(job))[""][1] == ["Purchases", "1", ""]
    job = await desk.job({"kind": "PURCHASE_BEHAVIOR", "metrics": ["figures"]})
    assert (await desk.tables(job))[""][1] == ["Purchases", "4", ""]


async def test_audiences_are_told_to_who_may_read_them(shop: Shop) -> None:
    """What their conditions need is needed by the file, too, and looked at before each table."""
    desk = await Desk.of(shop)
    rule = {"kind": "PERCENT", "settings": [{"name": "percent", "value": "10"}]}
    given = {"name": "Big", "discountRule": rule, "audience": {"totalSpent": {"gte": "5.00"}}}
    await desk.api.done("promotionCreate", "promotion { id }", {"promotion": given})
    job = await desk.job({"kind": "PROMOTION_RESPONSE", "metrics": ["promotions"]})
    assert (await desk.tables(job))[""][1][:3] == ["Big", "Percent", "2"]
    [[needs]] = await shop.database.rows("SELECT needs FROM bulk_job WHERE task = 'REPORT'")
    assert set(json.loads(needs)) == {"analytics.view", "purchases.view"}


async def test_documents_are_refused_before_anything_is_found(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = await Desk.of(shop)
    given = {"kind": "RETENTION", "formats": ["CSV", "PDF"]}
    await desk.api.done("reportRun", JOB, given)
    monkeypatch.setattr(documents, "find_spec", lambda name: None)
    assert await desk.api.refused("reportRun", given) == ["UNAVAILABLE"]
    await do_whole_jobs(shop, imports=False)
    asked = "{ bulkJobs(first: 1) { nodes { stage progress problem } } }"
    [job] = (await desk.api.data(asked))["bulkJobs"]["nodes"]
    assert (job["stage"], job["progress"]) == ("FAILED", None)
    assert "pip install 'regulars[reports]'" in job["problem"]


async def test_a_document_says_what_it_is_about(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose it is, which days, in what amounts are, and what the words in it mean."""
    kept = list[documents.Document]()
    monkeypatch.setattr(task, "document_of", lambda document, _: kept.append(document) or b"%PDF-")
    desk = await Desk.of(shop)
    today = day_of(now(), shop.settings.zone)
    days = {"from": f"{today}", "to": f"{today}"}
    await desk.job({"kind": "RETENTION", "formats": ["PDF"], "days": days})
    [store] = (await desk.api.data("{ stores { nodes { id name } } }"))["stores"]["nodes"]
    await desk.job({"kind": "TIER_PERFORMANCE", "formats": ["PDF"], "storeIds": [store["id"]], "days": days})
    retention, tiers = kept
    assert retention.title == f"Retention, {today}"
    assert retention.about == ["My shop", f"{today}", "all stores", f"written on {today}"]
    assert tiers.about == ["My shop", f"{today}", store["name"], f"written on {today}"]
    figures, series, _ = retention.parts[0].sections
    assert "bought in the last 90 days; as lost counts who has not bought for 180 days" in figures.note
    assert series.note == "Only some of its days are in the period."
    assert "the share of them who bought in it" in tiers.parts[0].sections[0].note
    assert [one.heading("USD") for one in tiers.parts[0].sections[0].columns][5:7] == ["Average (USD)", "Spent (USD)"]


async def test_segments_side_by_side(shop: Shop) -> None:
    """Each in a part of its own, and the log says which, without what somebody is called."""
    desk = await Desk.of(shop)
    ids = []
    for name, where in (("Often", {"purchaseCount": {"gte": 2}}), ("Li", {"purchaseCount": {"lt": 2}})):
        made = await desk.api.done("segmentCreate", "segment { id }", {"name": name, "where": where})
        ids.append(made["segment"]["id"])
    job = await desk.job({"kind": "RETENTION", "metrics": ["figures"], "segmentIds": ids, "title": "Side by side"})
    tables = await desk.tables(job)
    assert [tables[name][1][1] for name in ("01-figures", "02-figures")] == ["1", "1"]
    log = (await desk.api.data("{ exportLog(first: 1) { nodes { task columns narrowedBy sha256 } } }"))["exportLog"][
        "nodes"
    ]
    assert log[0]["columns"] == ["RETENTION", "figures"]
    assert (log[0]["task"], log[0]["sha256"]) == ("REPORT", job["files"][0]["sha256"])
    assert ids[0] in log[0]["narrowedBy"]
    twice = await desk.job({"kind": "RETENTION", "metrics": ["figures"], "segmentIds": [ids[0], ids[0]]})
    assert list(await desk.tables(twice)) == [""]


async def test_what_is_refused(shop: Shop) -> None:
    desk = await Desk.of(shop)
    good = {"kind": "RETENTION", "formats": ["CSV"]}
    nowhere = "0" * 32
    for given, codes in (
        ({"kind": "TAROT"}, ["UNKNOWN_REPORT"]),
        ({"metrics": ["figures", "stars"]}, ["UNKNOWN_METRIC"]),
        ({"formats": []}, ["REQUIRED"]),
        ({"days": {"from": "2026-02-01", "to": "2026-01-01"}}, ["INVALID_DATE"]),
        ({"days": {"from": "2999-01-01"}}, ["INVALID_DATE"]),
        ({"title": "x" * 121}, ["TOO_LONG"]),
        ({"segmentIds": [f"segment_{nowhere}"] * 11}, ["TOO_MANY"]),
        ({"segmentIds": [f"segment_{nowhere}"]}, ["NOT_FOUND"]),
        ({"storeIds": [f"store_{nowhere}"]}, ["NOT_FOUND"]),
    ):
        assert await desk.api.refused("reportRun", {**good, **given}) == codes, given
    for _ in range(2):
        await desk.api.done("reportRun", JOB, good)
    assert await desk.api.refused("reportRun", good) == ["TOO_MANY_JOBS"]


async def test_who_may_have_what(shop: Shop) -> None:
    """Names are for who takes customers out, figures of all stores for who sees those of the whole shop; who has lost it since
    gets nothing."""
    marketing = await Desk.of(shop, "marketing")
    manager = await Desk.of(shop, "store_manager", "MAIN")
    cashier = await Desk.of(shop, "cashier")
    asked = "{ reportKinds { name metrics { name isAllowed } } }"
    assert (await cashier.api.ask(asked)).codes == ["FORBIDDEN"]
    kinds = (await manager.api.data(asked))["reportKinds"]
    allowed = {one["name"]: [each["name"] for each in one["metrics"] if each["isAllowed"]] for one in kinds}
    assert allowed["LIFETIME_VALUE"] == []
    assert "categories" in allowed["PURCHASE_BEHAVIOR"]
    given = {"kind": "LIFETIME_VALUE", "formats": ["CSV"]}
    assert await manager.api.refused("reportRun", given) == ["REQUIRED"]
    assert await manager.api.refused("reportRun", {**given, "metrics": ["best"]}) == ["UNKNOWN_METRIC"]
    assert (await marketing.tables(await marketing.job({**given, "metrics": ["best"]})))[""][1][1] == "Ana =cmd()"
    await manager.api.done("reportRun", JOB, {"kind": "RETENTION", "formats": ["CSV"]})
    await revoke(shop.database, manager.key)
    await do_whole_jobs(shop, imports=False)
    owner = await Desk.of(shop)
    [job] = (await owner.api.data("{ bulkJobs(first: 1) { nodes { stage problem } } }"))["bulkJobs"]["nodes"]
    assert job["stage"] == "FAILED"
    assert "does not hold" in job["problem"]
