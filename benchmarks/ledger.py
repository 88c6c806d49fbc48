"""What does a large ledger cost?

    python -m benchmarks.ledger [--accounts 100000] [--entries 10] [--few 10000] [--rounds 20] [--engine sqlite|postgres|both]
        [--times 1] [--pages-alone]

Generates customers with accounts of points and their entries, always the same, through the ledger's own arithmetic, written in
batches of many rows. With `--times` PostgreSQL itself makes so many of each account of the large one: ids are others, all else
is the same; a million accounts with ten entries each are `--accounts 1000000 --times 100`. Chains and seals them, then measures:
a balance with a page of history among few and among many, by turns;
what is owed; a proof; the whole verification, with the memory that it takes at most beyond what is there already. Memory needs
Linux's /proc.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.population import fill
from regulars_core.database import Engine
from regulars_core.plugin import DAY_MS, Instant, Shop, new_id, now, plugins_wanted
from regulars_core.testing import ENGINES, Databases, PostgresServer, opened_shop
from regulars_loyalty.chain import seals
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.liability import liabilities
from regulars_loyalty.chain.verification import Verification
from regulars_loyalty.ledger.book import POINTS, REDEEMED, Account, Cause, Terms
from regulars_loyalty.ledger.storage import Ledger, write_ledger
from regulars_schema.testing import Api

_AT_ONCE = 500
_ASK = (
    "query($id: ID!) { customer(id: $id) { points { balance available entries(first: 20) { nodes { kind pointsDelta"
    " pointsAfter at } } } } }"
)


def lived(customer_id: str, entries: int, chance: random.Random, present: Instant) -> Account:
    """An account that has been given to and spent from so often."""
    account = Account(customer_id, POINTS, Instant(present - entries * DAY_MS))
    while account.version < entries:
        account.present = Instant(account.present + DAY_MS)
        at = account.present
        if account.available < 50 or chance.random() < 0.6:
            ends = Instant(present + chance.randrange(1, 900) * DAY_MS)
            account.give("EARN", chance.randrange(10, 500), Cause(new_id(), "EARN", at, rule="BASE"), Terms(at, ends))
        else:
            account.spend("REDEEM", chance.randrange(1, 50), Cause(new_id(), "REDEEM", at, actor="till"), REDEEMED)
    return account


async def generate(shop: Shop, ids: Sequence[str], entries: int) -> None:
    """Give these customers accounts."""
    chance, present = random.Random(20261129), now()
    for begin in range(0, len(ids), _AT_ONCE):
        some = [lived(id_, entries, chance, present) for id_ in ids[begin : begin + _AT_ONCE]]
        ledger = Ledger(shop, present, {(one.customer_id, one.unit): one for one in some}, True)
        await shop.database.transaction(lambda ledger=ledger: write_ledger(ledger))  # type: ignore[misc]


_COPIED = {
    "loyalty_transfer": ("id", "event_id"),
    "loyalty_lot": ("id", "transfer_id", "origin_id"),
    "loyalty_account": ("id",),
}
"""What belongs to customers, and which of its ids are others in each copy."""


def _other(column: str) -> str:
    """An id in copy `$3`, of four hexadecimal digits: ids of copies stand in the same order, by which entries are chained."""
    return f"(left(translate({column}::text, '-', ''), 24) || $3 || right({column}::text, 4))::uuid"


async def multiply(shop: Shop, sources: Sequence[str], ids: Sequence[str]) -> None:
    """Copy the ledger of the first customers to all others, as often as they fit in; on PostgreSQL."""
    database = shop.database
    for turn, begin in enumerate(range(len(sources), len(ids), len(sources)), 1):
        pairs = [list(sources), list(ids[begin : begin + len(sources)])]

        async def copy(pairs: list[list[str]] = pairs, turn: str = f"{turn:04x}") -> None:
            await database.allow(600)
            who = "unnest($1::uuid[], $2::uuid[]) AS k (source, target) JOIN {table} t ON t.customer_id = k.source"
            for table, made in _COPIED.items():
                rows = await database.rows(
                    "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
                    table,
                )
                columns = [row[0] for row in rows]
                other = {one: _other(f"t.{one}") for one in made} | {"customer_id": "k.target"}
                values = ", ".join(other.get(one, f"t.{one}") for one in columns)
                await database.run(
                    f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {who.format(table=table)}",
                    *pairs,
                    turn,
                )
            others = [_other(f"u.{one}") for one in ("id", "transfer_id", "lot_id")]
            await database.run(
                "INSERT INTO loyalty_lot_use (id, transfer_id, lot_id, position, amount)"
                f" SELECT {', '.join(others)}, u.position, u.amount FROM {who.format(table='loyalty_transfer')}"
                " JOIN loyalty_lot_use u ON u.transfer_id = t.id",
                *pairs,
                turn,
            )
            await database.run(
                "INSERT INTO loyalty_unchained (transfer_id)"
                f" SELECT {_other('t.id')} FROM {who.format(table='loyalty_transfer')}",
                *pairs,
                turn,
            )

        await database.transaction(copy)


async def timed(work: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    """How many seconds it takes, and what it answers."""
    begun = time.perf_counter()
    found = await work()
    return time.perf_counter() - begun, found


def peak_reset() -> int:
    """Forget the most memory that was ever used; how many bytes are used now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


async def filled(shop: Shop, customers: int, entries: int, times: int = 1) -> list[str]:
    """Fill a shop; its customers."""
    await fill(shop.database, customers, buying=False)
    ids = [row[0] for row in await shop.database.rows("SELECT id FROM customer ORDER BY id")]

    async def post() -> None:
        sources = ids[: len(ids) // times]
        await generate(shop, sources, entries)
        await multiply(shop, sources, ids)

    took, _ = await timed(post)
    print(f"  {len(ids):,} accounts with {len(ids) * entries:,} entries are posted in {took:.0f} s", flush=True)
    await shop.database.transaction(lambda: shop.database.run("ANALYZE"))
    return ids


async def one_page(shop: Shop, ids: Sequence[str], chance: random.Random) -> float:
    """How long a balance with a page of history takes, the median of some."""
    api, took = Api.of(shop), []
    for _ in range(30):
        seconds, _ = await timed(lambda: api.data(_ASK, id=f"customer_{chance.choice(ids)}"))
        took.append(seconds)
    return statistics.median(took)


async def measure(databases: Databases, engine: Engine, options: argparse.Namespace) -> None:
    """Print what it costs on one engine."""
    plugins, chance = plugins_wanted(("loyalty",)), random.Random(7)
    print(f"{engine}:", flush=True)
    urls = databases.empty(engine), databases.empty(engine)
    async with opened_shop(urls[0], plugins) as few, opened_shop(urls[1], plugins) as many:
        little, much = (
            await filled(few, options.few, options.entries),
            await filled(many, options.accounts, options.entries, options.times),
        )
        pages: dict[str, list[float]] = {"few": [], "many": []}
        for turn in range(options.rounds):
            turns = (("few", few, little), ("many", many, much))
            for name, shop, ids in turns if turn % 2 else turns[::-1]:
                pages[name].append(await one_page(shop, ids, chance))
        ratio = statistics.median(b / a for a, b in zip(pages["few"], pages["many"], strict=True))
        print(
            f"  a balance and a page of history: {statistics.median(pages['few']) * 1e3:.2f} ms among {len(little):,},"
            f" {statistics.median(pages['many']) * 1e3:.2f} ms among {len(much):,}: {ratio:.2f} times",
            flush=True,
        )
        if not options.pages_alone:
            await the_chain(many, much, options.entries, chance)
    for url in urls:
        databases.drop(url)


async def the_chain(shop: Shop, ids: Sequence[str], entries: int, chance: random.Random) -> None:
    """Print what chain, seals, figures and verification cost."""
    took, waiting = await timed(lambda: liabilities(shop, None))
    print(f"  what is owed, nothing chained: {took * 1e3:.0f} ms", flush=True)
    took, done = await timed(lambda: chain(shop))
    print(f"  {done:,} entries are chained in {took:.0f} s: {done / took:,.0f} a second", flush=True)
    took, seal = await timed(lambda: seals.seal(shop))
    print(f"  a seal over {len(ids):,} accounts: {took:.1f} s", flush=True)
    took, owed = await timed(lambda: liabilities(shop, None))
    print(f"  what is owed, from kept figures: {took * 1e3:.0f} ms", flush=True)
    assert [(one.outstanding, one.count) for one in owed] == [(one.outstanding, one.count) for one in waiting]
    times = []
    for _ in range(20):
        took, [proof] = await timed(lambda: seals.proofs_of(shop.database, [(chance.choice(ids), POINTS)], None))
        assert proof.leads_to() == seal.root
        times.append(took)
    print(f"  a proof: {statistics.median(times) * 1e3:.1f} ms", flush=True)
    before, verification = peak_reset(), Verification(shop)

    async def verify() -> int:
        return len([str(one) async for one in verification.differences()])

    took, wrong = await timed(verify)
    more = (_memory("VmHWM") - before) / 2**20
    looked = verification.report.results["ENTRY_HASHES"].checked
    assert (wrong, looked) == (0, len(ids) * entries)
    print(f"  {looked:,} entries are verified in {took:.0f} s, with {more:.0f} MiB of memory more at most", flush=True)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=100_000, help="of the large ledger")
    parser.add_argument("--few", type=int, default=10_000, help="accounts of the small one")
    parser.add_argument("--entries", type=int, default=10, help="of each account")
    parser.add_argument("--rounds", type=int, default=20, help="times that both are asked, by turns")
    parser.add_argument("--engine", choices=[*ENGINES, "both"], default="both")
    parser.add_argument(
        "--times", type=int, default=1, help="how many of each account of the large one; PostgreSQL only"
    )
    parser.add_argument("--pages-alone", action="store_true", help="no chain, no seal, no verification")
    options = parser.parse_args()
    if options.times > 1 and (options.engine != "postgres" or options.accounts % options.times):
        parser.error("--times goes with --engine postgres, and must divide the accounts")
    engines = ENGINES if options.engine == "both" else (options.engine,)
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        for engine in engines:
            asyncio.run(measure(Databases(Path(folder), lambda: server), engine, options))


if __name__ == "__main__":
    main()
