"""How much quicker is an operation answered breadth-first than by graphql-core?

    python -m benchmarks.execution [--customers 5000] [--engine sqlite|postgres|both] [--times 40] [--write]

Fills a database of its own on each engine and asks the schema in this process, by turns through both executors, so that
whatever else the machine does happens to both. Documents are parsed and validated already, as they are in a server that
has seen them before.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks import results
from benchmarks.operations import DOCUMENTS, TITLES
from benchmarks.pages import Times, databases
from benchmarks.population import TODAY, fill
from regulars_core.contribution import CORE_APP
from regulars_core.database import Database, migrations
from regulars_core.primitives.clock import DAY_MS
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.queries.inserts import insert
from regulars_core.shop.actors import Actor
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.schema import build_schema

BEGINNING = "mar"
"""What is searched for, as somebody types."""
REGULARS = 100
"""Customers who have bought twenty times, three articles each time: those whom Q4 asks for."""

OPERATIONS = {
    **{f"{name} {TITLES[name]}": DOCUMENTS[name] for name in ("Q1", "Q2", "Q3", "Q4")},
    "tiny: __typename": "{ __typename }",
    "tiny: viewer": "{ viewer { name } }",
    "tiny: one customer": "query($code: String!) { customer(code: $code) { id code } }",
    "tiny: node": "query($id: ID!) { node(id: $id) { id } }",
    "first 10": "{ customers(first: 10) { nodes { id code firstName lastName } } }",
}


async def filled(database: Database, customers: int) -> tuple[str, str]:
    """Put the population in, and many purchases of its newest customers; the id and the code of one of those."""
    await fill(database, customers)
    chosen = await database.rows(f"SELECT id, code FROM customer ORDER BY created_at DESC, id DESC LIMIT {REGULARS}")
    await database.transaction(lambda: _buy(database, [row[0] for row in chosen]))
    return chosen[0][0], chosen[0][1]


async def _buy(database: Database, customers: Sequence[str]) -> None:
    chance = random.Random(4)
    purchases, lines = [], []
    for number, (customer, n) in enumerate((customer, n) for customer in customers for n in range(20)):
        purchase, at = f"{2:08x}{number:024x}", TODAY + n * DAY_MS
        purchases.append(
            (
                purchase,
                f"B{number}",
                MAIN_STORE_ID,
                customer,
                at,
                at,
                "PAID",
                "USD",
                False,
                3000,
                0,
                0,
                0,
                3000,
                0,
                "0" * 64,
            )
        )
        lines += [
            (
                f"{3:08x}{number * 3 + m:024x}",
                purchase,
                m,
                f"SKU-{chance.randrange(500)}",
                "Tea",
                1_000_000,
                1000,
                0,
                1000,
                0,
            )
            for m in range(3)
        ]
    await insert(
        database,
        "purchase",
        (
            "id", "reference", "store_id", "customer_id", "purchased_at", "recorded_at", "status", "currency",
            "prices_include_tax", "subtotal", "discount", "shipping", "tax", "total", "refunded", "digest",
        ),
        purchases,
    )  # fmt: skip
    await insert(
        database,
        "purchase_line",
        (
            "id", "purchase_id", "position", "sku", "name", "quantity", "unit_price", "discount", "total",
            "refunded_quantity",
        ),
        lines,
    )  # fmt: skip


async def asked(schema: ComposedSchema, shop: Shop, document: str, variables: dict[str, Any]) -> Any:
    """The data of an answer without errors."""
    context = GraphQLContext(RequestContext(shop, Actor.of_role("key", "bench", "administrator")), as_json=True)
    result = await schema.execute(document, variable_values=variables, context_value=context)
    assert not result.errors, result.errors
    return orjson.dumps(result.data)


async def by_turns(
    schema: ComposedSchema, shop: Shop, document: str, variables: dict[str, Any], times: int
) -> tuple[Times, Times]:
    """How long both executors keep the server's thread busy: graphql-core, and breadth-first. The database works in other
    threads and processes, and what else the machine does is not counted."""
    answers = []
    measured: tuple[list[float], list[float]] = ([], [])
    for round_ in range(-3, times):
        for breadth_first in (False, True):
            schema.executor.enabled = breadth_first
            begun = time.thread_time()
            answer = await asked(schema, shop, document, variables)
            if round_ >= 0:
                measured[breadth_first].append((time.thread_time() - begun) * 1000)
            else:
                answers.append(answer)
    assert all(answer == answers[0] for answer in answers), "The executors differ."
    return Times(measured[False]), Times(measured[True])


async def measure(url: str, customers: int, times: int) -> list[str]:
    """Fill a database, and print and answer the lines of a table."""
    database = await Database.open(url, [CORE_APP])
    try:
        await migrations.migrate(database)
        id_, code = await filled(database, customers)
        await database.transaction(lambda: database.run("ANALYZE"))
        shop = Shop(database, Settings(database_url=url, country="MX"), plugins_on())
        schema = build_schema()
        lines = ["| operation | graphql-core, ms | breadth-first, ms | times as quick |", "|---|---|---|---|"]
        print("", *lines, sep="\n")
        for name, document in OPERATIONS.items():
            variables = {"code": code, "id": f"customer_{id_}", "text": BEGINNING}
            given = {key: value for key, value in variables.items() if f"${key}" in document}
            old, new = await by_turns(schema, shop, document, given, times if name.startswith("Q") else times * 5)
            lines.append(f"| {name} | {old} | {new} | {old.median / new.median:.1f} |")
            print(lines[-1], flush=True)
        return lines
    finally:
        await database.close()


def main() -> None:
    """Measure, print, and write it down if that is wished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=5_000)
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--write", action="store_true", help="Write the tables into RESULTS.md.")
    chosen = parser.parse_args()
    engines = ("sqlite", "postgres") if chosen.engine == "both" else (chosen.engine,)
    found: list[str] = []
    with databases(engines) as opened:
        for _, version, url, _settle in opened:
            print(f"\n### {version}")
            found += [f"### {version}", *asyncio.run(measure(url, chosen.customers, chosen.times))]
    if chosen.write:
        head = f"{results.today()} {chosen.customers:,} customers; medians and quartiles of the server thread's time."
        results.write("execution", "## Breadth-first and graphql-core, without HTTP", head, *found)


if __name__ == "__main__":
    main()
