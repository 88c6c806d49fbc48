"""A process that tells the plugin `stamps` what it missed, again and again, until somebody kills it."""

import asyncio
import sys

from regulars_core.events.replay import catch_up
from regulars_core.shop.settings import Settings
from regulars_core.start import opened, plugins_on
from tests.support import stamps


async def _read(url: str) -> None:
    async with opened(Settings(database_url=url), plugins_on({"stamps": stamps})) as shop:
        print("reading", flush=True)
        while True:
            await catch_up(shop, "stamps")


if __name__ == "__main__":
    asyncio.run(_read(sys.argv[1]))
