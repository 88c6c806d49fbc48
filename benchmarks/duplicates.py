"""What does it cost to look whether a customer is there already?

    python -m benchmarks.duplicates [--customers 100000] [--rounds 12] [--creations 100] [--engine sqlite|postgres|both]

Registers people by `customerCreate` in a shop full of customers, by turns with the look and without it: then the one statement
that looks for them asks for the code alone. Their names are those of many others, everything else is theirs alone, so that
nobody is refused. Processor time is that of this process, and of the PostgreSQL server where there is one; it needs Linux's
/proc.
"""

import argparse
import asyncio
import gc
import random
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.population import FIRST_NAMES, LAST_NAMES, fill
from benchmarks.tiers import Cost, measured
from regulars_core.customers import registration
from regulars_core.customers.duplicates import Alike, Traits, alike_and_required
from regulars_core.database import Engine
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_wanted
from regulars_core.testing import ENGINES, Databases, PostgresServer, opened_shop
from regulars_schema.testing import Api

_CREATE = (
    "mutation($input: CustomerCreateInput!) { customerCreate(input: $input) { created customer { id code }"
    " possibleDuplicates { score customer { id } } userErrors { code } } }"
)


async def _by_code_alone(shop: Shop, code: str, _: Traits) -> tuple[list[Alike], list[str]]:
    return await alike_and_required(shop, code, Traits())


class Newcomers:
    """People who are nobody else, named like many."""

    def __init__(self) -> None:
        self._chance, self._number = random.Random(20261129), 0

    def take(self, count: int) -> list[dict[str, Any]]:
        """The next so many, as inputs."""
        return [self._one() for _ in range(count)]

    def _one(self) -> dict[str, Any]:
        chance, self._number = self._chance, self._number + 1
        born = f"{chance.randrange(1930, 2010)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
        return {
            "firstName": chance.choice(FIRST_NAMES),
            "lastName": f"{chance.choice(LAST_NAMES)} {chance.choice(LAST_NAMES)}",
            "email": f"new{self._number}@example.net",
            "phone": f"+1{201 + self._number // 10_000}55{self._number % 10_000:05}",
            "birthDate": born,
            "taxId": f"NEW-{self._number}",
            "force": True,  # of whom a namesake was born on the same day, and of the few whose phone ends alike
        }


async def _register(api: Api, people: Sequence[dict[str, Any]]) -> Cost:
    gc.collect()
    async with measured(api.shop) as cost:
        for person in people:
            answer = (await api.data(_CREATE, input=person))["customerCreate"]
            assert answer["created"], answer
    return cost


async def compare(databases: Databases, engine: Engine, customers: int, rounds: int, creations: int) -> None:
    """Print what registering costs with the look and without it."""
    url, newcomers = databases.empty(engine), Newcomers()
    async with opened_shop(url, plugins_wanted(()), country="US") as shop:
        await fill(shop.database, customers, buying=False)
        await shop.database.transaction(lambda: _analyze(shop))
        api, costs = Api.of(shop), {True: list[Cost](), False: list[Cost]()}
        await _register(api, newcomers.take(creations))
        for turn in range(rounds):
            for looks in (True, False)[:: -1 if turn % 2 else 1]:
                people = newcomers.take(creations)
                if looks:
                    costs[looks].append(await _register(api, people))
                else:
                    with patch.object(registration, "alike_and_required", _by_code_alone):
                        costs[looks].append(await _register(api, people))
    ratios = sorted(one.processor / other.processor for one, other in zip(costs[True], costs[False], strict=True))
    each = {looks: statistics.median(cost.processor for cost in costs[looks]) / creations for looks in costs}
    low, high = statistics.quantiles(ratios, n=4)[::2]
    print(
        f"{engine}, {customers:,} customers: a creation takes {each[True] * 1e3:.2f} ms of processor time, without the look"
        f" {each[False] * 1e3:.2f} ms; ratio {statistics.median(ratios):.3f} ({low:.3f}–{high:.3f})",
        flush=True,
    )
    databases.drop(url)


async def _analyze(shop: Shop) -> None:
    await shop.database.run("ANALYZE")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000, help="that are there already")
    parser.add_argument("--rounds", type=int, default=12, help="times that each is measured, by turns")
    parser.add_argument("--creations", type=int, default=100, help="of a round")
    parser.add_argument("--engine", choices=[*ENGINES, "both"], default="both")
    options = parser.parse_args()
    engines = ENGINES if options.engine == "both" else (options.engine,)
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        for engine in engines:
            databases = Databases(Path(folder), lambda: server)
            asyncio.run(compare(databases, engine, options.customers, options.rounds, options.creations))


if __name__ == "__main__":
    main()
