"""What do very many coupon codes cost?

    python -m benchmarks.codes [--codes 1000000] [--rounds 12] [--engine sqlite|postgres|both]

Coupons are generated 10,000 at a time, as `regulars rewards codes` does it, by turns with the same rows written by COPY (on
SQLite by one `executemany`) into a table of the same columns and indexes; both grow to the same size. Then one is looked up by
its code among all of them, by turns with one among 1,000. Time as it passes, in one process.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.offers import offer, promotion
from regulars_core.database import Engine
from regulars_core.plugin import Shop, insert, plugins_wanted
from regulars_core.testing import ENGINES, Databases, PostgresServer, opened_shop
from regulars_rewards.coupons.issuing import COLUMNS, MAX_RANDOM, Terms, generate_more
from regulars_schema.testing import Api

_FEW, _EACH, _LENGTH = 1_000, 200, 10
_LOOKUP = "query($code: String!) { coupon(code: $code) { id code state } }"


async def _promotion(shop: Shop) -> str:
    """A promotion that coupons open."""
    await offer(shop, [promotion(0)])
    await shop.database.transaction(lambda: shop.database.run("UPDATE rewards_promotion SET needs_coupon = $1", True))
    return str((await shop.database.rows("SELECT id FROM rewards_promotion"))[0][0])


async def _copy(shop: Shop) -> None:
    """The table into which the same rows are copied, with the same indexes."""
    if shop.database.engine == "postgres":
        statements = ["CREATE TABLE copied (LIKE rewards_coupon INCLUDING ALL)"]
    else:
        rows = await shop.database.rows(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'rewards_coupon' AND sql IS NOT NULL"
        )
        texts = [str(row[0]) for row in rows if not str(row[0]).upper().startswith("CREATE TRIGGER")]
        statements = [text.replace("rewards_coupon", "copied") for text in texts]
    for sql in statements:
        await shop.database.transaction(lambda sql=sql: shop.database.run(sql))  # type: ignore[misc]


async def _rows(shop: Shop, last: str) -> Sequence[Sequence[Any]]:
    """The coupons that were made since."""
    columns = ", ".join(COLUMNS)
    found = await shop.database.rows(f"SELECT {columns} FROM rewards_coupon WHERE id > $1 ORDER BY id", last)
    return [tuple(row) for row in found]


async def generate(shop: Shop, promotion_id: str, count: int) -> Sequence[float]:
    """Make so many; of each 10,000 how many times as fast COPY is."""
    terms, batch, last = Terms(promotion_id), None, "0" * 32
    slower = []
    for _ in range(0, count, MAX_RANDOM):
        begun = time.perf_counter()
        batch = await generate_more(shop, terms, batch, min(MAX_RANDOM, count), _LENGTH, "")
        generated = time.perf_counter() - begun
        rows = await _rows(shop, last)
        last = str(rows[-1][0])
        begun = time.perf_counter()
        await shop.database.transaction(lambda rows=rows: insert(shop.database, "copied", COLUMNS, rows))  # type: ignore[misc]
        slower.append((time.perf_counter() - begun) / generated)
    return slower


async def look_up(api: Api, codes: Sequence[str]) -> float:
    """Milliseconds of one look-up."""
    begun = time.perf_counter()
    for code in codes:
        assert (await api.data(_LOOKUP, code=code))["coupon"]["code"] == code
    return (time.perf_counter() - begun) / len(codes) * 1e3


async def _some_codes(shop: Shop) -> Sequence[str]:
    every = max((await shop.database.rows("SELECT count(*) FROM rewards_coupon"))[0][0] // _EACH, 1)
    rows = await shop.database.rows("SELECT code FROM rewards_coupon ORDER BY id")
    return [row[0] for row in rows[::every]][:_EACH]


def told(ratios: Sequence[float]) -> str:
    """The median, and the quartiles."""
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


async def measure(databases: Databases, engine: Engine, count: int, rounds: int) -> None:
    """Print what codes cost on one engine."""
    plugins = plugins_wanted(("rewards",))
    async with (
        opened_shop(databases.empty(engine), plugins) as large,
        opened_shop(databases.empty(engine), plugins) as small,
    ):
        await _copy(large)
        begun = time.perf_counter()
        ratios = await generate(large, await _promotion(large), count)
        print(
            f"{engine}: {count} codes ÷ COPY {told(ratios)}, in {time.perf_counter() - begun:.0f} s with it", flush=True
        )
        await _copy(small)
        await generate(small, await _promotion(small), _FEW)
        shops = {"large": (Api.of(large), await _some_codes(large)), "small": (Api.of(small), await _some_codes(small))}
        for shop in (large, small):
            if engine == "postgres":
                await shop.database.transaction(lambda shop=shop: shop.database.run("ANALYZE rewards_coupon"))  # type: ignore[misc]
        for api, codes in shops.values():
            await look_up(api, codes)
        times: dict[str, list[float]] = {name: [] for name in shops}
        for turn in range(rounds):
            for name in list(shops)[:: 1 if turn % 2 else -1]:
                times[name].append(await look_up(*shops[name]))
        ratios = [a / b for a, b in zip(times["large"], times["small"], strict=True)]
        middle = {name: statistics.median(each) for name, each in times.items()}
        print(
            f"  a look-up among them {middle['large']:.2f} ms ÷ among {_FEW} {middle['small']:.2f} ms: {told(ratios)}"
        )


def main() -> None:
    """Measure on one engine or on both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--engine", choices=[*ENGINES, "both"], default="both")
    options = parser.parse_args()
    engines = ENGINES if options.engine == "both" else (options.engine,)
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        for engine in engines:
            asyncio.run(measure(Databases(Path(folder), lambda: server), engine, options.codes, options.rounds))


if __name__ == "__main__":
    main()
