"""Off for thousands of events and on again, killed half-way too: tiers, and a plugin that reads tiers, hold what they would have
held, which is what was shown then and not what is known now."""

import asyncio
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from regulars_core.plugin import Shop
from regulars_core.testing import Databases, Engine, opened_shop
from tests.support.off_for_long import OFF, ON, TIERS, refuse_differences, two_shops
from tests.support.tally import Killed, Life

EVENTS = int(os.environ.get("MISSED_EVENTS", "100"))
KILLS = int(os.environ.get("SWITCHING_KILLS", "2"))
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def unharmed() -> Iterator[None]:
    """Whoever was killed by a test is alive in the next one."""
    yield
    Life.left = -1


async def test_off_and_on_again(databases: Databases, engine: Engine) -> None:
    async with two_shops(databases, engine, EVENTS) as shops:
        began = time.perf_counter()
        async with opened_shop(shops.url, ON):
            print(f"\n{engine}: {EVENTS} events told to two plugins in {time.perf_counter() - began:.1f} s")
        await refuse_differences(shops)


async def test_one_after_the_other(databases: Databases, engine: Engine) -> None:
    """Tiers by itself is told many events at once, and is far ahead when the other is told."""
    async with two_shops(databases, engine, EVENTS) as shops:
        async with opened_shop(shops.url, TIERS):
            pass
        await refuse_differences(shops)


async def test_killed_inside_of_batches_and_two_at_once(databases: Databases, engine: Engine) -> None:
    async with two_shops(databases, engine, EVENTS) as shops:
        for events in (0, 1, EVENTS // 3, EVENTS // 2):
            Life.left = events
            with pytest.raises(Killed):
                async with opened_shop(shops.url, ON):
                    pass
        Life.left = -1

        async def switch_on() -> None:
            async with opened_shop(shops.url, ON):
                pass

        await asyncio.gather(switch_on(), switch_on())
        await refuse_differences(shops)


async def test_the_process_is_killed(databases: Databases, engine: Engine) -> None:
    """At any moment after a further batch, again and again, and then let be."""
    async with two_shops(databases, engine, EVENTS) as shops, opened_shop(shops.url, OFF) as looking:
        kills, done = 0, b""
        while kills < KILLS and not done:
            place = await _place(looking)
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.support.switching_on", shops.url, stdout=asyncio.subprocess.PIPE, cwd=ROOT
            )
            assert process.stdout is not None
            async with asyncio.timeout(60):
                while await _place(looking) == place and process.returncode is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            await asyncio.sleep(random.uniform(0, 0.2))
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            done = await process.stdout.read()
            kills += not done
        print(f"\n{engine}: killed {kills} times while {EVENTS} events were told")
        assert kills > 0
        await refuse_differences(shops)


async def _place(shop: Shop) -> int:
    """How far the last of the plugins is."""
    row = await shop.database.row("SELECT min(position) FROM journal_cursor")
    return int(row[0]) if row else 0
