"""Two servers, PgBouncer, a primary and a replica, each killed and started again under load: what was acknowledged is there
once, and no answer knows less than it must.
"""

import asyncio
import os
import random
import signal
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from regulars_core.database.sessions import settings_amiss
from regulars_core.plugin import RuleData, Shop, insert, now
from regulars_core.plugins.host import Plugins
from regulars_core.testing import PostgresServer, opened_shop
from regulars_loyalty.points.program import EarningData, ProgramData
from tests.support.fleet import PgBouncer, StreamingReplica
from tests.support.servers import Server
from tests.support.tills import balance, tills
from tests.support.watchers import RETRIED, Seen, SpreadTill, Watcher, longest_gap

pytestmark = pytest.mark.xdist_group("scale")
SECONDS = float(os.environ.get("SCALE_SECONDS", "0"))
"""For how long parts are killed; if it is not said, each of them once, but for servers."""
PAUSES = ((2.0, 4.0), (0.5, 2.0)) if SECONDS else ((0.3, 0.6), (0.1, 0.3))
"""Seconds in which all parts are there, and in which one is away, at least and at most."""
KINDS = (SpreadTill, Watcher) * (2 if SECONDS else 1)
A_POINT_EACH = ProgramData(
    rules=(
        EarningData(
            code="BASE", name="Base", rule=RuleData(kind="PER_AMOUNT", settings=(("points", "1"), ("per", "1.00")))
        ),
    )
)
Part = tuple[Callable[[], object], Callable[[], object]]
"""How a part is killed, and started again."""


class Kill(NamedTuple):
    """Which part was killed, when, when it was there again, and when the next one was killed, in seconds of one clock."""

    part: str
    at: float
    back: float
    until: float


def _parts(
    servers: list[Server], pgbouncer: PgBouncer, followed: PostgresServer, replica: StreamingReplica
) -> Mapping[str, Part]:
    how = (signal.SIGKILL, signal.SIGQUIT, signal.SIGINT)
    behind: Mapping[str, Part] = {
        "PgBouncer": (pgbouncer.kill, pgbouncer.start),
        "replica": (replica.crash, replica.start),
        "primary": (lambda: followed.crash(random.choice(how)), followed.start),
    }
    if not SECONDS:  # `tests/faults` kills servers, and to start one takes longer than all of this
        return behind
    return {f"server {n}": (one.kill, one.start) for n, one in enumerate(servers, 1)} | dict(behind)


async def _one_point_each(shop: Shop) -> None:
    columns = ("starts_at", "body", "author", "created_at")
    await insert(shop.database, "loyalty_program", columns, [(0, A_POINT_EACH.model_dump_json(), "test", now())])


async def test_every_part_is_killed_under_load(
    url: str,
    on: Plugins,
    followed: PostgresServer,
    replica: StreamingReplica,
    tmp_path: Path,
    no_settings_from_outside: None,
) -> None:
    with PgBouncer(followed) as pgbouncer:
        await _killed_under_load(url, on, followed, pgbouncer, replica, tmp_path)


async def _killed_under_load(
    url: str, on: Plugins, followed: PostgresServer, pgbouncer: PgBouncer, replica: StreamingReplica, folder: Path
) -> None:
    async with opened_shop(url, on) as shop:
        await shop.database.transaction(lambda: _one_point_each(shop))
    async with opened_shop(pgbouncer.of(url), on, database_pooler="transaction") as shop:
        for setting in await settings_amiss(shop.database):
            followed.execute(setting)
    pgbouncer.renew()
    through = {"database_pooler": "transaction", "database_pool": "4", "replica_url": replica.of(url)}
    servers = [Server(pgbouncer.of(url), folder, plugins="loyalty", **through) for _ in range(2)]
    try:
        await asyncio.gather(*(asyncio.to_thread(one.start) for one in servers))
        seen, addresses = Seen(), [one.address for one in servers]
        plain = await tills(url, addresses[0], len(KINDS))
        clients: list[SpreadTill] = [
            kind(one.name, one.address, one.key, one.own, one.shared, True, RETRIED, addresses=addresses, seen=seen)
            for kind, one in zip(KINDS, plain, strict=True)
        ]
        kills = await _killing(clients, _parts(servers, pgbouncer, followed, replica))
    finally:
        for one in servers:
            one.stop()
    found = await balance(url, clients)
    points = {one.own: one.points for one in clients if isinstance(one, Watcher)}
    unavailable, broken = sum(one.unavailable for one in clients), sum(one.broken for one in clients)
    print(
        f"\nscale: {len(kills)} parts killed in {kills[-1].until - kills[0].at:.0f} s, {found.acknowledged} acknowledged writes,"
        f" {found.lost} lost, {found.doubled} doubled; {seen.balances} balances, {seen.stale_balances} stale; {seen.histories}"
        f" histories for who had written, {seen.stale_histories} stale, and {seen.older} older ones for who took anything;"
        f" of tries to write {unavailable} UNAVAILABLE, {broken} broken, of reads {dict(seen.failures)}"
    )
    for line in _without_answers(kills, seen):
        print(line)
    assert (found.lost, found.doubled, seen.stale_balances, seen.stale_histories) == (0, 0, 0, 0)
    assert min(seen.balances, seen.histories) > 0
    await _assert_followed(url, replica, points, on)


async def _killing(clients: list[SpreadTill], parts: Mapping[str, Part]) -> list[Kill]:
    """Kill the parts in turn while the clients are at work."""
    done, kills = asyncio.Event(), list[tuple[str, float, float]]()
    watchers = [one for one in clients if isinstance(one, Watcher)]
    work = [asyncio.create_task(one.work(done)) for one in clients]
    work += [asyncio.create_task(one.look(done)) for one in watchers]
    began = time.monotonic()
    there, away = PAUSES
    while not kills or time.monotonic() - began < SECONDS:
        for name, (kill, start) in parts.items():
            await asyncio.sleep(random.uniform(*there))
            at = time.monotonic()
            await asyncio.to_thread(kill)
            await asyncio.sleep(random.uniform(*away))
            await asyncio.to_thread(start)
            kills.append((name, at, time.monotonic()))
            for one in work:
                if one.done():
                    one.result()
    await asyncio.sleep(max(there))
    ends = [*(at for _, at, _ in kills[1:]), time.monotonic()]
    done.set()
    await asyncio.gather(*work)
    return [Kill(*each, until) for each, until in zip(kills, ends, strict=True)]


def _without_answers(kills: list[Kill], seen: Seen) -> list[str]:
    """The longest time in which nobody was answered, after each kill: in the middle and at most."""
    by_part: dict[str, list[Kill]] = defaultdict(list)
    for kill in kills:
        by_part[kill.part].append(kill)
    return [
        f"  {part}, {len(those)} kills, away for {_told([one.back - one.at for one in those])}:"
        f" no write acknowledged for {_told([longest_gap(seen.written_at, one.at, one.until) for one in those])};"
        f" no read answered for {_told([longest_gap(seen.read_at, one.at, one.until) for one in those])}"
        for part, those in by_part.items()
    ]


def _told(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.1f} s, at most {max(seconds):.1f}"


async def _assert_followed(url: str, replica: StreamingReplica, points: Mapping[str, int], on: Plugins) -> None:
    """The replica has come to the same end, and every point is where it was earned."""
    async with opened_shop(url, on) as shop:
        rows = await shop.database.rows("SELECT count(*), sum(total) FROM purchase")
        assert points.keys() <= {row[0] for row in await shop.database.rows("SELECT id FROM customer")}
    name = url.rpartition("/")[2]
    for _ in range(100):
        if replica.execute("SELECT count(*), sum(total) FROM purchase", name) == "|".join(str(one) for one in rows[0]):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("The replica has not come to what the primary has.")
