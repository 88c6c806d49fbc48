"""A process that switches tiers and tally on, which takes its time and small batches, until it is done or somebody kills it."""

import asyncio
import sys

from regulars_core.events import replay
from regulars_core.testing import opened_shop
from tests.support.off_for_long import ON
from tests.support.tally import Life


async def _switch_on(url: str) -> None:
    async with opened_shop(url, ON):
        print("on", flush=True)


if __name__ == "__main__":
    replay.BATCH_SIZE = 20
    Life.pause_seconds = 0.01
    asyncio.run(_switch_on(sys.argv[1]))
