"""How long does the insight of a segment take among millions of purchases, beside DuckDB over the same rows in memory?

    python -m benchmarks.segments --data DIR --duckdb VENV/bin/python [--customers 1000000] [--rounds 5] [--write]

DuckDB has a Python of its own: `python -m venv VENV && VENV/bin/pip install duckdb`. It is handed the rows of PostgreSQL once,
keeps them in memory, and is asked the same by hand-written SQL. Both look for who is in the segment each time, and their figures
must be equal. Two segments of ten thousand: those who have spent most, and one in a hundred.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import regulars_analytics
from benchmarks import processor, results
from benchmarks.crowd import crowd, crowd_of
from benchmarks.filled import Place, opened, places
from regulars_core.plugin import COUNTED, SPENT, Shop, plugins_on
from regulars_core.testing import opened_shop
from regulars_schema.testing import Api

MEMBERS = 10_000
MAX_TIMES = 3.0
ALL = "all of it at once"
SERVER = {"random_page_cost": 1.1}
"""What PostgreSQL is told besides: its default is of disks that turn."""
ASKED = {
    "totals": "purchaseCount customerCount totalSpent { amount } averagePurchase { amount } repeatRate",
    "discounts": "discountRate discountedShare",
    "pieces": "averageBasketSize",
    "days between purchases": "daysBetweenPurchases",
    "by category": "breakdown(by: CATEGORY) { value customerCount purchaseCount quantity total { amount } share }",
    "months": "series(interval: MONTH) { from customerCount newCustomerCount purchaseCount totalSpent { amount } }",
}
TABLES = {
    "customer": ("SELECT id, status FROM customer", "id UUID, status VARCHAR"),
    "stats": (
        "SELECT customer_id, total_spent, purchase_count, first_purchase_at FROM customer_stats",
        "customer_id UUID, total_spent BIGINT, purchase_count BIGINT, first_purchase_at BIGINT",
    ),
    "tag": ("SELECT customer_id, tag_key FROM customer_tag", "customer_id UUID, tag_key VARCHAR"),
    "purchase": (
        "SELECT id, customer_id, purchased_at, status, total, refunded, discount FROM purchase",
        "id UUID, customer_id UUID, purchased_at BIGINT, status VARCHAR, total BIGINT, refunded BIGINT, discount BIGINT",
    ),
    "line": (
        "SELECT purchase_id, category, quantity - refunded_quantity, total FROM purchase_line",
        "purchase_id UUID, category VARCHAR, quantity BIGINT, total BIGINT",
    ),
}
BY_HAND = {
    "totals": """
        SELECT sum(times)::BIGINT, count(CASE WHEN times > 0 THEN 1 END), sum(spent)::BIGINT,
          count(CASE WHEN times > 1 THEN 1 END)
        FROM (SELECT p.customer_id, count(CASE WHEN {counted} THEN 1 END) AS times, sum({spent}) AS spent {of_them}
              GROUP BY p.customer_id)""",
    "discounts": """
        SELECT sum(p.discount)::BIGINT, sum(p.total + p.discount)::BIGINT, count(CASE WHEN p.discount > 0 THEN 1 END), count(*)
        {of_them} AND {counted}""",
    "pieces": """
        SELECT sum(l.quantity)::BIGINT FROM (SELECT p.id {of_them} AND {counted}) p
        JOIN line l ON l.purchase_id = p.id AND l.quantity > 0""",
    "days between purchases": """
        SELECT median(gap) FROM (SELECT p.purchased_at - lag(p.purchased_at) OVER
          (PARTITION BY p.customer_id ORDER BY p.purchased_at, p.id) AS gap {of_them} AND {counted}) WHERE gap IS NOT NULL""",
    "by category": """
        SELECT l.category, count(DISTINCT CASE WHEN {counted} THEN p.customer_id END),
          count(DISTINCT CASE WHEN {counted} THEN p.id END), sum(l.quantity)::BIGINT, sum(l.total)::BIGINT AS total
        FROM (SELECT p.* {of_them}) p JOIN line l ON l.purchase_id = p.id GROUP BY 1 ORDER BY total DESC, 1 LIMIT 10""",
    "months": """
        SELECT b.month, customers, coalesce(new, 0), purchases, spent FROM (
          SELECT strftime(make_timestamp(p.purchased_at * 1000), '%Y-%m-01') AS month,
            count(DISTINCT CASE WHEN {counted} THEN p.customer_id END) AS customers,
            count(CASE WHEN {counted} THEN 1 END) AS purchases, sum({spent})::BIGINT AS spent {of_them} GROUP BY 1) b
        LEFT JOIN (
          SELECT strftime(make_timestamp(s.first_purchase_at * 1000), '%Y-%m-01') AS month, count(*) AS new
          FROM stats s JOIN ({who}) w ON w.id = s.customer_id WHERE s.purchase_count > 0 GROUP BY 1) n ON n.month = b.month
        ORDER BY 1""",
}
"""The same of DuckDB, with what purchases count and what was spent with them as we have it."""
_OF_THEM = "FROM purchase p JOIN ({who}) w ON w.id = p.customer_id WHERE p.status <> 'VOIDED'"
THEIRS = """
import json, statistics, sys, time
import duckdb
given = json.load(open(sys.argv[1]))
asked = duckdb.connect(":memory:")
begun = time.perf_counter()
for name, (path, columns) in given["tables"].items():
    asked.execute(f"CREATE TABLE {name} ({columns})")
    asked.execute(f"COPY {name} FROM '{path}' (FORMAT csv, HEADER false, NULLSTR '')")
told = {"version": duckdb.__version__, "loaded": time.perf_counter() - begun}
told["threads"] = asked.execute("SELECT current_setting('threads')").fetchone()[0]
for segment, asked_of_it in given["segments"].items():
    for name, sql in asked_of_it.items():
        wall, work = [], []
        for _ in range(given["rounds"] + 1):
            begun, used = time.perf_counter(), time.process_time()
            rows = asked.execute(sql).fetchall()
            wall.append((time.perf_counter() - begun) * 1000)
            work.append((time.process_time() - used) * 1000)
        told.setdefault(segment, {})[name] = [statistics.median(wall[1:]), statistics.median(work[1:]), rows]
print(json.dumps(told, default=str))
"""


@dataclass(frozen=True)
class Segment:
    """A segment: what it is called here, its conditions in the language of the API, and as a SELECT of `id` for DuckDB."""

    name: str
    where: Mapping[str, Any]
    who: str


async def segments(shop: Shop) -> Sequence[Segment]:
    """Those who have spent most, and one in a hundred: of who has a tag those who have spent so much that they are as many."""
    found, tagged = [], "EXISTS (SELECT 1 FROM {tags} t WHERE t.customer_id = s.customer_id AND t.tag_key = 'vip')"
    for name, where, condition in (
        ("who has spent most", {}, "1=1"),
        ("one in a hundred", {"tag": {"in": ["VIP"]}}, tagged),
    ):
        [[least]] = await shop.database.rows(
            f"SELECT s.total_spent FROM customer_stats s WHERE {condition.format(tags='customer_tag')}"
            f" ORDER BY s.total_spent DESC LIMIT 1 OFFSET {MEMBERS - 1}"
        )
        who = (
            "SELECT c.id FROM customer c JOIN stats s ON s.customer_id = c.id WHERE c.status NOT IN ('MERGED', 'ERASED')"
            f" AND s.total_spent >= {least} AND {condition.format(tags='tag')}"
        )
        found.append(Segment(name, {**where, "totalSpent": {"gte": f"{least / 100:.2f}"}}, who))
    return found


@dataclass(frozen=True)
class Taken:
    """Milliseconds, the median: of the clock, and of the processor, PostgreSQL's and ours."""

    wall: float
    work: float

    def beside(self, wall: float, work: float) -> float:
        """How many times as long, by whichever tells less of others' work."""
        return min(self.wall / wall, self.work / work)


async def ours(shop: Shop, segment: Segment, rounds: int) -> tuple[dict[str, Taken], Any]:
    """What each part takes, and all at once, as the API answers them; and what it answers."""
    api, insight = Api.of(shop), None
    [[own]] = await shop.database.rows("SELECT pg_backend_pid()")
    pids = [own, processor.parent(own), os.getpid()]
    given = {"name": f"{segment.name} {time.time()}", "where": segment.where}
    id_, told = (await api.done("segmentCreate", "segment { id }", given))["segment"]["id"], {}
    for part, fields in [*ASKED.items(), (ALL, " ".join(ASKED.values()))]:
        document, wall, work = f"query($id: ID!) {{ segment(id: $id) {{ insight {{ {fields} }} }} }}", [], []
        for _ in range(rounds + 1):
            used, begun = processor.used(pids), time.perf_counter()
            insight = await shop.database.transaction(partial(_answered, shop, document, id_))
            wall.append((time.perf_counter() - begun) * 1000)
            work.append(processor.used(pids) - used)
        told[part] = Taken(statistics.median(wall[1:]), statistics.median(work[1:]))
    await api.done("segmentDelete", "deletedSegmentId", {"id": id_})
    return told, insight


async def _answered(shop: Shop, document: str, id_: str) -> Any:
    """What is answered, also where it takes longer than a request may: tables are not in memory from the beginning."""
    await shop.database.allow(300)
    return (await Api.of(shop).data(document, id=id_))["segment"]["insight"]


def same(insight: Any, theirs: Mapping[str, Any]) -> None:
    """Raise AssertionError unless both find the same."""

    def minor(money: Any) -> int:
        return round(float(money["amount"]) * 100)

    rows = {name: found[2] for name, found in theirs.items()}
    [[purchases, customers, spent, twice]] = rows["totals"]
    assert (insight["purchaseCount"], insight["customerCount"], minor(insight["totalSpent"])) == (
        purchases,
        customers,
        spent,
    )
    assert abs(float(insight["repeatRate"]) - twice / customers) < 1e-4
    [[off, full, discounted, counted]] = rows["discounts"]
    assert abs(float(insight["discountRate"]) - off / full) < 1e-4
    assert abs(float(insight["discountedShare"]) - discounted / counted) < 1e-4
    [[pieces]], [[gap]] = rows["pieces"], rows["days between purchases"]
    assert abs(float(insight["averageBasketSize"]) - pieces / 1_000_000 / purchases) < 0.01
    assert abs(float(insight["daysBetweenPurchases"]) - gap / 86_400_000) < 0.01
    shown = [
        [
            one["value"],
            one["customerCount"],
            one["purchaseCount"],
            round(float(one["quantity"]) * 1e6),
            minor(one["total"]),
        ]
        for one in insight["breakdown"]
    ]
    assert shown == rows["by category"], (shown, rows["by category"])
    months = [
        [one["from"], one["customerCount"], one["newCustomerCount"], one["purchaseCount"], minor(one["totalSpent"])]
        for one in insight["series"]
        if one["purchaseCount"] or minor(one["totalSpent"])
    ]
    assert months == rows["months"], (months[:2], rows["months"][:2])


async def measured(place: Place, customers: int, duckdb: str, rounds: int) -> list[str]:
    """The lines of the table."""
    url, lines = await crowd(place, customers), list[str]()

    def tell(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    plugins = plugins_on({"analytics": regulars_analytics})
    async with opened(url, plugins) as shop:  # with the tables of the plugin
        chosen = await segments(shop)
        for setting, value in SERVER.items():
            place.server.execute(f"ALTER DATABASE {crowd_of(customers).name} SET {setting} = {value}")  # type: ignore[union-attr]
    theirs = by_duckdb(place, crowd_of(customers).name, chosen, duckdb, rounds)
    tell(f"DuckDB {theirs['version']}, {theirs['threads']} threads; {theirs['loaded']:.0f} s to hand it the rows.")
    async with opened_shop(url, plugins, database_pool=1) as shop:
        for one in chosen:
            told, insight = await ours(shop, one, rounds)
            same(insight, theirs[one.name])
            [[bought, members, *_]] = theirs[one.name]["totals"][2]
            tell(f"{one.name[0].upper()}{one.name[1:]}: {members:,} customers with {bought:,} purchases.")
            tell("| | Regulars, ms | processor, ms | DuckDB, ms | processor, ms | times |\n|---|---|---|---|---|---|")
            by_hand = {part: (wall, work) for part, (wall, work, _) in theirs[one.name].items()}
            by_hand[ALL] = (sum(wall for wall, _ in by_hand.values()), sum(work for _, work in by_hand.values()))
            for part, taken in told.items():
                times = taken.beside(*by_hand[part])
                figures = " | ".join(f"{ms:,.0f}" for ms in (taken.wall, taken.work, *by_hand[part]))
                tell(f"| {part} | {figures} | {times:.2f}{' !' if times > MAX_TIMES else ''} |")
    return lines


def by_duckdb(place: Place, database: str, chosen: Sequence[Segment], python: str, rounds: int) -> dict[str, Any]:
    """What DuckDB takes and answers. The server writes the rows beside its own files, which are removed at the end."""
    assert place.server is not None
    folder, tables = place.folder / "postgres", dict[str, tuple[str, str]]()
    try:
        for name, (sql, columns) in TABLES.items():
            path = folder / f"{name}.csv"
            place.server.execute(f"COPY ({sql}) TO '{path}' (FORMAT csv)", database)
            tables[name] = (str(path), columns)
        given = {
            "tables": tables,
            "segments": {one.name: {name: _put(sql, one) for name, sql in BY_HAND.items()} for one in chosen},
            "rounds": rounds,
        }
        (folder / "asked.json").write_text(json.dumps(given))
        done = subprocess.run(
            [python, "-c", THEIRS, str(folder / "asked.json")], check=True, capture_output=True, text=True
        )
    finally:
        for name in (*(f"{table}.csv" for table in TABLES), "asked.json"):
            (folder / name).unlink(missing_ok=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _put(sql: str, segment: Segment) -> str:
    of_them = _OF_THEM.format(who=segment.who)
    return sql.format(counted=COUNTED, spent=SPENT, of_them=of_them, who=segment.who)


def main() -> None:
    """Measure, print, and write it down if that is wished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="A folder that keeps the filled database.")
    parser.add_argument("--duckdb", required=True, help="a Python that has the package duckdb")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="Write the tables into RESULTS.md.")
    chosen = parser.parse_args()
    with places("postgres", chosen.data) as place:
        lines = asyncio.run(measured(place, chosen.customers, chosen.duckdb, chosen.rounds))
        version = results.version_of(place.server)
    if chosen.write:
        load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
        results.write(
            "segments",
            f"## The insight of a segment among {crowd_of(chosen.customers).purchases:,} purchases, beside DuckDB: {version}",
            f"{results.today()} Load {load}. `python -m benchmarks.segments --data … --duckdb …`.",
            f"Milliseconds, the median of {chosen.rounds} times: ours as the API answers them, out of PostgreSQL, whose tables"
            " are in memory by then; DuckDB's over the same rows in memory. The processor's are of all processes. Times are the"
            f" lesser of both ratios; above {MAX_TIMES:.0f} they are marked by !. `random_page_cost` is 1.1."
            " The figures were equal.",
            *lines,
        )


if __name__ == "__main__":
    main()
